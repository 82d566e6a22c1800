"""Layers of a GeoPackage with arcs in them, as straight lines: DuckDB's geometry knows no curves.

GDAL replaces an arc by chords of 4 degrees, which is under 1 mm off for each metre and a half of radius.
"""

from __future__ import annotations

import sqlite3
import warnings
from contextlib import closing
from pathlib import Path
from typing import Any

import duckdb

from sources._kit.duck import identifier

ROWS = 10_000
_STRAIGHT = ("POINT", "LINESTRING", "POLYGON", "MULTIPOINT", "MULTILINESTRING", "MULTIPOLYGON")


def may_hold_curves(path: Path, layer: str) -> bool:
    """Whether a layer can hold arcs, as the GeoPackage itself declares it; pyogrio gives the straightened type."""
    with path.open("rb") as stream:
        if not stream.read(16).startswith(b"SQLite format 3"):
            return False
    with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro&immutable=1", uri=True)) as file:
        query = "SELECT upper(geometry_type_name) FROM gpkg_geometry_columns WHERE lower(table_name) = lower(?)"
        found = file.execute(query, [layer]).fetchone()
    return found is None or found[0] not in _STRAIGHT


def straighten(con: duckdb.DuckDBPyConnection, path: Path, layer: str, table: str) -> tuple[list[str], str]:
    """Read a layer into a temporary table, a block of rows at a time; returns its columns and that of the geometry.

    Args:
        con: a connection with the spatial extension.
        path: the file.
        layer: name of the layer.
        table: name of the temporary table to make; the geometry is in it as WKB.
    """
    import pyarrow as pa
    import pyogrio

    gdal: Any = pyogrio  # carries no types
    geometry, names, start = "wkb_straight", [], 0
    con.execute(f"DROP TABLE IF EXISTS {identifier(table)}")
    while True:
        block = {"layer": layer, "skip_features": start, "max_features": ROWS}
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)  # that a stored file has no extension is our doing
            meta, rows = gdal.read_arrow(path, read_geometry=False, **block)
            # The Arrow reader gives arcs as they are; this one straightens them.
            shapes = gdal.raw.read(path, columns=[], **block)[2]
        names = [str(name) for name in meta["fields"]]
        columns = {name: rows.column(name) for name in names}
        con.register("incoming_curves", pa.table({**columns, geometry: pa.array(list(shapes), pa.binary())}))
        verb = "INSERT INTO" if start else "CREATE TEMP TABLE"
        con.execute(f"{verb} {identifier(table)} {'' if start else 'AS '}SELECT * FROM incoming_curves")
        con.unregister("incoming_curves")
        start += len(shapes)
        if len(shapes) < ROWS:
            return names, geometry
