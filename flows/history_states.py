"""What each building of the layer was said to be, from which run to which: one row more only where that changed.

`history.seen` is the layer of the last accepted run, exactly, in one row a building; it is replaced every night.
`history.building_state` grows with change: a row from the run that first said it (`known_from`) up to the run that no longer
did (`known_to`), and since when the data say it is so (`true_from`, `true_to`; null where they do not say). Probabilities drift a
little every night as evidence ages, so a number counts as changed when it is a step away from the number that was kept.
"""

from __future__ import annotations

import duckdb

STEP_PROBABILITY = 0.05
STEP_PRIORITY = 5.0
"""Points."""
STEP_SHARE = 0.05

_SAID = "type, underuse_band, reuse_best, legal_status, outline"
_NUMBERS = {
    "underuse_probability": STEP_PROBABILITY,
    "priority_score": STEP_PRIORITY,
    "vacant_share_low": STEP_SHARE,
    "vacant_share_high": STEP_SHARE,
}
_DATA, _METHOD, _TIME = 1, 2, 4

TABLES = """
CREATE TABLE IF NOT EXISTS history.building_state (
    audience VARCHAR, building_id VARCHAR, name VARCHAR, type VARCHAR, underuse_band VARCHAR, underuse_probability DOUBLE,
    priority_score DOUBLE, vacant_share_low DOUBLE, vacant_share_high DOUBLE, reuse_best VARCHAR, legal_status VARCHAR, outline UBIGINT,
    true_from DATE, true_to DATE, known_from BIGINT, known_to BIGINT, cause VARCHAR, end_cause VARCHAR);
CREATE TABLE IF NOT EXISTS history.seen (
    audience VARCHAR, building_id VARCHAR, name VARCHAR, type VARCHAR, underuse_band VARCHAR, underuse_probability DOUBLE,
    priority_score DOUBLE, vacant_share_low DOUBLE, vacant_share_high DOUBLE, reuse_best VARCHAR, legal_status VARCHAR, outline UBIGINT,
    true_from DATE, own UBIGINT, around UBIGINT, freshness DECIMAL(18, 9), drift INTEGER);
"""

# `own` holds what the sources say of a building and no weight and no day; `around` what else decides its scores and does not age,
# such as how rare its type is and what lies near: where the method is the same, only data can move that.
_NOW = """
CREATE OR REPLACE TEMP TABLE state_key AS
SELECT audience, building_id FROM layer.building UNION SELECT audience, building_id FROM history.seen;
CREATE OR REPLACE TEMP TABLE state_own AS
WITH item AS (
    SELECT k.audience, k.building_id, sum(hash(i.item_id)::HUGEINT) AS items, sum(i.freshness::DECIMAL(18, 9)) AS freshness
    FROM state_key AS k JOIN evidence.item AS i USING (building_id)
    WHERE i.visibility = 'public' OR k.audience = 'city' GROUP BY ALL
),
tag AS (
    SELECT building_id, sum(hash(element_id, prefix, key, value)::HUGEINT) AS tags FROM core.tag SEMI JOIN state_key USING (building_id)
    GROUP BY ALL
)
SELECT k.audience, k.building_id, coalesce(i.freshness, 0)::DECIMAL(18, 9) AS freshness,
    hash(b.building_id, b.geom::BLOB, b.name, b.state, i.items, t.tags, k.audience = 'public' AND k.building_id IN (SELECT building_id FROM core.objected)) AS own
FROM state_key AS k LEFT JOIN core.building AS b USING (building_id) LEFT JOIN item AS i USING (audience, building_id)
LEFT JOIN tag AS t USING (building_id);
CREATE OR REPLACE TEMP TABLE state_now AS
SELECT l.audience, l.building_id, l.name, l.type, l.underuse_band, l.underuse_probability, l.priority_score, l.vacant_share_low,
    l.vacant_share_high, l.reuse_best, l.legal_status, hash(l.geom::BLOB) AS outline,
    CASE WHEN l.underuse_band <> 'unknown' THEN l.newest_evidence_on END AS true_from,
    o.own, hash(l.type, l.atypicality_score, l.reuse_best, l.reuse_score, l.reuse_low, l.reuse_high) AS around, o.freshness
FROM layer.building AS l JOIN state_own AS o USING (audience, building_id);
"""


def keep_states(con: duckdb.DuckDBPyConnection, number: int) -> None:
    """Close what is no longer so, and open what is so since this run, each with what did it.

    Args:
        con: the warehouse of the run, its tables built and the run in history.run.
        number: of the run.
    """
    con.execute(TABLES + _NOW)
    method, data, day = _compare_runs(con, number)
    said = [name.strip() for name in _SAID.split(",")]

    def differs(left: str, right: str) -> str:
        words = [f"{left}.{name} IS DISTINCT FROM {right}.{name}" for name in said]
        return " OR ".join([*words, *(_steps(left, right, name, step) for name, step in _NUMBERS.items())])

    moved = " OR ".join(f"n.{name} IS DISTINCT FROM s.{name}" for name in [*said, *_NUMBERS])
    # Method and data are said where they changed; time where neither did. Data that change nothing on this day cannot be time's doing.
    is_data = f"""({data} AND (s.building_id IS NULL OR w.own IS DISTINCT FROM s.own
        OR (NOT {method} AND (n.around IS DISTINCT FROM s.around OR w.freshness > s.freshness))))"""
    con.execute(f"""
        CREATE OR REPLACE TEMP TABLE state_tonight AS
        SELECT w.audience, w.building_id, n.building_id IS NULL AS is_gone, s.building_id IS NULL AS is_new, {differs("n", "s")} AS is_leap,
            ({moved}) AS has_moved, coalesce(s.drift, 0) AS drift,
            CASE WHEN {is_data} OR {method} THEN CASE WHEN {is_data} THEN {_DATA} ELSE 0 END | CASE WHEN {method} THEN {_METHOD} ELSE 0 END
                ELSE {_TIME if day else _DATA} END AS did
        FROM state_own AS w LEFT JOIN state_now AS n USING (audience, building_id) LEFT JOIN history.seen AS s USING (audience, building_id);
        CREATE OR REPLACE TEMP TABLE state_change AS
        SELECT t.audience, t.building_id, t.is_gone, coalesce(n.true_from > k.true_from, false) AS is_since, n.true_from,
            -- What moved it tonight, where that alone is a step; else all that moved it since it was kept.
            {_words("CASE WHEN t.is_new OR t.is_gone OR t.is_leap THEN t.did ELSE t.did | t.drift END")} AS cause
        FROM state_tonight AS t
        LEFT JOIN state_now AS n USING (audience, building_id)
        LEFT JOIN (SELECT * FROM history.building_state WHERE known_to IS NULL) AS k USING (audience, building_id)
        WHERE t.is_gone OR k.building_id IS NULL OR ({differs("n", "k")});
        UPDATE history.building_state AS k SET known_to = {number}, end_cause = c.cause, true_to = CASE WHEN c.is_since THEN c.true_from END
        FROM state_change AS c WHERE k.known_to IS NULL AND k.audience = c.audience AND k.building_id = c.building_id;
        INSERT INTO history.building_state BY NAME
        SELECT n.* EXCLUDE (own, around, freshness), {number} AS known_from,
            CASE WHEN (SELECT count(*) FROM history.seen) = 0 THEN 'first' ELSE c.cause END AS cause
        FROM state_now AS n JOIN state_change AS c USING (audience, building_id) ORDER BY audience, building_id;
        CREATE OR REPLACE TABLE history.seen AS
        SELECT n.*, CASE WHEN c.building_id IS NOT NULL THEN 0 WHEN t.has_moved THEN t.drift | t.did ELSE t.drift END AS drift
        FROM state_now AS n JOIN state_tonight AS t USING (audience, building_id) LEFT JOIN state_change AS c USING (audience, building_id)
        ORDER BY audience, building_id;
        DROP TABLE state_key; DROP TABLE state_own; DROP TABLE state_now; DROP TABLE state_tonight; DROP TABLE state_change""")


def _compare_runs(con: duckdb.DuckDBPyConnection, number: int) -> tuple[bool, bool, bool]:
    """Whether method, data and day of a run differ from those of the run before; of the first run nothing does."""
    found = con.execute(f"""
        SELECT a.method_hash IS DISTINCT FROM b.method_hash OR a.reference_hash IS DISTINCT FROM b.reference_hash,
            a.data_hash IS DISTINCT FROM b.data_hash, a.as_of IS DISTINCT FROM b.as_of
        FROM history.run AS a JOIN history.run AS b ON b.number = a.number - 1 WHERE a.number = {number}""").fetchone()
    return (bool(found[0]), bool(found[1]), bool(found[2])) if found else (False, False, True)


def _steps(left: str, right: str, name: str, step: float) -> str:
    return f"({left}.{name} IS NULL) <> ({right}.{name} IS NULL) OR coalesce(abs({left}.{name} - {right}.{name}) >= {step}, false)"


def _words(bits: str) -> str:
    names = {_DATA: "data", _METHOD: "method", _TIME: "time"}
    each = ", ".join(f"CASE WHEN ({bits}) & {bit} > 0 THEN '{name}' END" for bit, name in names.items())
    return f"concat_ws(', ', {each})"
