"""status and sql: what they answer, and that they load nothing heavy to do it."""

from __future__ import annotations

import csv
import io
import json
import sys

import pytest

from tests.flows.conftest import NAME, Home, one

HEAVY = ("prefect", "pandas", "geopandas", "pyogrio", "matplotlib", "pyproj", "shapely", "requests")


@pytest.mark.parametrize(
    "words",
    [
        ("--help",),
        ("status",),
        ("status", NAME),
        ("status", NAME, "--json"),
        ("explain", NAME, "FIRST"),
        ("explain", NAME, "nergens"),
        ("plan", NAME, "FIRST", "--audience", "city"),
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
