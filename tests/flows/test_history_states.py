"""What is kept of each night: states in two times, against the nights themselves."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import duckdb
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from flows.history import keep_history
from flows.history_cut import cut_history
from flows.history_run import keep_run
from flows.history_states import STEP_PROBABILITY, keep_states
from flows.table_steps import Plan
from sources._kit.duck import connect
from transforms._kit.reference import Reference
from transforms._kit.runner import Parameter

DAY = date(2026, 10, 24)
BANDS = ("unknown", "signal", "likely")
_EMPTY = """
DROP SCHEMA IF EXISTS history CASCADE; DROP SCHEMA IF EXISTS layer CASCADE; DROP SCHEMA IF EXISTS evidence CASCADE; DROP SCHEMA IF EXISTS core CASCADE;
CREATE SCHEMA layer; CREATE SCHEMA evidence; CREATE SCHEMA core;
CREATE TABLE core.objected (building_id VARCHAR); CREATE TABLE core.tag (building_id VARCHAR, element_id VARCHAR, prefix VARCHAR, key VARCHAR, value VARCHAR);
CREATE TABLE evidence.item (item_id VARCHAR, building_id VARCHAR, visibility VARCHAR, freshness DOUBLE)"""
_LAYER = """
CREATE OR REPLACE TABLE layer.building AS
SELECT 'public' AS audience, 'b' || b AS building_id, 'name' AS name, 'church' AS type, band AS underuse_band, p / 100 AS underuse_probability,
    10.0 AS priority_score, NULL::DOUBLE AS vacant_share_low, NULL::DOUBLE AS vacant_share_high, 'a' AS reuse_best, NULL::VARCHAR AS legal_status,
    DATE '2026-01-01' AS newest_evidence_on, 1.0 AS atypicality_score, 1.0 AS reuse_score, 1.0 AS reuse_low, 1.0 AS reuse_high, ST_Point(b, b) AS geom
FROM (VALUES {rows}) AS t(b, band, p) WHERE b >= 0"""
Layer = dict[int, tuple[str, int]]
"""Buildings of one night, with band and probability in hundredths."""
LAYERS = st.dictionaries(st.integers(0, 3), st.tuples(st.sampled_from(BANDS), st.integers(10, 30)), max_size=4)
NIGHTS = st.lists(st.tuples(LAYERS, st.integers(0, 1)), min_size=1, max_size=6)


def begin(con: duckdb.DuckDBPyConnection) -> None:
    con.execute(_EMPTY)
    con.execute("CREATE TABLE core.building (building_id VARCHAR, geom GEOMETRY, name VARCHAR, state VARCHAR)")
    con.execute("CREATE SCHEMA IF NOT EXISTS raw; CREATE OR REPLACE TABLE raw.footprint (footprint_id VARCHAR)")


def accept(con: duckdb.DuckDBPyConnection, day: date, layer: Layer, data: str) -> int | None:
    """Accept a night; returns its number, None where it is the last one again."""
    rows = ", ".join(f"({b}, '{band}', {p})" for b, (band, p) in layer.items()) or "(-1, '', 0)"
    con.execute(_LAYER.format(rows=rows))
    con.execute(
        "CREATE OR REPLACE TABLE core.building AS SELECT building_id, geom, name, 'standing' AS state FROM layer.building"
    )
    params: dict[str, Parameter] = {"run_id": f"x-{day}-{data}", "as_of": day, "data_hash": data}
    params |= dict.fromkeys(("config_version", "version", "reference_hash", "method_hash"), "m")
    number = keep_run(con, Plan([], Reference({}, ""), params), datetime(2026, 1, 1, tzinfo=UTC))
    if number is not None:
        keep_states(con, number)
    return number


def states(con: duckdb.DuckDBPyConnection) -> list[tuple[object, ...]]:
    found: list[tuple[object, ...]] = con.execute(
        "FROM history.building_state ORDER BY building_id, known_from"
    ).fetchall()
    return found


def vanished(con: duckdb.DuckDBPyConnection) -> list[tuple[object, ...]]:
    """What keep_history has for the tables of a night: what was published, and outlines that left."""
    found: list[tuple[object, ...]] = con.execute("""
        SELECT audience, building_id, last_seen_on, NULL FROM history.published
        UNION ALL SELECT 'outline', building_id, last_seen_on, known_from FROM history.building ORDER BY ALL""").fetchall()
    return found


def read(con: duckdb.DuckDBPyConnection, day: date, layer: Layer) -> list[tuple[object, ...]]:
    """Begin a night: its raw floor is read, the tables are still those of the night before."""
    con.execute(
        f"CREATE OR REPLACE TABLE raw.footprint AS SELECT 'b' || unnest({list(layer)}::INTEGER[]) AS footprint_id"
    )
    keep_history(con, day)
    return vanished(con)


CON = connect()


@settings(max_examples=15, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
@given(nights=NIGHTS)
def test_every_night_can_be_read_from_the_states_and_cut_back_to(nights: list[tuple[Layer, int]]) -> None:
    begin(CON)
    day, held, kept = DAY, [], []
    for place, (layer, later) in enumerate(nights):
        day += timedelta(days=later)  # two nights of one day, too
        seen = read(CON, day, layer)
        assert accept(CON, day, layer, f"d{place}") == place + 1
        held.append((layer, states(CON), seen))
        kept.append(place + 1)
    for number, (layer, _then, _seen) in enumerate(held, 1):
        known = CON.execute(f"""
            SELECT building_id, underuse_band, underuse_probability FROM history.building_state
            WHERE known_from <= {number} AND (known_to IS NULL OR known_to > {number})""").fetchall()
        said = {int(building[1:]): (band, p) for building, band, p in known}
        assert len(known) == len(said), "two states at once"
        assert said.keys() == layer.keys()
        for building, (band, p) in layer.items():
            assert said[building][0] == band
            assert abs(said[building][1] - p / 100) < STEP_PROBABILITY + 1e-9
    assert CON.execute(
        "SELECT count(*) FROM history.building_state WHERE known_to <= known_from OR true_to < true_from"
    ).fetchall() == [(0,)]
    for number in reversed(kept):
        cut_history(CON, number)
        assert states(CON) == held[number - 1][1]
        assert vanished(CON) == held[number - 1][2]


def test_the_hour_that_is_there_twice_gives_one_night_unless_something_changed() -> None:
    begin(CON)
    keep_history(CON, DAY)
    half_past_two = [datetime(2026, 10, 25, hour, 30, tzinfo=UTC) for hour in (0, 1)]  # summer time, then winter time
    assert {moment.date() for moment in half_past_two} == {date(2026, 10, 25)}
    day = half_past_two[0].date()
    layer: Layer = {1: ("signal", 20)}
    assert accept(CON, day, layer, "a") == 1
    before = states(CON)
    assert accept(CON, day, layer, "a") is None
    assert accept(CON, day, {1: ("likely", 20)}, "b") == 2
    assert len(states(CON)) == len(before) + 1
    assert CON.execute("SELECT number, as_of FROM history.run ORDER BY 1").fetchall() == [(1, day), (2, day)]


def test_drift_adds_up_to_one_step_that_time_made() -> None:
    begin(CON)
    keep_history(CON, DAY)
    for place, p in enumerate((30, 28, 26, 24, 24)):
        keep_history(CON, DAY + timedelta(days=place))
        accept(CON, DAY + timedelta(days=place), {1: ("signal", p)}, "d")
    found = CON.execute(
        "SELECT underuse_probability, known_from, cause FROM history.building_state ORDER BY 2"
    ).fetchall()
    assert found == [(0.3, 1, "first"), (0.24, 4, "time")]
