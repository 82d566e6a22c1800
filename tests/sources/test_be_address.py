from __future__ import annotations

from typing import Any

import pytest

from sources import be_address
from sources._kit.contract import raw_name
from sources._kit.errors import ColumnError, UnreadableSnapshotError
from tests.sources.conftest import Con, Shared, Snap, Write, page, raw, taken_in

CRAB = "ID;STRAATNM;HUISNR;APPTNR;BUSNR;HNRLABEL;POSTCODE;GEMEENTE;x;y\n"
POINT = {"type": "Point", "coordinates": [152000.0, 212000.0]}


def test_crab_list(snap: Snap, write: Write, con: Con) -> None:
    lines = "5;Kerkstraat;12; ;A1;12-14;2060;Antwerpen;152000,5;212000,25\n"
    lines += "6;Kerkstraat;14;3; ;12-14;2060;Antwerpen;x;\n"
    shot = snap("be_address", data=write("adres.csv", CRAB + lines))
    assert be_address.parse(shot, con) is None
    first, second = taken_in(con, shot, "address")
    assert first["address_id"] == "crab:5"
    assert (first["street"], first["house_number"], first["box_number"]) == ("Kerkstraat", "12", "A1")
    assert (first["postcode"], first["municipality"]) == ("2060", "Antwerpen")
    assert second["box_number"] == "3"
    assert [row["geom"] for row in raw(con, shot, "address")] == ["POINT (152000.5 212000.25)", None]


def test_adressenregister(snap: Snap, write: Write, con: Con) -> None:
    feature = {
        "ObjectId": 9,
        "Straatnaam": "Markt",
        "Huisnummer": "1A",
        "Busnummer": None,
        "PostinfoObjectId": "8000",
        "Gemeentenaam": "Brugge",
        "AdresStatus": "InGebruik",
        "geometry": POINT,
    }
    shot = snap("be_address", data=write("p.json", page([feature])))
    be_address.parse(shot, con)
    (row,) = taken_in(con, shot, "address")
    assert (row["address_id"], row["street"], row["house_number"]) == ("adres:9", "Markt", "1A")
    assert (row["postcode"], row["municipality"]) == ("8000", "Brugge")


def test_id_comes_from_content_and_doubles_stay(snap: Snap, write: Write, con: Con) -> None:
    header = "STRAATNM,HUISNR,x,y\n"
    one, other = "Kerkstraat,1,152000,212000\n", "Kerkstraat,1,152001,212000\n"
    shot = snap("be_address", data=write("a.csv", header + one + other + one))
    be_address.parse(shot, con)
    first, moved, again = (row["address_id"] for row in taken_in(con, shot, "address"))
    assert first == again
    assert first != moved
    reversed_order = snap("be_address", data=write("b.csv", header + other + one))
    be_address.parse(reversed_order, con)
    assert [row["address_id"] for row in taken_in(con, reversed_order, "address")] == [moved, first]


def test_fields_do_not_run_together_in_the_id(snap: Snap, write: Write, con: Con) -> None:
    shot = snap("be_address", data=write("a.csv", "STRAATNM,HUISNR,BUSNR,APPTNR,x,y\nA,1,2,,0,0\nA,1,,2,0,0\n"))
    be_address.parse(shot, con)
    assert len({row["address_id"] for row in taken_in(con, shot, "address")}) == 2


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("HUISNR,x,y\n1,2,3\n", "STRAATNM or Straatnaam"),
        ("STRAATNM,x,y\nA,2,3\n", "HUISNR or Huisnummer"),
        ("STRAATNM,HUISNR\nA,1\n", "no columns with a position"),
        ("STRAATNM,HUISNR,x,y,eigenaar\nA,1,2,3,X\n", "eigenaar"),
    ],
)
def test_columns_are_held_to(snap: Snap, write: Write, con: Con, content: Any, said: str) -> None:
    with pytest.raises(ColumnError, match=said):
        be_address.parse(snap("be_address", data=write("a.csv", content)), con)


def test_html_and_several_files_are_refused(snap: Snap, write: Write, con: Con) -> None:
    with pytest.raises(UnreadableSnapshotError, match="HTML"):
        be_address.parse(snap("be_address", data=write("a.csv", "<html><body>down</body></html>")), con)
    files = [
        write("b.csv", "STRAATNM,HUISNR,x,y\nA,1,2,3\n"),
        write("c.csv", "STRAATNM,HUISNR,x,y\nB,1,2,3\n"),
    ]
    with pytest.raises(UnreadableSnapshotError, match="more than one CSV"):
        be_address.parse(snap("be_address", data=files), con)


@pytest.mark.parametrize(("name", "rows"), [("antwerpen", 375_776), ("leuven", 116_465), ("brugge_noord", 1_385)])
def test_recorded_extracts(snap: Snap, shared: Shared, con: Con, name: str, rows: int) -> None:
    shot = snap("be_address", crs="EPSG:4326", data=shared(f"{name}/addresses.parquet"))
    be_address.parse(shot, con)
    table = raw_name(shot.feed, "address")
    metric = "ST_Transform(geom, 'EPSG:4326', 'EPSG:31370', always_xy := true)"
    found = con.execute(
        "SELECT count(*), min(ST_X(point)), max(ST_X(point)), min(ST_Y(point)), max(ST_Y(point)),"
        f" any_value(kind) FROM (SELECT {metric} AS point, typeof(geom) AS kind FROM {table})"
    ).fetchone()
    assert found is not None
    assert found[0] == rows
    assert 60_000 < found[1] < found[2] < 200_000
    assert 150_000 < found[3] < found[4] < 230_000
    assert found[5] == "GEOMETRY"
    with pytest.raises(UnreadableSnapshotError, match="4326 instead of EPSG:31370"):
        be_address.parse(snap("be_address", data=shared(f"{name}/addresses.parquet")), con)


def test_content_ids_are_unique_where_the_content_is(snap: Snap, shared: Shared, con: Con) -> None:
    shot = snap("be_address", crs="EPSG:4326", data=shared("leuven/addresses.parquet"))
    be_address.parse(shot, con)
    distinct = con.execute(
        f"SELECT count(DISTINCT (STRAATNM, HUISNR, HNRLABEL, APPTNR, BUSNR, ST_AsText(geom))) "
        f"FROM {raw_name(shot.feed, 'address')}"
    ).fetchone()
    assert distinct is not None
    assert len({row["address_id"] for row in taken_in(con, shot, "address")}) == distinct[0]
