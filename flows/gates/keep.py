"""What the warehouse keeps of the gates: the measures of each accepted run, and what was overruled.

A run builds in a copy of the last accepted file, so the newest measures in it are those of the last accepted run, and a run whose
gates fail takes what it measured with it.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

import duckdb

from flows.gates.judge import GateResult, Measure
from flows.gates.overrule import Overrule
from flows.query import rows
from sources._kit.duck import literal

_TABLES = """
CREATE SCHEMA IF NOT EXISTS history;
CREATE TABLE IF NOT EXISTS history.measure (
    number BIGINT, run_id VARCHAR, as_of DATE, name VARCHAR, subject VARCHAR, feed VARCHAR, value DOUBLE, rows BIGINT);
CREATE TABLE IF NOT EXISTS history.overruled (
    run_id VARCHAR, as_of DATE, gate VARCHAR, subject VARCHAR, value DOUBLE, value_before DOUBLE, limit_value DOUBLE,
    sentence VARCHAR, reason VARCHAR, decided_by VARCHAR);
"""
_LONG = ("dictionary", "score_share")
_LONG_FOR_RUNS = 35
_BACK_DAYS = 3
"""A day this much earlier is a clock that was set right; one before that is somebody who looks back."""


def prepare(con: duckdb.DuckDBPyConnection) -> None:
    """Make the tables where they are not."""
    con.execute(_TABLES)


def last_accepted(con: duckdb.DuckDBPyConnection, as_of: date) -> list[Measure]:
    """Measures of the accepted run that a run of this day is held to; empty when there was none.

    Of the days up to this one the last, and of its runs the newest: whoever looks back with `--as-of` finds no later night to be held
    to, and the night after is not held to what was looked back at.
    """
    rows = con.execute(
        f"""
        SELECT name, subject, value, rows, feed FROM history.measure
        WHERE number = (
            SELECT number FROM history.measure WHERE as_of <= {literal(as_of)}::DATE + {_BACK_DAYS}
            ORDER BY as_of DESC, number DESC LIMIT 1)
        ORDER BY ALL"""
    ).fetchall()
    return [Measure(*row) for row in rows]


def keep(con: duckdb.DuckDBPyConnection, run_id: str, as_of: date, measured: Sequence[Measure]) -> None:
    """Add the measures of a run that is accepted."""
    values = [
        f"({literal(item.name)}, {literal(item.subject)}, {literal(item.feed)}, {item.value!r}::DOUBLE, {item.rows})"
        for item in measured
    ]
    con.execute(f"""
        INSERT INTO history.measure
        SELECT (SELECT coalesce(max(number), 0) + 1 FROM history.measure), {literal(run_id)}, {literal(as_of)}::DATE, m.*
        FROM (VALUES {", ".join(values)}) AS m ORDER BY ALL""")
    old = ", ".join(literal(name) for name in _LONG)
    con.execute(
        f"DELETE FROM history.measure WHERE name IN ({old}) "
        f"AND number <= (SELECT max(number) FROM history.measure) - {_LONG_FOR_RUNS}"
    )


def keep_overruled(
    con: duckdb.DuckDBPyConnection, run_id: str, as_of: date, failed: Sequence[GateResult], overrule: Overrule
) -> None:
    """Write down what was overruled in this run, also in the layer itself, once for all results of a gate."""
    con.execute(f"DELETE FROM history.overruled WHERE run_id = {literal(run_id)}")
    for item in failed:
        values = (
            item.name,
            item.subject,
            item.value,
            item.before,
            item.limit,
            item.sentence,
            overrule.reason,
            overrule.decided_by,
        )
        con.execute(
            f"INSERT INTO history.overruled VALUES ({literal(run_id)}, {literal(as_of)}, {', '.join(map(literal, values))})"
        )
    _say_overruled(
        con, [item.name for item in failed], [item.sentence for item in failed], overrule.decided_by, overrule.reason
    )


def overruled_in(con: duckdb.DuckDBPyConnection, run_id: str) -> list[dict[str, Any]]:
    """What was overruled in an earlier run, as rows of history.overruled in their order."""
    prepare(con)
    return rows(con, f"SELECT * FROM history.overruled WHERE run_id = {literal(run_id)} ORDER BY rowid")


def put_back_overruled(con: duckdb.DuckDBPyConnection, run_id: str, found: Sequence[dict[str, Any]]) -> None:
    """Make what a run overruled on its own night what it overruled, when that night is made again: it is in the layer, too."""
    con.execute(f"DELETE FROM history.overruled WHERE run_id = {literal(run_id)}")
    for row in found:
        con.execute(f"INSERT INTO history.overruled VALUES ({', '.join(literal(value) for value in row.values())})")
    if found:
        names, said = [row["gate"] for row in found], [row["sentence"] for row in found]
        _say_overruled(con, names, said, found[0]["decided_by"], found[0]["reason"])


def _say_overruled(
    con: duckdb.DuckDBPyConnection, names: Sequence[str], said: Sequence[str], decided_by: str, reason: str
) -> None:
    text = f"{', '.join(dict.fromkeys(names))} ({decided_by}): {reason} [{'; '.join(said)}]"
    con.execute(f"UPDATE layer.run SET value = {literal(text)} WHERE name = 'overruled'")


def overruled_text(con: duckdb.DuckDBPyConnection) -> str:
    """What the layer says was overruled in the run that made it; empty for nothing."""
    row = con.execute("SELECT max(value) FROM layer.run WHERE name = 'overruled'").fetchone()
    return str(row[0]) if row and row[0] is not None else ""
