"""What earlier runs knew and this one will not: parcels and buildings that left their source, and what was published.

Kept in the warehouse's schema `history`, before the tables of the new run are built. Dead keys find their last place here,
and ids that were once published find their successor.
"""

from __future__ import annotations

import hashlib
from datetime import date

import duckdb

from sources._kit.duck import literal

TABLES = """
CREATE SCHEMA IF NOT EXISTS history;
CREATE TABLE IF NOT EXISTS history.parcel (capakey VARCHAR, geom GEOMETRY, last_seen_on DATE);
CREATE TABLE IF NOT EXISTS history.building (building_id VARCHAR, geom GEOMETRY, last_seen_on DATE);
-- By which run it was missed first; what came back is kept aside, so that the history that an old night saw can be had again.
ALTER TABLE history.parcel ADD COLUMN IF NOT EXISTS known_from BIGINT;
ALTER TABLE history.building ADD COLUMN IF NOT EXISTS known_from BIGINT;
CREATE TABLE IF NOT EXISTS history.parcel_back (capakey VARCHAR, geom GEOMETRY, last_seen_on DATE, known_from BIGINT, known_to BIGINT);
CREATE TABLE IF NOT EXISTS history.building_back (building_id VARCHAR, geom GEOMETRY, last_seen_on DATE, known_from BIGINT, known_to BIGINT);
CREATE TABLE IF NOT EXISTS history.published (audience VARCHAR, building_id VARCHAR, last_seen_on DATE);
CREATE TABLE IF NOT EXISTS history.run (
    number BIGINT, run_id VARCHAR, as_of DATE, config_version VARCHAR, version VARCHAR, reference_hash VARCHAR,
    method_hash VARCHAR, data_hash VARCHAR);
ALTER TABLE history.run ADD COLUMN IF NOT EXISTS kept_at TIMESTAMP;
ALTER TABLE history.run ADD COLUMN IF NOT EXISTS made_of VARCHAR;
ALTER TABLE history.run ADD COLUMN IF NOT EXISTS layer_hash VARCHAR;
"""


def keep_history(con: duckdb.DuckDBPyConnection, as_of: date) -> dict[str, str]:
    """Move what is about to vanish into schema `history`; returns the fingerprints of its tables.

    Args:
        con: the warehouse with the new raw views and, if there was one, the tables of the run before.
        as_of: the day of the new run; what vanishes was last seen before it.
    """
    con.execute(TABLES)
    if "layer.run" in _tables(con):
        _keep_run(con)
    number = "(SELECT coalesce(max(number), 0) + 1 FROM history.run)"
    day = literal(as_of.isoformat())
    present = _tables(con)
    if "core.parcel" in present:
        # What came back is no history.
        con.execute(f"""
            CREATE OR REPLACE TEMP TABLE here AS SELECT DISTINCT capakey_key(capakey) AS key FROM raw.parcel;
            INSERT INTO history.parcel_back SELECT *, {number} FROM history.parcel WHERE capakey IN (SELECT key FROM here);
            DELETE FROM history.parcel WHERE capakey IN (SELECT key FROM here);
            INSERT INTO history.parcel SELECT capakey, geom, {day}, {number} FROM core.parcel
            WHERE capakey NOT IN (SELECT key FROM here WHERE key IS NOT NULL)
                AND capakey NOT IN (SELECT capakey FROM history.parcel) ORDER BY parcel_id""")
    if "core.building" in present:
        con.execute(f"""
            CREATE OR REPLACE TEMP TABLE here AS SELECT DISTINCT footprint_id AS key FROM raw.footprint;
            INSERT INTO history.building_back SELECT *, {number} FROM history.building WHERE building_id IN (SELECT key FROM here);
            DELETE FROM history.building WHERE building_id IN (SELECT key FROM here);
            INSERT INTO history.building SELECT building_id, geom, {day}, {number} FROM core.building
            WHERE building_id NOT IN (SELECT key FROM here WHERE key IS NOT NULL)
                AND building_id NOT IN (SELECT building_id FROM history.building) ORDER BY building_id""")
    if "layer.building" in present:
        # What the run before showed and this one does not was gone by this run's day, however long it had been there before.
        con.execute(f"""
            DELETE FROM history.published AS p USING layer.building AS b WHERE p.audience = b.audience AND p.building_id = b.building_id;
            INSERT INTO history.published SELECT audience, building_id, {day} FROM layer.building ORDER BY audience, building_id""")
    con.execute("DROP TABLE IF EXISTS here")
    return history_fingerprints(con)


def history_fingerprints(con: duckdb.DuckDBPyConnection) -> dict[str, str]:
    """What the tables that read history depend on."""
    return {
        "history.parcel": _fingerprint(con, "parcel", "capakey"),
        "history.building": _fingerprint(con, "building", "building_id"),
        # What was published only matters where the layer changes, and that has a fingerprint of its own.
        "history.published": "",
    }


def _keep_run(con: duckdb.DuckDBPyConnection) -> None:
    """Keep what the run before was made of, where a version of this code that kept runs only afterwards had made it."""
    facts = ("config_version", "version", "reference_hash", "method_hash", "data_hash")
    columns = ", ".join(f"max(value) FILTER (name = {literal(name)}) AS {name}" for name in facts)
    con.execute(f"""
        INSERT INTO history.run BY NAME
        SELECT (SELECT coalesce(max(number), 0) + 1 FROM history.run) AS number, max(value) FILTER (name = 'run_id') AS run_id,
            CAST(max(value) FILTER (name = 'as_of') AS DATE) AS as_of, {columns}
        FROM layer.run
        HAVING run_id IS NOT NULL AND run_id IS DISTINCT FROM (SELECT arg_max(run_id, number) FROM history.run)""")


def _tables(con: duckdb.DuckDBPyConnection) -> set[str]:
    return {row[0] for row in con.execute("SELECT schema_name || '.' || table_name FROM duckdb_tables()").fetchall()}


def _fingerprint(con: duckdb.DuckDBPyConnection, name: str, key: str) -> str:
    row = con.execute(f"SELECT count(*), md5(string_agg({key}, '|' ORDER BY {key})) FROM history.{name}").fetchone()
    return hashlib.sha256(repr(row).encode()).hexdigest()
