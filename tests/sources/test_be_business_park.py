"""Business parks: what stands idle is an observation about the buildings in the parcel, and nothing else is."""

from __future__ import annotations

import sqlite3
import struct
from pathlib import Path

import geopandas
import pytest
import shapely

from sources import be_business_park
from sources._kit.contract import load_source
from sources._kit.errors import CityFileError, ColumnError
from tests.sources.conftest import Con, Snap, Write, page, raw, square, taken_in
from tests.sources.tiny_city import X, Y, building, run_tiny

FEEDS = """
[feeds.parks]
source = "be_business_park"
path = { bedrter = "parks.json", bedrperc = "parcels.json" }
snapshot_on = 2025-05-01
"""
PARK = {"IDBEDR": "11002_03", "NAAM": "Noord ", "GEMEENTE": "Klein", "TYPE": "regionaal", "geometry": square(X, Y, 400)}


def parcel(number: int, used: str, built: str, x: float, side: float = 90.0) -> dict[str, object]:
    codes = {"InGebruik": used, "Bebouwing": built, "Beschikbaarheid": "nietAangeboden", "Functie": "productie"}
    return {"IDPERC": f"P{number}", "IDBEDR": "11002_03", **codes, "geometry": square(X + x, Y, side)}


def test_only_what_is_built_and_idle_is_an_observation(snap: Snap, write: Write, con: Con) -> None:
    uri = "https://data.example.org/id/concept/gebruik/nietInGebruik"
    given = [
        parcel(1, "inGebruik", "bebouwd", 0),
        parcel(2, "nietInGebruik", "bebouwd", 100),
        parcel(3, "nietInGebruik", "onbebouwd", 200),
        parcel(4, uri, "bebouwd", 300),
        parcel(5, "misschien", "bebouwd", 400),
        {**parcel(6, "nietInGebruik", "bebouwd", 500), "eigenaar": "Jan"},
    ]
    shot = snap("be_business_park", bedrperc=write("p.json", page(given)))
    be_business_park.parse(shot, con)
    rows = taken_in(con, shot, "bedrperc")
    assert [row["class"] for row in rows[:3]] == [
        "inGebruik bebouwd",
        "nietInGebruik bebouwd",
        "nietInGebruik onbebouwd",
    ]
    query = load_source("be_business_park").info.tables["bedrperc"].intake["defect"]
    found = con.execute(f"SELECT {query} FROM raw.feed_bedrperc ORDER BY _row").fetchall()
    assert [row[0] for row in found] == [None] * 4 + ["unknown value in InGebruik: misschien", None]
    idle = taken_in(con, shot, "bedrperc_not_in_use")
    assert [row["observation_id"] for row in idle] == ["vlaio:parcel:P2", "vlaio:parcel:P4", "vlaio:parcel:P6"]
    assert [row["_row"] for row in idle] == [2, 4, 6]
    assert {row["kind"] for row in idle} == {"park_parcel_not_in_use"}
    assert "eigenaar" not in raw(con, shot, "bedrperc")[5]


def test_a_building_in_an_idle_parcel_is_likely_out_of_use(tmp_path: Path) -> None:
    buildings = [
        building(1, 110, 10, 50, "chemische installatie"),  # alone in the idle parcel, but for a shed
        building(2, 165, 65, 10, "bijgebouw"),
        building(3, 10, 10, 50, "chemische installatie"),  # in the parcel in use
        building(4, 210, 10, 30),  # two in one idle parcel
        building(5, 250, 10, 30),
        building(6, 280, 60, 40),  # a quarter in that parcel
    ]
    given = [
        parcel(1, "inGebruik", "bebouwd", 0),
        parcel(2, "nietInGebruik", "bebouwd", 100),
        parcel(3, "nietInGebruik", "bebouwd", 200),
        parcel(4, "nietInGebruik", "bebouwd", 900),
    ]
    tiny = run_tiny(tmp_path, buildings, FEEDS, {"parks.json": page([PARK]), "parcels.json": page(given)})
    links = tiny.rows("SELECT observation_id[-2:], building_id, method, score FROM core.link_observation ORDER BY ALL")
    several = "in the area, one of several buildings"
    assert links == [
        ("P2", "grb:1", "in the area", 0.95),
        ("P3", "grb:4", several, 0.6),
        ("P3", "grb:5", several, 0.6),
    ]
    refused = tiny.rows("SELECT row_id, reason FROM core.refusal WHERE table_name = 'core.link_observation'")
    assert refused == [("parks/vlaio:parcel:P4", "no building lies in the area for half of its outline or more")]
    query = "SELECT building_id, kind FROM evidence.item ORDER BY 1"
    assert [row[0] for row in tiny.rows(query)] == ["grb:1", "grb:4", "grb:5"]
    park = "vlaio:park:11002_03"
    assert tiny.rows("SELECT park_id, name, source FROM core.business_park") == [(park, "Noord", "authority")]
    on = [(f"grb:{n}", park, f"vlaio:parcel:P{p}") for n, p in ((1, 2), (2, 2), (3, 1), (4, 3), (5, 3), (6, 3))]
    assert tiny.rows("SELECT building_id, park_id, parcel_id FROM core.park_building ORDER BY 1") == on
    assert (
        tiny.one("SELECT underuse_band FROM score.building WHERE building_id = 'grb:1' AND audience = 'city'")
        == "likely"
    )
    assert (
        tiny.one("SELECT underuse_band FROM score.building WHERE building_id = 'grb:3' AND audience = 'city'")
        == "unknown"
    )


def curved_file(path: Path) -> Path:
    """A GeoPackage with a park that is a circle of 10 m radius, drawn as two arcs."""
    frame = geopandas.GeoDataFrame(
        {"IDBEDR": ["7"], "NAAM": ["Rond"], "UIDN": [12]}, geometry=[shapely.box(0, 0, 1, 1)], crs=31370
    )
    frame.to_file(path, layer="bedrter", engine="pyogrio", SPATIAL_INDEX="NO")
    points = [(X, Y), (X + 20, Y), (X, Y)]
    arc = struct.pack("<BII", 1, 8, 3) + b"".join(struct.pack("<dd", *point) for point in points)
    db = sqlite3.connect(path)
    (blob,) = db.execute("SELECT geom FROM bedrter").fetchone()
    head = blob[:3] + bytes([blob[3] & ~0x0E]) + blob[4:8]
    db.execute("UPDATE bedrter SET geom = ?", [head + struct.pack("<BII", 1, 10, 1) + arc])
    db.execute("UPDATE gpkg_geometry_columns SET geometry_type_name = 'CURVEPOLYGON'")
    db.execute("PRAGMA writable_schema = 1")
    db.execute("UPDATE sqlite_master SET sql = replace(sql, 'POLYGON', 'CURVEPOLYGON') WHERE name = 'bedrter'")
    db.commit()
    db.close()
    return path


def test_arcs_are_straightened(snap: Snap, con: Con, tmp_path: Path) -> None:
    shot = snap("be_business_park", bedrter=curved_file(tmp_path / "parks.gpkg"))
    be_business_park.parse(shot, con)
    (row,) = raw(con, shot, "bedrter")
    shape = shapely.from_wkt(str(row["geom"]))
    assert shape is not None
    assert (row["IDBEDR"], row["UIDN"]) == ("7", 12)
    assert shape.area == pytest.approx(3.14159 * 100, rel=0.002)
    assert shapely.get_num_coordinates(shape) > 50


def test_renamed_and_unneeded_columns_are_for_the_city_file(snap: Snap, write: Write, con: Con) -> None:
    given = {**PARK, "GEBIEDNR": "9", "nieuw": 1}
    del given["IDBEDR"]
    file = write("p.json", page([given]))
    with pytest.raises(ColumnError, match="IDBEDR"):
        be_business_park.parse(snap("be_business_park", bedrter=file), con)
    mapped = {"columns": {"IDBEDR": "gebiednr"}}
    with pytest.raises(ColumnError, match="nieuw"):
        be_business_park.parse(snap("be_business_park", settings=mapped, bedrter=file), con)
    shot = snap("be_business_park", settings={**mapped, "ignore": ["nieuw"]}, bedrter=file)
    be_business_park.parse(shot, con)
    assert taken_in(con, shot, "bedrter")[0]["area_id"] == "vlaio:park:9"
    with pytest.raises(CityFileError, match="its columns"):
        be_business_park.parse(snap("be_business_park", settings={"columns": {"x": "y"}}, bedrter=file), con)
    with pytest.raises(CityFileError, match="bedrter, bedrperc"):
        be_business_park.parse(snap("be_business_park", park=file), con)
