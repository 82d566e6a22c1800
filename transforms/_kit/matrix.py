"""Holding the matrix of reuse to its own rules when it is read: a class that a rule forgets is an error, not an unknown."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any

from sources._kit.errors import OnbenutError

Row = Mapping[str, Any]
Tables = Mapping[str, Sequence[Row]]
TABLES = ("reuse_use", "reuse_criterion", "reuse_class", "reuse_rule", "reuse_veto", "reuse_measure", "reuse_source")
WEIGHTS = (0.5, 1.0, 2.0)
LEVELS = ("2", "1", "0", "-1", "-2")
NUMERIC = ("number", "count_near", "nearest_m")
JUDGEMENT = "judgement"


class MatrixError(OnbenutError):
    """A row of the reuse matrix says something it may not, or a row is missing."""


def check_matrix(tables: Tables) -> None:
    """Check the tables of the reuse matrix against each other; without them there is nothing to check.

    Args:
        tables: reference tables by name, rows as read.

    Raises:
        MatrixError: names the table, the row and what to write.
    """
    if not any(name in tables for name in TABLES):
        return
    if missing := [name for name in TABLES if name not in tables]:
        raise _error("the matrix lacks a table", ", ".join(missing), "add it to reuse.toml", missing[0])
    for check in (_check_origins, _check_criteria, _check_classes, _check_rules, _check_whole, _check_named_classes):
        check(tables)


def _check_origins(tables: Tables) -> None:
    known = {JUDGEMENT} | {row["source"] for row in tables["reuse_source"]}
    names = ("reuse_criterion", "reuse_class", "reuse_rule", "reuse_veto", "class_rule")
    for name in names:
        for row in tables.get(name, []):
            if row.get("origin") not in known:
                raise _error("a row without a known origin", row, f"write one of {_some(known)}", name)


def _check_criteria(tables: Tables) -> None:
    measures = {row["measure"]: row["kind"] for row in tables["reuse_measure"]}
    for row in tables["reuse_criterion"]:
        kind = row.get("kind")
        if kind in ("number", "class"):
            if measures.get(row.get("measure")) != kind:
                right = sorted(name for name, of in measures.items() if of == kind)
                raise _error("a criterion reads a measure of its kind", row, f"name one of {_some(right)}")
        elif kind in ("count_near", "nearest_m"):
            pairs = str(row.get("tags", "")).split(" ")
            if not all(all(pair.partition("=")[::2]) for pair in pairs):
                raise _error("a near criterion needs tags", row, 'write them as "key=value key=* -key=value"')
            if kind == "count_near" and not row.get("radius_m", 0) > 0:
                raise _error("a count needs a radius", row, "add radius_m")
        else:
            raise _error("no such kind", row, f"name one of {_some([*NUMERIC, 'class'])}")


def _check_classes(tables: Tables) -> None:
    """Limits of a number leave no gap, no overlap and no end."""
    for row in tables["reuse_criterion"]:
        classes = [one for one in tables["reuse_class"] if one["criterion"] == row["criterion"]]
        names = [one["class"] for one in classes]
        if len(set(names)) != len(names) or len(names) < 2 or any(" " in name or ":" in name for name in names):
            raise _error("a criterion needs two or more classes with names of their own", row["criterion"], "mend them")
        limits = sorted(_limits(one) for one in classes if "at_least" in one or "below" in one)
        if row["kind"] == "class":
            if limits:
                raise _error("a class by name has no limits", row["criterion"], "take at_least and below away")
            continue
        ends = bool(limits) and limits[0][0] == -math.inf and limits[-1][1] == math.inf
        if not ends or any(one[1] != other[0] for one, other in pairwise(limits)):
            raise _error("limits must follow each other without an end", row["criterion"], f"mend {limits}")
    _check_known(tables, "reuse_class", "criterion")


def _check_rules(tables: Tables) -> None:
    _check_known(tables, "reuse_rule", "criterion")
    _check_known(tables, "reuse_veto", "criterion")
    uses = {row["use"] for row in tables["reuse_use"]} | {"*"}
    for name in ("reuse_rule", "reuse_veto"):
        for row in tables[name]:
            if row["use"] not in uses:
                raise _error("no such use", row, f"name one of {_some(uses)}", name)
    for row in tables["reuse_veto"]:
        if row["class"] not in _classes(tables, row["criterion"]):
            raise _error("a veto on a class that its criterion does not have", row, "mend the class", "reuse_veto")
    for row in tables["reuse_rule"]:
        levels = [pair.partition(":")[::2] for pair in row["levels"].split(" ")]
        wanted = _classes(tables, row["criterion"])
        if sorted(name for name, _ in levels) != sorted(wanted):
            raise _error("a rule gives each class of its criterion one level", row, f"its classes are {_some(wanted)}")
        if any(level not in LEVELS for _, level in levels) or row["weight"] not in WEIGHTS:
            raise _error("levels are 2 to -2, weights 0.5, 1 or 2", row, "mend them")
        numbers = [int(level) for _, level in levels]
        if not min(numbers) <= 0 <= max(numbers):
            raise _error(
                "a criterion that can only help, or only harm, is none", row, "give a class 0 or the other sign"
            )


def _check_whole(tables: Tables) -> None:
    """Every use has one rule for every criterion: its own, or the one for all."""
    seen = [(row["use"], row["criterion"]) for row in tables["reuse_rule"]]
    if doubles := {cell for cell in seen if seen.count(cell) > 1}:
        raise _error("two rules for one cell", sorted(doubles)[0], "keep one")
    for use in tables["reuse_use"]:
        for row in tables["reuse_criterion"]:
            if not {(use["use"], row["criterion"]), ("*", row["criterion"])} & set(seen):
                raise _error("a cell of the matrix is empty", f"{use['use']} x {row['criterion']}", "add a reuse_rule")


def _check_named_classes(tables: Tables) -> None:
    """What gives a class by name gives one that the criteria reading it have."""
    for given in _given_classes(tables):
        for row in tables["reuse_criterion"]:
            if row.get("measure") == given["measure"] and given["class"] not in _classes(tables, row["criterion"]):
                raise _error("a class that its criterion does not have", given, f"add it to {row['criterion']}")


def _given_classes(tables: Tables) -> Iterator[Row]:
    yield from tables.get("class_rule", [])
    for row in (*tables.get("heritage_rule", []), {"class": "none"}):
        yield {"measure": "heritage", "class": row["class"]}
    yield {"measure": "free_height_m", "class": "hall"}
    measures = {row["theme"]: row["measure"] for row in tables.get("area_theme", [])}
    for row in tables.get("area_class", []):
        yield {"measure": measures.get(row["theme"]), "class": row["class"]}
    for row in tables.get("area_theme", []):
        if row["if_outside"]:
            yield {"measure": row["measure"], "class": row["if_outside"]}


def _check_known(tables: Tables, name: str, key: str) -> None:
    known = {row["criterion"] for row in tables["reuse_criterion"]}
    for row in tables[name]:
        if row[key] not in known:
            raise _error("no such criterion", row, f"name one of {_some(known)}", name)


def _classes(tables: Tables, criterion: str) -> list[str]:
    return [row["class"] for row in tables["reuse_class"] if row["criterion"] == criterion]


def _limits(row: Row) -> tuple[float, float]:
    return row.get("at_least", -math.inf), row.get("below", math.inf)


def _some(names: Sequence[str] | set[str]) -> str:
    return ", ".join(sorted(names))


def _error(what: str, value: object, next_step: str, table: str | None = None) -> MatrixError:
    shown = ", ".join(f"{k} = {v}" for k, v in value.items()) if isinstance(value, Mapping) else str(value)
    return MatrixError(what, file="data/reference/reuse.toml", table=table, value=shown, next_step=next_step)
