"""What earlier runs measured in business parks: a row of `history.park_indicator` for every value that differed from the one before."""

from __future__ import annotations

import duckdb

# What was measured before only matters where the layer changes, and that has a fingerprint of its own.
PRINTS = {"history.park_indicator": ""}
TABLE = """
CREATE SCHEMA IF NOT EXISTS history;
CREATE TABLE IF NOT EXISTS history.park_indicator (
    audience VARCHAR, park_id VARCHAR, indicator VARCHAR, value DOUBLE, low DOUBLE, high DOUBLE, coverage DOUBLE, since_on DATE,
    known_from BIGINT);
"""
# To six digits, as the layer compares: what only the order of a sum moved has not changed.
_KEEP = """
INSERT INTO history.park_indicator
SELECT s.audience, s.park_id, s.indicator, s.value, s.low, s.high, s.coverage, r.as_of,
    -- The first run that knew of it: a past night is made again without what later ones kept.
    (SELECT coalesce(max(number), 0) + 1 FROM history.run)
FROM score.park_indicator AS s
CROSS JOIN (SELECT CAST(max(value) FILTER (name = 'as_of') AS DATE) AS as_of FROM layer.run) AS r
LEFT JOIN (
    FROM history.park_indicator QUALIFY row_number() OVER (PARTITION BY audience, park_id, indicator ORDER BY since_on DESC, rowid DESC) = 1
) AS h USING (audience, park_id, indicator)
WHERE r.as_of IS NOT NULL AND (h.park_id IS NULL OR {changed})
ORDER BY s.audience, s.park_id, s.indicator
"""
_COLUMNS = ("value", "low", "high", "coverage")


def keep_park_history(con: duckdb.DuckDBPyConnection) -> dict[str, str]:
    """Keep what the run before measured, where it differs from what was kept last; returns the table's fingerprint.

    Args:
        con: the warehouse, before the tables of the new run are built.
    """
    con.execute(TABLE)
    found = {row[0] for row in con.execute("SELECT schema_name || '.' || table_name FROM duckdb_tables()").fetchall()}
    if {"score.park_indicator", "layer.run"} <= found:
        changed = " OR ".join(
            f"(s.{name} IS NULL) <> (h.{name} IS NULL) OR abs(s.{name} - h.{name}) > 1e-6 * abs(h.{name})"
            for name in _COLUMNS
        )
        con.execute(_KEEP.format(changed=changed))
    return dict(PRINTS)
