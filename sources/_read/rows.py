"""Rows of text from CSV or an Excel sheet: every data line is a row, and a line that does not fit says so."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from itertools import chain, islice
from pathlib import Path
from typing import Any, BinaryIO, TextIO
from zipfile import BadZipFile

# pyarrow itself re-exports these without saying so, which a strict type checker does not accept.
import pyarrow.lib as pa

from sources._kit.errors import ColumnError, UnreadableSnapshotError
from sources._read.content import kind_of
from sources._read.features import hold_apart

BATCH_ROWS = 50_000
LINE_MAX = 1 << 20
SHEET_ROWS = 1 << 20
"""As many as Excel itself has; a file may number its only row a billion, and the reader counts up to there."""
DELIMITERS = ";,\t|"
Line = tuple[int, Sequence[str | None]]


@dataclass(frozen=True)
class Rows:
    """Text columns under the provider's names, `_row` (line in the file) and `defect`; how it was read."""

    table: pa.Table
    remark: str


def read_rows(
    path: Path,
    where: Mapping[str, object],
    *,
    encoding: str | None = None,
    delimiter: str | None = None,
    sheet: str | None = None,
) -> Rows:
    """Read a CSV file or an Excel sheet, told apart by content; lines with nothing in them are no rows.

    Args:
        path: the file.
        where: source, city, feed, part, file; for the errors.
        encoding: of a CSV; when None UTF-8, and cp1252 where the bytes are not UTF-8.
        delimiter: of a CSV; when None the one that occurs most in the first line.
        sheet: of an Excel file; when None the only sheet that holds anything.

    Raises:
        UnreadableSnapshotError: neither of the two, damaged, not decodable, or several sheets.
        ColumnError: two columns with one name, or values under a column without a name.
    """
    kind = kind_of(path, **where)
    if kind == "text":
        with path.open(encoding=(found := encoding or _encoding(path)), newline="") as stream:
            try:
                lines, used = _csv_lines(stream, delimiter)
                return Rows(_table(lines, _fields_defect, **where), f"read as {found}, delimiter {used!r}")
            except UnicodeDecodeError as error:
                raise UnreadableSnapshotError(
                    f"the file is not {found}",
                    value=error.reason,
                    next_step="set `encoding` in the city file",
                    **where,
                ) from error
            except csv.Error as error:
                raise UnreadableSnapshotError(
                    "the CSV cannot be cut into fields",
                    value=error,
                    next_step="look for a quotation mark that is not closed",
                    **where,
                ) from error
    if kind == "excel":
        with path.open("rb") as book:
            try:
                name, cells = _sheet_lines(book, sheet, **where)
                return Rows(_table(cells, lambda *_: None, **where), f"sheet {name}")
            # SyntaxError is what both XML parsers raise, also for entities that grow without bound; the rest comes of odd cells.
            except (SyntaxError, ValueError, LookupError, OverflowError, BadZipFile) as error:
                is_xml = isinstance(error, SyntaxError)
                raise UnreadableSnapshotError(
                    "the Excel file holds XML that cannot be read" if is_xml else "the Excel file is damaged",
                    value=error,
                    next_step="open it and save it again",
                    **where,
                ) from error
    raise UnreadableSnapshotError(f"{kind} is no list of rows", next_step="give CSV or Excel (.xlsx)", **where)


def _encoding(path: Path) -> str:
    with path.open("rb") as stream:
        if stream.read(2) in (b"\xff\xfe", b"\xfe\xff"):
            return "utf-16"
    try:
        with path.open(encoding="utf-8-sig") as text:
            while text.read(1 << 20):
                pass
    except UnicodeDecodeError:
        # What Excel in this country writes; Latin-1 would make the euro sign a control code.
        return "cp1252"
    return "utf-8-sig"


def _text_lines(stream: TextIO) -> Iterator[str]:
    while line := stream.readline(LINE_MAX):
        if len(line) == LINE_MAX:
            raise csv.Error(f"a line of {LINE_MAX} letters or more")
        yield line


def _csv_lines(stream: TextIO, delimiter: str | None) -> tuple[Iterator[Line], str]:
    text = _text_lines(stream)
    first, skipped = next(text, ""), 0
    if told := re.fullmatch(r'"?sep=(.)"?\s*', first):  # Excel's own note to itself
        first, skipped, delimiter = next(text, ""), 1, delimiter or told.group(1)
    bare = re.sub(r'"[^"]*"', "", first)
    used = delimiter or max(DELIMITERS, key=bare.count)
    # strict: a quotation mark that is never closed would otherwise swallow the rest of the file.
    reader = csv.reader(chain([first], text), delimiter=used, strict=True)

    def numbered() -> Iterator[Line]:
        begins = 1
        for fields in reader:
            yield begins + skipped, fields
            begins = reader.line_num + 1

    return numbered(), used


def _sheet_lines(stream: BinaryIO, sheet: str | None, **where: object) -> tuple[str, Iterator[Line]]:
    from openpyxl import load_workbook
    from openpyxl.utils.exceptions import InvalidFileException

    try:
        book = load_workbook(stream, read_only=True, data_only=True)
    except (BadZipFile, InvalidFileException, KeyError, ValueError) as error:
        raise UnreadableSnapshotError(
            "the Excel file is damaged", value=error, next_step="open it and save it again", **where
        ) from error
    sheets = {tab.title: tab for tab in book.worksheets}
    for tab in sheets.values():
        tab.reset_dimensions()  # some programs write a wrong size, and read-only mode believes it
    filled = [n for n, tab in sheets.items() if any(c is not None for r in _cells(tab) for c in r)]
    if sheet is None and len(filled) == 1:
        sheet = filled[0]
    if sheet not in sheets:
        raise UnreadableSnapshotError(
            "which sheet holds the list?" if filled else "no sheet holds anything",
            value=sheet,
            next_step=f"set `sheet` in the city file; there are {', '.join(sheets)}",
            **where,
        )
    return sheet, ((n, [cell_text(cell) for cell in row]) for n, row in enumerate(_cells(sheets[sheet]), 1))


def _cells(sheet: Any) -> Iterator[Sequence[object]]:
    for number, row in enumerate(sheet.iter_rows(values_only=True, max_row=SHEET_ROWS + 1), 1):
        if number > SHEET_ROWS:
            raise ValueError(f"a row is numbered beyond {SHEET_ROWS}, the last one that Excel has")
        yield row


def cell_text(value: object) -> str | None:
    """A cell as text: dates in ISO, whole numbers without a decimal point."""
    if value is None:
        return None
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time() == time() else value.isoformat(" ")
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def _fields_defect(number: int, fields: Sequence[str | None], width: int) -> str | None:
    if len(fields) == width or (len(fields) > width and not any(fields[width:])):
        return None
    return f"line {number} has {len(fields)} fields, the header {width}"


def _table(
    lines: Iterator[Line], check: Callable[[int, Sequence[str | None], int], str | None], **where: object
) -> pa.Table:
    filled = ((n, fields) for n, fields in lines if any((field or "").strip() for field in fields))
    header = next(filled, (0, ()))[1]
    names = [(name or "").removeprefix("\ufeff").strip() for name in header]
    while names and not names[-1]:
        names.pop()
    hold_apart([name for name in names if name], **where)
    width = len(names)
    schema = pa.schema(
        [
            *((n or f"_{i}", pa.string()) for i, n in enumerate(names)),
            ("_row", pa.int64()),
            ("defect", pa.string()),
        ]
    )
    batches = []
    while batch := list(islice(filled, BATCH_ROWS)):
        defects = [check(n, fields, width) for n, fields in batch]
        cut = [fields[:width] for _, fields in batch]
        by_column = [[row[i] if i < len(row) else None for row in cut] for i in range(width)]
        arrays = [pa.array(values, pa.string()) for values in by_column]
        arrays += [pa.array([n for n, _ in batch], pa.int64()), pa.array(defects, pa.string())]
        batches.append(pa.record_batch(arrays, schema=schema))
    table = pa.Table.from_batches(batches, schema=schema)
    nameless = {position for position, name in enumerate(names) if not name}
    for position in sorted(nameless):
        if any((value or "").strip() for value in table.column(position).to_pylist()):
            raise ColumnError(
                "a column without a name",
                column=position + 1,
                next_step="give it a name in the first row",
                **where,
            )
    # By place: by name each would be looked for among all, and a sheet has sixteen thousand.
    return table.select([position for position in range(table.num_columns) if position not in nameless])
