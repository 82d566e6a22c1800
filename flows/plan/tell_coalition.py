"""The plan of a coalition in words: the sections of a plan, and who is in it for what."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from flows.explain import Row
from flows.plan.coalition import CoalitionPlan
from flows.plan.tell import SIDES, end, tell_basis, tell_figures, tell_moves, tell_risk, tell_span
from flows.plan.words import PlanWords


def tell_coalition(plan: CoalitionPlan, run: Row, words: PlanWords) -> Mapping[str, Any]:
    """All a screen says of a coalition, in the sections of `tell_plan`, with `parts` and `members` beside them."""
    own = plan.coalition
    return {
        "title": words.text("coalition_for", place=str(own["place"]), count=str(own["member_count"])),
        "notice": words.text("coalition_indicative"),
        "no_area": "",
        "heads": [words.text(key) for key in ("figures", "low", "likely", "high")],
        "parts_title": words.text("parts"),
        "part_heads": [words.text(key) for key in ("use", "members", "low", "likely", "high", "room")],
        "parts": list(_parts(plan.parts, words)),
        "members_title": words.text("who"),
        "members": [
            words.text("member", advert=row["request_id"], use=words.own(row, "label")) for row in plan.members
        ],
        "figures": list(tell_figures(own, words)),
        "bounds": words.text("bounds"),
        "moves_title": words.text("moves"),
        "moves": list(tell_moves(plan.sensitivity, words)),
        "risks_title": words.text("risks"),
        "risks": [tell_risk(row, words) for row in plan.risks] or [words.text("risks_none")],
        "uses_title": words.text("coalitions"),
        "use_heads": [words.text(key) for key in ("place", "members", "filled", "invested", "needed", "market")],
        "uses": list(_coalitions(plan.coalitions, words)),
        "basis": tell_basis(plan.inputs, run, words),
    }


def _parts(parts: list[Row], words: PlanWords) -> Iterator[list[str]]:
    for row in parts:
        is_empty = row["use"] == "-"
        areas = [words.plain(row[end("usable_m2", side)], "m2") for side in SIDES]
        if is_empty:
            yield [words.text("stays_empty"), "", *areas, ""]
            continue
        room = [words.plain(row[end("capacity", side)], "number") for side in SIDES]
        span = words.text("span", low=room[0], likely=room[1], high=room[2])
        yield [words.own(row, "label"), str(row["member_count"]), *areas, f"{span} {words.own(row, 'unit')}"]


def _coalitions(coalitions: list[Row], words: PlanWords) -> Iterator[list[str]]:
    for row in coalitions:
        spans = [tell_span(row, column, words) for column in ("investment_eur", "rent_eur_m2_year")]
        filled = words.full(row["fill_share"], "share")
        market = words.plain(row["rent_ceiling_eur_m2_year"], "eur/m2/year")
        yield [str(row["place"]), str(row["member_count"]), filled, *spans, market]
