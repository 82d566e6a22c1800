"""SQL that says what is wrong with one text cell, or translates it. Each check gives null for a good cell."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from sources._kit.duck import identifier, literal

_MONTH = "(jan|feb|mrt|maa|mar|apr|mei|may|jun|jul|aug|sep|okt|oct|nov|dec)[a-z]*[.]?"
# A house number that a spreadsheet has read as a day: 2025-10-12, 12/10/2025, 12-okt, okt/12.
_EATEN = "|".join(
    [
        r"\d{4}-\d{1,2}-\d{1,2}([ t].*)?",
        r"\d{1,2}[-/.]\d{1,2}[-/.]\d{4}",
        rf"\d{{1,2}}[-/. ]{_MONTH}([-/. ]\d{{2,4}})?",
        rf"{_MONTH}[-/. ]\d{{1,4}}",
    ]
)
# A day with or without a time, in the orders that registers use; eight digits; epoch milliseconds.
_DATE = r"\d{4}[-/.]\d{1,2}[-/.]\d{1,2}([ T].*)?|\d{1,2}[-/.]\d{1,2}[-/.]\d{2,4}( .*)?|\d{8}|-?\d{11,14}"
SHOWN_LETTERS = 40


def check_word(column: str, known: Iterable[str]) -> str:
    """A cell must hold one of these words, in any case; an empty cell is good only where '' is a word."""
    words = ", ".join(sorted({literal(word.strip().lower()) for word in known}))
    return (
        f"CASE WHEN lower({_cell(column)}) IN ({words}) THEN NULL"
        f" WHEN {_cell(column)} = '' THEN {_said(column, ' is empty')}"
        f" ELSE {_said(f'unknown value in {column}', ': ')} || left({_cell(column)}, {SHOWN_LETTERS}) END"
    )


def check_number(column: str, unless: str | None = None) -> str:
    """A house or box number must not be a date, unless another column places the row; 10-12 is lost, and is not guessed."""
    needed = f" AND {_cell(unless)} = ''" if unless else ""
    return f"CASE WHEN {_is_eaten(column)}{needed} THEN {_said(column, ' is a date: ')} || {_cell(column)} END"


def number(column: str) -> str:
    """A house or box number; null when empty, or when a spreadsheet has made a day of it."""
    return f"CASE WHEN NOT {_is_eaten(column)} THEN {trimmed(column)} END"


def check_date(column: str) -> str:
    """A cell that is not empty must look like a day."""
    is_none = f"{_cell(column)} <> '' AND NOT regexp_full_match({_cell(column)}, {literal(_DATE)})"
    shown = f"left({_cell(column)}, {SHOWN_LETTERS})"
    return f"CASE WHEN {is_none} THEN {_said(column, ' holds no date: ')} || {shown} END"


def check_decimal(column: str) -> str:
    """A cell that is not empty must be a number, with a point or a comma."""
    shown = f"left({_cell(column)}, {SHOWN_LETTERS})"
    is_none = f"{_cell(column)} <> '' AND try_cast(replace({_cell(column)}, ',', '.') AS DOUBLE) IS NULL"
    return f"CASE WHEN {is_none} THEN {_said(column, ' is no number: ')} || {shown} END"


def trimmed(column: str) -> str:
    """A cell without the space around it; null when nothing is left."""
    return f"nullif({_cell(column)}, '')"


def translated(column: str, words: Mapping[str, str], *, keep_others: bool) -> str:
    """A cell's translation, in any case; other words stay or become null; an empty translation is null."""
    cases = " ".join(f"WHEN {literal(k.strip().lower())} THEN {literal(v or None)}" for k, v in words.items())
    return f"CASE lower({_cell(column)}) {cases} ELSE {trimmed(column) if keep_others else 'NULL'} END"


def _is_eaten(column: str) -> str:
    return f"regexp_full_match(lower({_cell(column)}), {literal(_EATEN)})"


def _cell(column: str) -> str:
    return f"trim(coalesce({identifier(column)}, ''), E' \\t\\r\\n' || chr(160))"


def _said(start: str, end: str) -> str:
    return literal(start + end)
