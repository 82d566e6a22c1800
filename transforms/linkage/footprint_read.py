"""A footprint file of any usual kind, as the relation `match_footprints` reads; no outline passes through Python."""

from __future__ import annotations

from math import isfinite
from pathlib import Path
from string import Template
from typing import Any

import duckdb
import pyarrow as pa
import pyogrio
from pyogrio.errors import DataLayerError, DataSourceError
from pyproj import CRS, Transformer
from pyproj.aoi import AreaOfInterest
from pyproj.database import query_utm_crs_info
from pyproj.exceptions import CRSError

from sources._kit.duck import identifier, literal
from sources._kit.errors import ColumnError, OnbenutError
from transforms.linkage.geofile import describe_parquet, only_layer

gdal: Any = pyogrio  # carries no types
_PARQUET = (".parquet", ".geoparquet")
READABLE = (*_PARQUET, ".gpkg", ".geojson", ".json", ".fgb", ".shp")
_USABLE = Path(__file__).with_name("footprint_usable.sql")
_MEND = "open the file in QGIS and save it anew"
_BATCH = 65_536


def read_footprints(con: duckdb.DuckDBPyConnection, side: str, path: Path, id_column: str | None) -> CRS:
    """Make temp table `file_<side>`(id VARCHAR, geom GEOMETRY), every row in the file's own CRS; returns that CRS.

    Args:
        con: connection with the spatial extension.
        side: `left` or `right`.
        path: GeoParquet, GeoPackage, GeoJSON, FlatGeobuf or shapefile with one layer of outlines.
        id_column: column of ids; None takes the first that looks like one.

    Raises:
        OnbenutError: the file cannot be read, has no CRS, no id-like column, or an id is missing or twice there.
    """
    if not path.exists():
        raise OnbenutError("there is no such file", file=path, next_step="check the path")
    if path.suffix.lower() not in READABLE:
        raise OnbenutError(
            "cannot read this format", file=path, value=path.suffix, next_step=f"use one of {', '.join(READABLE)}"
        )
    read = _read_parquet if path.suffix.lower() in _PARQUET else _read_layer
    try:
        name, crs = read(con, f"file_{side}", path, id_column)
    except (duckdb.Error, DataSourceError, DataLayerError, CRSError, pa.ArrowException, OSError) as error:
        # DuckDB puts the query behind what is wrong.
        said = str(error).partition("\n")[0]
        raise OnbenutError("cannot read the footprints", file=path, value=said, next_step=_MEND) from error
    _check_ids(con, f"file_{side}", path, name)
    return crs


def metric_crs(con: duckdb.DuckDBPyConnection, left: CRS, right: CRS) -> CRS:
    """The left's CRS if projected in metres, else the right's, else the UTM zone, else (wider than a zone) EPSG:3035."""
    for crs in (left, right):
        if crs.is_projected and all(axis.unit_name == "metre" for axis in crs.axis_info[:2]):
            return crs
    bounds = con.execute(
        "SELECT min(ST_XMin(geom)), min(ST_YMin(geom)), max(ST_XMax(geom)), max(ST_YMax(geom)) FROM file_left"
    ).fetchone()
    wide = CRS(3035)
    if bounds is None or None in bounds:
        return wide
    x0, y0, x1, y1 = bounds
    west, south, east, north = Transformer.from_crs(left, 4326, always_xy=True).transform_bounds(x0, y0, x1, y1)
    if not (all(map(isfinite, (west, south, east, north))) and 0 <= east - west <= 6):
        return wide
    x, y = (west + east) / 2, (south + north) / 2
    zones = query_utm_crs_info(datum_name="WGS 84", area_of_interest=AreaOfInterest(x, y, x, y))
    return CRS(int(zones[0].code)) if zones else wide


def place_outlines(con: duckdb.DuckDBPyConnection, side: str, own: CRS, crs: CRS) -> None:
    """Make temp tables `outline_<side>`, `file_<side>` brought to `crs`, and `usable_<side>`, what can be matched of it.

    Both have id and geom. `usable_<side>` holds flat, valid (multi)polygons with an area; mended where need be.
    """
    both = f"{literal(own.to_wkt())}, {literal(crs.to_wkt())}"
    placed = "geom" if own == crs else f"ST_Transform(geom, {both}, always_xy := true)"
    con.execute(Template(_USABLE.read_text(encoding="utf-8")).substitute(own=side, placed=placed))
    con.execute(f"DROP TABLE temp.file_{side}")


def _read_parquet(con: duckdb.DuckDBPyConnection, table: str, path: Path, id_column: str | None) -> tuple[str, CRS]:
    shape = describe_parquet(con, path)
    if shape.geometry is None or shape.geometry not in shape.types:
        raise OnbenutError("the file has no geometry", file=path, next_step="give a file of polygons")
    if not shape.is_geoparquet or shape.projjson == "null":
        raise _without_crs(path, shape.geometry)
    kind = shape.types[shape.geometry]
    if kind != "BLOB" and not kind.startswith("GEOMETRY"):
        raise OnbenutError(
            "the outlines are not written as WKB", file=path, column=shape.geometry, value=kind, next_step=_MEND
        )
    name = _choose_id([column for column in shape.types if column != shape.geometry], path, id_column)
    geom = identifier(shape.geometry)
    _take(con, table, f"read_parquet({literal(path)})", name, f"ST_GeomFromWKB({geom})" if kind == "BLOB" else geom)
    return name, CRS(4326) if shape.projjson is None else CRS.from_json(shape.projjson)


def _read_layer(con: duckdb.DuckDBPyConnection, table: str, path: Path, id_column: str | None) -> tuple[str, CRS]:
    layer, stated = only_layer(path)
    name = _choose_id([str(column) for column in gdal.read_info(path, layer=layer)["fields"]], path, id_column)
    if stated is None:
        raise _without_crs(path, None)
    crs = CRS.from_user_input(stated)
    try:
        with gdal.open_arrow(path, layer=layer, columns=[name], use_pyarrow=True, batch_size=_BATCH) as (said, rows):
            _take_arrow(con, table, rows, name, said["geometry_name"] or "wkb_geometry")
    except duckdb.Error:
        # Arcs, which DuckDB does not know: this way GDAL draws them as short lines, but outline by outline.
        _, _, shapes, (ids,) = gdal.raw.read(path, layer=layer, columns=[name])
        rows = pa.table({name: pa.array(ids, from_pandas=True), "wkb_geometry": pa.array(shapes, pa.binary())})
        _take_arrow(con, table, rows, name, "wkb_geometry")
    return name, crs


def _take_arrow(con: duckdb.DuckDBPyConnection, table: str, rows: Any, name: str, geometry: str) -> None:
    con.register("footprint_rows", rows)
    try:
        kinds = dict(con.execute("SELECT column_name, column_type FROM (DESCRIBE footprint_rows)").fetchall())
        geom = identifier(geometry)
        _take(con, table, "footprint_rows", name, f"ST_GeomFromWKB({geom})" if kinds[geometry] == "BLOB" else geom)
    finally:
        con.unregister("footprint_rows")


def _take(con: duckdb.DuckDBPyConnection, table: str, source: str, name: str, geometry: str) -> None:
    con.execute(
        f"CREATE OR REPLACE TEMP TABLE {table} AS "
        f"SELECT CAST({identifier(name)} AS VARCHAR) AS id, CAST({geometry} AS GEOMETRY) AS geom FROM {source}"
    )


def _choose_id(columns: list[str], path: Path, id_column: str | None) -> str:
    likely = [c for c in columns if c.lower() in ("oidn", "identificatie") or c.lower().endswith("id")]
    name = id_column or next(iter(likely), None)
    if name is None or name not in columns:
        raise ColumnError(
            "no id column",
            file=path,
            column=id_column,
            value=", ".join(columns),
            next_step="name it with --left-id or --right-id",
        )
    return name


def _check_ids(con: duckdb.DuckDBPyConnection, table: str, path: Path, name: str) -> None:
    # `nan` is what pandas makes of an empty cell in a column of numbers.
    bad = con.execute(
        f"SELECT coalesce(nullif(trim(id), ''), 'empty') FROM {table} GROUP BY id "
        "HAVING id IS NULL OR trim(id) = '' OR id = 'nan' OR count(*) > 1 ORDER BY id NULLS FIRST LIMIT 1"
    ).fetchone()
    if bad is not None:
        raise OnbenutError(
            "an id is missing or occurs twice",
            file=path,
            column=name,
            value="empty" if bad[0] == "nan" else bad[0],
            next_step="name a column with one id per building",
        )


def _without_crs(path: Path, column: str | None) -> OnbenutError:
    return OnbenutError("the file does not say its CRS", file=path, column=column, next_step="save it with a CRS")
