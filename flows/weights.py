"""Weights of somebody's own: a TOML whose rows replace numbers of the reference tables, found by their keys.

    [[parameter]]
    name = "band_likely"
    value = 0.7

    [[evidence_kind]]
    kind = "osm_disused"
    log_lr = 3.0

Only numbers that `transforms/_kit/reference.toml` declares may differ, within their bounds. A row copied whole from
data/reference is fine: what it leaves as it was changes nothing.
"""

from __future__ import annotations

import hashlib
import math
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sources._kit.errors import OnbenutError
from transforms._kit.matrix import check_matrix
from transforms._kit.plan_inputs import check_plan
from transforms._kit.reference import Reference, columns

RULES = Path(__file__).resolve().parents[1] / "transforms" / "_kit" / "reference.toml"
NO_WEIGHT = ("key", "narrowed_by", "of")
_NAME = re.compile(r"^[a-z0-9_]+$")
Row = dict[str, Any]


class WeightsError(OnbenutError):
    """A file of weights cannot be read, or says something the reference tables do not know."""


@dataclass(frozen=True)
class Weights:
    """A file of weights as read: `name` is its stem, which names the variant; `tables` are its rows."""

    file: Path
    name: str
    sha256: str
    tables: dict[str, list[Row]]


def read_rules() -> dict[str, Any]:
    """Keys and bounds of the reference tables, and the bounds of units."""
    return tomllib.loads(RULES.read_text(encoding="utf-8"))


def read_weights(path: Path) -> Weights:
    """Read a file of weights; what it says is held to the reference tables by `apply_weights`.

    Raises:
        WeightsError: no such file, not TOML, empty, or not tables of rows; or its name cannot name a variant.
    """
    try:
        body = path.read_bytes()
        content = tomllib.loads(body.decode("utf-8-sig"))
    except OSError as error:
        raise WeightsError("no such file of weights", file=path, next_step="name a TOML file") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise WeightsError("the weights are not TOML", file=path, value=error, next_step="mend that line") from error
    if not any(content.values()):
        raise WeightsError(
            "the file of weights is empty", file=path, next_step='write [[parameter]], name = "...", value = ...'
        )
    for table, rows in content.items():
        if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
            raise WeightsError("weights are rows of a table", file=path, table=table, next_step=f"write [[{table}]]")
    name = path.stem.lower().replace("-", "_")
    if not _NAME.match(name):
        raise WeightsError(
            "the file's name names the variant: letters, digits, - and _ only",
            file=path,
            value=path.stem,
            next_step="rename it",
        )
    return Weights(path.resolve(), name, hashlib.sha256(body).hexdigest(), content)


def apply_weights(reference: Reference, weights: Weights) -> tuple[Reference, list[str]]:
    """The reference tables with the values of the file, and each change in words (`parameter band_likely value: 0.6 -> 0.7`).

    Raises:
        WeightsError: an unknown table, row or column, a value of another type or outside its bounds, a row named twice.
        MatrixError: the matrix of reuse would no longer be whole.
        PlanInputError: low, likely and high of a plan's input would no longer be in their order.
    """
    rules, tables, changes = read_rules(), dict(reference.tables), list[str]()
    for table, overrides in weights.tables.items():
        where = {"file": weights.file.name, "table": table}
        if table not in tables or table not in rules["table"]:
            known = ", ".join(sorted(set(tables) & set(rules["table"])))
            raise WeightsError("no such table of weights", next_step=f"known tables: {known}", **where)
        rule = rules["table"][table]
        rows = [dict(row) for row in tables[table]]
        names = key_of(rule)
        by_key = {tuple(row.get(name) for name in names): row for row in rows}
        seen: set[tuple[Any, ...]] = set()
        for override in overrides:
            missing = [name for name in rule["key"] if name not in override]
            key = tuple(override.get(name) for name in names)
            if missing or key not in by_key:
                raise WeightsError(
                    "no such row" if not missing else "a row is found by its key",
                    row=_row(key) or None,
                    next_step=f"key: {', '.join(names)}; rows: {_some(by_key)}",
                    **where,
                )
            if key in seen:
                raise WeightsError("a row is named twice", row=_row(key), next_step="keep one", **where)
            seen.add(key)
            place = {**where, "row": _row(key)}
            for column in [name for name in override if name not in names]:
                change = _set(by_key[key], column, override[column], rule, rules["unit"], columns(rows), place)
                changes += [f"{table} {place['row']} {column}: {change}"] if change else []
        tables[table] = rows
    check_matrix(tables)
    check_plan(tables)
    return Reference(tables, reference.version, weights.name), changes


def _set(
    row: Row, column: str, value: object, rule: Row, units: Row, known: list[str], place: dict[str, str]
) -> str | None:
    """Put one value into a row; the change in words, None where it is the value that was there."""
    place = {**place, "column": column}
    bounds = rule.get(column)
    if column not in known:
        may = [name for name in rule if name not in NO_WEIGHT]
        raise WeightsError("no such column", next_step=f"columns: {', '.join(may) or 'none'}", **place)
    old = row.get(column)
    if value == old and isinstance(value, bool) == isinstance(old, bool):
        return None
    if column == "origin" and isinstance(value, str):
        row[column] = value
        return None
    if bounds is None:
        may = [name for name in rule if name not in NO_WEIGHT]
        raise WeightsError(
            "this column is no weight", next_step=f"may differ: {', '.join(may) or 'none'}", value=value, **place
        )
    if isinstance(bounds, str) and bounds != "by_unit":
        if not isinstance(value, str):
            raise WeightsError("the value is of another type", value=repr(value), next_step="write a text", **place)
        if not re.fullmatch(bounds, value) or _names(value) != _names(str(old)):
            raise WeightsError("the text has another form", value=value, next_step=f"write it like {old!r}", **place)
        row[column] = value
        return f"{old} -> {value}"
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise WeightsError("the value is of another type", value=repr(value), next_step="write a number", **place)
    if not math.isfinite(value):
        raise WeightsError("the value is outside its range", value=value, next_step="write a number", **place)
    if isinstance(old, int) and value != int(value):
        raise WeightsError("the value is of another type", value=value, next_step="write a whole number", **place)
    low, high = find_bounds(row, column, rule, units)
    if low is None or high is None or not low <= value <= high:
        step = f"from {low} to {high}" if low is not None else f"declare bounds of its unit in {RULES.name}"
        raise WeightsError("the value is outside its range", value=value, next_step=step, **place)
    row[column] = float(value) if isinstance(old, float) else int(value)
    return f"{old} -> {value}"


def find_bounds(row: Mapping[str, Any], column: str, rule: Row, units: Row) -> tuple[float | None, float | None]:
    """Lowest and highest value a number may have: of its column, its row or its unit; (None, None) where none is declared."""
    if rule[column] != "by_unit":
        low, high = rule[column]
    else:
        key = "/".join(str(row[name]) for name in rule["key"])
        low, high = rule.get("of", {}).get(key) or units.get(str(row.get("unit")), (None, None))
    return low, high


def key_of(rule: Row) -> list[str]:
    """Columns a row is found by; those that narrow it may be absent."""
    return [*rule["key"], *rule.get("narrowed_by", [])]


def _row(key: tuple[Any, ...]) -> str:
    return "/".join(str(part) for part in key if part is not None)


def _names(levels: str) -> set[str]:
    return {pair.split(":")[0] for pair in levels.split(" ")}


def _some(keys: dict[tuple[Any, ...], Row]) -> str:
    shown = [_row(key) for key in list(keys)[:30]]
    return ", ".join(shown) + (", ..." if len(keys) > 30 else "")
