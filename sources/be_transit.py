"""A timetable in GTFS (NMBS, De Lijn): stops with their departures on an average weekday.

One zip is one operator's timetable and one feed. An average weekday is the mean over the Mondays to Fridays on which the
timetable runs anything: the days come from the timetable, not from a clock.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from pathlib import Path

import duckdb

from sources._gtfs import departures
from sources._kit.contract import load_source, write_raw
from sources._kit.duck import identifier, literal
from sources._kit.errors import UnreadableSnapshotError
from sources._kit.snapshot import Snapshot
from sources._read.content import place
from sources._read.streamed import csv_query, reading
from sources._read.zipped import unpacked

NEEDED = ("stops.txt", "routes.txt", "trips.txt", "stop_times.txt")
CALENDARS = ("calendar.txt", "calendar_dates.txt")
# GTFS allows one digit for the hour, and hours past 24 for what began the day before.
_TIME = literal(r"\d{1,3}:[0-5]\d:[0-5]\d")


def parse(snapshot: Snapshot, con: duckdb.DuckDBPyConnection) -> date | None:
    """Make the raw tables `stop` and `tally`; returns the first day of the timetable where it names one.

    Raises:
        UnreadableSnapshotError: no whole zip, a member missing, a line that cannot be read, or a timetable without weekdays.
        ColumnError: a column that GTFS requires is missing.
    """
    where = place(snapshot, "data", snapshot.paths()[0])
    optional = [name for name in departures.COLUMNS if name not in NEEDED]
    with unpacked(snapshot, NEEDED, optional) as found:
        if not any(name in found for name in CALENDARS):
            raise UnreadableSnapshotError(
                "a timetable without days",
                member=" or ".join(CALENDARS),
                next_step="look whether the provider's archive is whole",
                **where,
            )
        try:
            for name in departures.COLUMNS:
                _make_view(con, name, found.get(name), where)
            return _write(con, snapshot, where)
        finally:
            for name in departures.COLUMNS:
                con.execute(f"DROP VIEW IF EXISTS temp.{_view(name)}")
            for name in ("day", "trip", "stop_time", "place"):
                con.execute(f"DROP TABLE IF EXISTS temp.gtfs_{name}")


def _view(member: str) -> str:
    return member.removesuffix(".txt")


def _make_view(con: duckdb.DuckDBPyConnection, name: str, path: Path | None, where: Mapping[str, object]) -> None:
    """Make a view over one member: the columns that are read, null where they are not there; no rows without the member."""
    columns = (*departures.COLUMNS[name], *departures.OPTIONAL.get(name, ()))
    query = f"SELECT {', '.join(f'NULL::VARCHAR AS {identifier(c)}' for c in columns)}"
    if path is None:
        query += " WHERE false"
    else:
        file = csv_query(path, {**where, "member": name}, departures.COLUMNS[name])
        query = f"{query} WHERE false UNION ALL BY NAME {file}"
    con.execute(f"CREATE OR REPLACE TEMP VIEW {_view(name)} AS {query}")


def _write(con: duckdb.DuckDBPyConnection, snapshot: Snapshot, where: Mapping[str, object]) -> date | None:
    with reading(where):
        con.execute(departures.SERVICE)
        days = _one(con, "SELECT count(DISTINCT day) FROM gtfs_day")
        if not days:
            raise UnreadableSnapshotError(
                "the timetable runs on no weekday", next_step="look at its calendars and their dates", **where
            )
        types: Mapping[str, Sequence[Sequence[int]]] = load_source("be_transit").info.reader["route_type"]
        cases = [
            f"WHEN try_cast(o.route_type AS INTEGER) BETWEEN {low} AND {high} THEN {literal(name)}"
            for name, ranges in types.items()
            for low, high in ranges
        ]
        con.execute(departures.TRIP.format(vehicle=f"CASE {' '.join(cases)} END", time=_TIME))
        con.execute(departures.STOP_TIME.format(time=_TIME))
        con.execute(departures.PLACE)
        write_raw(con, snapshot, "stop", departures.STOP.format(issuer=literal(snapshot.feed.name), days=days))
        write_raw(con, snapshot, "tally", departures.TALLY.format(days_max=departures.YEARS_MAX * 366))
        begins = con.execute("SELECT min(trim(feed_start_date)) FROM feed_info").fetchone()
    try:
        return datetime.strptime(str(begins and begins[0]), "%Y%m%d").date()  # noqa: DTZ007 (a day has no zone)
    except ValueError:
        return None


def _one(con: duckdb.DuckDBPyConnection, query: str) -> int:
    row = con.execute(query).fetchone()
    assert row is not None
    return int(row[0])
