"""A plan in words: sections that a screen and a dossier only have to lay out."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from flows.explain import Row
from flows.plan.read import Plan
from flows.plan.words import PlanWords

# Column of plan.scenario -> unit, in the order in which a reader adds up.
FIGURES = {
    "gross_m2": "m2", "usable_m2": "m2", "capacity": "number", "works_level": "", "works_eur": "eur", "fees_eur": "eur", "vat_eur": "eur",
    "acquisition_eur": "eur", "investment_eur": "eur", "bridging_eur": "eur", "own_capital_eur": "eur", "shares": "number",
    "loan_eur": "eur", "annuity_eur_year": "eur/year", "operating_eur_year": "eur/year", "yearly_eur_year": "eur/year",
    "rent_eur_m2_year": "eur/m2/year", "rent_eur_m2_month": "eur/m2/month", "rent_ceiling_eur_m2_year": "eur/m2/year",
}  # fmt: skip
SUMS = ("investment_eur", "own_capital_eur", "yearly_eur_year", "rent_eur_m2_year")
_UNIT = re.compile(r"(_eur.*|_m2)$")
SIDES = ("low", "", "high")
_TOLD_BY_NAME = ("level", "-")


def tell_plan(plan: Plan, run: Row, words: PlanWords) -> Mapping[str, Any]:
    """All a page or screen says of a plan. Every text is of one language, every number is written out."""
    return {
        "title": words.text("plan_for", use=words.own(plan.scenario, "label")),
        "notice": words.text("indicative"),
        "no_area": "" if plan.scenario["unknown"] is None else words.text("no_area"),
        "heads": [words.text(key) for key in ("figures", "low", "likely", "high")],
        "figures": list(tell_figures(plan.scenario, words)),
        "bounds": words.text("bounds"),
        "moves_title": words.text("moves"),
        "moves": list(tell_moves(plan.sensitivity, words)) or [words.text("moves_none")],
        "risks_title": words.text("risks"),
        "risks": [tell_risk(row, words) for row in plan.risks] or [words.text("risks_none")],
        "uses_title": words.text("uses"),
        "use_heads": [words.text(key) for key in ("use", "place", "invested", "needed", "market")],
        "uses": list(tell_uses(plan.scenarios, words)),
        "together": tell_together(plan.coalitions, words),
        "basis": tell_basis(plan.inputs, run, words),
    }


def tell_basis(inputs: list[Row], run: Row, words: PlanWords) -> str:
    """What day the prices are of, and which numbers and run."""
    day = words.day(max(row["valued_on"] for row in inputs))
    return words.text("basis", day=day, config=run["config_version"], run=run["run_id"])


def tell_figures(scenario: Row, words: PlanWords) -> Iterator[Mapping[str, Any]]:
    """Name, low, likely, high and unit of every figure that the plan has."""
    for column, unit in FIGURES.items():
        if column not in scenario:
            continue
        values = [scenario[end(column, side)] for side in SIDES]
        if column == "works_level":
            ends = [words.name("level", value) for value in values]
            mark = ""
        else:
            ends = [words.plain(value, unit) for value in values]
            mark = words.own(scenario, "unit") if column == "capacity" else words.name("unit", unit)
        yield {"name": words.name("figure", column), "ends": ends, "unit": mark, "is_sum": column in SUMS}


def tell_moves(moves: list[Row], words: PlanWords) -> Iterator[str]:
    """The inputs that move the rent most, each with the rent at its low and at its high."""
    for row in moves:
        ends = {side: words.full(row[side], row["unit"]) for side in ("low", "likely", "high")}
        rents = {
            f"at_{side}": words.plain(row[f"rent_at_{side}_eur_m2_year"], "eur/m2/year") for side in ("low", "high")
        }
        rents["at_high"] += " " + words.text("rent_unit")
        yield words.text("move", input=words.own(row, "label"), **ends, **rents)


def tell_risk(row: Row, words: PlanWords) -> str:
    """One risk with the number behind it, and the member it is about."""
    told = _tell_number(row, words)
    return f"{row['request_id']}: {told}" if row.get("request_id") else told


def _tell_number(row: Row, words: PlanWords) -> str:
    label = words.own(row, "label")
    if row["subject_nl"]:
        return f"{words.own(row, 'subject')}: {label}"
    if row["risk"] == "heritage":
        label = f"{label} ({words.code('heritage', row['subject'])})"
    if row["unit"] in _TOLD_BY_NAME or row["value"] is None:
        return label
    if row["limit_value"] is None:
        return words.text("risk_value", label=label, value=words.full(row["value"], row["unit"]))
    value, limit = words.plain(row["value"], row["unit"]), words.full(row["limit_value"], row["unit"])
    return words.text("risk_limit", label=label, value=value, limit=limit)


def tell_uses(scenarios: list[Row], words: PlanWords) -> Iterator[list[str]]:
    """A line a use: place, investment, needed rent and what the market pays."""
    for row in scenarios:
        place = words.say("unknown") if row["place"] is None else str(row["place"])
        spans = [tell_span(row, column, words) for column in ("investment_eur", "rent_eur_m2_year")]
        yield [words.own(row, "label"), place, *spans, words.plain(row["rent_ceiling_eur_m2_year"], "eur/m2/year")]


def tell_together(coalitions: list[Row], words: PlanWords) -> str:
    """How many coalitions could fill the building, and how far; nothing where there are none."""
    fills = "; ".join(words.full(row["fill_share"], "share") for row in coalitions)
    return words.text("together", count=str(len(coalitions)), fills=fills) if coalitions else ""


def tell_span(row: Row, column: str, words: PlanWords) -> str:
    """Low, likely and high of an amount in one cell."""
    if row[column] is None:
        return words.say("unknown")
    low, likely, high = (words.plain(row[end(column, side)], "eur") for side in SIDES)
    return words.text("span", low=low, likely=likely, high=high)


def end(column: str, side: str) -> str:
    """Column of a bound: usable_m2 -> usable_low_m2."""
    place = _UNIT.search(column)
    stem = column[: place.start()] if place else column
    return f"{stem}_{side}{column[len(stem) :]}" if side else column
