"""What is not known is neither no, nor zero, nor a class: facts are taken from a built city, and the scores made again.

The tables below the scores are copied as they were built, so that this holds whatever columns they get.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from flows.workspace import CHECKOUT
from sources._kit.duck import connect, identifier, literal
from sources._kit.errors import CheckFailedError
from tests.conftest import RunCity
from transforms._kit.header import TableSpec, read_specs
from transforms._kit.runner import build, define_macros, prepare

SPECS = read_specs(CHECKOUT / "transforms")
SCORED = [spec for spec in SPECS if spec.schema in ("evidence", "score")]
SIZE = ("height_m", "floors", "height", "levels")


class World:
    """The lower floors of the made-up city in memory; what is taken away is put back before the next try."""

    def __init__(self, city: RunCity) -> None:
        self.con = connect()
        path = city.outcome.warehouse
        self.con.execute(f"ATTACH {literal(str(path))} AS city (READ_ONLY)")
        prepare(self.con)
        facts = dict(city.rows("SELECT name, value FROM layer.run"))
        self.params: dict[str, Any] = {**facts, "as_of": city.outcome.as_of, "store": ""}
        tables = self.con.execute(
            "SELECT schema_name, table_name FROM duckdb_tables() WHERE database_name = 'city' "
            "AND schema_name IN ('reference', 'staging', 'core') ORDER BY ALL"
        ).fetchall()
        self.tables = [f"{schema}.{identifier(table)}" for schema, table in tables]
        self.restore()
        define_macros(self.con)
        self.score()
        # What is known before anything is forgotten.
        self.known = set(self.rows("SELECT building_id, criterion FROM score.criterion WHERE class IS NOT NULL"))
        self.typed = dict(self.rows("SELECT building_id, type FROM score.type"))

    def restore(self) -> None:
        for table in self.tables:
            self.con.execute(f"CREATE OR REPLACE TABLE {table} AS FROM city.{table}")

    def score(self) -> None:
        self.con.execute("DELETE FROM meta.build")
        params = {name: self.params.get(name, "") for spec in SCORED for name in spec.params}
        build(self.con, SCORED, {spec.full_name: "x" for spec in SCORED}, params)

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        return self.con.execute(query).fetchall()

    def forget(self, spec: TableSpec, column: str, salt: int, value: str = "NULL") -> None:
        """Take a column from about half of the rows."""
        key = ", ".join(identifier(name) for name in spec.key)
        self.con.execute(
            f"UPDATE {spec.full_name} SET {identifier(column)} = {value} WHERE hash(concat_ws('|', {key}, {salt})) % 2 = 0"
        )


@pytest.fixture(scope="module")
def world(voorbeeldstad: RunCity) -> Iterator[World]:
    made = World(voorbeeldstad)
    yield made
    made.con.close()


def nullable(world: RunCity | World) -> list[tuple[TableSpec, str]]:
    """Columns below the scores of which some row is null already: what can be unknown."""
    read = {needed for spec in SCORED for needed in spec.inputs}
    found = []
    for spec in SPECS:
        if spec.full_name not in read or spec.schema not in ("staging", "core") or spec.is_view or not spec.key:
            continue
        for column in spec.columns:
            if column.name in spec.key or column.type == "GEOMETRY":
                continue
            if world.rows(f"SELECT count(*) FROM {spec.full_name} WHERE {identifier(column.name)} IS NULL")[0][0]:
                found.append((spec, column.name))
    return found


def number_columns(specs: Sequence[TableSpec]) -> list[tuple[str, str]]:
    return [(s.full_name, c.name) for s in specs for c in s.columns if c.type in ("DOUBLE", "FLOAT")]


def not_finite(rows: Any, specs: Sequence[TableSpec]) -> list[tuple[str, str]]:
    found = []
    for table, columns in itertools.groupby(number_columns(specs), lambda pair: pair[0]):
        names = [column for _, column in columns]
        counts = ", ".join(f"count(*) FILTER (NOT isfinite({identifier(name)}))" for name in names)
        found += [
            (table, name) for name, odd in zip(names, rows(f"SELECT {counts} FROM {table}")[0], strict=True) if odd
        ]
    return found


def test_no_number_of_a_score_or_layer_is_nan_or_infinite(voorbeeldstad: RunCity) -> None:
    assert (
        not_finite(
            voorbeeldstad.rows, [spec for spec in SPECS if spec.schema in ("evidence", "score", "plan", "layer")]
        )
        == []
    )
    assert len(number_columns(SPECS)) > 20


@pytest.mark.parametrize(("city", "day"), [("antwerpen", "2026-03-01"), ("brugge", "2020-06-01")])
def test_no_number_of_a_recorded_city_is_nan_or_infinite(recorded: Any, city: str, day: str) -> None:
    assert not_finite(recorded(city, day).rows, SPECS) == []


def test_what_can_be_unknown_is_found(world: World) -> None:
    names = {f"{spec.full_name}.{column}" for spec, column in nullable(world)}
    assert "staging.register_row.part" in names
    assert any(name.rsplit(".", 1)[1] in SIZE for name in names)


@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_forgetting_facts_makes_nothing_known_and_no_number_odd(world: World, data: st.DataObject) -> None:
    places = nullable(world)
    chosen = data.draw(st.lists(st.sampled_from(range(len(places))), min_size=1, max_size=4, unique=True))
    salt = data.draw(st.integers(0, 1000))
    world.restore()
    try:
        for place in chosen:
            world.forget(*places[place], salt)
        world.score()
        assert not_finite(world.rows, SCORED) == []
        same = [one for one, kind in world.rows("SELECT building_id, type FROM score.type") if world.typed[one] == kind]
        again = set(world.rows("SELECT building_id, criterion FROM score.criterion WHERE class IS NOT NULL"))
        # Of a building whose type stays; forgetting a fact can make another type the likeliest.
        fresh = {(one, criterion) for one, criterion in again - world.known if one in set(same)}
        assert not {one for one, _c in fresh} & {one for one, _c in world.known}
    finally:
        world.restore()


def test_nan_is_stopped_before_a_class_can_be_made_of_it(world: World) -> None:
    # The runner holds every table to it, so none can reach a score.
    spec = next(spec for spec in SPECS if spec.full_name == "core.building")
    number = next(c.name for c in spec.columns if c.type == "DOUBLE" and (spec, c.name) in nullable(world))
    world.restore()
    world.forget(spec, number, 1, "'nan'")
    con, table = world.con, "core.building"
    con.execute(f"CREATE OR REPLACE TABLE staging.odd AS FROM {table}")
    copy = TableSpec(
        spec.schema, "building", spec.meaning, (), spec.key, (), None, (), spec.columns, False, "SELECT * FROM staging.odd", spec.path
    )  # fmt: skip
    with pytest.raises(CheckFailedError, match=rf"isfinite\(\"{number}\"\)"):
        build(con, [copy], {copy.full_name: "odd"}, {})
    con.execute("DROP TABLE staging.odd")
    world.restore()


def test_a_row_that_names_no_part_no_box_and_no_day_says_nothing_of_them(world: World) -> None:
    world.restore()
    world.con.execute("UPDATE staging.register_row SET part = NULL, box_number = NULL, listed_on = NULL")
    world.score()
    items = world.rows(
        "SELECT i.vacant_low, i.vacant_high, i.observed_on = f.snapshot_on FROM evidence.item AS i "
        "JOIN reference.feed AS f USING (feed) WHERE i.kind LIKE 'register%'"
    )
    assert items
    assert {item[0] for item in items} == {None}
    assert {item[1] for item in items} == {None}
    assert {item[2] for item in items} == {True}
    world.restore()


# least() and greatest() of DuckDB pass over NULL: least(1, NULL) is 1, an unknown share is not.
def test_without_words_about_a_part_or_box_no_share_is_known(world: World) -> None:
    world.restore()
    world.con.execute("UPDATE staging.register_row SET part = NULL, box_number = NULL")
    world.score()
    assert world.rows(
        "SELECT count(*) FROM score.underuse WHERE vacant_low IS NOT NULL OR vacant_high IS NOT NULL"
    ) == [(0,)]


def test_unknown_storeys_widen_the_vacant_share(world: World) -> None:
    world.restore()
    world.con.execute(
        "UPDATE staging.register_row SET part = 'gelijkvloers'; "
        "UPDATE core.size SET floors = 4, floors_low = 3.6, floors_high = 4.4"
    )
    world.score()
    query = "SELECT item_id, vacant_low, vacant_high FROM evidence.item WHERE vacant_low IS NOT NULL"
    known = {item: (low, high) for item, low, high in world.rows(query)}
    world.con.execute("UPDATE core.size SET floors = NULL, floors_low = NULL, floors_high = NULL")
    world.score()
    wide = {item: (low, high) for item, low, high in world.rows(query)}
    assert wide.keys() == known.keys()
    assert all(wide[item][0] <= known[item][0] and wide[item][1] >= known[item][1] for item in known)
    assert wide != known
    world.restore()


def test_a_building_nothing_is_said_of_is_unknown_and_not_in_use(world: World) -> None:
    world.restore()
    for (table,) in world.rows(
        "SELECT table_name FROM duckdb_tables() WHERE schema_name = 'core' AND table_name LIKE 'link%'"
    ):
        world.con.execute(f"DELETE FROM core.{identifier(table)}")
    world.con.execute("DELETE FROM core.tag")
    columns = {row[0] for row in world.rows("DESCRIBE core.building")}
    world.con.execute("UPDATE core.building SET official_type = NULL")
    for column in columns & set(SIZE):
        world.con.execute(f"UPDATE core.building SET {column} = NULL")
    world.score()
    assert world.rows("SELECT DISTINCT type, is_residential, confidence FROM score.type") == [("unknown", None, None)]
    assert world.rows("SELECT DISTINCT band FROM score.underuse") == [("unknown",)]
    assert world.rows("SELECT count(*) FROM evidence.item") == [(0,)]
    assert world.rows("SELECT count(*) FROM score.underuse WHERE probability = 0 OR low = 0") == [(0,)]
    assert world.rows("SELECT count(*) FROM score.building WHERE atypicality_score IS NULL") == [(0,)]
    world.restore()


def test_a_source_nobody_gave_leaves_its_criteria_unknown(world: World) -> None:
    world.restore()
    world.score()
    before = {row[0] for row in world.rows("SELECT DISTINCT criterion FROM score.criterion WHERE class IS NOT NULL")}
    wide = dict(world.rows("SELECT use, avg(high - low) FROM score.reuse GROUP BY use"))
    for table in ("staging.designation", "core.link_designation", "staging.place", "core.link_land_use"):
        world.con.execute(f"DELETE FROM {table}")
    world.score()
    after = {row[0] for row in world.rows("SELECT DISTINCT criterion FROM score.criterion WHERE class IS NOT NULL")}
    assert after < before
    wider = dict(world.rows("SELECT use, avg(high - low) FROM score.reuse GROUP BY use"))
    assert all(wider[use] > wide[use] for use in wide)
    world.restore()
