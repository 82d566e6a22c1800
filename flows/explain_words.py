"""The words of `onbenut explain` in one language, from explain.toml."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

LANGUAGES = ("nl", "en")
_FILE = Path(__file__).with_name("explain.toml")
_DECIMAL = re.compile(r"(?<=\d)\.(?=\d+ ?%)")
_NUMBER = re.compile(r"\d+")


@cache
def catalogue() -> Mapping[str, Any]:
    """Every text: label -> {nl, en}, sentence -> {nl, en}, code -> group -> code -> {nl, en}."""
    return tomllib.loads(_FILE.read_text(encoding="utf-8"))


@dataclass(frozen=True)
class Words:
    """Texts, numbers and dates as one language writes them."""

    lang: str

    def label(self, key: str) -> str:
        """Name of a thing on the screen."""
        return str(catalogue()["label"][key][self.lang])

    def say(self, key: str, **values: str) -> str:
        """A sentence with its gaps filled."""
        return str(catalogue()["sentence"][key][self.lang]).format(**values)

    def code(self, group: str, code: str) -> str:
        """A code in words; one the catalogue does not know stays as it is."""
        entry = catalogue()["code"][group].get(code)
        return str(entry[self.lang]) if entry else code

    def reasons(self, text: str) -> str:
        """The reasons of a refusal: several behind each other, numbers in them kept."""
        said = []
        for reason in text.split("; "):
            words = self.code("refusal", _NUMBER.sub("#", reason))
            for number in _NUMBER.findall(reason):
                words = words.replace("#", number, 1)
            said.append(words)
        return "; ".join(said)

    def own(self, row: Mapping[str, Any], key: str) -> str:
        """The column of a row that is in this language: `label` stands for label_nl or label_en."""
        text = str(row[f"{key}_{self.lang}"])
        return _DECIMAL.sub(",", text) if self.lang == "nl" else text

    def number(self, value: Any, places: int = 0, sign: bool = False) -> str:
        """A number with its decimals: comma in Dutch, point in English."""
        text = f"{value:{'+' if sign else ''}.{places}f}"
        return text.replace(".", ",") if self.lang == "nl" else text

    def grouped(self, value: Any, places: int = 0) -> str:
        """A number with its thousands apart: 12.345,6 in Dutch, 12,345.6 in English."""
        text = f"{value:,.{places}f}"
        return text.translate(str.maketrans(",.", ".,")) if self.lang == "nl" else text

    def share(self, value: float, places: int = 0) -> str:
        """A share of one as a percentage."""
        return self.number(100 * value, places) + "%"

    def day(self, value: date | str | None) -> str:
        """A day: 31/12/2025 in Dutch, 2025-12-31 in English."""
        if value is None:
            return self.say("unknown")
        value = date.fromisoformat(value) if isinstance(value, str) else value
        return value.strftime("%d/%m/%Y") if self.lang == "nl" else value.isoformat()
