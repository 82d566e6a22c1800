"""What to check and whom to ask: the file is whole, and a building gets what applies to it and nothing twice."""

from __future__ import annotations

import tomllib
from typing import Any

import pytest

from flows.next_step import ELSEWHERE, Known, catalogue, next_steps, region_of
from flows.workspace import CHECKOUT

REFERENCE = CHECKOUT / "data" / "reference"


def reference(name: str) -> dict[str, Any]:
    return tomllib.loads((REFERENCE / f"{name}.toml").read_text(encoding="utf-8"))


def known(*types: str, listed: bool = False, **criteria: str | None) -> Known:
    return Known(criteria, frozenset(types), listed)


def topics(nis: str, what: Known) -> list[str]:
    return [step.topic for step in next_steps(nis, what)]


def test_every_row_is_whole_in_both_languages_and_says_whether_it_is_a_fact() -> None:
    named = {row["name"] for row in catalogue()["region"]} | {ELSEWHERE}
    keys = {"region", "place", "topic", "when", "text_nl", "text_en", "ask_nl", "ask_en", "origin"}
    for row in catalogue()["step"]:
        assert set(row) - {"url"} == keys
        assert all(row[key] for key in keys), row
        assert row["region"] in named
        assert row["topic"] in catalogue()["topic"]
        assert row["origin"] == "judgement" or row["origin"].startswith("fact: "), row["origin"]
        assert row.get("url", "https://").startswith("https://")
    assert {row["region"] for row in catalogue()["step"]} == named
    assert {row["topic"] for row in catalogue()["step"]} == set(catalogue()["topic"])


def test_every_condition_names_what_the_warehouse_can_say() -> None:
    reuse = reference("reuse")
    criteria = {row["criterion"] for row in reuse["reuse_criterion"]}
    classes = {(row["criterion"], row["class"]) for row in reuse["reuse_class"]}
    types = {row["type"] for row in reference("typology")["building_type"]}
    for condition in (condition for row in catalogue()["step"] for condition in row["when"]):
        kind, _, what = condition.partition(":")
        criterion, _, name = what.partition("=")
        assert kind in ("always", "register", "type", "unknown", "class"), condition
        assert kind != "type" or what in types, condition
        assert kind != "unknown" or what in criteria, condition
        assert kind != "class" or (criterion, name) in classes, condition


@pytest.mark.parametrize(
    ("nis", "region"),
    [
        ("11002", "flanders"),
        ("71072", "flanders"),
        ("23025", "flanders"),
        ("99001", "flanders"),
        ("21004", ELSEWHERE),
        ("25072", ELSEWHERE),
        ("62063", ELSEWHERE),
        ("0344", "netherlands"),
        ("GM0344", "netherlands"),
        ("", ELSEWHERE),
        (None, ELSEWHERE),
    ],
)
def test_the_code_of_a_municipality_says_whose_bodies_are_asked(nis: str | None, region: str) -> None:
    assert region_of(nis) == region


def test_every_city_of_the_project_has_bodies_of_its_own_region() -> None:
    for path in (CHECKOUT / "data" / "cities").glob("[!_]*.toml"):
        city = tomllib.loads(path.read_text(encoding="utf-8"))
        extends = city["extends"] if isinstance(city["extends"], list) else [city["extends"]]
        assert region_of(city["nis"]) in extends, path.name


def test_what_is_known_decides_what_is_asked() -> None:
    nothing = topics("11002", known())
    assert nothing == ["owner", "heritage", "zoning", "flood", "soil", "asbestos", "fire", "structure"]
    sure = known(heritage="none", flood="none", soil="clean", condition="good")
    assert topics("11002", sure) == ["owner", "zoning", "asbestos", "fire"]
    assert topics("11002", known("church", listed=True, heritage="monument"))[:4] == [
        "owner",
        "register",
        "worship",
        "heritage",
    ]


def test_a_topic_is_asked_once_and_by_its_strongest_row() -> None:
    forbidden = next_steps("44021", known(zoning="forbids"))
    assert [step.text_en for step in forbidden if step.topic == "zoning"] == [
        "The zoning probably does not allow the use that is sought. Is there an exception, or is another plan being made?"
    ]
    for nis in ("11002", "0344", "62063"):
        found = topics(nis, known("church", listed=True))
        assert len(found) == len(set(found)) >= 6


def test_checks_come_in_the_order_in_which_one_can_stop_a_plan() -> None:
    order = ["owner", "register", "heritage", "zoning", "flood", "soil", "fire", "structure"]
    for nis in ("44021", "0363", "99001"):
        told = [topic for topic in topics(nis, known("church", listed=True)) if topic in order]
        assert told == [topic for topic in order if topic in told]
        assert {"owner", "heritage", "zoning", "flood", "soil", "fire", "structure"} <= set(told)
