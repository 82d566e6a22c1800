"""Under which licence an edition may be used, as far as its sources say: never a licence that nobody gave."""

from __future__ import annotations

import re
from dataclasses import dataclass

import duckdb

from transforms.publish.rows import table_query

SHARE_ALIKE = "https://opendatacommons.org/licenses/odbl/1-0/"
"""A database made with one under this licence is under it as a whole. It has one version."""
_SHARE_ALIKE_WORDS = re.compile(r"\bodbl\b|open database licen[cs]e", re.IGNORECASE)
_NOT_STATED = ("", "unspecified")


@dataclass(frozen=True)
class Source:
    """What one source of an edition asks for; None where it does not say."""

    feed: str
    title: str
    publisher: str | None
    licence: str | None
    licence_uri: str | None
    landing_page: str | None
    attribution: str | None


@dataclass(frozen=True)
class Rights:
    """Licence of an edition as a whole, and the words on each source's own."""

    licence: str | None
    licence_uri: str | None
    statement_nl: str
    statement_en: str

    @property
    def statement(self) -> str:
        """Both languages in one text, for files that have one place for it."""
        return f"{self.statement_nl} / {self.statement_en}"


def read_sources(con: duckdb.DuckDBPyConnection, audience: str) -> list[Source]:
    """The sources that an audience may be told of, by feed."""
    names = ", ".join(Source.__dataclass_fields__)
    rows = con.execute(f"SELECT {names} FROM ({table_query(con, 'source', audience)}) ORDER BY feed").fetchall()
    sources = [Source(row[0], row[1], *[text or None for text in row[2:]]) for row in rows]
    return [
        source if (source.licence or "").strip().lower() not in _NOT_STATED else _without_licence(source)
        for source in sources
    ]


def _without_licence(source: Source) -> Source:
    return Source(source.feed, source.title, source.publisher, None, None, source.landing_page, source.attribution)


def rights_of(sources: list[Source], audience: str) -> Rights:
    """The licence of an edition and what it rests on.

    The public edition is under the ODbL where any source is, else under the one licence that all sources share; where they differ,
    or one states none, there is no licence of the whole. The city's edition is not for publication and has none.
    """
    shared = {(source.licence, source.licence_uri) for source in sources}
    strict = {
        (name, SHARE_ALIKE) for name, where in shared if where == SHARE_ALIKE or _SHARE_ALIKE_WORDS.search(name or "")
    }
    licence: str | None = None
    uri: str | None = None
    if audience == "public" and strict:
        licence, uri = min(strict, key=str)
    elif audience == "public" and len(shared) == 1:
        licence, uri = shared.pop()
    return Rights(licence, uri, _words(sources, audience, "nl"), _words(sources, audience, "en"))


def _words(sources: list[Source], audience: str, language: str) -> str:
    dutch = language == "nl"
    none = "geen licentie vermeld" if dutch else "no licence stated"
    listed = dict.fromkeys(f"{source.title}: {source.licence or none}" for source in sources)
    start = "Licenties van de bronnen" if dutch else "Licences of the sources"
    text = f"{start}: {'; '.join(listed)}." if listed else ("Geen bronnen." if dutch else "No sources.")
    if audience == "public":
        return text
    closed = "Alleen voor de stad, niet voor publicatie." if dutch else "For the city alone, not for publication."
    return f"{closed} {text}"
