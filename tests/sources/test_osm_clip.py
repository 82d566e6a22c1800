"""A read of a box against the rows of a read of everything, chosen by a plain walk through the elements."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import duckdb
import pytest
import shapely
from pyproj import Transformer

from flows.feed_steps import load_raw, raw_fingerprint
from flows.fetch_steps import fetch_city, fetch_feed
from flows.workspace import Workspace
from sources._kit.city import City
from sources._kit.contract import raw_name
from sources._kit.errors import CheckFailedError, CityFileError
from sources._kit.fetch import fetch_files
from sources._kit.snapshot import Box, Store
from sources._osm import choose, clip
from sources.osm_extract import write_tables
from tests.sources.conftest import make_city
from tests.sources.test_osm_extract import node, relation, rows, way

TABLES = ("building", "poi", "facility", "land_use")
BOX: Box = (4.010, 51.010, 4.020, 51.020)
Con = duckdb.DuckDBPyConnection
Bounds = tuple[float, float, float, float]


class Drawing:
    """Elements of a made-up extract; places in 0.001 degrees from 51 N 4 E, the box from 10 to 20."""

    def __init__(self) -> None:
        self._nodes: dict[tuple[float, float], int] = {}
        self._tagged: list[str] = []
        self._ways: dict[int, str] = {}
        self._relations: dict[int, str] = {}

    def point(self, number: int, tags: str, x: float, y: float) -> None:
        self._tagged.append(node(number, tags, (x, y)))

    def line(self, number: int, tags: str, *places: tuple[float, float] | int) -> None:
        """A whole number for a place is a node that is not there."""
        refs = [
            str(at) if isinstance(at, int) else str(self._nodes.setdefault(at, 1000 + len(self._nodes)))
            for at in places
        ]
        self._ways[number] = way(number, " ".join(refs), tags)

    def square(self, number: int, tags: str, x: float, y: float, side: float = 1) -> None:
        self.line(number, tags, (x, y), (x + side, y), (x + side, y + side), (x, y + side), (x, y))

    def relation(self, number: int, tags: str, members: str) -> None:
        self._relations[number] = relation(number, members, tags)

    def write(self, path: Path) -> Path:
        drawn = "".join(node(number, "", place) for place, number in self._nodes.items())
        later = [text for table in (self._ways, self._relations) for _, text in sorted(table.items())]
        path.write_text(f'<osm version="0.6">{"".join(self._tagged)}{drawn}{"".join(later)}</osm>', encoding="utf-8")
        return path


def awkward() -> Drawing:
    """Every element of this has a table, so what is clipped can be counted."""
    d = Drawing()
    d.point(1, "amenity=cafe", 15, 15)
    d.point(2, "amenity=cafe", 25, 15)
    d.point(3, "amenity=cafe", 20, 10)
    d.square(1, "building=yes|name=In", 15, 15)
    d.square(2, "building=yes|name=Out", 25, 25)
    d.square(3, "building=yes|name=Corner", 19.5, 19.5)
    d.square(4, "building=yes|name=Touches", 20, 12)
    d.square(5, "building=yes|name=Level with the box, east of it", 21, 12)
    d.square(6, "landuse=residential|name=Spans the box", 0, 0, 30)
    d.line(7, "landuse=industrial|name=Around", (0, 0), (30, 0), (30, 30), (29, 30), (29, 1), (0, 1), (0, 0))
    d.line(8, "highway=primary", (0, 15), (30, 15))
    d.line(9, "highway=primary", (0, 5), (30, 5))
    d.line(10, "building=yes|name=Some nodes missing", (15, 15), 99, (16, 16), (15, 15))
    d.line(11, "building=yes|name=Some nodes missing out", (25, 25), 99, (26, 26), (25, 25))
    d.line(12, "building=yes|name=All missing", 98, 99, 98)
    d.line(13, "building=yes|name=None")
    d.line(14, "building=yes|name=Open", (9, 9), (12, 12))
    d.line(15, "building=yes|name=Bow tie", (12, 12), (13, 13), (13, 12), (12, 13), (12, 12))
    # Assembled: in, out, around.
    for number, at, side in ((20, 11, 2), (22, 24, 2), (24, 1, 28)):
        d.square(number, "", at, at, side)
        d.square(number + 1, "", at + 0.5, at + 0.5, side - 1)
        d.relation(number, "type=multipolygon|landuse=retail", f"{number} outer,{number + 1} inner")
    # Broken: in, out, half missing, wholly unknown, other types.
    d.line(30, "", (14, 14), (14, 17))
    d.line(31, "", (24, 14), (24, 17))
    d.relation(30, "type=multipolygon|building=yes", "30 outer")
    d.relation(31, "type=multipolygon|building=yes", "31 outer")
    d.relation(32, "type=multipolygon|building=yes", "31 outer,97 outer")
    d.relation(33, "type=multipolygon|building=yes", "97 outer")
    d.relation(34, "type=building|building=yes", "30 outline")
    d.relation(35, "type=building|building=yes", "31 outline")
    d.relation(36, "type=multipolygon|building=yes", "31 outer,30 outer")
    # Old style: closed with a hole in and out; in two ways of which the first lies outside; that way in a second.
    for number, at in ((40, 12), (42, 22)):
        d.square(number, "building=factory", at, at, 3)
        d.square(number + 1, "", at + 1, at + 1)
        d.relation(number, "type=multipolygon", f"{number} outer,{number + 1} inner")
    d.line(50, "building=hall", (22, 16), (22, 17))
    d.line(51, "building=hall", (22, 17), (18, 17), (18, 16), (22, 16))
    d.relation(50, "type=multipolygon", "50 outer,51 outer")
    d.line(52, "building=hall", (22, 16), (26, 16), (26, 17), (22, 17))
    d.relation(44, "type=multipolygon|note=first by its number", "52 outer,50 outer")
    d.line(54, "building=hall", (22, 4), (22, 5))
    d.line(55, "building=hall", (22, 5), (18, 5), (18, 4), (22, 4))
    d.relation(54, "type=multipolygon", "54 outer,55 outer")
    d.relation(56, "type=multipolygon", "96 outer,54 outer")
    return d


def scattered(seed: int) -> Drawing:
    """Squares, lines and relations of any sort, on places so few that they share nodes and ways."""
    dice, d = random.Random(seed), Drawing()
    for number in range(1, 40):
        d.point(number, "amenity=bar", dice.randint(0, 30), dice.randint(0, 30))
    tags = ("building=yes", "landuse=retail", "highway=tertiary", "")
    for number in range(1, 160):
        places: list[tuple[float, float] | int] = [
            99 if dice.random() < 0.05 else (dice.randint(0, 15) * 2, dice.randint(0, 15) * 2)
            for _ in range(dice.randint(2, 5))
        ]
        closing = places[:1] if dice.random() < 0.5 else []
        d.line(number, dice.choice(tags), *places, *closing)
    for number in range(200, 260):
        x, y, mid = dice.randint(0, 28), dice.randint(0, 28), dice.randint(1, 6)
        own, theirs = ("building=yes", "") if dice.random() < 0.7 else ("", "|building=yes")
        d.line(2 * number, own, (x, y), (x + mid, y), (x + mid, y + 2))
        d.line(2 * number + 1, own, (x + mid, y + 2), (x, y + 2), (x, y))
        more = f",{dice.randint(1, 600)} outer" if dice.random() < 0.3 else ""
        first = dice.choice((0, 1))
        members = f"{2 * number + first} outer,{2 * number + 1 - first} outer{more}"
        d.relation(number, f"type={dice.choice(('multipolygon', 'multipolygon', 'boundary', 'site'))}{theirs}", members)
    return d


def known_bounds(path: Path) -> dict[str, Bounds | None]:
    """The box around the known places of every element; of a relation, those of its ways."""
    root = ElementTree.parse(path).getroot()
    places = {one.get("id"): (float(one.get("lon", "")), float(one.get("lat", ""))) for one in root.iter("node")}
    ways = {
        one.get("id"): [places[ref] for nd in one.iter("nd") if (ref := nd.get("ref")) in places]
        for one in root.iter("way")
    }
    all_of: dict[str, list[tuple[float, float]]] = {f"n{key}": [place] for key, place in places.items()}
    all_of |= {f"w{key}": found for key, found in ways.items()}
    for one in root.iter("relation"):
        all_of[f"r{one.get('id')}"] = [at for m in one.iter("member") for at in ways.get(m.get("ref"), [])]
    return {key: shapely.MultiPoint(found).bounds if found else None for key, found in all_of.items()}


def overlaps(bounds: Bounds | None, box: Box) -> bool:
    if bounds is None:
        return True
    return bounds[0] <= box[2] and bounds[2] >= box[0] and bounds[1] <= box[3] and bounds[3] >= box[1]


def read_all(con: Con, path: Path, box: Box | None = None) -> tuple[dict[str, list[dict[str, Any]]], dict[str, int]]:
    """Rows of every table in their order, `_row` held to be that order; and the counts."""
    counts = write_tables(path, con, "x", box)
    made = {}
    for table in TABLES:
        found = list(rows(con, table).values())
        assert [row.pop("_row") for row in found] == list(range(1, len(found) + 1))
        made[table] = [row | {"geom": row["geom"] and row["geom"].wkb} for row in found]
    return made, counts


def hold_to_all(con: Con, path: Path, boxes: list[Box]) -> list[set[str]]:
    """Ids that are kept for each of these boxes, after each was held to the rows of everything."""
    everything, _ = read_all(con, path)
    bounds, kept = known_bounds(path), []
    for box in boxes:
        clipped, counts = read_all(con, path, box)
        for table in TABLES:
            wanted = [
                row
                for row in everything[table]
                if overlaps(shapely.from_wkb(row["geom"]).bounds if row["geom"] else bounds[row["osm_id"]], box)
            ]
            assert [row["osm_id"] for row in clipped[table]] == [row["osm_id"] for row in wanted], (table, box)
            assert clipped[table] == wanted
        kept.append({row["osm_id"] for table in TABLES for row in clipped[table]})
        gone = sum(map(len, everything.values())) - sum(map(len, clipped.values()))
        left_out = sum(counts[name] for name in choose.LEFT_OUT)
        assert counts["clipped"] >= gone - left_out
        if left_out == 0:
            assert counts["clipped"] == gone
    return kept


def test_a_box_keeps_the_rows_that_reach_into_it_as_they_are(con: Con, tmp_path: Path) -> None:
    path = awkward().write(tmp_path / "x.osm")
    (kept,) = hold_to_all(con, path, [BOX])
    assert {"w6", "w7", "w8", "r24"} <= kept, "large, with no node inside"
    assert {"n1", "n3", "w1", "w3", "w4", "w10", "w14", "w15", "r20", "r30", "r34", "r36"} <= kept
    assert {"w12", "w13", "r33"} <= kept, "nobody knows where"
    assert {"w40", "w51"} <= kept
    assert not kept & {"n2", "w2", "w5", "w9", "w11", "r22", "r31", "r32", "r35", "w42", "w54", "w55"}


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_any_box_keeps_the_rows_that_reach_into_it(con: Con, tmp_path: Path, seed: int) -> None:
    dice = random.Random(seed)
    boxes: list[Box] = []
    for _ in range(3):
        x, y = dice.randint(-2, 28), dice.randint(-2, 28)
        boxes.append((4 + x / 1000, 51 + y / 1000, 4 + (x + dice.randint(1, 9)) / 1000, 51 + (y + 3) / 1000))
    hold_to_all(con, scattered(seed).write(tmp_path / "x.osm"), boxes)


def test_outlines_are_held_to_the_box_in_batches(con: Con, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from sources._osm import relations

    monkeypatch.setattr(relations, "BATCH", 2)
    hold_to_all(con, awkward().write(tmp_path / "x.osm"), [BOX])


def test_real_elements_keep_their_rows(con: Con, shared: Callable[[str], Path]) -> None:
    path = shared("antwerpen/osm.osm.pbf")
    box = (4.39, 51.21, 4.42, 51.23)
    everything, _ = read_all(con, path)
    clipped, _ = read_all(con, path, box)
    for table in TABLES:
        whole = {row["osm_id"]: row for row in everything[table]}
        kept = [row["osm_id"] for row in clipped[table]]
        shaped = [key for key, row in whole.items() if row["geom"]]
        inside = {key for key in shaped if overlaps(shapely.from_wkb(whole[key]["geom"]).bounds, box)}
        assert [key for key in kept if whole[key]["geom"]] == [key for key in shaped if key in inside]
        assert clipped[table] == [whole[key] for key in kept]
        assert 0 < len(kept) < len(whole)


@pytest.mark.parametrize(
    ("condition", "inside", "what"),
    [
        ("is_building AND osm_id <> 'w1'", clip.INSIDE, "has 25 elements with key building, the table .*lie outside"),
        ("is_building", f"CASE WHEN id = 'w2' THEN NULL ELSE {clip.INSIDE} END", "has 25 elements with key building"),
    ],
)
def test_a_building_that_is_neither_kept_nor_counted_stops_the_reading(
    con: Con, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, condition: str, inside: str, what: str
) -> None:
    monkeypatch.setitem(choose.ROWS, "building", condition)
    monkeypatch.setattr(clip, "INSIDE", inside)
    with pytest.raises(CheckFailedError, match=what):
        write_tables(awkward().write(tmp_path / "x.osm"), con, "x", BOX)


# ---- from the city file to the raw tables


def city_of(folder: Path, service: object, source: str = "osm_extract") -> City:
    return make_city(folder, {"name": "osm", "source": source, "path": "x.osm", "service": service, "drop_max": 0.1})


BOUNDARY = {"bbox": "boundary", "margin_m": 100}
TO_LAMBERT = Transformer.from_crs(4326, 31370, always_xy=True)
EXTENT: Box = (*TO_LAMBERT.transform(4.012, 51.012), *TO_LAMBERT.transform(4.018, 51.018))


def test_the_box_of_the_boundary_is_kept_with_the_snapshot_and_clips_it(tmp_path: Path, con: Con) -> None:
    awkward().write(tmp_path / "x.osm")
    city, store = city_of(tmp_path, BOUNDARY), Store(tmp_path / "store")
    snapshot = fetch_files(city, city.feeds["osm"], store, extent=EXTENT)
    assert snapshot.clip is not None
    west, south, east, north = snapshot.clip
    corners = [TO_LAMBERT.transform(x, y) for x in (west, east) for y in (south, north)]
    # Every corner is at least the margin away, and the box is not much larger than it must be.
    assert all(min(abs(x - EXTENT[0]), abs(x - EXTENT[2])) > 99 for x, _ in corners)
    assert all(min(abs(y - EXTENT[1]), abs(y - EXTENT[3])) > 99 for _, y in corners)
    assert snapshot.clip == pytest.approx((4.0105, 51.011, 4.0195, 51.019), abs=2e-4)
    store.accept(snapshot, {"building": 1}, None)
    assert store.last_good(city, city.feeds["osm"]) == snapshot
    given = city_of(tmp_path, {"bbox": snapshot.clip})
    assert fetch_files(given, given.feeds["osm"], store).clip == snapshot.clip


def test_a_feed_without_a_box_is_read_whole(tmp_path: Path) -> None:
    awkward().write(tmp_path / "x.osm")
    city, store = city_of(tmp_path, "file"), Store(tmp_path / "store")
    snapshot = fetch_files(city, city.feeds["osm"], store, extent=EXTENT)
    assert snapshot.clip is None
    assert "clip" not in snapshot.manifest_path.read_text()


@pytest.mark.parametrize(
    ("source", "what"), [("osm_extract", "the city has none"), ("be_address", "reads all of a file")]
)
def test_a_box_that_cannot_be_is_refused_by_name(tmp_path: Path, source: str, what: str) -> None:
    awkward().write(tmp_path / "x.osm")
    city = city_of(tmp_path, BOUNDARY, source)
    with pytest.raises(CityFileError, match=what) as caught:
        fetch_files(city, city.feeds["osm"], Store(tmp_path / "store"))
    assert caught.value.next_step


@pytest.mark.parametrize("key", ["tile_m", "typename", "page_size"])
def test_a_file_takes_no_setting_of_pages(tmp_path: Path, key: str) -> None:
    with pytest.raises(ValueError, match=f"takes no `{key}`"):
        city_of(tmp_path, {"bbox": [1, 2, 3, 4], key: "5"})


def test_another_box_is_read_anew_and_not_held_to_the_rows_of_the_last(tmp_path: Path, con: Con) -> None:
    awkward().write(tmp_path / "x.osm")
    con.execute("DROP SCHEMA IF EXISTS meta CASCADE; CREATE SCHEMA meta")
    city, space = city_of(tmp_path, BOUNDARY), Workspace(tmp_path / "home")
    far: Box = (EXTENT[0] + 60_000, EXTENT[1], EXTENT[2] + 60_000, EXTENT[3])

    def night(extent: Box | None) -> tuple[bool, set[str]]:
        of = city if extent is not None else city_of(tmp_path, "file")
        loaded = load_raw(con, fetch_feed(of, of.feeds["osm"], space, extent=extent), space)
        assert loaded.warning is None
        name = raw_name(of.feeds["osm"], "building")
        return loaded.was_parsed, {key for (key,) in con.execute(f"SELECT osm_id FROM {name}").fetchall()}

    was_parsed, whole = night(None)
    assert was_parsed
    was_parsed, inside = night(EXTENT)
    assert was_parsed
    assert {"w1", "w12"} <= inside < whole
    assert night(EXTENT) == (False, inside)
    assert night(far) == (True, {"w12", "w13", "r33"})
    snapshot = fetch_feed(city, city.feeds["osm"], space, offline=True).snapshot
    assert raw_fingerprint(snapshot) != raw_fingerprint(replace(snapshot, clip=None))
    assert load_raw(con, fetch_feed(city, city.feeds["osm"], space, offline=True), space).was_parsed is False


def test_the_extent_of_a_city_reaches_its_extract(tmp_path: Path) -> None:
    awkward().write(tmp_path / "x.osm")
    city = city_of(tmp_path, BOUNDARY).model_copy(update={"extent": EXTENT})
    (fetched,) = fetch_city(city, Workspace(tmp_path / "home"))
    assert fetched.snapshot.clip is not None
