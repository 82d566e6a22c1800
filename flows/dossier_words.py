"""The words of a dossier in one language: those of `explain`, and dossier.toml."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from flows.explain import Row
from flows.explain_words import Words

_FILE = Path(__file__).with_name("dossier.toml")


@cache
def dossier_catalogue() -> Mapping[str, Any]:
    """Every text: `text` -> key -> {nl, en}, `class` -> class or criterion.class -> {nl, en}."""
    return tomllib.loads(_FILE.read_text(encoding="utf-8"))


@dataclass(frozen=True)
class PageWords(Words):
    """Texts, numbers and dates of a page as one language writes them."""

    def text(self, key: str, **values: str) -> str:
        """A text of the page with its gaps filled."""
        return str(dossier_catalogue()["text"][key][self.lang]).format(**values)

    def criterion(self, part: Row) -> str:
        """A criterion of reuse with what is known of it: "grondoppervlakte: middelgroot"."""
        known = dossier_catalogue()["class"]
        names = [part["class"]] if part["class"] else str(part["classes"] or "").split()
        own = [known.get(f"{part['criterion']}.{name}", known.get(name)) for name in names]
        told = [str(entry[self.lang]) for entry in own if entry]
        label = self.own(part, "label")
        return f"{label}: {(' of ' if self.lang == 'nl' else ' or ').join(told)}" if told else label

    def measure(self, value: float | None, low: float | None, high: float | None, unit: str) -> str:
        """A size with its bounds: "8,5 m (7,0 tot 9,9)"; only the bounds where the size itself is not known."""
        sizes = [size for size in (value, low, high) if size is not None]
        # A storey or a metre has decimals where they say something; square metres have none.
        places = 0 if unit in (" m²", " m³") or all(float(size).is_integer() for size in sizes) else 1
        told = {
            name: "" if size is None else self.number(size, places)
            for name, size in (("value", value), ("low", low), ("high", high))
        }
        if value is not None:
            told["value"] += unit
            return self.text("interval", **told) if told["low"] and told["high"] else told["value"]
        if told["high"]:
            told["high"] += unit
            return (
                self.text("between", low=told["low"], high=told["high"])
                if told["low"]
                else self.text("at_most", high=told["high"])
            )
        return self.text("at_least", low=told["low"] + unit) if told["low"] else self.say("unknown")
