"""status, explain and sql: what they answer, and that they load nothing heavy to do it."""

from __future__ import annotations

import csv
import io
import json
import sys
from decimal import Decimal
from typing import Any

import pytest

from flows.query import ask
from tests.flows.conftest import NAME, Home

HEAVY = ("prefect", "pandas", "geopandas", "pyogrio", "matplotlib", "pyproj", "shapely", "requests")


def one(home: Home, query: str) -> Any:
    return next(ask(NAME, home.space, query).batches)[0][0]


def explained(home: Home, building: str, *more: str) -> dict[str, Any]:
    done = home.onbenut("explain", NAME, building, "--json", *more)
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout, parse_float=Decimal)
    return found


@pytest.fixture
def first(home: Home) -> str:
    """The building with the most evidence."""
    query = "SELECT building_id FROM evidence.item GROUP BY ALL ORDER BY count(*) DESC, building_id"
    return str(one(home, query))


@pytest.mark.parametrize(
    "words",
    [
        ("--help",),
        ("status",),
        ("status", NAME),
        ("status", NAME, "--json"),
        ("explain", NAME, "FIRST"),
        ("explain", NAME, "nergens"),
        ("sql", NAME, "SELECT * FROM layer.building"),
        ("sql", NAME, "SELECT ST_Area(geom), geom FROM layer.building", "--format", "json"),
    ],
)
def test_reading_loads_nothing_heavy(home: Home, first: str, words: tuple[str, ...]) -> None:
    words = tuple(first if word == "FIRST" else word for word in words)
    done = home.call(sys.executable, "-X", "importtime", "-m", "flows.cli", *words)
    loaded = {line.split("|")[-1].strip().split(".")[0] for line in done.stderr.splitlines() if "|" in line}
    assert "typer" in loaded
    assert loaded.isdisjoint(HEAVY)


def test_status_of_one_city_is_json(home: Home) -> None:
    body = json.loads(home.onbenut("status", NAME, "--json").stdout)
    assert {feed["state"] for feed in body["feeds"]} == {"good"}
    osm = next(feed for feed in body["feeds"] if feed["feed"] == "osm")
    assert osm["rows"] == sum(body["last_run"]["feeds"]["osm"]["rows"].values())
    assert osm["data_on"] == "2025-05-25"
    assert osm["age_days"] == 7
    assert sum(row["rows"] for row in body["rejects"]) == one(home, "SELECT count(*) FROM staging.reject")
    assert body["links"]
    assert body["refusals"]


def test_status_of_all_cities_has_a_line_for_each(home: Home) -> None:
    assert any(line.startswith(NAME) for line in home.onbenut("status").stdout.splitlines())
    assert [body["city"] for body in json.loads(home.onbenut("status", "--json").stdout)] == [NAME]


def test_status_says_which_feed_is_old_and_which_is_missing(own_home: Home) -> None:
    content = own_home.city.read_text(encoding="utf-8")
    content = content.replace("rows_min = 100", "rows_min = 100\nmax_age_days = 3", 1)
    content += '\n[feeds.parcels]\nsource = "be_grb"\npath = { adp = "x.json" }\n'
    own_home.city.write_text(content, encoding="utf-8")
    feeds = json.loads(own_home.onbenut("status", own_home.city, "--json").stdout)["feeds"]
    states = {feed["feed"]: feed["state"] for feed in feeds}
    assert (states["osm"], states["parcels"], states["grb"]) == ("old", "missing", "good")


def test_status_without_any_city_says_so(empty_home: Home) -> None:
    done = empty_home.onbenut("status")
    assert done.returncode == 0
    assert "no city has been run" in done.stdout


@pytest.mark.parametrize("audience", ["city", "public"])
def test_the_parts_add_up_to_the_scores_exactly(home: Home, first: str, audience: str) -> None:
    query = "SELECT building_id FROM layer.building WHERE audience = 'city' ORDER BY priority_rank LIMIT 5"
    buildings = {row[0] for batch in ask(NAME, home.space, query).batches for row in batch} | {first}
    for building in sorted(buildings):
        body = explained(home, building, "--audience", audience)
        for parts, score in (
            ("underuse", "underuse_log_odds"),
            ("atypicality", "atypicality_score"),
            ("priority", "priority_score"),
        ):
            assert sum((part["value"] for part in body[parts]), Decimal(0)) == body["scores"][score], (building, parts)


def test_every_item_of_evidence_is_told_with_what_it_adds(home: Home, first: str) -> None:
    body = explained(home, first)
    assert len(body["evidence"]) == one(home, f"SELECT count(*) FROM evidence.item WHERE building_id = '{first}'")
    for item in body["evidence"]:
        assert {"source", "observed_on", "freshness", "match_method", "log_lr", "adds"} <= item.keys()
    screen = home.onbenut("explain", NAME, first).stdout
    for item in body["evidence"]:
        assert item["source_id"] in screen
    for words in ("Type", "agreeing", "80% interval", "band", "sum", "Atypicality", "Best uses", "Priority"):
        assert words in screen


def test_the_public_does_not_see_what_is_for_the_city(home: Home) -> None:
    query = "SELECT building_id FROM evidence.item WHERE visibility = 'city' ORDER BY building_id"
    building = str(one(home, query))
    assert "city" in {item["visibility"] for item in explained(home, building)["evidence"]}
    public = explained(home, building, "--audience", "public")
    assert {item["visibility"] for item in public["evidence"]} <= {"public"}
    assert not [part for part in public["underuse"] if "vip_register" in part["item"]]


def test_a_building_goes_by_its_id_without_issuer_and_by_its_osm_elements(home: Home) -> None:
    query = (
        "SELECT building_id || ' ' || osm_ids[1] FROM core.building WHERE is_official AND len(osm_ids) = 1 ORDER BY 1"
    )
    building, outline = str(one(home, query)).split()
    way = outline.removeprefix("osm:")
    forms = [
        building.removeprefix("grb:"),
        outline,
        way,
        f"way/{way[1:]}",
        f"https://www.openstreetmap.org/way/{way[1:]}",
    ]
    assert {explained(home, form)["building"]["building_id"] for form in forms} == {building}


def test_a_building_that_is_gone_has_no_scores(home: Home) -> None:
    building = str(one(home, "SELECT building_id FROM core.building WHERE state = 'gone' ORDER BY building_id"))
    assert explained(home, building)["scores"] is None
    assert "No scores: this building is gone" in home.onbenut("explain", NAME, building).stdout


def test_an_unknown_building_is_answered_with_the_nearest_ids(home: Home, first: str) -> None:
    done = home.onbenut("explain", NAME, first + "9")
    assert done.returncode == 1
    assert done.stderr.startswith("error: no such building")
    assert first in done.stderr


def test_sql_writes_csv_and_json(home: Home) -> None:
    query = "SELECT building_id, geom, footprint_m2 FROM layer.building ORDER BY ALL"
    rows = list(csv.DictReader(io.StringIO(home.onbenut("sql", NAME, query, "--format", "csv").stdout)))
    body = json.loads(home.onbenut("sql", NAME, query, "--format", "json").stdout)
    assert [row["building_id"] for row in rows] == [row["building_id"] for row in body]
    assert len(rows) == one(home, "SELECT count(*) FROM layer.building")
    assert all(row["geom"].startswith(("POLYGON ((", "MULTIPOLYGON (((")) for row in rows)


def test_sql_keeps_to_the_limit_and_says_so(home: Home) -> None:
    done = home.onbenut("sql", NAME, "SELECT building_id FROM core.building", "--limit", 2)
    assert len([line for line in done.stdout.splitlines() if ":" in line]) == 2
    assert "more than 2 rows" in done.stderr
    assert json.loads(home.onbenut("sql", NAME, "SELECT 1 WHERE false", "--format", "json").stdout) == []


@pytest.mark.parametrize(
    "query",
    [
        "DELETE FROM layer.building",
        "CREATE TABLE t AS SELECT 1",
        "COPY layer.run TO '/tmp/onbenut-must-not-be-there.csv'",
        "EXPLAIN ANALYZE COPY (SELECT 1) TO '/tmp/onbenut-must-not-be-there.csv'",
        "ATTACH '/tmp/onbenut-must-not-be-there.duckdb' AS other",
        "SELECT 1; SELECT 2",
        "SELECT * FROM read_text('/etc/hostname')",
        "SELECT nothing FROM layer.run",
        "SELEC",
        "",
    ],
)
def test_sql_that_writes_or_is_wrong_is_refused_by_name(home: Home, query: str) -> None:
    before = home.space.warehouse(NAME).stat().st_mtime_ns
    done = home.onbenut("sql", NAME, query)
    assert done.returncode == 1
    assert done.stderr.startswith("error: ")
    assert len(done.stderr.splitlines()) == 1
    assert home.space.warehouse(NAME).stat().st_mtime_ns == before


def test_a_damaged_warehouse_is_a_named_error(empty_home: Home) -> None:
    path = empty_home.space.warehouse("kapot")
    path.parent.mkdir(parents=True)
    path.write_bytes(b"no database")
    done = empty_home.onbenut("sql", "kapot", "SELECT 1")
    assert done.returncode == 1
    assert "cannot be opened" in done.stderr
