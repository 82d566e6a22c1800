"""What to check first about a building and which public body to ask, from next_step.toml."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

ELSEWHERE = "default"
_FILE = Path(__file__).with_name("next_step.toml")


@dataclass(frozen=True)
class Known:
    """What of a building decides which steps apply to it.

    `criteria`: criterion of the reuse matrix -> its class, None where it is not known. A criterion that is not in it is not known
    either. `types`: its type and its former one. `is_listed`: a register has it, or had it.
    """

    criteria: Mapping[str, str | None]
    types: frozenset[str]
    is_listed: bool


@dataclass(frozen=True)
class NextStep:
    """One thing to check, in Dutch and English."""

    topic: str
    topic_nl: str
    topic_en: str
    text_nl: str
    text_en: str
    ask_nl: str
    ask_en: str
    url: str | None
    origin: str


@cache
def catalogue() -> Mapping[str, Any]:
    """The whole file: `region`, `topic` and `step`."""
    return tomllib.loads(_FILE.read_text(encoding="utf-8"))


def region_of(nis_code: str | None) -> str:
    """The region whose bodies are asked, by the code of the municipality; `default` where none is known."""
    names = (row["name"] for row in catalogue()["region"] if re.fullmatch(row["nis"], nis_code or ""))
    return str(next(names, ELSEWHERE))


def next_steps(nis_code: str | None, known: Known) -> list[NextStep]:
    """The steps that apply to a building, one a topic, in the order of their place."""
    return list(_steps(region_of(nis_code), known))


def _steps(region: str, known: Known) -> Iterator[NextStep]:
    rows = [row for row in catalogue()["step"] if row["region"] == region]
    seen: set[str] = set()
    # Stable: of two rows at one place the first in the file is asked first.
    for row in sorted(rows, key=lambda row: int(row["place"])):
        topic = row["topic"]
        if topic not in seen and _applies(row["when"], known):
            seen.add(topic)
            names = catalogue()["topic"][topic]
            texts = {key: str(row[key]) for key in ("text_nl", "text_en", "ask_nl", "ask_en", "origin")}
            yield NextStep(topic=topic, topic_nl=names["nl"], topic_en=names["en"], url=row.get("url"), **texts)


def _applies(conditions: Sequence[str], known: Known) -> bool:
    return any(_holds(condition, known) for condition in conditions)


def _holds(condition: str, known: Known) -> bool:
    kind, _, what = condition.partition(":")
    if kind == "always":
        return True
    if kind == "register":
        return known.is_listed
    if kind == "type":
        return what in known.types
    criterion, _, name = what.partition("=")
    found = known.criteria.get(criterion)
    return found is None if kind == "unknown" else found == name
