"""docs/queries.md: every question runs as it stands, wherever the page says that it does."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any

import duckdb
import pytest

from flows.query import ask
from sources._kit.duck import extension_path
from tests.flows.conftest import NAME, Demo
from tests.flows.queries_page import CLI, NO_EXTENSION, PAGE, call, linked_packages, read_page

QUESTIONS = read_page()
# A made-up city has no tombstone after its first run, and need not have the others.
MAY_BE_EMPTY = {3, 8, 16, 20}
Answers = dict[int, tuple[list[str], list[tuple[Any, ...]]]]
# `-I -S`: no site-packages, no environment, no working directory: the folder given is all there is.
BARE = """
import json, sys
sys.path.insert(0, sys.argv[1])
import duckdb
con = duckdb.connect(sys.argv[2], read_only=True)
con.execute(sys.argv[3])
answers = {}
for number, sql in json.load(sys.stdin).items():
    found = con.execute(sql)
    answers[number] = [[column[0] for column in found.description], len(found.fetchall())]
(geom, wkb, text), = con.execute(
    "SELECT geom, ST_AsWKB(geom)::BLOB, ST_AsText(geom) FROM layer.building_public ORDER BY priority_rank LIMIT 1"
).fetchall()
assert isinstance(wkb, bytes) and geom == wkb and wkb[0] == 1 and text.startswith(("POLYGON", "MULTIPOLYGON"))
assert not {"pandas", "numpy", "sources", "transforms", "flows"} & set(sys.modules)
print(json.dumps(answers))
"""


@pytest.fixture(scope="module")
def warehouse(demo: Demo) -> Path:
    return demo.home.space.warehouse(NAME)


@pytest.fixture(scope="module")
def answers(con: duckdb.DuckDBPyConnection) -> Answers:
    """Columns and rows of every question, from Python with the extension."""
    con.load_extension(str(extension_path()))
    found = {}
    for number, question in QUESTIONS.items():
        cursor = con.execute(question.sql)
        found[number] = ([column[0] for column in cursor.description], cursor.fetchall())
    return found


def test_the_page_has_twenty_questions_each_with_one_query_in_a_stated_order() -> None:
    assert list(QUESTIONS) == list(range(1, 21))
    assert PAGE.read_text(encoding="utf-8").count("```sql") == 20
    for question in QUESTIONS.values():
        assert question.title.endswith("?")
        assert question.reading.startswith(("Public layer", "City", "Both views", "Schema `", "Every row")), (
            question.title
        )
        statement, *more = duckdb.extract_statements(question.sql)
        assert not more
        assert statement.type == duckdb.StatementType.SELECT
        assert re.search(r"^ORDER BY .+(\nLIMIT \d+)?$", question.sql, re.MULTILINE), question.title
        assert question.is_spatial == ("LOAD spatial" in question.reading)


@pytest.mark.parametrize("number", QUESTIONS)
def test_a_question_is_answered_and_its_answer_makes_a_table(number: int, answers: Answers) -> None:
    columns, rows = answers[number]
    assert len(columns) >= 4
    assert len(set(columns)) == len(columns)
    assert all(re.fullmatch(r"[a-z][a-z0-9_]*", column) for column in columns), columns
    assert rows or number in MAY_BE_EMPTY
    assert len(set(map(repr, rows))) == len(rows)


def test_the_command_line_of_duckdb_answers_alike_and_needs_the_extension_for_one(
    warehouse: Path, answers: Answers, tmp_path: Path
) -> None:
    spatial = [number for number, question in QUESTIONS.items() if question.is_spatial]
    script = [NO_EXTENSION]
    # The spatial one last of all: the others must do without.
    for number in sorted(QUESTIONS, key=lambda number: (number in spatial, number)):
        script += [f"LOAD '{extension_path()}';"] * (number in spatial) + [
            f".print @{number}",
            f"{QUESTIONS[number].sql};",
        ]
    printed = call(
        CLI,
        "-readonly",
        "-bail",
        "-json",
        warehouse,
        stdin="\n".join(script),
        env={"HOME": str(tmp_path)},
        cwd=tmp_path,
    )
    parts = {
        int(number): text for number, text in re.findall(r"^@(\d+)\n(.*?)(?=^@|\Z)", printed, re.MULTILINE | re.DOTALL)
    }
    assert set(parts) == set(QUESTIONS)
    assert len(spatial) == 1
    for number, text in parts.items():
        rows = json.loads(text) if text.strip() else []
        assert len(rows) == len(answers[number][1]), number
        assert all(list(row) == answers[number][0] for row in rows), number


def test_a_python_with_nothing_but_duckdb_answers_all_that_need_no_extension(
    warehouse: Path, answers: Answers, tmp_path: Path
) -> None:
    plain = {number: question.sql for number, question in QUESTIONS.items() if not question.is_spatial}
    only = linked_packages(tmp_path / "only", "duckdb", "_duckdb")
    printed = call(
        sys.executable,
        "-I",
        "-S",
        "-c",
        BARE,
        only,
        warehouse,
        NO_EXTENSION,
        stdin=json.dumps(plain),
        env={},
        cwd=tmp_path,
    )
    assert {int(n): found for n, found in json.loads(printed).items()} == {
        number: [answers[number][0], len(answers[number][1])] for number in plain
    }


def test_the_command_sql_answers_them_too(demo: Demo, answers: Answers) -> None:
    for number, question in QUESTIONS.items():
        found = ask(NAME, demo.home.space, question.sql)
        assert list(found.columns) == answers[number][0]
        assert sum(len(batch) for batch in found.batches) == len(answers[number][1]), number
