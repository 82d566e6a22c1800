"""Size of a building from made-up claims: what wins, what contradicts, what stays unknown."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flows.workspace import CHECKOUT
from sources._kit.duck import connect, literal
from transforms._kit.header import read_spec
from transforms._kit.reference import read_reference, write_table
from transforms._kit.runner import build, define_macros, prepare

SPECS = [read_spec(CHECKOUT / "transforms" / name) for name in ("core/size.sql", "score/size.sql")]
REFERENCE = read_reference(CHECKOUT / "data" / "reference")
Row = dict[str, Any]
RASTER = {"covered_share": 1.0, "low_m": 8.0, "middle_m": 8.0, "top_m": 8.0, "mean_m": 8.0}


@pytest.fixture(scope="module")
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    with connect() as connection:
        prepare(connection)
        for name, rows in REFERENCE.tables.items():
            write_table(connection, name, rows)
        define_macros(connection)
        connection.execute(
            "CREATE TABLE reference.feed AS SELECT * FROM (VALUES ('old', DATE '2015-01-01'), ('new', DATE '2024-01-01')) AS t(feed, snapshot_on)"
        )
        yield connection


def size(
    con: duckdb.DuckDBPyConnection,
    height: float | None = None,
    floors: float | None = None,
    kind: str = "office",
    **rasters: dict[str, float],
) -> tuple[Row, Row]:
    """Rows of core.size and score.size for a building of 20 x 10 m; a raster per feed, by name."""
    con.execute(
        f"CREATE OR REPLACE TABLE core.building AS SELECT 'b' AS building_id, 200.0 AS footprint_m2, CAST({literal(height)} AS DOUBLE) AS height_m, "
        f"CAST({literal(floors)} AS DOUBLE) AS floors, ST_MakeEnvelope(0, 0, 20, 10) AS geom;"
        f"CREATE OR REPLACE TABLE score.type AS SELECT 'b' AS building_id, {literal(kind)} AS type;"
        "CREATE OR REPLACE TABLE core.height_measured (building_id VARCHAR, feed VARCHAR, covered_share DOUBLE, low_m DOUBLE, middle_m DOUBLE, "
        "top_m DOUBLE, mean_m DOUBLE, cell_m DOUBLE, vertical_sd_m DOUBLE)"
    )
    for feed, told in rasters.items():
        values = ", ".join(str(value) for value in {**RASTER, **told}.values())
        con.execute(f"INSERT INTO core.height_measured VALUES ('b', '{feed}', {values}, 1, 0.05)")
    con.execute("DELETE FROM meta.build")
    build(con, SPECS, {spec.full_name: "any" for spec in SPECS}, {})
    found = []
    for table in ("core.size", "score.size"):
        answer = con.execute(f"FROM {table}")
        (row,) = answer.fetchall()
        found.append(dict(zip([column[0] for column in answer.description], row, strict=True)))
    return found[0], found[1]


def high(top: float, **more: float) -> dict[str, float]:
    return {"low_m": top, "middle_m": top, "top_m": top, "mean_m": top, **more}


def test_nothing_known_gives_nothing(con: duckdb.DuckDBPyConnection) -> None:
    for kind in ("office", "unknown", "tower"):
        stated, derived = size(con, kind=kind)
        assert {value for key, value in stated.items() if key != "building_id"} == {None}
        assert {value for key, value in derived.items() if key != "building_id"} == {None}


def test_what_is_stated_is_the_value_and_names_its_source(con: duckdb.DuckDBPyConnection) -> None:
    row, same = size(con, height=13, floors=4)
    assert (row["height_m"], row["height_source"]) == (13, "osm:height")
    assert (row["floors"], row["floors_source"], row["floor_area_m2"]) == (4, "osm:building:levels", 800)
    assert row["height_low_m"] < 13 < row["height_high_m"]
    assert row["floors_low"] < 4 < row["floors_high"]
    assert (row["volume_source"], row["volume_m3"]) == ("osm:height", pytest.approx(200 * 13 * 0.9))
    assert same == row


def test_rasters_win_over_a_tag_they_agree_with(con: duckdb.DuckDBPyConnection) -> None:
    row, _ = size(con, height=12, old=high(13, mean_m=11))
    assert (row["height_m"], row["height_source"], row["elevation_feed"]) == (13, "elevation", "old")
    assert (row["volume_m3"], row["volume_source"]) == (2200, "elevation")
    assert row["height_high_m"] - row["height_low_m"] < 2


@pytest.mark.parametrize(
    "told", [{"covered_share": 0.4}, {"middle_m": 0.3, "low_m": 0.1}, {"middle_m": -2.0, "low_m": -3.0}]
)
def test_rasters_that_show_too_little_or_no_building_are_no_height(
    con: duckdb.DuckDBPyConnection, told: dict[str, float]
) -> None:
    row, _ = size(con, old={**high(9), **told})
    assert (row["height_m"], row["volume_m3"], row["elevation_feed"]) == (None, None, None)
    row, _ = size(con, height=12, old={**high(9), **told})
    assert (row["height_m"], row["height_source"]) == (12, "osm:height")


def test_of_two_surveys_the_newest_that_shows_a_building_counts(con: duckdb.DuckDBPyConnection) -> None:
    assert size(con, old=high(8), new=high(15))[0]["height_m"] == 15
    assert size(con, old=high(8), new=high(0.2))[0]["height_m"] == 8


def test_contradictions_widen_the_bounds_and_are_named(con: duckdb.DuckDBPyConnection) -> None:
    row, _ = size(con, height=8, old=high(25))
    assert (row["height_m"], row["height_source"]) == (25, "elevation; contradicted by osm:height")
    assert row["height_low_m"] < 8
    assert row["height_high_m"] > 25
    assert row["volume_low_m3"] < 200 * 8
    row, _ = size(con, height=3, floors=12)
    assert row["height_source"] == "osm:height; contradicted by osm:building:levels"
    assert row["floors_source"] == "osm:building:levels; contradicted by osm:height"
    assert row["height_high_m"] > 12 * 2.2
    assert (row["floors"], row["floors_low"]) == (12, 1)
    assert row["volume_high_m3"] > 200 * 12 * 2.2


def test_storeys_follow_from_the_height_of_what_has_storeys(con: duckdb.DuckDBPyConnection) -> None:
    stated, derived = size(con, height=17, kind="office")
    assert stated["floors"] is None
    assert stated["floors_low"] == 1
    assert (derived["floors"], derived["floors_source"]) == (4, "height / storey height")
    assert derived["floors_low"] < 4 < derived["floors_high"] < stated["floors_high"]
    assert derived["floor_area_m2"] == 800


@pytest.mark.parametrize("kind", ["church", "factory", "silo"])
def test_a_hall_has_one_storey_however_high(con: duckdb.DuckDBPyConnection, kind: str) -> None:
    _, derived = size(con, old=high(30), kind=kind)
    assert (derived["floors"], derived["floors_source"], derived["floors_high"]) == (1, "hall", 2)
    assert derived["height_m"] == 30
    # A storey that is tagged wins, and its height is not assumed: a church of one level may be 30 m high.
    _, derived = size(con, floors=3, kind=kind)
    assert (derived["floors"], derived["height_m"], derived["volume_m3"]) == (3, None, None)


@pytest.mark.parametrize("kind", ["tower", "water_tower", "unknown"])
def test_where_height_says_nothing_of_storeys_only_bounds_are_given(con: duckdb.DuckDBPyConnection, kind: str) -> None:
    _, derived = size(con, height=30, kind=kind)
    assert (derived["floors"], derived["floor_area_m2"], derived["floors_source"]) == (None, None, None)
    assert derived["floors_low"] == 1
    assert derived["floors_high"] > 10


def test_height_follows_from_storeys(con: duckdb.DuckDBPyConnection) -> None:
    stated, derived = size(con, floors=4, kind="apartments")
    assert (stated["height_m"], stated["volume_m3"]) == (None, None)
    assert (derived["height_m"], derived["height_source"]) == (pytest.approx(13.9), "levels x storey height")
    assert (derived["volume_m3"], derived["volume_source"]) == (
        pytest.approx(200 * 13.9 * 0.9),
        "levels x storey height",
    )
    assert 10 < derived["height_low_m"] < 13.9 < derived["height_high_m"] < 18


CLAIM = st.one_of(st.none(), st.floats(0.5, 150))


@settings(max_examples=60, deadline=None)
@given(
    CLAIM, st.one_of(st.none(), st.floats(0.5, 60)), st.sampled_from(["office", "dwelling", "church", "tower", "unknown"]),
    st.one_of(st.none(), st.tuples(st.floats(-5, 80), st.floats(0, 40), st.floats(0.01, 1))),
)  # fmt: skip
def test_whatever_is_claimed_bounds_hold_their_value_and_unknown_stays_unknown(
    con: duckdb.DuckDBPyConnection,
    height: float | None,
    floors: float | None,
    kind: str,
    seen: tuple[float, float, float] | None,
) -> None:
    rasters = (
        {"old": high(seen[0] + seen[1], middle_m=seen[0], low_m=seen[0] - 1, mean_m=seen[0], covered_share=seen[2])}
        if seen
        else {}
    )
    for row in size(con, height, floors, kind, **rasters):
        for low, value, upper in (
            ("height_low_m", "height_m", "height_high_m"),
            ("floors_low", "floors", "floors_high"),
            ("floor_area_low_m2", "floor_area_m2", "floor_area_high_m2"),
            ("volume_low_m3", "volume_m3", "volume_high_m3"),
        ):
            assert (row[low] is None) == (row[upper] is None)
            if row[low] is not None:
                assert 0 < row[low] <= row[upper] < float("inf")
            if row[value] is not None:
                assert row[low] <= row[value] <= row[upper]
        assert (row["height_source"] is None) == (row["height_m"] is None)
        assert (row["volume_source"] is None) == (row["volume_m3"] is None)
        if height is None and floors is None and not seen and kind != "church":
            assert row["floors"] is None
            assert row["height_m"] is None
