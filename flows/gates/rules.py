"""The gates there are, and the limits a city file gives them in place of ours."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

from sources._kit.city import City
from sources._kit.errors import CityFileError

KINDS = ("max", "min", "drop", "rise", "fall", "climb", "shift", "vanish", "gone", "new", "psi")
ABSOLUTE = ("max", "min")
"""Kinds that need no run before."""
_FILE = Path(__file__).with_name("rules.toml")


@dataclass(frozen=True)
class Rule:
    """One gate: which measure it looks at, how, and where it closes. The words are those of rules.toml."""

    name: str
    measure: str
    kind: str
    limit: float
    unit: str
    severity: str
    origin: str
    says: str
    next_step: str
    rows_min: int = 0
    is_fixed: bool = False


@cache
def read_rules() -> tuple[Rule, ...]:
    """The committed gates in their order.

    Raises:
        ValueError: two have one name, or a kind is none.
    """
    rules = tuple(Rule(**row) for row in tomllib.loads(_FILE.read_text(encoding="utf-8"))["gate"])
    if len({rule.name for rule in rules}) < len(rules) or any(rule.kind not in KINDS for rule in rules):
        raise ValueError(f"{_FILE}: a gate is there twice, or of no kind that is known")
    return rules


def rules_of(city: City) -> tuple[Rule, ...]:
    """The gates of a city.

    Raises:
        CityFileError: `[gates.limits]` names no gate, or one that law or definition has set.
    """
    limits: Mapping[str, float] = city.gates.limits
    known = {rule.name: rule for rule in read_rules()}
    movable = sorted(name for name, rule in known.items() if not rule.is_fixed and rule.name != "age")
    for name, limit in limits.items():
        if name not in movable:
            key = ("gates", "limits", name)
            raise CityFileError(
                "this gate has a limit that a city cannot move" if name in known else "no such gate",
                city=city.slug,
                file=city.file_of(key),
                column=".".join(key),
                value=limit,
                next_step=f"gates with a limit of the city's own: {', '.join(movable)}",
            )
    return tuple(replace(rule, limit=limits.get(rule.name, rule.limit)) for rule in read_rules())
