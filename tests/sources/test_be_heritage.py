from __future__ import annotations

import json
from datetime import date

import pytest

from sources import be_heritage
from sources._kit.errors import CityFileError, ColumnError, UnreadableSnapshotError
from tests.sources.conftest import Con, Shared, Snap, Write, page, raw, square, taken_in

DESIGNATION = {
    "aanduid_id": 131635,
    "naam": " Hoeve ",
    "type_uri": "https://example.org/9",
    "type_naam": "vastgesteld bouwkundig erfgoed",
    "geld_start": "2023-06-20",
    "geld_einde": None,
    "uri": "https://example.org/131635",
    "geometry": square(120368, 180543),
}


def test_designation_becomes_its_role(snap: Snap, write: Write, con: Con) -> None:
    shot = snap("be_heritage", data=write("p.json", page([DESIGNATION], timeStamp="2025-11-27T15:17:59.872Z")))
    assert be_heritage.parse(shot, con) == date(2025, 11, 27)
    (row,) = taken_in(con, shot, "designation")
    assert row["designation_id"] == "erfgoed:131635"
    assert row["name"] == "Hoeve"
    assert row["designation_type"] == "vastgesteld bouwkundig erfgoed"
    assert (row["valid_from"], row["valid_to"]) == (date(2023, 6, 20), None)
    assert row["url"] == "https://example.org/131635"  # no page: the URI leads there too


def test_parts_are_told_apart(snap: Snap, write: Write, con: Con) -> None:
    thing = {
        "erfgoed_id": 42549,
        "naam": "Tympelhof",
        "uri": "u",
        "url": "l",
        "geometry": square(174064, 174776),
    }
    shot = snap("be_heritage", designation=write("a.json", page([DESIGNATION])), object=write("b.json", page([thing])))
    be_heritage.parse(shot, con)
    assert [row["designation_id"] for row in taken_in(con, shot, "designation")] == ["erfgoed:131635"]
    (row,) = taken_in(con, shot, "object")
    assert (row["designation_id"], row["designation_type"]) == ("erfgoed:object:42549", "erfgoedobject")


def test_wrong_part_and_wrong_layer_are_named(snap: Snap, write: Write, con: Con) -> None:
    file = write("a.json", page([DESIGNATION]))
    with pytest.raises(CityFileError, match="designation, object"):
        be_heritage.parse(snap("be_heritage", monuments=file), con)
    with pytest.raises(ColumnError, match="erfgoed_id"):
        be_heritage.parse(snap("be_heritage", object=file), con)


def test_other_crs_and_short_page_are_refused(snap: Snap, write: Write, con: Con) -> None:
    with pytest.raises(UnreadableSnapshotError, match="3812"):
        be_heritage.parse(snap("be_heritage", data=write("a.json", page([DESIGNATION], crs="EPSG::3812"))), con)
    with pytest.raises(UnreadableSnapshotError, match="1 of 9 features"):
        be_heritage.parse(snap("be_heritage", data=write("b.json", page([DESIGNATION], numberMatched=9))), con)


def test_recorded_answers(snap: Snap, shared: Shared, con: Con) -> None:
    folder = shared("responses/heritage")
    shot = snap(
        "be_heritage",
        designation=sorted(folder.glob("wfs_ps_aandobj_*.json")),
        object=folder / "wfs_lu_wet_erfgobj_pub_89.json",
    )
    assert be_heritage.parse(shot, con) == date(2025, 11, 27)
    assert len(taken_in(con, shot, "designation")) == 3
    assert len({row["designation_id"] for row in taken_in(con, shot, "object")}) == 89


def test_leuven(snap: Snap, shared: Shared, con: Con) -> None:
    path = shared("leuven/heritage.geojson")
    shot = snap("be_heritage", data=path)
    be_heritage.parse(shot, con)
    expected = [feature["properties"] for feature in json.loads(path.read_text())["features"]]
    rows = raw(con, shot, "designation")
    assert [row["naam"] for row in rows] == [properties["naam"] for properties in expected]
    assert all(row["geom"] for row in rows)
