"""A CSV too large for memory, streamed by DuckDB: strict about its fields, in the provider's own column names."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import duckdb

from sources._kit.duck import literal
from sources._kit.errors import ColumnError, UnreadableSnapshotError
from sources._read.features import hold_apart


def csv_query(
    path: Path,
    where: Mapping[str, object],
    needed: Sequence[str],
    *,
    known: Sequence[str] | None = None,
    delimiter: str = ",",
) -> str:
    """SQL that reads a CSV (UTF-8, quotes doubled) as text under its own column names; empty is null.

    Args:
        path: the unpacked file.
        where: source, city, feed, member; for the errors.
        needed: columns that must be there.
        known: all columns that may be there; None where the format lets anybody add columns.
        delimiter: between fields.

    Raises:
        ColumnError: a column is missing, there twice, or not known.
        UnreadableSnapshotError: no header in UTF-8.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            names = [name.strip() for name in next(csv.reader(stream, delimiter=delimiter), [])]
    except (UnicodeDecodeError, csv.Error) as error:
        raise UnreadableSnapshotError("no CSV in UTF-8", value=error, next_step="ask the provider", **where) from error
    hold_apart(names, **where)
    for wrong, what in ((set(needed) - set(names), "a column is missing"), (
        set(names) - set(names if known is None else known), "a column came that nobody has declared")):  # fmt: skip
        if wrong:
            raise ColumnError(
                what, column=min(wrong), value=f"the file has {', '.join(names)}",
                next_step="look what the provider changed, then the source's TOML", **where,
            )  # fmt: skip
    columns = ", ".join(f"{literal(name)}: 'VARCHAR'" for name in names)
    return (
        f"SELECT * FROM read_csv({literal(path)}, auto_detect = false, header = true, delim = {literal(delimiter)}, quote = '\"', "
        f"escape = '\"', columns = {{{columns}}})"
    )


@contextmanager
def reading(where: Mapping[str, object]) -> Iterator[None]:
    """Name what DuckDB says of an unpacked CSV that cannot be cut into fields, without the line itself: it may name somebody.

    Raises:
        UnreadableSnapshotError: a line with too few or too many fields, an open quotation mark, bytes that are no UTF-8.
    """
    try:
        yield
    except duckdb.InvalidInputException as error:
        said = re.search(r"CSV Error on Line: \d+", str(error))
        if said is None:
            raise
        why = re.search(r"Expected Number of Columns: \d+ Found: \d+|unterminated quote|Invalid unicode", str(error))
        file = re.search(r"^  file = (.*)$", str(error), re.MULTILINE)
        raise UnreadableSnapshotError(
            "a line of the CSV cannot be read",
            member=Path(file[1]).name if file else None,
            value=f"{said[0].removeprefix('CSV Error on ')}, {why[0] if why else 'not as its neighbours'}",
            next_step="fetch it again, or ask the provider",
            **where,
        ) from None
