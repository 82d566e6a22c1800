"""Schema history as an earlier run saw it, out of what later runs kept."""

from __future__ import annotations

import duckdb

from flows.park_history import TABLE


def cut_history(con: duckdb.DuckDBPyConnection, number: int) -> None:
    """Make schema history what run `number` saw when its tables were built; 0: what no run had seen.

    Args:
        con: a copy of the warehouse.
        number: of the run in history.run.
    """
    for name, key in (("parcel", "capakey"), ("building", "building_id")):
        con.execute(f"""
            CREATE OR REPLACE TABLE history.{name} AS
            SELECT * FROM history.{name} WHERE coalesce(known_from, 0) <= {number}
            UNION ALL SELECT * EXCLUDE (known_to) FROM history.{name}_back WHERE coalesce(known_from, 0) <= {number} AND known_to > {number}
            ORDER BY {key};
            DELETE FROM history.{name}_back WHERE known_to > {number}""")
    con.execute(f"""
        CREATE OR REPLACE TABLE history.published AS
        WITH version AS (
            SELECT audience, building_id, min(known_from) AS first, max(known_from) FILTER (known_from < {number}) AS newest
            FROM history.building_state GROUP BY ALL
        )
        SELECT p.audience, p.building_id,
            CASE WHEN v.building_id IS NULL THEN p.last_seen_on
                 -- Of a run that was forgotten the day is that of the list itself.
                 ELSE coalesce((SELECT r.as_of FROM history.run AS r WHERE r.number = CASE WHEN s.known_to < {number} THEN s.known_to ELSE {number} END),
                     p.last_seen_on) END AS last_seen_on
        FROM (
            SELECT audience, building_id, last_seen_on FROM history.published
            UNION ALL SELECT audience, building_id, NULL FROM version ANTI JOIN history.published USING (audience, building_id)
        ) AS p
        LEFT JOIN version AS v USING (audience, building_id)
        LEFT JOIN history.building_state AS s ON s.audience = v.audience AND s.building_id = v.building_id AND s.known_from = v.newest
        WHERE v.building_id IS NULL OR v.first < {number} ORDER BY 1, 2;
        DELETE FROM history.run WHERE number > {number};
        {TABLE}
        DELETE FROM history.park_indicator WHERE known_from > {number};
        DELETE FROM history.building_state WHERE known_from > {number};
        UPDATE history.building_state SET known_to = NULL, true_to = NULL, end_cause = NULL WHERE known_to > {number}""")
