"""What was ever seen in the field, row by row, and what of it holds: the file that the next run reads."""

from __future__ import annotations

from contextlib import closing
from datetime import date
from pathlib import Path

import duckdb

from flows.fieldwork.columns import ACCESS, KINDS
from sources._kit.duck import connect, literal
from sources._kit.whole import put_in_place

NEW = "field_new"
LOG, EVIDENCE = "checks.csv", "evidence.csv"
COLUMNS = ("list_id", "row_id", "building_id", "seen_on", "seen_use", "share_empty", "access", "note", "photo")
_KEPT = (*COLUMNS, "imported_on")
# What was not seen replaces nothing; of two visits to one row the later holds, of one day the one that came last.
_HOLDS = """
    SELECT * FROM log WHERE seen_use <> 'not_seen'
    QUALIFY row_number() OVER (PARTITION BY list_id, row_id ORDER BY seen_on DESC, number DESC) = 1
"""


def add_checks(con: duckdb.DuckDBPyConnection, folder: Path, today: date) -> int:
    """Add the rows of the temporary table `field_new` that nobody said before; returns how many.

    The log is only ever added to. What of it holds is written beside it, as a list of observations: field checks of one building
    on different lists are all there, and evidence takes the newest by the day the city is looked at.
    """
    _read(con, folder)
    before = _count(con)
    same = " AND ".join(f"n.{name} IS NOT DISTINCT FROM l.{name}" for name in COLUMNS)
    con.execute(f"""
        INSERT INTO log SELECT *, {literal(today)}, {before} + row_number() OVER (ORDER BY list_id, TRY_CAST(row_id AS INTEGER))
        FROM (SELECT * FROM {NEW} AS n WHERE NOT EXISTS (SELECT 1 FROM log AS l WHERE {same}))
    """)
    added = _count(con) - before
    if added:
        _write(con, f"SELECT {', '.join(_KEPT)} FROM log ORDER BY number", folder / LOG)
    if before or added:  # also if nothing is new: an import may have been killed between the two files
        kinds = " ".join(f"WHEN {literal(use)} THEN {literal(kind)}" for use, kind in KINDS.items())
        words = " ".join(f"WHEN {literal(value)} THEN {literal(names[0])}" for value, names in ACCESS.items())
        # Notes stay in the log: what a stranger wrote is not for a layer.
        _write(
            con,
            f"""
            SELECT list_id || '/' || row_id AS check_id, CASE seen_use {kinds} END AS kind, building_id, seen_on,
                CASE WHEN seen_use <> 'in_use' THEN share_empty END AS share_empty, CASE access {words} END AS detail
            FROM ({_HOLDS}) WHERE kind IS NOT NULL ORDER BY check_id
            """,
            folder / EVIDENCE,
        )
    return added


def gone_buildings(folder: Path) -> frozenset[str]:
    """Buildings of which the last word of a row is that they are gone."""
    if not (folder / LOG).exists():
        return frozenset()
    with closing(connect(spatial=False)) as con:
        _read(con, folder)
        found = con.execute(f"SELECT building_id FROM ({_HOLDS}) WHERE seen_use = 'gone'").fetchall()
    return frozenset(row[0] for row in found)


def _read(con: duckdb.DuckDBPyConnection, folder: Path) -> None:
    types = ", ".join(f"{literal(name)}: 'VARCHAR'" for name in _KEPT)
    source = f"(SELECT {', '.join(f'NULL::VARCHAR AS {name}' for name in _KEPT)} WHERE false)"
    if (folder / LOG).exists():
        source = f"read_csv({literal(folder / LOG)}, header = true, auto_detect = false, columns = {{{types}}})"
    con.execute(f"CREATE OR REPLACE TEMP TABLE log AS SELECT *, row_number() OVER () AS number FROM {source}")


def _count(con: duckdb.DuckDBPyConnection) -> int:
    row = con.execute("SELECT count(*) FROM log").fetchone()
    assert row is not None
    return int(row[0])


def _write(con: duckdb.DuckDBPyConnection, query: str, path: Path) -> None:
    part = path.with_name(f".{path.name}.part")
    con.execute(f"COPY ({query}) TO {literal(part)} (FORMAT csv, HEADER)")
    put_in_place(part, path)
