"""The OSM reader against made-up elements, real extracts, and an assembly by ElementTree and shapely."""

from __future__ import annotations

import gzip
import os
import re
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import duckdb
import pytest
import shapely

from sources._kit.city import City, Feed
from sources._kit.contract import load_source, roles
from sources._kit.duck import connect
from sources._kit.errors import CheckFailedError, UnreadableSnapshotError
from sources._kit.snapshot import Part, Snapshot, Store
from sources._osm import choose
from sources.osm_extract import data_date, parse, write_tables

SHARED = Path(os.environ.get("ONBENUT_SHARED", Path(__file__).resolve().parents[3] / "shared" / "data"))
ANTWERPEN, BRUGGE = SHARED / "antwerpen" / "osm.osm.pbf", SHARED / "brugge_noord" / "osm.osm"
real = pytest.mark.skipif(not SHARED.is_dir(), reason=f"no real extracts: {SHARED} is absent (set ONBENUT_SHARED)")

# A 3 x 3 square with a unit square in its middle, and a 3 x 3 one to the east; 0.001 degrees from 51 N 4 E.
PLACES = {
    1: (0, 0), 2: (3, 0), 3: (3, 3), 4: (0, 3),
    5: (1, 1), 6: (2, 1), 7: (2, 2), 8: (1, 2),
    11: (5, 0), 12: (8, 0), 13: (8, 3), 14: (5, 3),
}  # fmt: skip
OUTER, INNER, EAST = "1 2 3 4 1", "5 6 7 8 5", "11 12 13 14 11"
UNIT = 1e-6  # area in square degrees of one of the little squares
Rows = dict[str, dict[str, Any]]


def node(number: int, tags: str = "", place: tuple[float, float] = (0, 0)) -> str:
    return (
        f'<node id="{number}" version="2" timestamp="2019-05-06T07:08:09Z" lat="{51 + place[1] / 1000}" '
        f'lon="{4 + place[0] / 1000}">{_tags(tags)}</node>'
    )


def way(number: int, nodes: str, tags: str = "", *, stamp: str = "2014-03-09T18:55:24Z") -> str:
    refs = "".join(f'<nd ref="{n}"/>' for n in nodes.split())
    return f'<way id="{number}" version="7" timestamp="{stamp}">{refs}{_tags(tags)}</way>'


def relation(number: int, members: str, tags: str) -> str:
    """`members` such as "10 outer, 11 inner"."""
    refs = "".join('<member type="way" ref="{}" role="{}"/>'.format(*m.split()) for m in members.split(","))
    return f'<relation id="{number}" version="3" timestamp="2015-01-01T00:00:00Z">{refs}{_tags(tags)}</relation>'


def _tags(text: str) -> str:
    return "".join('<tag k="{}" v="{}"/>'.format(*tag.split("=", 1)) for tag in text.split("|") if tag)


@pytest.fixture
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    with connect() as connection:
        connection.execute("CREATE SCHEMA raw")
        yield connection


class Extract:
    """Writes elements as OSM XML, reads them with the house's reader and gives the tables back."""

    def __init__(self, con: duckdb.DuckDBPyConnection, folder: Path) -> None:
        self.con, self.path, self.counts = con, folder / "made_up.osm", dict[str, int]()

    def write(self, *elements: str) -> Path:
        places = "".join(node(number, "", place) for number, place in PLACES.items())
        self.path.write_text(f'<osm version="0.6">{places}{"".join(elements)}</osm>', encoding="utf-8")
        return self.path

    def read(self, *elements: str, table: str = "building") -> Rows:
        self.counts = write_tables(self.write(*elements), self.con, "x")
        return rows(self.con, table)


def rows(con: duckdb.DuckDBPyConnection, table: str) -> Rows:
    cursor = con.execute(f"SELECT * REPLACE (ST_AsWKB(geom) AS geom) FROM raw.x_{table} ORDER BY _row")
    names = [column[0] for column in cursor.description or []]
    found = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
    return {row["osm_id"]: row | {"geom": row["geom"] and shapely.from_wkb(bytes(row["geom"]))} for row in found}


@pytest.fixture
def extract(con: duckdb.DuckDBPyConnection, tmp_path: Path) -> Extract:
    return Extract(con, tmp_path)


def test_element_keeps_version_time_and_every_key(extract: Extract) -> None:
    tags = "building=church|source:geometry:ref=Gbg/3092114|name=Sint-Jan, 50% = 漢é|note=a  b|addr:street=Lei"
    row = extract.read(way(10, OUTER, tags))["w10"]
    assert row["tags"] == dict(tag.split("=", 1) for tag in tags.split("|"))
    assert row["osm_version"] == 7
    assert row["osm_timestamp"] == datetime(2014, 3, 9, 18, 55, 24)  # noqa: DTZ001 - UTC, no zone
    assert row["defect"] is None
    assert row["geom"].equals(shapely.box(4, 51, 4.003, 51.003))


def test_missing_version_and_time_are_null(extract: Extract) -> None:
    bare = re.sub(r' (version|timestamp)="[^"]*"', "", way(10, OUTER, "building=yes"))
    row = extract.read(bare)["w10"]
    assert (row["osm_version"], row["osm_timestamp"]) == (None, None)


@pytest.mark.parametrize(
    ("nodes", "defect"),
    [
        ("1 2 1", "ring of two points"),
        ("1 1", "ring of one point"),
        ("1 2 3 4", "ring not closed"),
        ("1 2", "ring not closed"),
        ("1 2 99 4 1", "nodes missing"),
        ("", "way without nodes"),
    ],
)
def test_building_without_outline_stays_as_a_row(extract: Extract, nodes: str, defect: str) -> None:
    row = extract.read(way(10, nodes, "building=yes|name=Gone"))["w10"]
    assert (row["geom"], row["defect"], row["tags"]["name"]) == (None, defect, "Gone")


def test_ring_that_crosses_itself_keeps_its_geometry_and_is_named(extract: Extract) -> None:
    row = extract.read(way(10, "1 2 4 3 1", "building=yes"))["w10"]
    assert row["defect"] == "invalid: self-intersection"
    assert not row["geom"].is_valid


def test_ring_closed_by_two_nodes_at_one_place_is_closed(extract: Extract) -> None:
    row = extract.read(node(20, "", (0, 0)), way(10, "1 2 3 4 20", "building=yes"))["w10"]
    assert row["geom"].area == pytest.approx(9 * UNIT)


def test_inner_ring_is_a_hole(extract: Extract) -> None:
    found = extract.read(
        way(10, OUTER), way(11, INNER), relation(5, "10 outer,11 inner", "type=multipolygon|building=school")
    )
    assert list(found) == ["r5"]
    assert found["r5"]["geom"].area == pytest.approx(8 * UNIT)
    assert found["r5"]["osm_timestamp"].year == 2015


def test_two_outer_rings_are_one_multipolygon(extract: Extract) -> None:
    members = "10 outer,11 inner,12 outer"
    row = extract.read(
        way(10, OUTER),
        way(11, INNER),
        way(12, EAST),
        relation(5, members, "type=multipolygon|building=school"),
    )["r5"]
    assert row["geom"].geom_type == "MultiPolygon"
    assert row["geom"].area == pytest.approx(17 * UNIT)


def test_ring_in_two_ways_is_joined(extract: Extract) -> None:
    elements = (
        way(10, "1 2 3"),
        way(11, "1 4 3"),
        relation(5, "10 outer,11 outer", "type=multipolygon|building=yes"),
    )
    assert extract.read(*elements)["r5"]["geom"].area == pytest.approx(9 * UNIT)


def test_touching_inner_rings_become_one_hole(extract: Extract) -> None:
    left, right = way(11, "5 6 7 5"), way(12, "5 7 8 5")
    tags = "type=multipolygon|building=yes"
    row = extract.read(way(10, OUTER), left, right, relation(5, "10 outer,11 inner,12 inner", tags))["r5"]
    assert len(row["geom"].interiors) == 1
    assert row["geom"].area == pytest.approx(8 * UNIT)


def test_old_style_tags_on_the_outer_way_get_the_relations_hole(extract: Extract) -> None:
    outer = way(10, OUTER, "building=factory")
    found = extract.read(outer, way(11, INNER), relation(5, "10 outer,11 inner", "type=multipolygon"))
    assert list(found) == ["w10"]
    assert found["w10"]["geom"].area == pytest.approx(8 * UNIT)


def test_old_style_ring_in_two_tagged_ways_is_held_by_the_first(extract: Extract) -> None:
    ways = way(10, "1 2 3", "building=yes"), way(11, "3 4 1", "building=yes")
    found = extract.read(*ways, relation(5, "11 outer,10 outer", "type=multipolygon"))
    assert found["w11"]["geom"].area == pytest.approx(9 * UNIT)
    assert (found["w10"]["geom"], found["w10"]["defect"]) == (None, "ring not closed: its area is on w11")


def test_outer_way_of_a_tagged_relation_keeps_its_own_whole_ring(extract: Extract) -> None:
    elements = way(10, OUTER, "building=yes"), way(11, INNER)
    found = extract.read(*elements, relation(5, "10 outer,11 inner", "type=multipolygon|landuse=retail"))
    assert found["w10"]["geom"].area == pytest.approx(9 * UNIT)


@pytest.mark.parametrize(
    ("members", "kind", "defect"),
    [
        ("10 outer,99 outer", "multipolygon", "member ways missing"),
        ("12 outer", "multipolygon", "ring not closed"),
        ("10 outer,13 outer", "multipolygon", "rings cross or overlap"),
        ("14 outer", "multipolygon", "nodes of member ways missing"),
        ("10 outline", "building", "relation of type building has no outline"),
    ],
)
def test_relation_without_outline_stays_as_a_row(extract: Extract, members: str, kind: str, defect: str) -> None:
    ways = way(10, OUTER), way(12, "1 2 3"), way(13, "5 11 14 8 5"), way(14, "1 2 99 4 1")
    found = extract.read(*ways, relation(5, members, f"type={kind}|building=yes"))
    assert (found["r5"]["geom"], found["r5"]["defect"]) == (None, defect)


@pytest.mark.parametrize(
    "key", ["razed:building", "disused:building", "demolished:building", "never_heard_of:building"]
)
def test_any_lifecycle_prefix_is_a_row_with_its_key_as_it_is(extract: Extract, key: str) -> None:
    assert extract.read(way(10, OUTER, f"{key}=yes"))["w10"]["tags"] == {key: "yes"}


def test_remark_about_a_building_makes_no_building_and_is_counted(extract: Extract) -> None:
    assert extract.read(way(10, OUTER, "source:building=survey")) == {}
    assert extract.counts["building_in_a_remark"] == 1


def test_building_part_alone_is_counted_and_left_out(extract: Extract) -> None:
    found = extract.read(way(10, OUTER, "building:part=yes"), way(11, INNER, "building:part=yes|building=yes"))
    assert list(found) == ["w11"]
    assert extract.counts["building_part_only"] == 1


def test_double_key_keeps_both_values(extract: Extract) -> None:
    assert extract.read(way(10, OUTER, "building=yes|name=a|building=barn"))["w10"]["tags"] == {
        "building": "yes;barn",
        "name": "a",
    }


def test_water_tower_is_a_building_and_storage_tank_is_not(extract: Extract) -> None:
    tank, line = way(11, INNER, "man_made=storage_tank"), way(12, "11 12 13", "man_made=tower")
    assert list(extract.read(way(10, OUTER, "man_made=water_tower"), tank, line)) == ["w10"]


def test_places_are_nodes_and_areas_but_no_furniture_and_no_building(extract: Extract) -> None:
    found = extract.read(
        node(30, "amenity=cafe", (1, 1)),
        node(31, "amenity=bench"),
        node(32, "was:shop=bakery"),
        node(33, "disused:railway=station"),
        node(34, "railway=switch"),
        node(35, "amenity=bench|shop=kiosk"),
        way(10, OUTER, "amenity=school"),
        way(11, INNER, "building=yes|amenity=school"),
        way(12, "1 2 3", "historic=citywalls"),
        way(13, "11 12 13 11", "leisure=track|area=no"),
        table="poi",
    )
    assert list(found) == ["n30", "n32", "n33", "n35", "w10"]
    assert found["n30"]["geom"].equals(shapely.Point(4.001, 51.001))
    assert found["w10"]["geom"].geom_type == "Polygon"
    assert extract.counts["poi_not_an_area"] == 2


def test_stops_car_parks_and_main_roads_are_facilities_and_smaller_streets_are_not(extract: Extract) -> None:
    found = extract.read(
        node(30, "highway=bus_stop", (1, 1)),
        node(31, "highway=street_lamp"),
        node(32, "railway=tram_stop"),
        node(33, "railway=station"),
        way(10, OUTER, "amenity=parking"),
        way(11, INNER, "building=yes|amenity=parking"),
        way(12, "1 2 3", "highway=primary"),
        way(13, "11 12", "highway=residential"),
        way(14, "11 99", "highway=primary"),
        way(15, EAST, "highway=secondary"),
        table="facility",
    )
    assert list(found) == ["n30", "n32", "w10", "w12", "w14", "w15"]
    assert found["w12"]["geom"].equals(shapely.LineString([(4, 51), (4.003, 51), (4.003, 51.003)]))
    assert (found["w12"]["defect"], found["w14"]["geom"], found["w14"]["defect"]) == (None, None, "nodes missing")
    assert found["w10"]["geom"].geom_type == "Polygon"


def test_land_use_keeps_only_uses_that_tell_something(extract: Extract) -> None:
    found = extract.read(
        way(10, OUTER, "landuse=industrial"),
        way(11, INNER, "landuse=grass"),
        way(12, EAST, "amenity=school"),
        table="land_use",
    )
    assert list(found) == ["w10", "w12"]


def test_rows_are_numbered_in_file_order(extract: Extract) -> None:
    ways = [way(number, OUTER, "building=yes") for number in (2, 10, 12)]
    found = extract.read(*ways, relation(1, "2 outer", "type=multipolygon|building=yes"))
    assert [(key, row["_row"]) for key, row in found.items()] == [
        ("w2", 1),
        ("w10", 2),
        ("w12", 3),
        ("r1", 4),
    ]


@pytest.mark.parametrize(("numbers", "what"), [((10, 10), "twice"), ((12, 10), "out of order")])
def test_extract_that_is_not_sorted_is_refused(extract: Extract, numbers: tuple[int, int], what: str) -> None:
    with pytest.raises(UnreadableSnapshotError, match=what) as caught:
        extract.read(*(way(number, OUTER, "building=yes") for number in numbers))
    assert "osmium sort" in caught.value.next_step


def test_lost_building_stops_the_reading(extract: Extract, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(choose.ROWS, "building", "is_building AND osm_id <> 'w10'")
    with pytest.raises(CheckFailedError, match="has 2 elements with key building, the table 1"):
        extract.read(way(10, OUTER, "building=yes"), way(11, INNER, "building=yes"))


def test_format_is_told_by_content_and_not_by_name(
    extract: Extract, con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    xml = extract.write(way(10, OUTER, "building=yes")).read_bytes()
    for content in (xml, gzip.compress(xml)):
        stored = tmp_path / "3f2a9c"
        stored.write_bytes(content)
        assert write_tables(stored, con, "x")["building"] == 1


def test_extract_without_wanted_elements_gives_empty_tables(extract: Extract) -> None:
    assert extract.read(way(10, OUTER, "highway=service")) == {}


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (b"", "empty"),
        (b"<!DOCTYPE html>\n<html><body>Not here</body></html>", "page of HTML"),
        (b'{"remark": "runtime error"}', "neither OSM PBF nor OSM XML"),
        (b'<osm version="0.6"><node id="1" lat="51" lon="4"/>', "breaks off, is damaged"),
        (b'<?xml version="1.0"?><html xmlns="x"><p/></html>', "page of HTML"),
    ],
)
def test_what_is_no_extract_is_refused_by_name(
    con: duckdb.DuckDBPyConnection, tmp_path: Path, content: bytes, what: str
) -> None:
    path = tmp_path / "osm.osm.pbf"
    path.write_bytes(content)
    with pytest.raises(UnreadableSnapshotError, match=what) as caught:
        write_tables(path, con, "x")
    assert {"source", "file"} <= caught.value.where.keys()
    assert caught.value.next_step


def test_newest_element_dates_an_extract_whose_header_is_silent(extract: Extract) -> None:
    path = extract.write(way(10, OUTER, "building=yes"), way(11, INNER, "highway=path", stamp="2021-02-03T00:00:00Z"))
    assert data_date(path) == date(2021, 2, 3)


def test_snapshot_without_suffix_becomes_the_feeds_raw_tables(
    extract: Extract, con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    path = extract.write(way(10, OUTER, "building=yes"), way(12, EAST, "landuse=retail"))
    feed = Feed.model_validate({"name": "osm", "source": "osm_extract", "path": str(path)})
    facts = {"slug": "x", "folder": tmp_path, "name": "X", "nis": "11002", "crs": "EPSG:31370"}
    city = City.model_validate({**facts, "feeds": {"osm": feed}})
    store = Store(tmp_path / "store")
    with path.open("rb") as stream:
        sha256, size = store.put(stream)
    part = Part("data", path.name, str(path), sha256, size)
    snapshot = Snapshot(city, feed, (part,), datetime(2026, 1, 1, tzinfo=UTC), store)
    assert parse(snapshot, con) == date(2014, 3, 9)
    assert con.execute("SELECT osm_id, _row FROM raw.osm_building").fetchall() == [("w10", 1)]
    assert con.execute("SELECT osm_id FROM raw.osm_land_use").fetchall() == [("w12",)]
    assert con.execute("SELECT count(*) FROM duckdb_tables() WHERE temporary").fetchone() == (0,)
    with pytest.raises(UnreadableSnapshotError, match="one file"):
        parse(Snapshot(city, feed, (part, part), datetime(2026, 1, 1, tzinfo=UTC), store), con)


def test_every_column_of_the_roles_is_made_by_the_intake(extract: Extract, con: duckdb.DuckDBPyConnection) -> None:
    extract.read(way(10, OUTER, "building=yes|source:geometry:ref=Gbg/77"), way(12, EAST, "landuse=retail"))
    for name, table in load_source("osm_extract").info.tables.items():
        assert table.role is not None, name
        assert table.intake.keys() - {"defect"} <= roles()[table.role].columns.keys()
        made = ", ".join(f"{value} AS {column}" for column, value in table.intake.items())
        found = con.execute(f"SELECT {made} FROM raw.x_{name}").fetchall()
        assert name != "building" or {"osm:w10", "osm", False, "grb:77"} <= set(found[0][:6])


@real
def test_header_dates_an_extract() -> None:
    assert data_date(SHARED / "osm" / "monaco.osm.pbf") == date(2023, 12, 26)


@real
def test_truncated_pbf_is_refused(con: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    short = tmp_path / "short.osm.pbf"
    short.write_bytes(ANTWERPEN.read_bytes()[:1_000_000])
    with pytest.raises(UnreadableSnapshotError, match="breaks off, is damaged"):
        write_tables(short, con, "x")


@real
def test_every_building_of_antwerpen_is_a_row(con: duckdb.DuckDBPyConnection) -> None:
    write_tables(ANTWERPEN, con, "x")
    found = con.execute(
        "SELECT count(*), count(osm_timestamp), count(*) FILTER (geom IS NULL),"
        " count(*) FILTER (defect IS NULL) FROM raw.x_building WHERE map_contains(tags, 'building')"
    ).fetchone()
    assert found is not None
    total, dated, without_outline, sound = found
    assert (total, dated) == (9691, 9691)
    assert without_outline + sound == total


@real
def test_areas_of_brugge_equal_a_brute_force_assembly(con: duckdb.DuckDBPyConnection) -> None:
    write_tables(BRUGGE, con, "x")
    ours = {key: row["geom"].area for key, row in rows(con, "building").items() if key.startswith("w")}
    root = ElementTree.parse(BRUGGE).getroot()
    places = {n.get("id"): (float(n.get("lon", "")), float(n.get("lat", ""))) for n in root.iter("node")}
    theirs = {
        f"w{w.get('id')}": shapely.Polygon([places[nd.get("ref")] for nd in w.iter("nd")]).area
        for w in root.iter("way")
        if any(t.get("k") in ("building", "razed:building") for t in w.iter("tag"))
    }
    extra = {key for key in ours if key not in theirs}
    assert all("man_made" in row["tags"] for key, row in rows(con, "building").items() if key in extra)
    assert len(theirs) == 2463
    assert {key: ours[key] for key in theirs} == pytest.approx(theirs, rel=1e-12)
