from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from sources._kit.duck import connect
from sources._kit.errors import CheckFailedError
from transforms._kit.header import TableSpec, read_specs
from transforms._kit.runner import build, plan, prepare

RAW = {"raw.thing": "first"}


@pytest.fixture
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    with connect(spatial=False) as connection:
        prepare(connection)
        connection.execute(
            "CREATE TABLE raw.thing AS SELECT * FROM (VALUES ('a', 1, 'f', 'r1'), ('b', 2, 'f', 'r2'), ('b', 3, 'f', 'r3'), "
            "(NULL, 4, 'f', 'r4')) AS t(thing_id, size_m, feed, source_row)"
        )
        yield connection


def declare(
    root: Path, sql: str, *, head: str = "", columns: str = "", name: str = "thing", schema: str = "staging"
) -> None:
    (root / schema).mkdir(exist_ok=True)
    columns = columns or (
        "--   thing_id | VARCHAR | - | Ding | id\n--   size_m | INTEGER | m | Maat | size\n"
        "--   feed | VARCHAR | - | Stroom | feed\n--   source_row | VARCHAR | - | Rij | row\n"
    )
    (root / schema / f"{name}.sql").write_text(
        f"-- Things.\n-- inputs: raw.thing\n-- key: thing_id\n{head}-- columns:\n{columns}{sql}"
    )


SPLIT = """SELECT thing_id, size_m, feed, source_row,
    CASE WHEN thing_id IS NULL THEN 'no id'
         WHEN row_number() OVER (PARTITION BY thing_id ORDER BY source_row) > 1 THEN 'duplicate key' END AS reject_reason,
    NULL::VARCHAR AS reject_column, NULL::VARCHAR AS reject_value
FROM raw.thing"""


def run(con: duckdb.DuckDBPyConnection, root: Path, **params: str) -> tuple[list[TableSpec], dict[str, str]]:
    specs = read_specs(root)
    prints = plan(specs, RAW, params)
    build(con, specs, prints, params)
    return specs, prints


def test_rows_in_are_rows_out_plus_rejects(con: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    declare(tmp_path, SPLIT, head="-- accounts_for: raw.thing\n")
    run(con, tmp_path)
    assert con.execute("SELECT thing_id, size_m FROM staging.thing").fetchall() == [("a", 1), ("b", 2)]
    rejects = con.execute("SELECT source_row, reason FROM staging.reject ORDER BY source_row").fetchall()
    assert rejects == [("r3", "duplicate key"), ("r4", "no id")]


def test_a_row_that_vanishes_is_noticed(con: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    declare(tmp_path, SPLIT + " WHERE size_m < 3", head="-- accounts_for: raw.thing\n")
    with pytest.raises(CheckFailedError, match=r"4 rows came in from raw\.thing, 2 are accounted for"):
        run(con, tmp_path)


def test_a_key_that_occurs_twice_is_noticed(con: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    declare(tmp_path, "SELECT * FROM raw.thing WHERE thing_id IS NOT NULL")
    with pytest.raises(CheckFailedError, match="occur more than once"):
        run(con, tmp_path)


def test_a_null_key_is_noticed(con: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    declare(tmp_path, "SELECT * FROM raw.thing WHERE size_m <> 3")
    with pytest.raises(CheckFailedError, match="1 rows without key"):
        run(con, tmp_path)


def test_a_broken_check_is_noticed(con: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    declare(tmp_path, "SELECT * FROM raw.thing WHERE size_m < 3", head="-- check: size_m < 2\n")
    with pytest.raises(CheckFailedError, match="1 rows break `size_m < 2`"):
        run(con, tmp_path)


@pytest.mark.parametrize(
    ("sql", "message"),
    [
        (
            "SELECT thing_id, size_m::DOUBLE AS size_m, feed, source_row FROM raw.thing",
            "size_m is DOUBLE, not INTEGER",
        ),
        (
            "SELECT *, 1 AS extra, NULL AS reject_reason, NULL AS reject_column, NULL AS reject_value FROM raw.thing",
            "extra is not declared",
        ),
    ],
)
def test_columns_other_than_declared_are_noticed(
    con: duckdb.DuckDBPyConnection, tmp_path: Path, sql: str, message: str
) -> None:
    declare(tmp_path, sql)
    with pytest.raises(CheckFailedError, match=message):
        run(con, tmp_path)


def test_only_what_changed_is_built_again(con: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    one = "--   thing_id | VARCHAR | - | Ding | id\n"
    declare(
        tmp_path,
        "SELECT DISTINCT thing_id FROM raw.thing WHERE thing_id IS NOT NULL",
        columns=one,
        name="base",
    )
    (tmp_path / "core").mkdir()
    for name, params in (("still", ""), ("dated", "-- params: as_of\n")):
        (tmp_path / "core" / f"{name}.sql").write_text(
            f"-- Things.\n-- inputs: staging.base\n-- key: thing_id\n{params}-- columns:\n{one}SELECT thing_id FROM staging.base"
        )
    specs = read_specs(tmp_path)

    def built(as_of: str) -> set[str]:
        prints = plan(specs, RAW, {"as_of": as_of})
        return {table.name for table in build(con, specs, prints, {"as_of": as_of}) if table.was_built}

    assert built("2024") == {"staging.base", "core.still", "core.dated"}
    assert built("2024") == set()
    assert built("2025") == {"core.dated"}


def test_a_build_that_fails_is_not_taken_for_finished(con: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    declare(tmp_path, SPLIT)
    run(con, tmp_path)
    declare(tmp_path, "SELECT * FROM raw.thing")
    for _ in range(2):
        with pytest.raises(CheckFailedError):
            run(con, tmp_path)


def test_titles_and_meanings_reach_the_dictionary_and_the_comments(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    declare(tmp_path, SPLIT)
    run(con, tmp_path)
    row = con.execute(
        "SELECT title_nl, title_en, unit, meaning_en FROM meta.column WHERE column_name = 'size_m'"
    ).fetchone()
    assert row == ("Maat", "Size m", "m", "size")
    comment = con.execute(
        "SELECT comment FROM duckdb_columns() WHERE table_name = 'thing' AND schema_name = 'staging' AND column_name = 'size_m'"
    )
    assert comment.fetchone() == ("size [m]",)


def test_a_file_of_another_runner_is_begun_anew(con: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    declare(tmp_path, SPLIT)
    run(con, tmp_path)
    con.execute("UPDATE meta.runner SET version = '0'; ALTER TABLE meta.column_entry DROP COLUMN meaning_nl")
    prepare(con)
    assert con.execute("SELECT count(*) FROM meta.build").fetchone() == (0,)
    run(con, tmp_path)
    assert con.execute("SELECT count(*) FROM staging.thing").fetchone() == (2,)


def test_a_module_declares_a_table_in_the_same_words(con: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    (tmp_path / "staging").mkdir()
    module = tmp_path / "staging" / "thing.py"
    module.write_text(
        '''"""Things, made by code.

inputs: raw.thing
key: thing_id
columns:
  thing_id | VARCHAR | - | Ding | id
"""


def build(con):
    con.execute("CREATE OR REPLACE TEMP TABLE made AS SELECT DISTINCT thing_id FROM raw.thing WHERE thing_id IS NOT NULL")
    return "SELECT thing_id FROM made"
'''
    )
    first = run(con, tmp_path)[1]
    assert con.execute("FROM staging.thing").fetchall() == [("a",), ("b",)]
    module.write_text(module.read_text() + "# changed\n")
    assert plan(read_specs(tmp_path), RAW, {})["staging.thing"] != first["staging.thing"]
