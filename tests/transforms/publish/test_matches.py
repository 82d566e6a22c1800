"""Matches in the GeoPackage and the feed: what the run found and nobody else's, both ways, and only for who may see the advert."""

from __future__ import annotations

import csv
import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import duckdb
import pyogrio
import pytest

from sources._kit.duck import connect
from sources._kit.errors import PublishError
from tests.conftest import RunCity
from tests.transforms.publish.test_geopackage_valid import validate
from transforms._kit.header import read_spec
from transforms.publish.matches import MATCHES, write_matches
from transforms.publish.optional import with_optional
from transforms.publish.publish import publish_city
from transforms.publish.rows import optional_query, prepare, read_run, withhold
from transforms.publish.schemas import read_schema

CRS = "EPSG:31370"
LAYER = Path(__file__).parents[3] / "transforms" / "layer"
WHERE_FROM = {
    "lon",
    "lat",
    "distance_m",
    "radius_m",
    "place_part",
    "budget_eur_m2_year",
    "x",
    "y",
    "nis_code",
    "address",
    "geometry",
}


@pytest.fixture(scope="module")
def feed(voorbeeldstad: RunCity) -> dict[str, Any]:
    path = voorbeeldstad.outcome.products["voorbeeldstad_matches.json"]
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found


def _pairs(items: list[dict[str, Any]], own: str, place: str, other: str) -> set[tuple[Any, ...]]:
    """(own id, other id, place, use, score) of each item of a list of items."""
    return {(one[own], m[other], m["place"], m["use"], m["score"]) for one in items for m in one[place]}


def test_both_directions_are_what_the_run_matched(feed: dict[str, Any], voorbeeldstad: RunCity) -> None:
    wanted = "SELECT {0}, {1}, {2}, use, round(score) FROM match.{3} WHERE {2} <= 10"
    of_advert = _pairs(feed["adverts"], "request_id", "buildings", "building_id")
    of_building = _pairs(feed["buildings"], "building_id", "adverts", "request_id")
    query = wanted.format("request_id", "building_id", "request_place", "request_building")
    assert of_advert == set(voorbeeldstad.rows(query))
    query = wanted.format("building_id", "request_id", "building_place", "request_building")
    assert of_building == set(voorbeeldstad.rows(query))
    assert min(len(of_advert), len(of_building)) > 50
    for own, place, column, other in (
        ("request_id", "offers", "request_place", "offer_id"),
        ("offer_id", "seekers", "offer_place", "request_id"),
    ):
        query = wanted.format(own, other, column, "request_offer")
        found = _pairs(feed["adverts"], "request_id", place, "request_id")
        assert found == set(voorbeeldstad.rows(query)), place
        assert found, place


def test_every_advert_that_holds_is_there_and_a_building_only_with_somebody(
    feed: dict[str, Any], voorbeeldstad: RunCity
) -> None:
    ids = [one["request_id"] for one in feed["adverts"]]
    assert ids == [row[0] for row in voorbeeldstad.rows("SELECT request_id FROM staging.space_request ORDER BY 1")]
    assert any(one["buildings"] == [] for one in feed["adverts"] if one["kind"] == "offer")
    assert all(one["request_id"] == f"{one['feed']}:{one['advert_id']}" for one in feed["adverts"])
    assert all(one["adverts"] or one["coalitions"] for one in feed["buildings"])
    assert "niemand werd iets gevraagd" in feed["statement"]
    assert (feed["as_of"], feed["licence"]) == ("2025-06-01", "made up, free of rights")


def test_partners_and_coalitions_are_those_of_the_run(feed: dict[str, Any], voorbeeldstad: RunCity) -> None:
    partners = {(one["request_id"], m["request_id"], m["place"]) for one in feed["adverts"] for m in one["partners"]}
    assert partners == set(
        voorbeeldstad.rows("SELECT request_id, partner_id, place FROM match.request_partner WHERE place <= 10")
    )
    sets = [c for one in feed["buildings"] for c in one["coalitions"]]
    members = {(c["coalition_id"], m["request_id"], m["use"]) for c in sets for m in c["members"]}
    assert members == set(voorbeeldstad.rows("SELECT coalition_id, request_id, use FROM match.coalition_member"))
    assert {(one["request_id"], c) for one in feed["adverts"] for c in one["coalitions"]} == {m[1::-1] for m in members}
    for one in sets:
        assert len(one["members"]) == one["member_count"] >= 2
        assert sum(m["area_share"] for m in one["members"]) == pytest.approx(one["fill_share"], abs=0.001)
        assert one["gap"] is not None
    assert sets


def test_file_and_schema_name_the_same_keys(feed: dict[str, Any]) -> None:
    shapes = read_schema("matches")["$defs"]
    lists = {
        "advert": feed["adverts"],
        "building": feed["buildings"],
        "fitting_building": [m for one in feed["adverts"] for m in one["buildings"]],
        "met": [m for one in feed["adverts"] for m in (*one["offers"], *one["seekers"])],
        "partner": [m for one in feed["adverts"] for m in one["partners"]],
        "fitting_advert": [m for one in feed["buildings"] for m in one["adverts"]],
        "coalition": [m for one in feed["buildings"] for m in one["coalitions"]],
        "member": [m for one in feed["buildings"] for c in one["coalitions"] for m in c["members"]],
    }
    assert set(lists) == {name for name, shape in shapes.items() if "properties" in shape}
    for name, items in lists.items():
        assert {tuple(item) for item in items} == {tuple(shapes[name]["properties"])}, name
        assert not WHERE_FROM & set(shapes[name]["properties"]), name


def test_the_geopackage_has_a_point_a_match_and_gdal_finds_it_valid(voorbeeldstad: RunCity) -> None:
    path = voorbeeldstad.outcome.products["voorbeeldstad.gpkg"]
    found = pyogrio.read_dataframe(path, layer="matches").sort_values(["request_id", "building_id"])
    wanted = voorbeeldstad.rows(
        "SELECT request_id, building_id, score, why_building, ST_X(g.point), ST_Y(g.point) FROM layer.match "
        "JOIN core.building AS g USING (building_id) WHERE audience = 'public' ORDER BY 1, 2"
    )
    columns = (
        found["request_id"],
        found["building_id"],
        found["score"],
        found["why_building"],
        found.geometry.x,
        found.geometry.y,
    )
    assert list(zip(*columns, strict=True)) == wanted
    assert not WHERE_FROM & set(found.columns.drop("geometry"))
    sets = pyogrio.read_info(path, layer="coalitions", force_feature_count=True)
    assert sets["features"] == voorbeeldstad.one("SELECT count(*) FROM layer.coalition WHERE audience = 'public'") > 0
    with closing(sqlite3.connect(path)) as db:
        styles = db.execute("SELECT styleQML, styleSLD FROM layer_styles WHERE f_table_name = 'matches'").fetchall()
        coded = {
            row[0]
            for row in db.execute(
                "SELECT constraint_name FROM gpkg_data_columns WHERE table_name IN ('matches', 'coalitions')"
            )
        }
    assert len(styles) == 2
    for qml, sld in styles:
        assert (
            len(ElementTree.fromstring(qml).findall(".//rules/rule"))
            == len(ElementTree.fromstring(sld).findall(".//{*}Rule"))
            == 4
        )
    assert coded >= {"use", "request_kind", "search_status"}
    assert validate(path) == (0, "")


@pytest.fixture(scope="module")
def half(voorbeeldstad: RunCity) -> Iterator[duckdb.DuckDBPyConnection]:
    """The tables of matches made again, as if a third of the adverts came from a platform that only the city may see."""
    con = connect()
    con.execute(f"ATTACH '{voorbeeldstad.outcome.warehouse}' AS w (READ_ONLY); SET VARIABLE run_id = 'r'")
    for schema in ("staging", "match", "core", "reference", "layer"):
        con.execute(f"CREATE SCHEMA {schema}")
    feed = "CASE WHEN hash(request_id) % 3 = 0 THEN 'shut' ELSE feed END AS feed"
    con.execute(f"CREATE TABLE staging.space_request AS SELECT * REPLACE ({feed}) FROM w.staging.space_request")
    con.execute(
        "CREATE TABLE reference.feed AS SELECT feed, visibility FROM w.reference.feed UNION ALL VALUES ('shut', 'city')"
    )
    con.execute(
        "CREATE VIEW layer.building AS FROM w.layer.building; CREATE VIEW core.building AS FROM w.core.building"
    )
    for name in ("advert", "match", "advert_offer", "advert_partner", "coalition"):
        spec = read_spec(LAYER / f"{name}.sql")
        for needed in spec.inputs:
            con.execute(f"CREATE TABLE IF NOT EXISTS {needed} AS FROM w.{needed}") if needed.startswith(
                ("match", "ref")
            ) else None
        con.execute(f"CREATE TABLE layer.{name} AS {spec.sql}")
    yield con
    con.close()


@pytest.mark.parametrize(
    ("table", "ids", "places"),
    [
        ("match", ["request_id"], {"request_id": "request_place", "building_id": "building_place"}),
        ("advert_offer", ["request_id", "offer_id"], {"request_id": "request_place", "offer_id": "offer_place"}),
        ("advert_partner", ["request_id", "partner_id"], {"request_id": "place"}),
        ("coalition", ["request_id"], {}),
    ],
)
def test_what_only_the_city_may_see_leaves_no_trace_in_the_public_rows(
    half: duckdb.DuckDBPyConnection, voorbeeldstad: RunCity, table: str, ids: list[str], places: dict[str, str]
) -> None:
    def count(query: str) -> int:
        (found,) = half.execute(f"SELECT count(*) FROM ({query})").fetchall()
        return int(found[0])

    shut = "(SELECT request_id FROM staging.space_request WHERE feed = 'shut')"
    for column in ids:
        assert count(f"FROM layer.{table} WHERE audience = 'public' AND {column} IN {shut}") == 0
        assert count(f"FROM layer.{table} WHERE audience = 'city' AND {column} IN {shut}") > 0
    assert count(f"FROM layer.{table} WHERE audience = 'public'") > 0
    for own, place in places.items():  # no place is missing
        assert (
            count(
                f"SELECT {own} FROM layer.{table} WHERE audience = 'public' AND {place} IS NOT NULL GROUP BY {own} HAVING max({place}) <> count(*)"
            )
            == 0
        )
    if table == "coalition":
        gaps = "SELECT building_id FROM layer.coalition WHERE audience = 'public' GROUP BY ALL HAVING max(place) <> count(DISTINCT place)"
        cut = "SELECT coalition_id FROM layer.coalition GROUP BY audience, coalition_id HAVING count(*) <> any_value(member_count)"
        assert (count(gaps), count(cut)) == (0, 0)
    # The city sees what it saw before.
    columns = "* EXCLUDE (audience)" if table.startswith("advert") else "* EXCLUDE (audience, run_id)"
    before = f"SELECT {columns} FROM w.layer.{table} WHERE audience = 'city'"
    after = f"SELECT {columns} FROM layer.{table} WHERE audience = 'city'"
    assert count(f"{before} EXCEPT {after}") == count(f"{after} EXCEPT {before}") == 0


def _add(con: duckdb.DuckDBPyConnection, name: str, audience: str, building: str = "grb:0000002") -> None:
    """One advert with one match."""
    con.execute(f"""
        INSERT INTO layer.advert VALUES ('{audience}', 'p:{name}', 'p', 'space', 'zoekt', 'seeks');
        INSERT INTO layer.match BY NAME SELECT '{audience}' AS audience, 'p:{name}' AS request_id, 'space' AS request_kind,
            '{building}' AS building_id, 'culture' AS use, 'cultuur' AS use_label, 'culture' AS use_label_en, 70 AS score, 1 AS request_place,
            1 AS building_place, 'past' AS why_building, 'fits' AS why_building_en, 'zoekt' AS who, 'seeks' AS who_en, ST_Point(104050, 193010) AS geom
    """)


def test_an_advert_of_the_city_alone_is_in_the_citys_file_alone(
    layer: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    _add(layer, "kept", "city")
    layer.execute(
        "INSERT INTO layer.code VALUES ('request_kind', 'space', 'zoekt ruimte', 'looks for space', 1), ('request_kind', 'offer', 'biedt', 'offers', 2)"
    )
    paths = publish_city(layer, "gent", CRS, tmp_path)
    assert [row[0] for row in pyogrio.list_layers(paths["gent_city.gpkg"]) if row[0] == "matches"] == ["matches"]
    for name, path in paths.items():
        if "city" not in name:
            assert b"p:kept" not in path.read_bytes(), name
    # One page describes what any edition has.
    with paths["dictionary.csv"].open(encoding="utf-8", newline="") as file:
        assert "matches" in {row["table_name"] for row in csv.DictReader(file)}


def test_without_adverts_the_layers_are_absent_and_the_feed_has_empty_lists(published: Path) -> None:
    layers = {row[0] for row in pyogrio.list_layers(published / "gent.gpkg")}
    assert not layers & {"matches", "coalitions"}
    said = json.loads((published / "gent_matches.json").read_text(encoding="utf-8"))
    assert (said["advert_count"], said["building_count"], said["adverts"], said["buildings"]) == (0, 0, [], [])


def test_a_building_that_is_withheld_takes_its_matches_along(layer: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    _add(layer, "one", "public")
    product = with_optional(layer, prepare(layer, "gent", CRS, "public", read_run(layer, "gent")))
    assert product.optional == ("matches",)
    rows = optional_query(layer, "match", "public")
    assert len(layer.execute(rows).fetchall()) == 1
    product = withhold(layer, product, frozenset({"grb:0000002"}))
    assert layer.execute(rows).fetchall() == []
    write_matches(layer, product, [], tmp_path / "m.json")
    assert "grb:0000002" not in (tmp_path / "m.json").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('"request_id":"p:one","kind"', '"request_id":"p:two","kind"', "an advert is named that is not there"),
        ('"building_id":"grb:0000002","adverts"', '"building_id":"grb:0000001","adverts"', "a building is not shown"),
        ('{"request_id":"p:one"', '{"request_id":"p:two"', "an advert is not there"),
        (
            '"score":70.0,"low":null,"high":null,"who"',
            '"score":71.0,"low":null,"high":null,"who"',
            "do not say the same",
        ),
        ('"building_count": 1', '"building_count": 2', "number of buildings"),
        ('"partners":[],', "", "keys of adverts"),
    ],
)
def test_a_feed_that_contradicts_itself_or_the_layer_is_not_published(
    layer: duckdb.DuckDBPyConnection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, old: str, new: str, message: str
) -> None:
    def write_otherwise(con: Any, product: Any, entries: Any, path: Path) -> None:
        write_matches(con, product, entries, path)
        text = path.read_text(encoding="utf-8")
        assert old in text
        path.write_text(text.replace(old, new, 1), encoding="utf-8")

    _add(layer, "one", "public")
    layer.execute("DELETE FROM layer.building WHERE building_id = 'grb:0000001'")
    monkeypatch.setattr("transforms.publish.publish.DELIVERABLES", (replace(MATCHES, write=write_otherwise),))
    with pytest.raises(PublishError, match=message):
        publish_city(layer, "gent", CRS, tmp_path)
