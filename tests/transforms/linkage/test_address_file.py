"""Files in, files out: formats, columns guessed or named, and errors that say what to do."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import geopandas
import pandas as pd
import pyogrio
import pytest
import shapely
from openpyxl import Workbook

from sources._kit.errors import ColumnError, OnbenutError
from transforms.linkage.address_columns import guess_columns
from transforms.linkage.address_file import MatchCounts, match_address_files

gdal: Any = pyogrio
POINTS = [("Kerkveld", "1", 4.40, 51.20), ("Kerkveld", "3", 4.4001, 51.2), ("Dijkpad", "8", 4.41, 51.21)]
NAMES = ("OBJECTID", "pva_straat", "pva_huisnr1", "pva_huisnr2", "pva_busnr", "pva_postcode", "pnd_district")
ROWS = [
    ("71", "KERKVELD", "1", "3", "", "9000", "Zuid"),
    ("72", "DYKPAD", "8", "", "", "9000", "Zuid"),
    ("73", "NERGENS", "1", "", "", "", ""),
]


@pytest.fixture
def addresses(tmp_path: Path) -> Path:
    frame = pd.DataFrame([p[:2] for p in POINTS], columns=["STRAATNM", "HUISNR"])
    path = tmp_path / "addresses.parquet"
    geopandas.GeoDataFrame(frame, geometry=shapely.points([p[2:] for p in POINTS]), crs="EPSG:4326").to_parquet(path)
    return path


@pytest.fixture
def register(tmp_path: Path) -> Path:
    path = tmp_path / "register.csv"
    path.write_text("\n".join(",".join(line) for line in (NAMES, *ROWS)), encoding="utf-8-sig")
    return path


def shown(counts: MatchCounts) -> tuple[int, int, dict[str, int]]:
    return counts.rows, counts.refused, counts.methods


EXPECTED = (3, 1, {"normalised": 1, "range": 1})


@pytest.mark.parametrize("suffix", [".csv", ".parquet", ".gpkg", ".geojson"])
def test_matches_and_refusals_are_written_by_extension(
    tmp_path: Path, register: Path, addresses: Path, suffix: str
) -> None:
    counts = match_address_files(register, addresses, tmp_path / f"m{suffix}")
    assert shown(counts) == EXPECTED
    assert counts.crs == "EPSG:31370"
    read = {".csv": lambda p: pd.read_csv(p, dtype=str), ".parquet": pd.read_parquet}.get(suffix, gdal.read_dataframe)
    matches, refusals = read(counts.matches), read(counts.refusals)
    assert counts.refusals.name == f"m_refused{suffix}"
    assert list(matches["row_id"].astype(str)) == ["71", "71", "72"]
    assert list(refusals["row_id"].astype(str)) == ["73"]
    if suffix == ".gpkg":
        assert matches.crs.to_epsg() == 31370
        assert 150_000 < matches.geometry.x.iloc[0] < 155_000
    if suffix == ".geojson":
        assert matches.geometry.x.iloc[0] == pytest.approx(4.40, abs=1e-4)
    assert not [p.name for p in tmp_path.iterdir() if "part" in p.name]


def test_excel_and_parquet_registers_and_other_address_files_give_the_same(
    tmp_path: Path, register: Path, addresses: Path
) -> None:
    book = Workbook()
    sheet = book.worksheets[0]
    for line in (NAMES, *ROWS):
        sheet.append([int(cell) if cell.isdigit() else cell for cell in line])
    book.save(tmp_path / "register.xlsx")
    pd.DataFrame(ROWS, columns=list(NAMES)).to_parquet(tmp_path / "register.parquet")
    frame = geopandas.read_parquet(addresses)
    frame.to_crs("EPSG:31370").to_file(tmp_path / "addresses.gpkg")
    frame.to_file(tmp_path / "addresses.geojson")
    lines = [f"{s};{n};{x};{y}".replace(".", ",") for s, n, x, y in POINTS]
    (tmp_path / "addresses.csv").write_text("\n".join(["Straatnaam;Huisnummer;lon;lat", *lines]))
    for one, other in (
        ("register.xlsx", "addresses.gpkg"),
        ("register.parquet", "addresses.geojson"),
        ("register.csv", "addresses.csv"),
    ):
        counts = match_address_files(tmp_path / one, tmp_path / other, tmp_path / "m.csv")
        assert shown(counts) == EXPECTED, (one, other)
        assert pd.read_csv(counts.matches)["x"].between(150_000, 155_000).all()


def test_ids_that_double_are_no_ids(tmp_path: Path, register: Path, addresses: Path) -> None:
    register.write_text(register.read_text("utf-8-sig").replace("72,", "71,"))
    counts = match_address_files(register, addresses, tmp_path / "m.csv")
    assert list(pd.read_csv(counts.matches)["row_id"]) == ["row 2", "row 2", "row 3"]
    with pytest.raises(OnbenutError, match="row_id"):
        match_address_files(register, addresses, tmp_path / "m.csv", register_columns={"row_id": "OBJECTID"})


def test_columns_can_be_named(tmp_path: Path, addresses: Path) -> None:
    path = tmp_path / "r.csv"
    path.write_text("waar;welk\nKerkveld;1\n")
    with pytest.raises(ColumnError, match="no column looks like the street") as error:
        match_address_files(path, addresses, tmp_path / "m.csv")
    assert all(word in str(error.value) for word in ("r.csv", "waar, welk", "street=COLUMN"))
    counts = match_address_files(
        path, addresses, tmp_path / "m.csv", register_columns={"street": "WAAR", "house_number": "welk"}
    )
    assert shown(counts) == (1, 0, {"exact": 1})
    with pytest.raises(ColumnError, match=r"nergens.*waar, welk"):
        match_address_files(path, addresses, tmp_path / "m.csv", register_columns={"street": "nergens"})


def test_two_columns_for_one_thing_are_asked_about() -> None:
    with pytest.raises(ColumnError, match=r"several columns could be the street .*Straat, street.*street=Straat"):
        guess_columns(["Straat", "street", "Huisnummer"], {}, file="r.csv")


def test_a_district_goes_before_a_city_and_a_box_before_a_flat() -> None:
    found = guess_columns(["STRAATNM", "HUISNR", "APPTNR", "BUSNR", "Gemeente", "Deelgemeente"], {})
    assert '"Deelgemeente"' in found["municipality"]
    assert '"Gemeente"' not in found["municipality"]
    assert found["box_number"].index("BUSNR") < found["box_number"].index("APPTNR")


@pytest.mark.parametrize("wrong", ["out", "register", "position", "crs", "unknown crs"])
def test_what_cannot_be_done_says_the_next_step(tmp_path: Path, register: Path, addresses: Path, wrong: str) -> None:
    out, crs = tmp_path / "m.csv", None
    if wrong == "out":
        out = tmp_path / "m.shp"
    elif wrong == "register":
        register = tmp_path / "absent.csv"
    else:
        names = "x,y" if "crs" in wrong else "oost,noord"
        addresses = tmp_path / "a.csv"
        addresses.write_text(f"Straatnaam,Huisnummer,{names}\nKerkveld,1,150000,210000\n")
        crs = "EPSG:1" if wrong == "unknown crs" else None
    with pytest.raises(OnbenutError, match="Next step") as error:
        match_address_files(register, addresses, out, address_crs=crs)
    assert str(tmp_path) in str(error.value)
    assert not out.exists()


def test_a_csv_in_metres_keeps_its_crs_once_it_is_said(tmp_path: Path, register: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("Straatnaam,Huisnummer,x,y\nKerkveld,1,650000.5,710000\n")
    counts = match_address_files(register, path, tmp_path / "m.csv", address_crs="EPSG:3812")
    assert counts.crs == "EPSG:3812"
    assert list(pd.read_csv(counts.matches)["x"]) == [650000.5]
