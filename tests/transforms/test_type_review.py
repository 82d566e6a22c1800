"""The type of real buildings against a list typed by eye (tests/transforms/type_review.csv).

The list was drawn with a seed from five OSM extracts, stratified by how much is said of a building (richness: bare, plain, named,
rich), with hard cases beside. Types were read from the tags, from the points inside and the ground around, before the method's own answers
were looked at; `unknown` where nothing says. The second draw was typed after the rules had been changed, and no rule was mended on it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import duckdb
import pytest

from flows.evaluate_type import accuracy, figures, show, table
from flows.type_review import EXTRACTS, answer_review
from tests.conftest import SHARED

# What was measured, less a building or two.
FLOORS = {
    ("development", "bare"): 0.94, ("development", "plain"): 0.96, ("development", "named"): 0.92, ("development", "rich"): 0.94,
    ("held out", "bare"): 0.84, ("held out", "plain"): 0.96, ("held out", "named"): 0.80, ("held out", "rich"): 0.85,
    ("fresh", "bare"): 0.90, ("fresh", "plain"): 0.96, ("fresh", "named"): 0.84, ("fresh", "rich"): 0.81,
    ("development", "all"): 0.96, ("held out", "all"): 0.88, ("fresh", "all"): 0.88,
}  # fmt: skip


@pytest.fixture(scope="module")
def answers() -> Iterator[duckdb.DuckDBPyConnection]:
    for path, _crs in EXTRACTS.values():
        if not (SHARED / path).exists():
            pytest.skip(f"no real data: {SHARED / path} is absent (ONBENUT_SHARED)")
    with answer_review(SHARED) as con:
        yield con


def test_every_reviewed_building_that_stands_was_typed(answers: duckdb.DuckDBPyConnection) -> None:
    ((buildings, typed, extracts),) = answers.execute(
        "SELECT count(*), count(answer), count(DISTINCT extract) FROM answer"
    ).fetchall()
    assert buildings == typed >= 400
    assert extracts == len(EXTRACTS)


def test_the_type_is_right_as_often_as_was_measured(answers: duckdb.DuckDBPyConnection) -> None:
    rows = accuracy(answers, "richness")
    show("accuracy by richness", rows)
    found = {(row["half"], row["part"]): row["accuracy"] for row in rows}
    assert found.keys() == FLOORS.keys()
    assert {key: share for key, share in found.items() if share < FLOORS[key]} == {}


def test_a_former_type_is_right_and_is_never_made_up(answers: duckdb.DuckDBPyConnection) -> None:
    rows = table(
        answers,
        "SELECT count(*) AS buildings, count(*) FILTER (former_answer IS DISTINCT FROM former_type) AS wrong, "
        "count(former_type) AS had_one FROM answer",
    )
    assert rows[0]["had_one"] >= 10
    assert rows[0]["wrong"] <= 2


def test_what_says_nothing_stays_unknown(answers: duckdb.DuckDBPyConnection) -> None:
    rows: list[dict[str, Any]] = table(
        answers,
        "SELECT count(*) AS buildings, count(*) FILTER (answer <> 'unknown') AS invented FROM answer "
        "WHERE type = 'unknown' AND richness IN ('bare', 'plain')",
    )
    assert rows[0]["buildings"] >= 50
    assert rows[0]["invented"] == 0


def test_confidence_rises_with_how_often_it_is_right(answers: duckdb.DuckDBPyConnection) -> None:
    answers.execute(
        "CREATE OR REPLACE TEMP VIEW unseen AS FROM answer WHERE half <> 'development' AND confidence IS NOT NULL"
    )
    bands = answers.execute(
        "SELECT confidence >= 0.8 AS is_sure, count(*), avg(CAST(answer = type AS INT)), avg(confidence) FROM unseen GROUP BY ALL ORDER BY 1"
    ).fetchall()
    (_, few, unsure, _), (_, many, sure, stated) = bands
    assert few >= 25
    assert many >= 100
    assert unsure < 0.8 < 0.95 <= sure
    assert abs(sure - stated) < 0.1


def test_the_figures_hold_every_part(answers: duckdb.DuckDBPyConnection) -> None:
    found = figures(answers)
    assert found["macro_f1"] > 0.85
    assert set(found["accuracy"]) == {"richness", "is_hard", "extract"}
