"""What a file of geometries says of itself before it is read: its layer, its columns, its geometry, its CRS."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pyogrio
from pyogrio.errors import DataLayerError, DataSourceError

from sources._kit.duck import literal
from sources._kit.errors import OnbenutError, UnreadableSnapshotError

gdal: Any = pyogrio  # carries no types


@dataclass(frozen=True)
class ParquetShape:
    """A Parquet file's columns with their DuckDB types, its geometry column, and its CRS.

    Attributes:
        types: column -> type, in the file's order.
        geometry: the geometry column; None where there is none.
        is_geoparquet: whether the file has the metadata that says so.
        projjson: the CRS as the metadata write it: None where they say nothing, which in GeoParquet means longitude and
            latitude; the text `null` where they say that nobody knows.
    """

    types: dict[str, str]
    geometry: str | None
    is_geoparquet: bool
    projjson: str | None


def describe_parquet(con: duckdb.DuckDBPyConnection, path: Path) -> ParquetShape:
    """Look at a Parquet file's columns and metadata; duckdb.Error where it is none."""
    described = f"SELECT column_name, column_type FROM (DESCRIBE FROM read_parquet({literal(path)}))"
    types = {str(name): str(kind) for name, kind in con.execute(described).fetchall()}
    said = con.execute(
        "SELECT name, meta -> ('$.columns.\"' || name || '\".crs') FROM (SELECT decode(value)::JSON AS meta,"
        f" meta ->> '$.primary_column' AS name FROM parquet_kv_metadata({literal(path)}) WHERE decode(key) = 'geo')"
    ).fetchone()
    if said is not None:
        return ParquetShape(types, str(said[0]), True, None if said[1] is None else str(said[1]))
    # Without metadata DuckDB still knows Parquet's own GEOMETRY type; a plain blob needs a name to go by.
    likely = [n for n, t in types.items() if t.startswith("GEOMETRY") or (t == "BLOB" and n in ("geometry", "geom"))]
    return ParquetShape(types, next(iter(likely), None), False, None)


def only_layer(path: Path) -> tuple[str, str | None]:
    """The one layer with geometry of a file that GDAL reads, and the CRS it states (None where it states none).

    Raises:
        OnbenutError: damaged, or not exactly one such layer.
    """
    # pyogrio says what it cannot open; DuckDB's ST_Read_Meta takes the whole process down on a damaged file.
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)
            layers = [str(name) for name, shape in gdal.list_layers(path) if shape is not None]
            crs = gdal.read_info(path, layer=layers[0])["crs"] if len(layers) == 1 else None
    except (DataSourceError, DataLayerError) as error:
        raise UnreadableSnapshotError(
            "the file cannot be read", value=error, next_step="ask for it again", file=path
        ) from error
    if len(layers) != 1:
        raise OnbenutError(
            f"{len(layers)} layers with geometry",
            value=", ".join(layers),
            next_step="give a file with one layer",
            file=path,
        )
    return layers[0], crs
