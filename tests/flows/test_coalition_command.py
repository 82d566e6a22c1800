"""`onbenut plan --coalition` and the coalitions of `onbenut matches`: what the warehouse says, members as adverts and uses only."""

from __future__ import annotations

import json
import re
from typing import Any

import duckdb
import pytest

from flows.commands.terminal import plain
from flows.explain_words import LANGUAGES
from flows.matches import read_matches
from flows.plan.coalition import read_coalition
from flows.plan.read import PlanError, read_plan
from flows.plan.tell import FIGURES, end, tell_plan, tell_risk
from flows.plan.tell_coalition import tell_coalition
from flows.plan.words import PlanWords
from tests.flows.conftest import NAME, Home, one

BOTH = pytest.mark.parametrize("lang", LANGUAGES)
RUN: dict[str, Any] = {"config_version": "x", "run_id": "y"}


@pytest.fixture
def shared(home: Home) -> str:
    """A building with coalitions, of which some members said what they can pay."""
    query = "SELECT building_id FROM match.coalition JOIN match.coalition_member USING (coalition_id) WHERE place = 2 AND budget_eur_m2_year IS NOT NULL ORDER BY member_count DESC, building_id"
    return str(one(home, query))


def test_the_json_is_what_the_tables_say_to_the_cent(home: Home, con: duckdb.DuckDBPyConnection, shared: str) -> None:
    done = home.onbenut("plan", NAME, shared, "--coalition", "2", "--json")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert (told["is_indicative"], told["schema_version"], told["coalition_id"]) == (True, "1", f"{shared}:2")
    found = con.execute(f"SELECT * FROM plan.coalition WHERE coalition_id = '{shared}:2'")
    names = [column[0] for column in found.description or []]
    (row,) = found.fetchall()
    assert told["coalition"] == {
        name: plain(value) if type(value).__name__ == "Decimal" else value
        for name, value in zip(names, row, strict=True)
    }
    assert told["coalition"] in told["coalitions"]
    # Who is in it is an advert and a use: not what it can pay, nor where it looks.
    assert {key for member in told["members"] for key in member} == {"request_id", "use", "label_nl", "label_en"}
    assert (
        len(told["members"]) == told["coalition"]["member_count"] == sum(part["member_count"] for part in told["parts"])
    )
    assert [row["place"] for row in told["sensitivity"]] == [1, 2, 3]
    assert told["steps"][0]["topic"] == "owner"
    budgets = con.execute(
        f"SELECT DISTINCT budget_eur_m2_year FROM match.coalition_member WHERE coalition_id = '{shared}:2'"
    ).fetchall()
    assert not {float(budget) for (budget,) in budgets if budget} & {row["value"] for row in told["risks"]}


def test_the_screen_says_everything_and_that_it_is_indicative(
    home: Home, con: duckdb.DuckDBPyConnection, shared: str
) -> None:
    done = home.onbenut("plan", NAME, shared, "--coalition", f"{shared}:1", "--lang", "nl")
    assert done.returncode == 0, done.stderr
    plan, words = read_coalition(con, NAME, shared, "1", None), PlanWords("nl")
    screen = " ".join(done.stdout.split())
    assert screen.count(words.text("coalition_indicative")) == 2
    for column, unit in FIGURES.items():
        if column != "capacity":
            assert words.name("figure", column) in screen
            assert not unit or words.plain(plan.coalition[end(column, "high")], unit) in screen
    for member in plan.members:
        assert f"{member['request_id']}: {member['label_nl']}" in screen
    for row in plan.risks:
        assert tell_risk(row, words) in screen
    assert words.text("stays_empty") in screen
    assert re.search(r"\b(None|nan|null)\b", screen) is None
    assert "leegstaand" not in screen


def test_matches_of_a_building_tell_its_coalitions_and_the_command_that_plans_them(
    home: Home, con: duckdb.DuckDBPyConnection, shared: str
) -> None:
    done = home.onbenut("matches", NAME, "--building", shared, "--json")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)["coalitions"]
    wanted = con.execute(
        f"SELECT coalition_id, place, member_count FROM match.coalition WHERE building_id = '{shared}' ORDER BY place"
    ).fetchall()
    assert [(row["coalition_id"], row["place"], row["member_count"]) for row in told] == wanted
    assert all(len(row["members"]) == row["member_count"] for row in told)
    assert {key for row in told for member in row["members"] for key in member} == {
        "request_id",
        "use",
        "use_nl",
        "use_en",
    }
    lines = home.onbenut("matches", NAME, "--building", shared).stdout.splitlines()
    assert all(f"plan it: {row['plan_command']}" in lines for row in told)
    assert [row["plan_command"] for row in told] == [
        f"onbenut plan {NAME} {shared} --coalition {row['place']}" for row in told
    ]


def test_what_is_no_coalition_of_the_building_is_refused_with_those_that_are(
    con: duckdb.DuckDBPyConnection, shared: str
) -> None:
    other = con.execute(f"SELECT coalition_id FROM plan.coalition WHERE building_id <> '{shared}' LIMIT 1").fetchone()
    assert other is not None
    for wrong in ("9", "0", other[0], "' OR true --"):
        with pytest.raises(PlanError, match="no such coalition") as error:
            read_coalition(con, NAME, shared, wrong, None)
        assert "--coalition 1" in str(error.value)
    with pytest.raises(PlanError, match="uses of its own"):
        read_coalition(con, NAME, shared, "1", "maker")
    alone = con.execute(
        "SELECT building_id FROM plan.scenario WHERE building_id NOT IN (SELECT building_id FROM match.coalition) LIMIT 1"
    ).fetchone()
    assert alone is not None
    with pytest.raises(PlanError, match="no parties were found"):
        read_coalition(con, NAME, alone[0], "1", None)


def test_who_objected_is_planned_for_no_coalition_at_once(own_home: Home, shared: str) -> None:
    assert own_home.onbenut("object", NAME, shared).returncode == 0
    done = own_home.onbenut("plan", NAME, shared, "--coalition", "1")
    assert (done.returncode, done.stdout) == (1, "")
    assert read_matches(NAME, own_home.space, building=shared).coalitions == []


@BOTH
def test_every_coalition_can_be_told_and_a_plan_for_one_use_says_that_they_exist(
    con: duckdb.DuckDBPyConnection, lang: str
) -> None:
    words = PlanWords(lang)
    rows = con.execute("SELECT building_id, place, fill_share FROM plan.coalition ORDER BY ALL").fetchall()
    for building, place, fill in rows[:: max(1, len(rows) // 6)]:
        told = tell_coalition(read_coalition(con, NAME, building, str(place), None), RUN, words)
        assert len(told["figures"]) == len(FIGURES) - 1
        assert "None" not in str(told)
        plan = read_plan(con, building, "maker")
        assert plan is not None
        assert words.full(fill, "share") in tell_plan(plan, RUN, words)["together"]
    alone = con.execute(
        "SELECT building_id FROM plan.scenario WHERE building_id NOT IN (SELECT building_id FROM match.coalition) LIMIT 1"
    ).fetchone()
    assert alone is not None
    plan = read_plan(con, alone[0], "maker")
    assert plan is not None
    assert tell_plan(plan, RUN, words)["together"] == ""
