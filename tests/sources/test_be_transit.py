"""GTFS: departures on an average weekday, per stop and kind of vehicle, counted by hand."""

from __future__ import annotations

from datetime import date

import pytest

from sources._kit.errors import ColumnError, UnreadableSnapshotError
from sources._kit.snapshot import Snapshot
from sources.be_transit import parse
from tests.sources.conftest import Con, Snap, Write, raw, taken_in
from tests.sources.zips import GTFS, packed

# Ten weekdays in the two weeks; the week's service runs on nine of them, the extra bus on the tenth.
NINE, ONE = 9 / 10, 1 / 10


def shot(snap: Snap, write: Write, **changed: str | None) -> Snapshot:
    files = {**GTFS, **{f"{name}.txt": text for name, text in changed.items()}}
    kept = {name: text for name, text in files.items() if text is not None}
    return snap("be_transit", data=write("gtfs.zip", packed(kept, "feed/")))


def departures(con: Con, snapshot: Snapshot) -> dict[str | None, tuple[float, float]]:
    return {r["stop_id"]: (r["rail_departures"], r["bus_tram_departures"]) for r in raw(con, snapshot, "stop")}


def test_departures_are_those_counted_by_hand(con: Con, snap: Snap, write: Write) -> None:
    snapshot = shot(snap, write)
    assert parse(snapshot, con) == date(2025, 6, 2)
    assert departures(con, snapshot) == {
        # t1 from platform 1, and from platform 2 past midnight; the Sunday train does not count.
        "S1": (2 * NINE, 0.0),
        # b1 on nine days, b2 on the holiday; trains end here.
        "B": (0.0, 1.0),
        "OUD": (0.0, 0.0),
        "NERGENS": (0.0, 0.0),
    }
    taken = {row["facility_id"]: row for row in taken_in(con, snapshot, "stop")}
    assert taken["gtfs:feed:S1"]["tags"] == {
        "name": 'Station, "Noord"',
        "railway": "station",
        "weekday_departures": "1.8",
    }
    assert taken["gtfs:feed:B"]["tags"] == {"name": "Markt", "highway": "bus_stop", "weekday_departures": "1.0"}
    assert taken["gtfs:feed:OUD"]["tags"] == {"name": "Opgeheven", "weekday_departures": "0.0"}, (
        "no departures, no stop"
    )
    assert taken["gtfs:feed:NERGENS"]["defect"] == "no position"


def test_every_line_is_accounted_for(con: Con, snap: Snap, write: Write) -> None:
    snapshot = shot(snap, write)
    parse(snapshot, con)
    tally = {(row["member"], row["fate"]): row["row_count"] for row in raw(con, snapshot, "tally")}
    assert tally == {
        ("stop_times.txt", "departure"): 4,
        ("stop_times.txt", "end of a trip"): 5,
        ("stop_times.txt", "nobody gets on"): 1,
        ("stop_times.txt", "not on a weekday"): 1,
        ("stop_times.txt", "neither rail, bus nor tram"): 1,
        ("stop_times.txt", "time that cannot be read"): 1,
        ("stop_times.txt", "trip that is not in trips.txt"): 1,
        ("stop_times.txt", "stop that is not in stops.txt"): 1,
        ("stops.txt", "stop or station"): 4,
        ("stops.txt", "part of a station"): 3,
        ("calendar.txt", "period"): 3,
        ("calendar_dates.txt", "exception"): 3,
    }
    for member in ("stop_times.txt", "stops.txt"):
        assert sum(n for (name, _), n in tally.items() if name == member) == GTFS[member].count("\n") - 1


def test_a_timetable_of_dates_alone_is_read_and_one_without_days_is_not(con: Con, snap: Snap, write: Write) -> None:
    dates = "service_id,date,exception_type\nweek,20250602,1\nweek,20250603,1\nzondag,20250608,1\nextra,20250603,1\n"
    snapshot = shot(snap, write, calendar=None, calendar_dates=dates, feed_info=None)
    assert parse(snapshot, con) is None
    assert departures(con, snapshot)["B"] == (0.0, 1.5), "b1 on both days, b2 on one"
    with pytest.raises(UnreadableSnapshotError, match="without days"):
        parse(shot(snap, write, calendar=None, calendar_dates=None), con)
    with pytest.raises(UnreadableSnapshotError, match="runs on no weekday"):
        parse(shot(snap, write, calendar=None, calendar_dates="service_id,date,exception_type\nweek,20250608,1\n"), con)


def test_a_part_of_a_part_counts_for_the_station_and_no_stop_is_lost_in_a_ring(
    con: Con, snap: Snap, write: Write
) -> None:
    stops = GTFS["stops.txt"].replace("B,Markt,51.06,3.74,,,", "B,Markt,51.06,3.74,4,S1_1,")
    stops += "X,Ring,51,4,,Y,\nY,Ring,51,4,,X,\n,Zonder id,51,4,,,\n"
    snapshot = shot(snap, write, stops=stops)
    parse(snapshot, con)
    found = departures(con, snapshot)
    assert found["S1"] == pytest.approx((2 * NINE, NINE + ONE))
    assert set(found) == {"S1", "OUD", "NERGENS", "X", "Y", None}
    assert [row["facility_id"] for row in taken_in(con, snapshot, "stop") if row["tags"]["name"] == "Zonder id"] == [
        None
    ]


def test_a_headway_makes_one_trip_many(con: Con, snap: Snap, write: Write) -> None:
    often = (
        "trip_id,start_time,end_time,headway_secs\nb1,06:00:00,07:00:00,600\nb1,24:00:00,25:00:00,1800\nb2,x,y,600\n"
    )
    snapshot = shot(snap, write, frequencies=often)
    parse(snapshot, con)
    assert departures(con, snapshot)["B"] == pytest.approx((0.0, (6 + 2) * NINE + ONE))


def test_dates_that_are_none_or_a_century_are_counted_and_not_run(con: Con, snap: Snap, write: Write) -> None:
    more = "mis,1,1,1,1,1,0,0,2025-06-02,20250615\neeuwig,1,1,1,1,1,1,1,19000101,99991231\n"
    snapshot = shot(snap, write, calendar=GTFS["calendar.txt"] + more)
    parse(snapshot, con)
    tally = {row["fate"]: row["row_count"] for row in raw(con, snapshot, "tally") if row["member"] == "calendar.txt"}
    assert tally == {"period": 3, "day that cannot be read": 1, "period too long to be one": 1}
    assert departures(con, snapshot)["S1"] == (2 * NINE, 0.0)


@pytest.mark.parametrize(
    ("member", "column"), [("stops", "stop_lat"), ("stop_times", "stop_sequence"), ("routes", "route_type")]
)
def test_a_column_that_gtfs_requires_is_named_and_others_may_come(
    con: Con, snap: Snap, write: Write, member: str, column: str
) -> None:
    text = GTFS[f"{member}.txt"].replace(column, "other", 1)
    with pytest.raises(ColumnError, match=f"a column is missing.*{column}.*member {member}.txt"):
        parse(shot(snap, write, **{member: text}), con)


def test_no_view_or_table_is_left_behind(con: Con, snap: Snap, write: Write) -> None:
    left = "SELECT view_name FROM duckdb_views() WHERE NOT internal UNION ALL SELECT table_name FROM duckdb_tables()"
    before = set(con.execute(left).fetchall())
    parse(shot(snap, write), con)
    broken = GTFS["stop_times.txt"] + "t1,8:00:00\n"
    with pytest.raises(UnreadableSnapshotError, match=r"stop_times.txt.*Line: 17"):
        parse(shot(snap, write, stop_times=broken), con)
    assert set(con.execute(left).fetchall()) - before <= {("feed_stop",), ("feed_tally",)}
