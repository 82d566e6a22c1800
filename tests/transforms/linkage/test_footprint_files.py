from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pyogrio
import pytest
from shapely import LineString, Polygon, box

from sources._kit.errors import OnbenutError
from transforms.linkage.footprint import match_footprint_files


def write(path: Path, names: list[str], shapes: Sequence[object], crs: int = 31370, column: str = "OIDN") -> Path:
    frame = gpd.GeoDataFrame({"note": "x", column: names}, geometry=shapes, crs=crs)
    frame.to_parquet(path) if path.suffix == ".parquet" else frame.to_file(path)
    return path


@pytest.mark.parametrize("suffix", [".csv", ".parquet", ".gpkg", ".geojson"])
def test_pairs_and_refusals_are_written_across_crs(tmp_path: Path, suffix: str) -> None:
    shapes = [box(150_000, 200_000, 150_010, 200_010), box(150_100, 200_000, 150_110, 200_010)]
    left = write(tmp_path / "left.parquet", ["1", "2"], shapes)
    away = gpd.GeoSeries(shapes[:1], crs=31370).to_crs(4326)
    right = write(tmp_path / "right.geojson", ["w9"], list(away), 4326, "osm_id")
    out = tmp_path / f"pairs{suffix}"
    counts = match_footprint_files(left, right, out)
    assert (counts.left, counts.right, counts.pairs, counts.refused, counts.unusable) == (2, 1, 1, 1, 0)
    read = {".csv": lambda p: pd.read_csv(p, dtype=str), ".parquet": pd.read_parquet}.get(suffix, gpd.read_file)
    assert read(out)[["left_id", "right_id", "relation"]].astype(str).to_numpy().tolist() == [["1", "w9", "1:1"]]
    assert read(tmp_path / f"pairs_refused{suffix}")[["side", "id"]].astype(str).to_numpy().tolist() == [["left", "2"]]


def test_outline_without_area_is_refused_and_a_bow_tie_mended(tmp_path: Path) -> None:
    bow = Polygon([(0, 0), (10, 10), (10, 0), (0, 10)])
    left = write(tmp_path / "left.parquet", ["bow", "line"], [bow, LineString([(0, 0), (1, 1)])])
    right = write(tmp_path / "right.parquet", ["house"], [box(0, 0, 10, 10)])
    counts = match_footprint_files(left, right, tmp_path / "pairs.csv")
    assert (counts.pairs, counts.unusable) == (1, 1)
    assert pd.read_csv(tmp_path / "pairs_refused.csv")["reason"].tolist() == ["no usable outline"]


def test_errors_name_file_column_and_next_step(tmp_path: Path) -> None:
    left = write(tmp_path / "left.parquet", ["1", "1"], [box(0, 0, 1, 1), box(5, 5, 6, 6)])
    with pytest.raises(OnbenutError, match=r"twice.*left\.parquet.*column OIDN, value 1.*Next step"):
        match_footprint_files(left, left, tmp_path / "pairs.csv")
    with pytest.raises(OnbenutError, match=r"no id column.*column nope"):
        match_footprint_files(left, left, tmp_path / "pairs.csv", left_id="nope")
    with pytest.raises(OnbenutError, match="no such file"):
        match_footprint_files(tmp_path / "absent.gpkg", left, tmp_path / "pairs.csv")
    with pytest.raises(OnbenutError, match="cannot write there"):
        match_footprint_files(left, left, tmp_path / "pairs.xlsx")


def test_layers_lie_where_their_crs_says(tmp_path: Path) -> None:
    left = write(tmp_path / "left.parquet", ["1"], [box(150_000, 200_000, 150_010, 200_010)])
    for name in ("pairs.gpkg", "pairs.geojson"):
        match_footprint_files(left, left, tmp_path / name)
    metric, degrees = gpd.read_file(tmp_path / "pairs.gpkg"), gpd.read_file(tmp_path / "pairs.geojson")
    assert metric.crs.to_epsg() == 31370
    assert metric.total_bounds.tolist() == [150_000, 200_000, 150_010, 200_010]
    # Seven decimals are a centimetre.
    assert degrees.to_crs(31370).total_bounds == pytest.approx(metric.total_bounds, abs=0.02)
    assert pyogrio.list_layers(tmp_path / "pairs.gpkg").tolist() == [["pairs", "MultiPolygon"]]


def test_nothing_that_is_matched_is_written_over(tmp_path: Path) -> None:
    left = write(tmp_path / "a_refused.parquet", ["1"], [box(0, 0, 10, 10)])
    before = left.read_bytes()
    for out in (left, tmp_path / "a.parquet"):
        with pytest.raises(OnbenutError, match="would take the place of what is matched"):
            match_footprint_files(left, left, out)
    assert left.read_bytes() == before


def test_an_older_answer_stays_until_the_new_one_is_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    left = write(tmp_path / "left.parquet", ["1"], [box(0, 0, 10, 10)])
    out = tmp_path / "pairs.gpkg"
    match_footprint_files(left, left, out)
    before = out.read_bytes()

    def fail(_: object, path: Path, **__: object) -> None:
        path.write_bytes(b"half")
        raise OSError("the disk is full")

    monkeypatch.setattr(pyogrio, "write_arrow", fail)
    with pytest.raises(OnbenutError, match=r"cannot write there.*the disk is full"):
        match_footprint_files(left, left, out)
    assert out.read_bytes() == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["left.parquet", "pairs.gpkg", "pairs_refused.gpkg"]
