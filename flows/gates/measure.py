"""Measuring what a run made. Set-based: the layer's rows are read a few times, nothing grows with the city but a count of groups."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import date
from pathlib import Path

import duckdb

from flows.feed_steps import Loaded
from flows.gates.judge import Measure
from sources._kit.city import City
from sources._read.list_settings import is_personal

_QUERY = Path(__file__).with_name("measure.sql")
_NOT_COUNTED = ("reject", "reject_count", "observation_scope", "observation_here")
_COUNTED = ("core.address", "evidence.item", "layer.evidence")


def measure(con: duckdb.DuckDBPyConnection) -> list[Measure]:
    """Measure the raw floor, the tables and the layer of a warehouse that is built."""
    rows = con.execute(_QUERY.read_text(encoding="utf-8")).fetchall()
    found = [Measure(name, subject, float(value), int(behind), feed) for name, subject, feed, value, behind in rows]
    return [*_raw_rows(con), *_table_rows(con), *found, *_personal_columns(con)]


def measure_ages(city: City, loaded: Sequence[Loaded], as_of: date) -> list[Measure]:
    """Days of every feed that has a `hard_age_days`, which is its limit."""
    return [
        Measure("age", item.feed, (as_of - item.snapshot_on).days, 1, item.feed, city.feeds[item.feed].hard_age_days)
        for item in loaded
        if city.feeds[item.feed].hard_age_days is not None
    ]


def _raw_rows(con: duckdb.DuckDBPyConnection) -> list[Measure]:
    kept = con.execute("SELECT feed, rows FROM meta.raw_feed ORDER BY feed").fetchall()
    return [
        Measure("rows_raw", f"{feed} {table}", count, count, feed)
        for feed, rows in kept
        for table, count in sorted(json.loads(rows).items())
    ]


def _table_rows(con: duckdb.DuckDBPyConnection) -> list[Measure]:
    """Rows per table and feed; a feed that gave a table none has no line, which counts as 0."""
    names = con.execute(
        "SELECT DISTINCT schema_name || '.' || table_name FROM duckdb_columns() WHERE column_name = 'feed' ORDER BY ALL"
    ).fetchall()
    tables = [
        name
        for (name,) in names
        if name in _COUNTED or (name.startswith("staging.") and name.removeprefix("staging.") not in _NOT_COUNTED)
    ]
    if not tables:
        return []
    query = " UNION ALL ".join(
        f"SELECT '{name}' AS name, feed, count(*) AS rows FROM {name} GROUP BY feed" for name in tables
    )
    return [
        Measure("rows_table", f"{name} {feed}", rows, rows, feed)
        for name, feed, rows in con.execute(f"{query} ORDER BY ALL").fetchall()
    ]


def _personal_columns(con: duckdb.DuckDBPyConnection) -> list[Measure]:
    columns = con.execute("SELECT DISTINCT column_name FROM duckdb_columns() WHERE schema_name = 'layer'").fetchall()
    return [Measure("privacy_columns", "", sum(is_personal(name) for (name,) in columns), 1)]
