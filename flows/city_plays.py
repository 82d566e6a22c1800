"""What a city's feeds are to the house: the roles their tables play, and whose word they carry."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sources._kit.city import City
from sources._kit.contract import Table, load_source

Rows = Mapping[str, Sequence[Mapping[str, Any]]]
VACANCY = "vacancy"
"""Inventory of a register that does not say which."""
_WORD = re.compile(r"'([a-z_]+)'")


@dataclass(frozen=True)
class Plays:
    """A raw table of a feed: the role it plays, and who may see what comes of it."""

    feed: str
    source: str
    visibility: str
    table: Table

    @property
    def role(self) -> str:
        """Its role; empty for a table that only counts."""
        return self.table.role or ""

    def words(self, column: str, known: set[str]) -> set[str]:
        """Which of the known words a column of the role may hold: those its expression names, or all of them."""
        expression = self.table.intake.get(column, "")
        named = set(_WORD.findall(expression))
        if expression in {f"'{word}'" for word in named}:
            return known & named
        return known & named or (known if expression else set())


def played(city: City) -> list[Plays]:
    """All raw tables of a city's feeds that play a role.

    Raises:
        CityFileError: a feed's source, parts or settings are wrong.
    """
    found = []
    for feed in city.feeds.values():
        source = load_source(feed.source)
        visibility = feed.visibility or source.info.visibility
        tables = source.tables(feed).values()
        found += [Plays(feed.name, feed.source, visibility, table) for table in tables if table.role]
    return found


def heard_by(spoken: list[tuple[Plays, set[str]]], reference: Rows) -> dict[str, set[str]]:
    """Feeds by the authority whose word they carry: by the kinds of their rows, or by their source."""
    authority = {row["kind"]: row["authority"] for row in reference["evidence_kind"]}
    heard: dict[str, set[str]] = {}
    for play, kinds in spoken:
        by_source = {
            row["authority"] for row in reference["evidence_authority"] if play.source in row["sources"].split()
        }
        for name in by_source | {authority[kind] for kind in kinds}:
            heard.setdefault(name, set()).add(play.feed)
    return heard


def kinds_of(play: Plays, reference: Rows) -> set[str]:
    """Kinds of evidence that the rows of a table may be."""
    if play.role == "observation":
        allowed = load_source(play.source).info.reader.get("vocabulary", {}).get("kind")
        return play.words("kind", set(allowed or (row["kind"] for row in reference["evidence_kind"])))
    if play.role == "register_row":
        rows = reference["register_evidence"]
        inventories = play.words("inventory", {row["inventory"] for row in rows}) or {VACANCY}
        statuses = play.words("status", {row["status"] for row in rows})
        return {row["kind"] for row in rows if row["inventory"] in inventories and row["status"] in statuses}
    return set()
