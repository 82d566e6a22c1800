"""Lines of a screen: a name before a value, an amount before what it is for, lists that end in "and 12 more"."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from textwrap import wrap

from flows.explain import Row
from flows.explain_words import Words

INDENT = 13
_NAME = 11
_ITEMS = 4
_LISTED = 3


def pair(name: str, value: str) -> str:
    """A name and its value."""
    return f"{name:<{_NAME}}{value}"


def amount(value: object, words: Words) -> str:
    """An amount with all its places, before what it is for."""
    return f"{words.number(value, 6, sign=True):>{INDENT - 2}}  "


def some(values: Sequence[str], words: Words, shown: int = _LISTED) -> str:
    """The first few values, and how many more there are."""
    rest = [words.say("more", count=str(len(values) - shown))] if len(values) > shown else []
    return "; ".join([*values[:shown], *rest])


def split(parts: Sequence[Row]) -> tuple[Sequence[Row], Sequence[Row]]:
    """The parts that get a line of their own, and the others."""
    return (parts, []) if len(parts) <= _ITEMS + 1 else (parts[:_ITEMS], parts[_ITEMS:])


def rest(parts: Sequence[Row], words: Words) -> Iterator[str]:
    """One line for the parts that got none, with their sum: the lines still add up."""
    if parts:
        total = sum((part["value"] for part in parts[1:]), parts[0]["value"])
        yield amount(total, words) + words.say("more_parts", count=str(len(parts)))


def folded(line: str, width: int) -> list[str]:
    """A sentence over at most two lines; whatever is longer ends in an ellipsis."""
    if len(line) <= width:
        return [line]
    indent = " " * (len(line) - len(line.lstrip()) + INDENT)
    made = wrap(line, width, subsequent_indent=indent, break_on_hyphens=False, drop_whitespace=True)
    if len(made) > 2:
        made = [made[0], made[1][: width - 2].rstrip() + " …"]
    return [part if len(part) <= width else part[: width - 1] + "…" for part in made]
