"""A CSV whose rows have their position in two columns, as one DuckDB query; a large one is streamed."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import duckdb

from sources._kit.duck import identifier
from sources._kit.errors import ColumnError, UnreadableSnapshotError
from sources._kit.snapshot import Snapshot
from sources._read.content import place
from sources._read.streamed import csv_query

STREAMED_FROM_BYTES = 128 << 20
"""A larger file is not held in memory; it must be UTF-8, and a line with other fields than the header refuses it."""
_ROWS = "point_rows"


@contextmanager
def csv_points(
    con: duckdb.DuckDBPyConnection, snapshot: Snapshot, paths: Sequence[Path], positions: Sequence[tuple[str, str]]
) -> Iterator[str]:
    """Query over one CSV: its columns as text and `geom` in the feed's CRS; holds while the block is open.

    Args:
        con: a connection with the spatial extension.
        snapshot: the fetched file.
        paths: its one file.
        positions: pairs of columns with x and y, in the order they are looked for; lower case.

    Raises:
        UnreadableSnapshotError: several files, or one that cannot be cut into fields.
        ColumnError: no columns with a position, or two with one name.
    """
    where = place(snapshot, "data", paths[0])
    if len(paths) > 1:
        raise UnreadableSnapshotError(
            "more than one CSV file", value=len(paths), next_step="give one file, or GeoParquet", **where
        )
    if paths[0].stat().st_size > STREAMED_FROM_BYTES:
        rows = csv_query(paths[0], where, (), delimiter=_delimiter(paths[0]))
    else:
        # Arrow is loaded where a file is read: an unchanged night only asks what the table is called.
        from sources._read.rows import read_rows

        con.register(_ROWS, read_rows(paths[0], where).table)
        rows = f"SELECT * FROM {_ROWS}"
    try:
        found = {row[0].lower(): row[0] for row in con.execute(f"DESCRIBE {rows}").fetchall()}
        x, y = next(((a, b) for a, b in positions if a in found and b in found), (None, None))
        if x is None or y is None:
            raise ColumnError(
                "no columns with a position",
                value=f"the file has {', '.join(sorted(found))}",
                next_step=f"one of these pairs is read: {', '.join('/'.join(pair) for pair in positions)}",
                **where,
            )
        # A decimal comma is what Excel makes of a coordinate in this country.
        numbers = [f"TRY_CAST(replace({identifier(found[name])}, ',', '.') AS DOUBLE)" for name in (x, y)]
        yield f"SELECT *, ST_Point({', '.join(numbers)}) AS geom FROM ({rows})"
    finally:
        con.unregister(_ROWS)


def _delimiter(path: Path) -> str:
    from sources._read.rows import DELIMITERS

    with path.open(encoding="utf-8-sig", errors="replace") as stream:
        first = re.sub(r'"[^"]*"', "", stream.readline())
    return max(DELIMITERS, key=first.count)
