"""The words behind the codes of the layer, in Dutch and in English, as value lists need them."""

from __future__ import annotations

from dataclasses import dataclass

import duckdb


@dataclass(frozen=True)
class Code:
    """A value of a column and what it means."""

    value: str
    title_nl: str
    title_en: str

    def title(self, language: str) -> str:
        """The word in `nl` or `en`."""
        return self.title_nl if language == "nl" else self.title_en


Codes = dict[str, tuple[Code, ...]]
"""Column -> its values, in the order of a list."""


def read_codes(con: duckdb.DuckDBPyConnection) -> Codes:
    """All value lists of `layer.code`."""
    rows = con.execute("SELECT column_name, code, title_nl, title_en FROM layer.code ORDER BY column_name, place, code")
    found: dict[str, list[Code]] = {}
    for column, *words in rows.fetchall():
        found.setdefault(column, []).append(Code(*words))
    return {column: tuple(codes) for column, codes in found.items()}
