"""Matches decided by hand: `data/decisions/<city>.csv`, read on every run; a decision wins over the method."""

from __future__ import annotations

import csv
import hashlib
from datetime import date
from pathlib import Path

import duckdb

from flows.workspace import Workspace
from sources._kit.city import City
from sources._kit.errors import OnbenutError

COLUMNS = ("left", "right", "verdict", "decided_by", "decided_on", "why")
VERDICTS = ("same", "different")
_TABLE = (
    "CREATE OR REPLACE TABLE reference.decision (left_id VARCHAR, right_id VARCHAR, verdict VARCHAR, decided_by VARCHAR, "
    "decided_on DATE, why VARCHAR)"
)


class DecisionError(OnbenutError):
    """The list of decisions cannot be read, or a line of it says what no decision can say."""


def load_decisions(con: duckdb.DuckDBPyConnection, city: City, space: Workspace) -> str:
    """Make reference.decision; returns the fingerprint of its content.

    `left` is an OSM footprint (`osm:w1`) or a register row (`<feed>:<register id>`), `right` a building id. Of several
    decisions on one pair the last in the file holds. `decided_by` is a role, never a name.

    Raises:
        DecisionError: a column is missing or unknown, or a line has no ids, verdict or day.
    """
    con.execute(_TABLE)
    path = space.decisions(city.slug)
    if not path.exists():
        return "none"
    body = path.read_bytes()
    latest = {(row[0], row[1]): row for row in _read(path, body, city.slug)}
    if latest:
        con.executemany("INSERT INTO reference.decision VALUES (?, ?, ?, ?, ?, ?)", [list(r) for r in latest.values()])
    return hashlib.sha256(body).hexdigest()


def _read(path: Path, body: bytes, slug: str) -> list[tuple[str, str, str, str, date, str]]:
    where = {"city": slug, "file": path}
    try:
        reader = csv.DictReader(body.decode("utf-8-sig").splitlines(), strict=True)
        found = tuple(reader.fieldnames or ())
        lines = list(reader)
    except (UnicodeDecodeError, csv.Error) as error:
        raise DecisionError(
            "the decisions are no CSV in UTF-8", value=error, next_step="save it again", **where
        ) from error
    if sorted(found) != sorted(COLUMNS):
        raise DecisionError(
            "the decisions have other columns",
            value=", ".join(found) or "none",
            next_step=f"the columns are {', '.join(COLUMNS)}",
            **where,
        )
    rows = []
    for number, line in enumerate(lines, 2):
        left, right, verdict = ((line[name] or "").strip() for name in ("left", "right", "verdict"))
        if not left or not right or verdict not in VERDICTS:
            raise DecisionError(
                "a decision needs left, right and a verdict",
                line=number,
                value=verdict or "empty",
                next_step=f"a verdict is {' or '.join(VERDICTS)}",
                **where,
            )
        try:
            day = date.fromisoformat((line["decided_on"] or "").strip())
        except ValueError as error:
            raise DecisionError(
                "a decision needs its day",
                line=number,
                column="decided_on",
                value=line["decided_on"],
                next_step="write it as 2026-01-31",
                **where,
            ) from error
        rows.append((left, right, verdict, (line["decided_by"] or "").strip(), day, (line["why"] or "").strip()))
    return rows
