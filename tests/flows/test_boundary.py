import json
import re
from pathlib import Path

import geopandas
import pytest
import shapely

from flows.boundary import choose_codes
from flows.run import run_city
from flows.workspace import CHECKOUT, Workspace
from sources._kit.city import load_city
from sources._kit.duck import connect
from sources._kit.errors import OnbenutError
from tests.conftest import SHARED, RunCity
from tests.sources.conftest import page, square
from tests.sources.loopback import Answer, Loopback
from tests.sources.tiny_city import X, Y, building, run_tiny
from transforms._kit.reference import read_reference


def bounded(files: Path, tmp_path: Path, name: str) -> Path:
    text = files.read_text().replace('path = "', f'path = "{files.parent}/')
    # No boundary needs adverts or parks to be matched.
    text = re.sub(r"\[feeds\.(platform|business_parks)\].*?(?=\n\[|\Z)", "", text, flags=re.DOTALL)
    for name_of in ("grb/", "elevation/"):
        text = text.replace(f'= "{name_of}', f'= "{files.parent}/{name_of}')
    path = tmp_path / "voorbeeldstad.toml"
    path.write_text(text.replace("[feeds.osm]", f'boundary = "{name}"\n\n[feeds.osm]', 1))
    return path


def test_what_lies_outside_the_boundary_is_a_counted_reject(
    voorbeeldstad: RunCity, voorbeeldstad_files: Path, tmp_path: Path
) -> None:
    x = voorbeeldstad.one("SELECT median(ST_X(point)) FROM core.building")
    half = shapely.box(0, 0, x, 400000)
    geopandas.GeoDataFrame(geometry=[half], crs=31370).to_crs(4326).to_file(tmp_path / "half.geojson")
    space = Workspace(tmp_path / "home")
    outcome = run_city(load_city(bounded(voorbeeldstad_files, tmp_path, "half.geojson"), space.cities), space)
    with connect(outcome.warehouse, read_only=True) as con:
        kept = con.execute("SELECT count(*), max(ST_XMin(geom)) FROM staging.footprint").fetchone()
        out = con.execute(
            "SELECT count(*) FROM staging.reject WHERE reason = 'outside the area of interest' AND table_name = 'staging.footprint'"
        ).fetchone()
    assert kept is not None
    assert out is not None
    total = voorbeeldstad.one("SELECT count(*) FROM staging.footprint")
    assert kept[0] + out[0] == total
    assert 0.4 * total < kept[0] < 0.6 * total
    assert kept[1] <= x + 1


def test_a_boundary_that_is_not_there_is_a_named_error(voorbeeldstad_files: Path, tmp_path: Path) -> None:
    space = Workspace(tmp_path / "home")
    with pytest.raises(OnbenutError, match="no such boundary file"):
        run_city(load_city(bounded(voorbeeldstad_files, tmp_path, "nothing.geojson"), space.cities), space)


MERGERS = read_reference(CHECKOUT / "data" / "reference").tables["nis_2025"]
FEED = """
[feeds.limits]
source = "be_boundary"
path = "refgem.json"
snapshot_on = 2025-01-01
"""


@pytest.mark.parametrize(
    ("nis", "there", "expected"),
    [
        ("71072", {"71072", "11002"}, ["71072"]),
        ("71072", {"71022", "73040", "11002"}, ["71022", "73040"]),  # a file of before the merger
        ("71072", {"71022"}, []),  # half of it is not the city
        ("71022", {"71072"}, ["71072"]),  # a city file of before the merger
        ("71022", {"71022", "73040"}, ["71022"]),
        ("11002", {"11002"}, ["11002"]),
        ("11002", {"11002", "11007"}, ["11002", "11007"]),  # kept its code and took in a neighbour
        ("99001", {"11002"}, []),
    ],
)
def test_a_merged_municipality_is_found_in_files_of_before_and_after(
    nis: str, there: set[str], expected: list[str]
) -> None:
    assert choose_codes(nis, there, MERGERS) == expected


def test_every_code_that_ended_or_began_in_2025_is_known() -> None:
    folder = SHARED / "flanders"
    if not folder.exists():
        pytest.skip(f"no real data: {folder} is absent (ONBENUT_SHARED)")
    frame = geopandas.read_file(folder / "municipalities_pre2025" / "Refgem.shp").set_index("NISCODE")
    today = json.loads((folder / "municipalities_2025.json").read_text(encoding="utf-8"))
    since = {row["id"]: row["name"]["nl"] for row in today if row["region"] == "02000"}
    assert {row["old_nis"] for row in MERGERS} == set(frame.index) - set(since)
    assert {row["new_nis"] for row in MERGERS} == (set(since) - set(frame.index)) | {"11002"}
    for row in MERGERS:
        assert frame.loc[row["old_nis"], "NAAM"] == row["old_name"]
        assert since[row["new_nis"]] == row["new_name"]
    for code in since:
        wanted = choose_codes(code, set(frame.index), MERGERS)
        assert wanted, code
        if len(wanted) > 1:
            assert frame.loc[wanted].geometry.union_all().geom_type == "Polygon", code


def limits(*rows: tuple[str, float]) -> str:
    return page([{"NISCODE": code, "NAAM": code, "geometry": square(X + x, Y, 100)} for code, x in rows])


def test_the_municipality_of_a_feed_is_the_area_of_interest(tmp_path: Path) -> None:
    buildings = [building(number, 100 * number + 40, 10) for number in range(4)]
    files = {"refgem.json": limits(("71022", 0), ("73040", 100), ("11002", 200))}
    tiny = run_tiny(tmp_path, buildings, FEED, files, nis="71072", keys='boundary = "feed:limits"')
    assert tiny.rows("SELECT building_id FROM core.building ORDER BY 1") == [("grb:0",), ("grb:1",)]
    assert tiny.one("SELECT count(*) FROM staging.reject WHERE reason = 'outside the area of interest'") == 2


@pytest.mark.parametrize(
    ("rows", "keys", "message"),
    [
        ([("71022", 0.0)], 'boundary = "feed:limits"', "no municipality in the feed is the city"),
        (
            [("71072", 0.0), ("71072", 100.0)],
            'boundary = "feed:limits"',
            "several rows of the feed are one municipality",
        ),
        ([("71072", 0.0)], 'boundary = "feed:borders"', "names the feed borders"),
    ],
)
def test_none_or_several_municipalities_are_a_named_error(
    tmp_path: Path, rows: list[tuple[str, float]], keys: str, message: str
) -> None:
    with pytest.raises(OnbenutError, match=message):
        run_tiny(tmp_path, [building(1, 0, 0)], FEED, {"refgem.json": limits(*rows)}, nis="71072", keys=keys)


@pytest.mark.parametrize("is_feed", [True, False])
def test_a_service_is_asked_for_what_lies_around_the_boundary(tmp_path: Path, is_feed: bool) -> None:
    everywhere = page([building(number, 100 * number + 40, 10) for number in range(4)])
    with Loopback(lambda _request: Answer(everywhere.encode())) as server:
        items = f"{server.url}/collections/GBG/items"
        feed = f"""
[feeds.more]
source = "be_grb"
url = {{ gbg = "{items}" }}
service = {{ kind = "ogc_features", bbox = "boundary" }}
snapshot_on = 2025-05-01
"""
        files = {"refgem.json": limits(("71022", 0), ("73040", 100), ("11002", 200))}
        boundary = "feed:limits" if is_feed else "own.gpkg"
        frame = geopandas.GeoDataFrame(geometry=[shapely.box(X, Y, X + 200, Y + 100)], crs=31370)
        frame.to_file(tmp_path / "own.gpkg")
        run_tiny(tmp_path, [building(9, 500, 0)], feed + FEED, files, nis="71072", keys=f'boundary = "{boundary}"')
    asked = [float(value) for value in server.seen[0].query["bbox"].split(",")]
    assert asked == pytest.approx([X, Y, X + 200, Y + 100])
