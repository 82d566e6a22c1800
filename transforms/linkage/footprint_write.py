"""The rows of a query, written as a table or as a layer: from DuckDB's stream to the file, never whole in memory."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb
import pyogrio
from pyproj import CRS

from sources._kit.duck import literal
from sources._kit.whole import put_in_place

gdal: Any = pyogrio  # carries no types
WRITABLE = (".parquet", ".gpkg", ".geojson", ".csv")
_TABLES = {".parquet": "FORMAT parquet, COMPRESSION zstd", ".csv": "FORMAT csv, HEADER"}
_BATCH = 65_536


def write_rows(con: duckdb.DuckDBPyConnection, query: str, crs: CRS, geometry_type: str, path: Path) -> None:
    """Write a query with a column geom, beside the file and then renamed.

    Args:
        con: connection with the spatial extension.
        query: SELECT with ORDER BY; the file keeps that order.
        crs: of geom.
        geometry_type: of geom, as GDAL calls it.
        path: .parquet and .csv leave the geometry out; .gpkg is in `crs`; .geojson in longitude and latitude.
    """
    # Nobody is to read half a file, and an error is to leave the file that was there.
    part = path.with_name(f".{path.stem}.part{path.suffix}")
    part.unlink(missing_ok=True)
    suffix = path.suffix.lower()
    try:
        if suffix in _TABLES:
            con.execute(f"COPY (SELECT * EXCLUDE (geom) FROM ({query})) TO {literal(part)} ({_TABLES[suffix]})")
        else:
            _write_layer(con, query, crs, geometry_type, part, path.stem)
        put_in_place(part, path)
    finally:
        part.unlink(missing_ok=True)


def _write_layer(
    con: duckdb.DuckDBPyConnection, query: str, crs: CRS, geometry_type: str, path: Path, layer: str
) -> None:
    geom, driver, options = "geom", "GPKG", {}
    if path.suffix.lower() == ".geojson":
        # RFC 7946: GeoJSON is WGS 84.
        geom = f"ST_Transform(geom, {literal(crs.to_wkt())}, 'EPSG:4326', always_xy := true)"
        crs, driver, options = CRS(4326), "GeoJSON", {"RFC7946": "YES"}
    rows = con.execute(f"SELECT * REPLACE (CAST(ST_AsWKB({geom}) AS BLOB) AS geom) FROM ({query})").to_arrow_reader(
        _BATCH
    )
    gdal.write_arrow(
        rows,
        path,
        layer=layer,
        driver=driver,
        geometry_name="geom",
        geometry_type=geometry_type,
        crs=crs.to_wkt(),
        layer_options=options,
    )
