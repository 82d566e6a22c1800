"""The words of a plan in one language: those of `explain`, and words.toml."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from flows.explain_words import Words

_FILE = Path(__file__).with_name("words.toml")
_SHARES = ("share", "share/year")
# An estimate to the euro would be believed to the euro.
_ROUGH, _DIGITS = ("eur", "eur/year", "number"), 3
_ONES = 10


@cache
def plan_catalogue() -> Mapping[str, Any]:
    """Every text: group -> key -> {nl, en}."""
    return tomllib.loads(_FILE.read_text(encoding="utf-8"))


@dataclass(frozen=True)
class PlanWords(Words):
    """Texts and amounts as one language writes them."""

    def text(self, key: str, **values: str) -> str:
        """A text of the plan with its gaps filled."""
        return str(plan_catalogue()["text"][key][self.lang]).format(**values)

    def name(self, group: str, key: str) -> str:
        """A name from the group figure, unit or level."""
        return str(plan_catalogue()[group][key][self.lang])

    def plain(self, value: Any, unit: str) -> str:
        """A number without its unit: thousands apart; decimals only where the number is small, money to three digits."""
        if value is None:
            return self.say("unknown")
        number = float(value) * (100 if unit in _SHARES else 1)
        if unit in _ROUGH and abs(number) >= 10**_DIGITS:
            number = round(number, _DIGITS - len(str(int(abs(number)))))
        places = 0 if abs(number) >= _ONES or number.is_integer() else 2 if unit == "ratio" else 1
        return self.grouped(number, places)

    def full(self, value: Any, unit: str) -> str:
        """A number with its unit: "1.250 EUR", "12%"."""
        mark = self.name("unit", unit)
        return f"{self.plain(value, unit)}{'' if mark.startswith('%') else ' '}{mark}".strip()
