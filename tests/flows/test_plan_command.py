"""`onbenut plan`: what the warehouse says, in two languages, indicative on every page, and every refusal by name."""

from __future__ import annotations

import json
import re
import string
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Any

import duckdb
import pytest

from flows.commands.terminal import plain
from flows.explain_words import LANGUAGES
from flows.plan.read import Plan, read_plan
from flows.plan.tell import FIGURES, end, tell_plan, tell_risk
from flows.plan.words import PlanWords, plan_catalogue
from flows.workspace import CHECKOUT
from tests.flows.conftest import NAME, Home, one

BOTH = pytest.mark.parametrize("lang", LANGUAGES)
_PUBLIC = "building_id IN (SELECT building_id FROM layer.building WHERE audience = 'public')"


@pytest.fixture
def planned(home: Home) -> str:
    """A building with figures and a named best use."""
    query = f"SELECT building_id FROM plan.scenario JOIN score.reuse USING (building_id, use) WHERE unknown IS NULL AND place = 1 AND {_PUBLIC} ORDER BY 1"
    return str(one(home, query))


def test_the_json_is_what_the_tables_say_to_the_cent(home: Home, con: duckdb.DuckDBPyConnection, planned: str) -> None:
    done = home.onbenut("plan", NAME, planned, "--json")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["is_indicative"] is True
    assert told["schema_version"] == "1"
    assert [row["place"] for row in told["sensitivity"]] == [1, 2, 3]
    assert told["scenario"] in told["scenarios"]
    assert told["scenario"]["place"] == 1
    found = con.execute(f"SELECT * FROM plan.scenario WHERE building_id = '{planned}' ORDER BY use")
    names = [column[0] for column in found.description or []]
    rows = {row[1]: dict(zip(names, row, strict=True)) for row in found.fetchall()}
    assert len(told["scenarios"]) == len(rows) == 8
    for scenario in told["scenarios"]:
        mine = rows[scenario["use"]]
        assert {name: scenario[name] for name in names} == {
            name: plain(value) if isinstance(value, Decimal | date) else value for name, value in mine.items()
        }
    assert {row["input"] for row in told["inputs"]} >= {"works", "interest", "occupancy", "rent_ceiling"}
    assert all(row["origin"] and row["valued_on"] and row["unit"] for row in told["inputs"])
    assert told["steps"][0]["topic"] == "owner"


@BOTH
def test_the_screen_says_everything_and_that_it_is_indicative(
    home: Home, con: duckdb.DuckDBPyConnection, planned: str, lang: str
) -> None:
    done = home.onbenut("plan", NAME, planned, "--lang", lang, "--use", "maker")
    assert done.returncode == 0, done.stderr
    plan, words = read_plan(con, planned, "maker"), PlanWords(lang)
    assert plan is not None
    screen = " ".join(done.stdout.split())
    assert screen.count(words.text("indicative")) == 2
    for column, unit in FIGURES.items():
        assert words.name("figure", column) in screen
        if unit:
            assert words.plain(plan.scenario[column], unit) in screen
            assert words.plain(plan.scenario[end(column, "high")], unit) in screen
    for row in plan.risks:
        assert tell_risk(row, words) in screen
    for row in plan.sensitivity:
        assert words.own(row, "label") in screen
    assert re.search(r"\b(None|nan|null)\b", screen) is None
    assert "vacant" not in screen


def test_what_is_not_known_is_not_told_in_euros(home: Home, con: duckdb.DuckDBPyConnection) -> None:
    unknown = one(home, f"SELECT building_id FROM plan.scenario WHERE unknown IS NOT NULL AND {_PUBLIC}")
    done = home.onbenut("plan", NAME, unknown, "--use", "maker", "--lang", "nl")
    assert done.returncode == 0, done.stderr
    assert "vloeroppervlakte van dit gebouw is niet bekend" in done.stdout
    assert re.search(r"Investering +onbekend +onbekend +onbekend", done.stdout)
    plan = read_plan(con, str(unknown), "maker")
    assert plan is not None
    assert plan.sensitivity == []


def refusals(home: Home, planned: str) -> Iterator[tuple[tuple[str, ...], str]]:
    yield (planned, "--use", "swimming"), "care_education"
    yield (planned, "--coalition", "c1"), "no such coalition"
    yield (planned, "--coalition", "c1", "--use", "maker"), "uses of its own"
    dwelling = one(home, "SELECT building_id FROM layer.building WHERE audience = 'city' AND type = 'dwelling'")
    yield (str(dwelling),), "not in the public layer"
    yield (str(dwelling), "--audience", "city"), "no plan is made"
    yield ("nergens",), "no such building"


def test_every_refusal_is_one_line_with_the_next_step(home: Home, planned: str) -> None:
    for words, said in refusals(home, planned):
        done = home.onbenut("plan", NAME, *words)
        assert done.returncode == 1, words
        assert said in done.stderr
        assert "Next step" in done.stderr
        assert len(done.stderr.strip().splitlines()) == 1
        assert done.stdout == ""


def test_who_objected_is_in_no_public_plan_at_once(own_home: Home, planned: str) -> None:
    assert own_home.onbenut("object", NAME, planned).returncode == 0
    done = own_home.onbenut("plan", NAME, planned)
    assert (done.returncode, done.stdout) == (1, "")
    assert "objected" in done.stderr
    assert own_home.onbenut("plan", NAME, planned, "--audience", "city").returncode == 0


def test_every_text_is_there_in_both_languages_and_used() -> None:
    code = "".join(
        path.read_text(encoding="utf-8")
        for path in [*(CHECKOUT / "flows" / "plan").glob("*.py"), CHECKOUT / "flows" / "commands" / "plan.py"]
    )
    for group, texts in plan_catalogue().items():
        for key, text in texts.items():
            assert set(text) == set(LANGUAGES), key
            gaps = [{gap for _t, gap, _f, _c in string.Formatter().parse(text[lang]) if gap} for lang in LANGUAGES]
            assert gaps[0] == gaps[1], key
            assert group in ("unit", "level") or f'"{key}"' in code.replace("'", '"'), key


@BOTH
def test_every_plan_can_be_told(con: duckdb.DuckDBPyConnection, lang: str) -> None:
    run: dict[str, Any] = {"config_version": "x", "run_id": "y"}
    buildings = con.execute("SELECT DISTINCT building_id, use FROM plan.scenario ORDER BY ALL").fetchall()
    for building, use in buildings[:: len(buildings) // 25]:
        plan = read_plan(con, building, use)
        assert isinstance(plan, Plan)
        told = tell_plan(plan, run, PlanWords(lang))
        assert len(told["figures"]) == len(FIGURES)
        assert "None" not in str(told)


@pytest.mark.parametrize(
    ("value", "unit", "nl", "en"),
    [(6332849.37, "eur", "6.330.000", "6,330,000"), (0.12, "share", "12%", "12%"), (3296.2, "m2", "3.296 m²", "3,296 m²"), (6.49, "eur/m2/month", "6,5 EUR/m² per maand", "6.5 EUR/m² a month"), (0.0, "eur", "0 EUR", "0 EUR")],
)  # fmt: skip
def test_numbers_are_written_as_rough_as_they_are(value: float, unit: str, nl: str, en: str) -> None:
    told = [PlanWords(lang).full(value, unit) for lang in ("nl", "en")]
    assert [text.removesuffix(" EUR") for text in told] == [nl.removesuffix(" EUR"), en.removesuffix(" EUR")]
