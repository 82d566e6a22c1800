"""`onbenut sql`: an answer as a table, CSV or JSON."""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Iterator
from typing import Any

from flows.commands.terminal import console, plain, table, text
from flows.query import Answer, ask
from flows.workspace import Workspace

_TABLE_ROWS = 100
_CELL = 60  # characters; a polygon would fill the screen


def sql(city: str, query: str, space: Workspace, form: str, limit: int | None) -> int:
    """Ask and print.

    Raises:
        OnbenutError: the query is refused or the city has not been run.
    """
    answer = ask(city, space, query)
    if form == "csv":
        writer = csv.writer(sys.stdout, lineterminator="\n")
        writer.writerow(answer.columns)
        writer.writerows(_limited(answer, limit))
    elif form == "json":
        _print_json(answer, limit)
    else:
        _print_table(answer, _TABLE_ROWS if limit is None else limit)
    return 0


def _limited(answer: Answer, limit: int | None) -> Iterator[tuple[Any, ...]]:
    count = 0
    for batch in answer.batches:
        for row in batch:
            if count == limit:
                return
            count += 1
            yield row


def _print_json(answer: Answer, limit: int | None) -> None:
    separator = "["
    for row in _limited(answer, limit):
        line = json.dumps(dict(zip(answer.columns, row, strict=True)), ensure_ascii=False, default=plain)
        sys.stdout.write(f"{separator}{line}")
        separator = ",\n"
    sys.stdout.write("]\n" if separator != "[" else "[]\n")


def _print_table(answer: Answer, limit: int) -> None:
    rows = list(_limited(answer, limit + 1))
    lines = [[_short(value) for value in row] for row in rows[:limit]]
    numbers = [
        column
        for place, column in enumerate(answer.columns)
        if lines and all(_is_number(row[place]) for row in rows[:limit])
    ]
    console().print(table("", answer.columns, lines, right=numbers))
    if len(rows) > limit:
        console(sys.stderr).print(f"more than {limit} rows: the first {limit} are shown; --limit shows more")


def _short(value: object) -> str:
    shown = text(value)
    return shown if len(shown) <= _CELL else shown[: _CELL - 1] + "…"


def _is_number(value: object) -> bool:
    from decimal import Decimal

    return value is None or (isinstance(value, int | float | Decimal) and not isinstance(value, bool))
