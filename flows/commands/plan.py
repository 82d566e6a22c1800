"""`onbenut plan`: what a building would take, on one screen."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.table import Table
from rich.text import Text

from flows.commands.terminal import console, print_json, table
from flows.plan.ask import PlanFacts, plan_building
from flows.plan.coalition import CoalitionPlan
from flows.plan.tell import tell_plan
from flows.plan.tell_coalition import tell_coalition
from flows.plan.words import PlanWords
from flows.workspace import Workspace


def plan(
    city: str,
    building: str,
    space: Workspace,
    audience: str,
    use: str | None,
    coalition: str | None,
    as_json: bool,
    lang: str,
) -> int:
    """Print the plan of one building.

    Raises:
        OnbenutError: the city was not run, no building goes by this id, or it has no such plan.
    """
    found = plan_building(city, building, space, audience, use, coalition)
    if as_json:
        print_json({**vars(found.plan), "run": found.explanation.run, "steps": found.steps})
        return 0
    _show(found, PlanWords(lang))
    return 0


def _show(found: PlanFacts, words: PlanWords) -> None:
    out = console()
    run = found.explanation.run
    if isinstance(found.plan, CoalitionPlan):
        told = tell_coalition(found.plan, run, words)
    else:
        told = tell_plan(found.plan, run, words)

    def line(text: str, style: str = "") -> None:
        out.print(Text(text, style=style), soft_wrap=not out.is_terminal)

    building, kind = found.explanation.building, found.explanation.type
    names = (building["name"], words.own(kind, "label") if kind else None, building["building_id"])
    line(told["title"], "bold")
    line(" · ".join(name for name in names if name))
    line(told["notice"], "bold")
    if told["no_area"]:
        line(told["no_area"], "bold")
    line("")
    if "parts" in told:
        out.print(table(told["parts_title"], told["part_heads"], told["parts"], right=told["part_heads"][1:-1]))
        line(f"\n{told['members_title']}", "bold")
        for text in told["members"]:
            line(f"- {text}")
        line("")
    out.print(_figures(told))
    line(told["bounds"], "dim")
    for section in ("moves", "risks"):
        line(f"\n{told[f'{section}_title']}", "bold")
        for text in told[section]:
            line(f"- {text}")
    heads = told["use_heads"]
    out.print(table(f"\n{told['uses_title']}", heads, told["uses"], right=heads[1:]))
    if told.get("together"):
        line(told["together"])
    line(f"\n{words.text('steps')}", "bold")
    for place, step in enumerate(found.steps, 1):
        texts = {key: str(getattr(step, f"{key}_{words.lang}")) for key in ("topic", "text", "ask")}
        line(f"{place}. {words.text('step', **texts)}")
    line(f"\n{told['notice']}", "bold")
    line(told["basis"], "dim")


def _figures(told: Mapping[str, Any]) -> Table:
    heads = told["heads"]
    made = table("", [*heads, " "], [], right=heads[1:])
    for row in told["figures"]:
        made.add_row(row["name"], *row["ends"], row["unit"], style="bold" if row["is_sum"] else None)
    return made
