"""The index of reuse and its bounds against an independent calculation, and the promises they keep whatever is known."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from tests.transforms.reuse_world import FOLDER, INDEX, Con, open_world, rows, run
from transforms._kit.reference import read_reference

REFERENCE = read_reference(FOLDER)
T = REFERENCE.tables
USES = [row["use"] for row in T["reuse_use"]]
CLASSES: dict[str, list[str]] = {}
for one in T["reuse_class"]:
    CLASSES.setdefault(one["criterion"], []).append(one["class"])
Known = dict[str, list[str]]
Answer = dict[str, dict[str, Any]]


@pytest.fixture(scope="module")
def con() -> Iterator[Con]:
    connection = open_world(REFERENCE)
    run(connection, ["reuse_level"])
    connection.execute(
        "CREATE TABLE score.criterion (building_id VARCHAR, criterion VARCHAR, class VARCHAR, classes VARCHAR)"
    )
    yield connection
    connection.close()


def assess(con: Con, known: Known, *, backwards: bool = False) -> Answer:
    """By the project's own SQL: what is known of one building, to its row per use."""
    con.execute("DELETE FROM score.criterion")
    for criterion, classes in sorted(known.items(), reverse=backwards):
        alone = classes[0] if len(classes) == 1 else None
        con.execute("INSERT INTO score.criterion VALUES ('b', ?, ?, ?)", [criterion, alone, " ".join(sorted(classes))])
    run(con, INDEX[2:])
    return {row["use"]: row for row in rows(con, "SELECT * FROM score.reuse")}


def level(use: str, criterion: str, name: str) -> float:
    """Weight times level, from the file itself."""
    fitting = [r for r in T["reuse_rule"] if r["criterion"] == criterion and r["use"] in (use, "*")]
    rule = next((r for r in fitting if r["use"] == use), fitting[0])
    return float(rule["weight"]) * int(dict(pair.split(":") for pair in rule["levels"].split(" "))[name])


def best_class(use: str, criterion: str) -> str:
    return max(CLASSES[criterion], key=lambda name: level(use, criterion, name))


def index(levels: list[float], empty: float | None) -> float | None:
    """Advantages over advantages and constraints, in the method's own words."""
    good, bad = sum(x for x in levels if x > 0), -sum(x for x in levels if x < 0)
    return 100 * good / (good + bad) if good + bad else empty


def expected(use: str, known: Known) -> dict[str, float | None]:
    sure, low, high = [], [], []
    for criterion, names in CLASSES.items():
        possible = [level(use, criterion, name) for name in known.get(criterion, names)]
        low.append(min(possible))
        high.append(max(possible))
        if criterion in known:
            same = all(x > 0 for x in possible) or all(x < 0 for x in possible)
            sure.append(min(possible, key=abs) if same or len(possible) == 1 else 0.0)
    return {"score": index(sure, None), "low": index(low, 0.0), "high": index(high, 100.0)}


possible = st.fixed_dictionaries(
    {}, optional={c: st.lists(st.sampled_from(n), min_size=1, max_size=len(n) - 1, unique=True) for c, n in CLASSES.items()}
)  # fmt: skip
exact = st.fixed_dictionaries({}, optional={c: st.sampled_from(n).map(lambda x: [x]) for c, n in CLASSES.items()})


@settings(max_examples=60, deadline=None)
@given(st.one_of(possible, exact))
def test_index_and_bounds_equal_an_independent_calculation(con: Con, known: Known) -> None:
    assume(known)
    found = assess(con, known)
    assert sorted(found) == sorted(USES)
    for use, row in found.items():
        wanted = expected(use, known)
        for name in ("score", "low", "high"):
            given_value = None if row[name] is None else float(row[name])
            assert given_value == (None if wanted[name] is None else pytest.approx(wanted[name], abs=1e-4)), (use, name)
        assert row["low"] - 1e-3 <= row["middle"] <= row["high"] + 1e-3


@settings(max_examples=40, deadline=None)
@given(possible, st.data())
def test_knowing_more_never_widens_the_bounds(con: Con, known: Known, data: st.DataObject) -> None:
    assume(known)
    criterion = data.draw(st.sampled_from(sorted(CLASSES)))
    before = known.get(criterion, CLASSES[criterion])
    after = data.draw(st.lists(st.sampled_from(before), min_size=1, unique=True))
    assume(len(after) < len(CLASSES[criterion]))
    wide, narrow = assess(con, known), assess(con, {**known, criterion: after})
    for use in USES:
        assert wide[use]["low"] <= narrow[use]["low"] + 1e-9
        assert narrow[use]["high"] <= wide[use]["high"] + 1e-9
        assert narrow[use]["known_share"] >= wide[use]["known_share"] - 1e-9


@settings(max_examples=30, deadline=None)
@given(exact)
def test_parts_add_up_and_only_known_criteria_have_one(con: Con, known: Known) -> None:
    assume(known)
    found = assess(con, known)
    for use, total, criteria in con.execute(
        "SELECT use, sum(value), list(criterion ORDER BY criterion) FROM score.reuse_part GROUP BY use"
    ).fetchall():
        assert criteria == sorted(known)
        assert total == (found[use]["score"] or Decimal(0))
        assert found[use]["known_count"] == len(known)


@settings(max_examples=20, deadline=None)
@given(possible)
def test_the_order_of_rows_changes_nothing(con: Con, known: Known) -> None:
    assume(known)
    assert assess(con, known) == assess(con, known, backwards=True)


@settings(max_examples=30, deadline=None)
@given(exact)
def test_a_neutral_class_is_left_out_on_both_sides(con: Con, known: Known) -> None:
    """A shape neither compact nor complex: the index is what it is without it."""
    without = {criterion: names for criterion, names in known.items() if criterion != "shape"}
    assume(without)
    before, after = assess(con, without), assess(con, {**without, "shape": ["plain"]})
    for use in USES:
        if level(use, "shape", "plain") == 0:
            assert after[use]["score"] == before[use]["score"]


def test_a_known_veto_is_said_and_is_never_the_best_use(con: Con) -> None:
    known = {criterion: [best_class("culture", criterion)] for criterion in CLASSES}
    assert assess(con, known)["culture"]["place"] == 1
    row = assess(con, {**known, "free_height": ["low"]})["culture"]
    assert (row["veto"], row["to_check"], row["place"]) == (["free_height"], [], None)
    assert row["score"] is not None


def test_an_unknown_veto_is_to_be_checked_and_forbids_nothing(con: Con) -> None:
    known = {criterion: names[:1] for criterion, names in CLASSES.items() if criterion not in ("zoning", "flood")}
    known["free_height"] = ["low", "normal"]
    for row in assess(con, known).values():
        assert row["to_check"] == ["flood", "free_height", "zoning"]
        assert row["veto"] == []
        assert row["place"] is not None
    known["free_height"] = ["high", "normal"]
    assert assess(con, known)["housing"]["to_check"] == ["flood", "zoning"]


def test_with_too_little_known_no_best_use_is_named(con: Con) -> None:
    found = assess(con, {"footprint": ["large"], "shape": ["compact"]})
    assert found["culture"]["score"] == Decimal("100.000000") or found["culture"]["score"] > 99
    assert found["culture"]["middle"] < 70
    assert {row["place"] for row in found.values()} == {None}
