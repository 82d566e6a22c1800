"""Reading a field list that came back: GeoPackage, CSV or Excel, every cell as text."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import duckdb

from flows.fieldwork.columns import CHECKED, FILLED, KEYS
from sources._kit.duck import identifier
from sources._kit.errors import ColumnError, OnbenutError, UnreadableSnapshotError
from sources._read.content import kind_of

ROWS = "field_given"
BYTES_MAX = 64 << 20
"""A list of a hundred thousand rows is smaller; photographs are files beside it."""
_LAYER = "checks"


def read_filled(con: duckdb.DuckDBPyConnection, path: Path) -> int:
    """Read the list into the temporary table `field_given`: the columns of a list as text, trimmed, `_row` and `defect`.

    Returns:
        How many rows the file has. Columns that a list does not have are left unread.

    Raises:
        OnbenutError: no such file, too large, or no list.
        ColumnError: a column of a list is missing.
    """
    where: dict[str, object] = {"file": path}
    if not path.is_file():
        raise OnbenutError("no such file", next_step="name the list that was filled in", **where)
    if path.stat().st_size > BYTES_MAX:
        raise OnbenutError(
            "no list is that large", value=f"{path.stat().st_size} bytes", next_step="look what it holds", **where
        )
    kind = kind_of(path, **where)
    table = _layer(path, where) if kind == "geopackage" else _rows(path, where)
    con.register("field_file", table)
    try:
        _keep(con, path)
    finally:
        con.unregister("field_file")
    row = con.execute(f"SELECT count(*) FROM {ROWS}").fetchone()
    assert row is not None
    return int(row[0])


def _rows(path: Path, where: dict[str, object]) -> Any:
    from sources._read.rows import read_rows

    return read_rows(path, where).table


def _layer(path: Path, where: dict[str, object]) -> Any:
    import pyogrio
    from pyogrio.errors import DataLayerError, DataSourceError

    gdal: Any = pyogrio  # carries no types
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)
            return gdal.read_arrow(path, layer=_LAYER, read_geometry=False)[1]
    except (DataSourceError, DataLayerError) as error:
        raise UnreadableSnapshotError(
            f"the file has no layer `{_LAYER}` that can be read",
            value=" ".join(str(error).split())[:200],
            next_step="give the GeoPackage that `onbenut fieldlist` made, closed in QGIS",
            **where,
        ) from error


def _keep(con: duckdb.DuckDBPyConnection, path: Path) -> None:
    found = {row[0].strip().lower(): row[0] for row in con.execute("DESCRIBE field_file").fetchall()}
    needed = (*KEYS, "seen_on", "seen_use")
    if missing := [name for name in needed if name not in found]:
        raise ColumnError(
            "a column of a field list is missing",
            file=path,
            column=missing[0],
            value=f"the file has {', '.join(sorted(found))}"[:300],
            next_step=f"a list has {', '.join((*KEYS, *FILLED))}; draw one with onbenut fieldlist",
        )
    cells = [
        f"nullif(trim(CAST({identifier(found[name])} AS VARCHAR), ' ' || chr(9) || chr(10) || chr(13)), '') AS {name}"
        if name in found
        else f"CAST(NULL AS VARCHAR) AS {name}"
        for name in CHECKED
    ]
    place = "CAST(_row AS BIGINT)" if "_row" in found else "row_number() OVER ()"
    defect = "defect" if "defect" in found else "CAST(NULL AS VARCHAR)"
    con.execute(
        f"CREATE OR REPLACE TEMP TABLE {ROWS} AS SELECT {', '.join(cells)}, {place} AS _row, {defect} AS defect FROM field_file"
    )
