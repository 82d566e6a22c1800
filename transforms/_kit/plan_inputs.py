"""Holding the inputs of plans to their own rules when they are read: an input that a use lacks is an error, not a zero."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from sources._kit.errors import OnbenutError

Row = Mapping[str, Any]
Tables = Mapping[str, Sequence[Row]]
TABLES = ("plan_use", "plan_input", "plan_level", "plan_heritage", "plan_limit", "plan_risk", "plan_label")
LEVELS = ("light", "medium", "heavy")
EVERY = "*"
UNKNOWN = "unknown"
# What a plan is paid with is one for the whole building, whatever uses share it.
OF_THE_WHOLE = ("bridging", "share_price", "own_capital", "interest", "term", "dividend")
_ELSEWHERE = ("floor_area", "heritage_surcharge")


class PlanInputError(OnbenutError):
    """An input of plans says something it may not, or is missing."""


def check_plan(tables: Tables) -> None:
    """Check the tables of plan.toml against each other and against reuse.toml; without them there is nothing to check.

    Args:
        tables: reference tables by name, rows as read.

    Raises:
        PlanInputError: names the table, the row and what to write.
    """
    if not any(name in tables for name in TABLES):
        return
    if missing := [name for name in TABLES if name not in tables]:
        raise _error("the inputs of plans lack a table", ", ".join(missing), "add it to plan.toml", missing[0])
    _check_said(tables)
    _check_order(tables)
    _check_whole(tables)
    _check_levels(tables)


def _check_said(tables: Tables) -> None:
    for name in ("plan_use", "plan_input", "plan_level", "plan_heritage", "plan_limit"):
        for row in tables[name]:
            if not isinstance(row.get("valued_on"), date) or not str(row.get("origin", "")).strip():
                raise _error(
                    "a number says where it is from and when it was valued", row, "add origin, valued_on", name
                )


def _check_order(tables: Tables) -> None:
    for name in ("plan_input", "plan_heritage"):
        for row in tables[name]:
            if not row["low"] <= row["likely"] <= row["high"]:
                raise _error("low, likely and high are in that order", row, "change all that move together", name)


def _check_whole(tables: Tables) -> None:
    """Every use that has a plan has one row for every input, and of works one for every level: its own, or the one for all."""
    uses = {row["use"] for row in tables["plan_use"]}
    # A use of the matrix that has no row here gets no plan; its prices are not known.
    if odd := uses - {row["use"] for row in tables.get("reuse_use", tables["plan_use"])}:
        raise _error("no such use", ", ".join(sorted(odd)), "name one of reuse.toml", "plan_use")
    inputs = {row["input"] for row in tables["plan_label"]} - set(_ELSEWHERE)
    cells = [(row["input"], row["use"], row["level"]) for row in tables["plan_input"]]
    for cell in cells:
        name, use, level = cell
        levels = LEVELS if name == "works" else (EVERY,)
        if cells.count(cell) > 1 or name not in inputs or use not in {*uses, EVERY} or level not in levels:
            raise _error("no such input, use or level, or twice", "/".join(cell), f"levels: {', '.join(levels)}")
        if name in OF_THE_WHOLE and use != EVERY:
            raise _error("an input of the whole plan is one for all uses", "/".join(cell), 'write use = "*"')
    for name in inputs:
        for level in LEVELS if name == "works" else (EVERY,):
            for use in uses:
                if not {(name, use, level), (name, EVERY, level)} & set(cells):
                    raise _error("a use lacks an input", f"{name}/{use}/{level}", "add a row")


def _check_levels(tables: Tables) -> None:
    """Every pair of condition and heritage that a building can have, or not be known to have, has a span of works."""
    classes = {
        name: {row["class"] for row in tables.get("reuse_class", []) if row["criterion"] == name} | {UNKNOWN}
        for name in ("condition", "heritage")
    }
    found = [(row["condition"], row["heritage"]) for row in tables["plan_level"]]
    wanted = {(one, other) for one in classes["condition"] for other in classes["heritage"]}
    if "reuse_class" in tables and (set(found) != wanted or len(found) != len(wanted)):
        odd = sorted(wanted ^ set(found)) or "a pair twice"
        raise _error("every condition and heritage has one row", odd, "add or take away", "plan_level")
    if {row["heritage"] for row in tables["plan_heritage"]} != {pair[1] for pair in found}:
        raise _error("every class of heritage has one row", found, "add or take away", "plan_heritage")
    for row in tables["plan_level"]:
        places = [LEVELS.index(row[key]) for key in ("level_low", "level", "level_high") if row[key] in LEVELS]
        if len(places) != len(LEVELS) or places != sorted(places):
            raise _error("levels run from light to heavy", row, f"write {', '.join(LEVELS)}", "plan_level")


def _error(what: str, value: object, next_step: str, table: str = "plan_input") -> PlanInputError:
    shown = ", ".join(f"{k} = {v}" for k, v in value.items()) if isinstance(value, Mapping) else str(value)
    return PlanInputError(what, file="data/reference/plan.toml", table=table, value=shown, next_step=next_step)
