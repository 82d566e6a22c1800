"""Departures per stop and kind of vehicle on all weekdays of a timetable, counted in whole numbers by DuckDB.

A stop time belongs to the day on which its trip began, so 25:10:00 on a Friday is a departure of that Friday. Only sums of whole
numbers are made: the result does not depend on the order in which threads meet the lines.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

COLUMNS: Mapping[str, Sequence[str]] = {
    "stops.txt": ("stop_id", "stop_name", "stop_lat", "stop_lon"),
    "routes.txt": ("route_id", "route_type"),
    "trips.txt": ("trip_id", "route_id", "service_id"),
    "stop_times.txt": ("trip_id", "stop_id", "stop_sequence"),
    "calendar.txt": (
        "service_id", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday", "start_date", "end_date",
    ),
    "calendar_dates.txt": ("service_id", "date", "exception_type"),
    "frequencies.txt": ("trip_id", "start_time", "end_time", "headway_secs"),
    "feed_info.txt": (),
}  # fmt: skip
"""Members that are read, with the columns that must be there."""

OPTIONAL: Mapping[str, Sequence[str]] = {
    "stops.txt": ("parent_station",),
    "stop_times.txt": ("pickup_type", "departure_time", "arrival_time"),
    "feed_info.txt": ("feed_start_date",),
}
"""Columns that are read where they are there. GTFS lets anybody add columns: all others are left unread."""

YEARS_MAX = 5
_SECONDS = "CAST(split_part(trim({0}), ':', 1) AS BIGINT) * 3600 + CAST(split_part(trim({0}), ':', 2) AS BIGINT) * 60"

# Weekdays on which each service runs. Exceptions add a day or take one away; a period longer than a timetable ever is, is none.
SERVICE = f"""
CREATE OR REPLACE TEMP TABLE gtfs_day AS
WITH period AS (
    SELECT service_id, [monday, tuesday, wednesday, thursday, friday] AS runs,
        CAST(try_strptime(start_date, '%Y%m%d') AS DATE) AS begins, CAST(try_strptime(end_date, '%Y%m%d') AS DATE) AS ends
    FROM calendar
),
regular AS (
    SELECT service_id, runs, CAST(unnest(generate_series(begins, ends, INTERVAL 1 DAY)) AS DATE) AS day
    FROM period WHERE list_contains(runs, '1') AND ends - begins < {YEARS_MAX * 366}
),
exception AS (
    SELECT service_id, CAST(try_strptime(date, '%Y%m%d') AS DATE) AS day, exception_type FROM calendar_dates
)
SELECT DISTINCT service_id, day
FROM (
    SELECT service_id, day FROM regular WHERE isodow(day) <= 5 AND runs[isodow(day)] = '1'
    UNION ALL SELECT service_id, day FROM exception WHERE exception_type = '1' AND isodow(day) <= 5
)
ANTI JOIN (FROM exception WHERE exception_type = '2') USING (service_id, day)
"""

# Times each trip runs on all those weekdays together, and where it ends. A headway makes one trip many.
TRIP = f"""
CREATE OR REPLACE TEMP TABLE gtfs_trip AS
WITH repeated AS (
    SELECT trip_id, sum(greatest(1, ceil((ends - begins) / headway)))::BIGINT AS times
    FROM (
        SELECT trip_id, {_SECONDS.format("start_time")} AS begins, {_SECONDS.format("end_time")} AS ends,
            CAST(headway_secs AS BIGINT) AS headway
        FROM frequencies WHERE try_cast(headway_secs AS BIGINT) > 0
            AND regexp_full_match(trim(start_time), {{time}}) AND regexp_full_match(trim(end_time), {{time}})
    )
    GROUP BY trip_id
),
service AS (SELECT service_id, count(*) AS days FROM gtfs_day GROUP BY service_id),
ends AS (SELECT trip_id, max(try_cast(stop_sequence AS BIGINT)) AS last FROM stop_times GROUP BY trip_id)
SELECT t.trip_id, max(coalesce(s.days, 0) * coalesce(r.times, 1)) AS runs, min({{vehicle}}) AS vehicle, any_value(e.last) AS last
FROM trips AS t
LEFT JOIN routes AS o USING (route_id) LEFT JOIN service AS s USING (service_id)
LEFT JOIN repeated AS r ON r.trip_id = t.trip_id LEFT JOIN ends AS e ON e.trip_id = t.trip_id
GROUP BY t.trip_id
"""

# Where nobody gets on, nothing departs.
STOP_TIME = """
CREATE OR REPLACE TEMP TABLE gtfs_stop_time AS
SELECT fate, CASE WHEN fate = 'departure' THEN stop_id END AS stop_id, CASE WHEN fate = 'departure' THEN vehicle END AS vehicle,
    CAST(sum(runs) AS BIGINT) AS departures, count(*) AS row_count
FROM (
    SELECT x.stop_id, t.vehicle, t.runs,
        CASE WHEN t.trip_id IS NULL THEN 'trip that is not in trips.txt'
             WHEN s.stop_id IS NULL THEN 'stop that is not in stops.txt'
             WHEN try_cast(x.stop_sequence AS BIGINT) IS NULL THEN 'place in the trip that cannot be read'
             WHEN NOT regexp_full_match(trim(coalesce(x.departure_time, x.arrival_time, '0:00:00')), {time}) THEN 'time that cannot be read'
             WHEN x.stop_sequence::BIGINT = t.last THEN 'end of a trip'
             WHEN x.pickup_type = '1' THEN 'nobody gets on'
             WHEN t.runs = 0 THEN 'not on a weekday'
             WHEN t.vehicle IS NULL THEN 'neither rail, bus nor tram'
             ELSE 'departure' END AS fate
    FROM stop_times AS x
    LEFT JOIN gtfs_trip AS t USING (trip_id)
    LEFT JOIN (SELECT DISTINCT stop_id FROM stops) AS s ON s.stop_id = x.stop_id
)
GROUP BY fate, 2, 3
"""

# A platform or an entrance is part of its station, a boarding area of its platform; a stop without one is a place of its own.
PLACE = """
CREATE OR REPLACE TEMP TABLE gtfs_place AS
WITH known AS (SELECT stop_id, min(parent_station) AS parent_station FROM stops WHERE stop_id IS NOT NULL GROUP BY stop_id)
SELECT s.stop_id, s.stop_name, s.stop_lat, s.stop_lon, coalesce(g.stop_id, p.stop_id, s.stop_id) AS place_id
FROM stops AS s
LEFT JOIN known AS p ON p.stop_id = s.parent_station LEFT JOIN known AS g ON g.stop_id = p.parent_station
"""

STOP = """
WITH departure AS (
    SELECT p.place_id, sum(d.departures) FILTER (d.vehicle = 'rail') AS rail, sum(d.departures) FILTER (d.vehicle = 'bus_tram') AS bus_tram
    FROM gtfs_stop_time AS d JOIN (SELECT DISTINCT stop_id, place_id FROM gtfs_place) AS p USING (stop_id)
    WHERE d.fate = 'departure' GROUP BY p.place_id
)
SELECT {issuer} AS issuer, s.stop_id, s.stop_name, s.stop_lat, s.stop_lon,
    coalesce(d.rail, 0) / {days} AS rail_departures, coalesce(d.bus_tram, 0) / {days} AS bus_tram_departures,
    CASE WHEN try_cast(s.stop_lon AS DOUBLE) BETWEEN -180 AND 180 AND try_cast(s.stop_lat AS DOUBLE) BETWEEN -89 AND 89
         THEN ST_Point(CAST(s.stop_lon AS DOUBLE), CAST(s.stop_lat AS DOUBLE)) END AS geom,
    CASE WHEN geom IS NULL THEN 'no position' END AS defect,
    row_number() OVER (ORDER BY s.stop_id, s.stop_name, s.stop_lat, s.stop_lon) AS _row
FROM gtfs_place AS s LEFT JOIN departure AS d ON d.place_id = s.stop_id
WHERE s.place_id IS NOT DISTINCT FROM s.stop_id
"""

TALLY = """
SELECT member, fate, row_count, row_number() OVER (ORDER BY member, fate) AS _row FROM (
SELECT 'stop_times.txt' AS member, fate, CAST(sum(row_count) AS BIGINT) AS row_count FROM gtfs_stop_time GROUP BY fate
UNION ALL
SELECT 'stops.txt', CASE WHEN place_id IS NOT DISTINCT FROM stop_id THEN 'stop or station' ELSE 'part of a station' END, count(*) FROM gtfs_place GROUP BY 2
UNION ALL
SELECT 'calendar.txt', CASE WHEN days IS NULL THEN 'day that cannot be read' WHEN days >= {days_max} THEN 'period too long to be one' ELSE 'period' END,
    count(*)
FROM (SELECT CAST(try_strptime(end_date, '%Y%m%d') AS DATE) - CAST(try_strptime(start_date, '%Y%m%d') AS DATE) AS days FROM calendar)
GROUP BY 2
UNION ALL
SELECT 'calendar_dates.txt', CASE WHEN try_strptime(date, '%Y%m%d') IS NULL THEN 'day that cannot be read' ELSE 'exception' END, count(*)
FROM calendar_dates GROUP BY 2
)
"""
