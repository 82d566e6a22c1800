"""What a run says of a clock that cannot be right: its own day against that of the run before and of the data."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import duckdb

from flows.feed_steps import Loaded


def clock_warnings(con: duckdb.DuckDBPyConnection, loaded: Sequence[Loaded], today: date) -> list[str]:
    """Warnings of a run whose day is the clock's, and not one that somebody named.

    Args:
        con: the warehouse, with the tables of the run before.
        loaded: the feeds of this run.
        today: day of this run by the clock (UTC).
    """
    found = con.execute(
        "SELECT 1 FROM duckdb_tables() WHERE schema_name = 'history' AND table_name = 'measure'"
    ).fetchone()
    row = con.execute("SELECT max(as_of) FROM history.measure").fetchone() if found else None
    said = []
    if row and row[0] is not None and row[0] > today:
        said.append(f"the clock says {today}, and the city was run as of {row[0]}: it is wrong now, or was then")
    late = [f"{item.feed} ({item.snapshot_on})" for item in loaded if (item.snapshot_on - today).days > 1]
    if late:
        said.append(
            f"the clock says {today}, and there are data of a later day, whose age is not known: {', '.join(late)}"
        )
    return said
