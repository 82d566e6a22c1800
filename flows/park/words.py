"""The words of a sheet of a business park in one language: its own in words.toml, else those of the dossier."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from flows.dossier_words import PageWords
from flows.explain import Row
from transforms.publish.park_terms import UNITS

_FILE = Path(__file__).with_name("words.toml")
_SHARE = "share"
_WHOLE, _FEW = 100, 10


@cache
def park_catalogue() -> Mapping[str, Any]:
    """Every text: `text` -> key -> {nl, en}."""
    return tomllib.loads(_FILE.read_text(encoding="utf-8"))


@dataclass(frozen=True)
class ParkWords(PageWords):
    """Texts and amounts of a sheet as one language writes them."""

    def text(self, key: str, **values: str) -> str:
        """A text of the sheet, or one that it shares with the dossier, with its gaps filled."""
        own = park_catalogue()["text"].get(key)
        return str(own[self.lang]).format(**values) if own else super().text(key, **values)

    def plain(self, value: float, unit: str) -> str:
        """A number without its unit: decimals only where it is small."""
        number = 100 * float(value) if unit == _SHARE else float(value)
        places = (
            0 if number.is_integer() or abs(number) >= _WHOLE else 1 if unit == _SHARE or abs(number) >= _FEW else 2
        )
        return self.grouped(number, places)

    def amount(self, value: float, unit: str) -> str:
        """A number with the sign of its unit: "21,5%", "8.008 m²"."""
        sign = UNITS.get(unit, "")
        return self.plain(value, unit) + (sign if unit == _SHARE or not sign else f" {sign}")

    def bounds(self, row: Row) -> str:
        """Between what the value of an indicator lies."""
        low, high, unit = row["low"], row["high"], row["unit"]
        if low is None and high is None:
            return self.text("no_bounds")
        if high is None:
            return self.text("at_least", low=self.amount(low, unit))
        if low is None:
            return self.text("at_most", high=self.amount(high, unit))
        return self.text("range", low=self.plain(low, unit), high=self.amount(high, unit))

    def name_of(self, park: Row) -> str:
        """Name of a park; one without a name goes by its id."""
        return str(park["name"] or park["park_id"])
