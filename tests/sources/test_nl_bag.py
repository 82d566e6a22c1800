"""The BAG: a Dutch city runs end to end without anything Flemish."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from flows.run import run_city
from flows.workspace import Workspace
from sources import nl_bag
from sources._kit.city import load_city
from sources._kit.duck import connect
from sources._kit.errors import ColumnError, UnreadableSnapshotError
from tests.sources.conftest import Con, Snap, Write, page, placed_in, square, taken_in

X, Y = 136_000.0, 455_000.0  # Utrecht, in RD New
CITY = """
name = "Utrecht"
nis = "0344"
crs = "EPSG:28992"

[feeds.bag]
source = "nl_bag"
path = { pand = "pand_*.json", verblijfsobject = "vbo.json" }
snapshot_on = 2025-05-01
"""
IN_FORCE = "Verblijfsobject in gebruik"


def bag_page(features: list[dict[str, Any]], **links: object) -> str:
    """A page as the OGC API Features of PDOK writes it, asked for in RD New."""
    body = json.loads(page(features, crs=None, timeStamp="2025-05-01T04:00:00Z", **links))
    body["crs"] = {"type": "name", "properties": {"name": "http://www.opengis.net/def/crs/EPSG/0/28992"}}
    return json.dumps(body)


def pand(number: int, status: str, use: str = "kantoorfunctie", x: float = 0.0, side: float = 20.0) -> dict[str, Any]:
    given = {"identificatie": f"0344100000{number:06d}", "status": status, "bouwjaar": 1930, "gebruiksdoel": use}
    more = {
        "aantal_verblijfsobjecten": 1,
        "documentdatum": "2012-03-01",
        "verblijfsobject.href": ["https://example.org/1"],
    }
    return {**given, **more, "geometry": square(X + x, Y, side)}


def unit(number: int, status: str, x: float, addition: str | None = None) -> dict[str, Any]:
    given = {
        "identificatie": f"0344010000{number:06d}",
        "status": status,
        "gebruiksdoel": "kantoorfunctie",
        "oppervlakte": 300,
    }
    address = {"openbare_ruimte_naam": "Domplein", "huisnummer": number, "huisletter": "A", "toevoeging": addition}
    place = {"postcode": "3512 JC", "woonplaats_naam": "Utrecht"}
    return {**given, **address, **place, "geometry": {"type": "Point", "coordinates": [X + x, Y + 5]}}


def test_a_dutch_city_runs_without_a_flemish_feed(tmp_path: Path) -> None:
    panden = [
        pand(1, "Pand in gebruik", x=0),
        pand(2, "Pand buiten gebruik", x=100),
        pand(3, "Pand gesloopt", x=200),
        pand(4, "Bouw gestart", x=300),
        pand(5, "Sloopvergunning verleend", "onderwijsfunctie", x=400),
        pand(6, "Pand in gebruik", "woonfunctie,winkelfunctie", x=500),
        pand(7, "Pand onbekend", x=600),
    ]
    (tmp_path / "pand_1.json").write_text(bag_page(panden[:4]))
    (tmp_path / "pand_2.json").write_text(bag_page(panden[4:]))
    units = [unit(1, IN_FORCE, 5), unit(2, IN_FORCE, 105, "bis"), unit(3, "Verblijfsobject ingetrokken", 205)]
    (tmp_path / "vbo.json").write_text(bag_page(units))
    (tmp_path / "utrecht.toml").write_text(CITY)
    space = Workspace(tmp_path / "home")
    outcome = run_city(load_city(tmp_path / "utrecht.toml", space.cities), space, as_of=date(2025, 6, 1))
    with connect(outcome.warehouse, read_only=True) as con:

        def rows(query: str) -> list[tuple[Any, ...]]:
            return con.execute(query).fetchall()

        states = dict(rows("SELECT building_id[-1:], state FROM core.building"))
        assert states == {
            "1": "standing",
            "2": "standing",
            "3": "gone",
            "4": "planned",
            "5": "standing",
            "6": "standing",
        }
        assert rows("SELECT reason, value FROM staging.reject WHERE table_name = 'staging.footprint'") == [
            ("unknown value in status: Pand onbekend", None)
        ]
        kinds = rows("SELECT building_id, kind, match_method, is_legal FROM evidence.item")
        assert kinds == [("bag:0344100000000002", "bag_out_of_use", "named", True)]
        types = dict(rows("SELECT building_id[-1:], type FROM score.type"))
        assert (types["2"], types["5"], types["6"]) == ("office", "school", "unknown")
        bands = dict(rows("SELECT building_id[-1:], underuse_band FROM score.building WHERE audience = 'city'"))
        assert bands == {"1": "unknown", "2": "confirmed", "5": "unknown", "6": "unknown"}
        addresses = rows("SELECT street, building_id[-1:], postcode FROM core.address ORDER BY building_id")
        assert addresses == [("Domplein", "1", "3512JC"), ("Domplein", "2", "3512JC")]
        assert rows("SELECT reason FROM staging.reject WHERE table_name = 'staging.address'") == [
            ("not in force: Verblijfsobject ingetrokken",)
        ]
        assert rows("SELECT DISTINCT source, licence FROM reference.feed") == [("nl_bag", "Public Domain Mark 1.0")]
        layer = rows("SELECT count(*), min(ST_XMin(geom)) FROM layer.building WHERE audience = 'city'")
        assert layer == [(3, X)]
    names = sorted(path.name for path in (space.home / "outputs" / "utrecht").iterdir())
    assert "utrecht_city.gpkg" in names


def test_longitude_and_latitude_are_refused_and_a_missing_status_is_named(snap: Snap, write: Write, con: Con) -> None:
    given = pand(1, "Pand in gebruik")
    with pytest.raises(UnreadableSnapshotError, match="28992"):
        nl_bag.parse(snap("nl_bag", pand=write("a.json", page([given], crs=None))), con)
    del given["status"]
    with pytest.raises(ColumnError, match="status"):
        nl_bag.parse(snap("nl_bag", pand=write("b.json", bag_page([given]))), con)


def test_of_several_uses_none_names_the_building(snap: Snap, write: Write, con: Con) -> None:
    uses = ["kantoorfunctie", "woonfunctie,winkelfunctie", ""]
    panden = [pand(number, "Pand in gebruik", use) for number, use in enumerate(uses)]
    shot = snap("nl_bag", pand=write("a.json", bag_page(panden)))
    assert nl_bag.parse(placed_in(shot, "EPSG:28992"), con) == date(2025, 5, 1)
    assert [row["official_type"] for row in taken_in(con, shot, "pand")] == ["kantoorfunctie", None, None]
    assert taken_in(con, shot, "pand_out_of_use") == []
