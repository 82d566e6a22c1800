"""Writing a prepared product as one file: GeoPackage and GeoParquet as published, FlatGeobuf, GeoJSON, CSV."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb

from sources._kit.duck import identifier, literal
from transforms.publish.rows import ROWS, Product, layer_tables

if TYPE_CHECKING:
    from transforms.publish.dictionary import Entry

Writer = Callable[[duckdb.DuckDBPyConnection, Product, Path], None]
_ORDER = "ORDER BY priority_rank NULLS LAST, building_id"
_BATCH = 20_480
_DECIMALS = 7  # about one centimetre


def _geopackage(con: duckdb.DuckDBPyConnection, product: Product, path: Path) -> None:
    from transforms.publish.geopackage import write_geopackage

    write_geopackage(con, product, _dictionary(con, product), path)
    with closing(sqlite3.connect(path)) as db:
        for table in ("evidence", "reuse", "changes"):
            db.execute(f"DELETE FROM {table} WHERE building_id NOT IN (SELECT building_id FROM buildings)")
        db.commit()
        db.execute("VACUUM")


def _geoparquet(con: duckdb.DuckDBPyConnection, product: Product, path: Path) -> None:
    from transforms.publish.geoparquet import write_geoparquet

    write_geoparquet(con, product, _dictionary(con, product), path)


def _flatgeobuf(con: duckdb.DuckDBPyConnection, product: Product, path: Path) -> None:
    """MULTIPOLYGON in the city's CRS; GDAL puts the rows along its spatial index, for reading a window from afar."""
    import pyogrio

    names = ", ".join(identifier(name) for name in product.columns)
    query = f"SELECT {names}, CAST(ST_AsWKB(geom) AS BLOB) AS geom FROM {ROWS} {_ORDER}"
    pyogrio.write_arrow(
        con.execute(query).to_arrow_reader(_BATCH),
        path,
        layer="buildings",
        driver="FlatGeobuf",
        geometry_name="geom",
        crs=product.crs,
        geometry_type="MultiPolygon",
        layer_options={
            "TITLE": f"Onbenut {product.slug} ({product.audience})",
            "DESCRIPTION": f"{product.attribution} ({product.run.run_id})",
        },
    )


def _dictionary(con: duckdb.DuckDBPyConnection, product: Product) -> list[Entry]:
    from transforms.publish.dictionary import read_dictionary

    return read_dictionary(con, layer_tables(con, product))


def _csv(con: duckdb.DuckDBPyConnection, product: Product, path: Path) -> None:
    """All columns, the words the sources ask for, and the outline as WKT in the city's CRS, which QGIS and spreadsheets take.

    A text that a spreadsheet would take for a formula has an apostrophe before it.
    """
    types = {row[0]: row[1] for row in con.execute(f"DESCRIBE {ROWS}").fetchall()}
    names = ", ".join(
        f"{_no_formula(name)} AS {identifier(name)}" if types[name] == "VARCHAR" else identifier(name)
        for name in product.columns
    )
    con.execute(
        f"COPY (SELECT {names}, {literal(product.attribution)} AS attribution, ST_AsText(geom) AS geom FROM {ROWS} {_ORDER}) TO {literal(path)} (FORMAT csv, HEADER)"
    )


def _no_formula(name: str) -> str:
    column = identifier(name)
    return (
        f"CASE WHEN left({column}, 1) IN ('=', '+', '-', '@', chr(9), chr(13)) THEN '''' || {column} ELSE {column} END"
    )


def _geojson(con: duckdb.DuckDBPyConnection, product: Product, path: Path) -> None:
    """RFC 7946: longitude and latitude in WGS 84, outer rings counter-clockwise, one feature per line."""
    properties = ", ".join(f"{identifier(name)} := {identifier(name)}" for name in product.columns)
    query = f"""
        SELECT CAST(to_json(struct_pack("type" := 'Feature', id := building_id,
            geometry := CAST(ST_AsGeoJSON(shape) AS JSON), properties := struct_pack({properties}))) AS VARCHAR)
        FROM (
            SELECT *, ST_Reverse(ST_Normalize(ST_ReducePrecision(
                ST_Transform(geom, {literal(product.crs)}, 'EPSG:4326', always_xy := true), 1e-{_DECIMALS}))) AS shape
            FROM {ROWS}
        ) {_ORDER}
    """
    head = {"type": "FeatureCollection", "attribution": product.attribution, "run_id": product.run.run_id}
    with path.open("w", encoding="utf-8", newline="\n") as file:
        file.write(json.dumps(head, ensure_ascii=False)[:-1] + ', "features": [\n')
        separator = ""
        found = con.execute(query)
        while batch := found.fetchmany(_BATCH):
            file.write(separator + ",\n".join(row[0] for row in batch))
            separator = ",\n"
        file.write("\n]}\n")


WRITERS: dict[str, Writer] = {
    ".gpkg": _geopackage,
    ".parquet": _geoparquet,
    ".fgb": _flatgeobuf,
    ".geojson": _geojson,
    ".csv": _csv,
}
"""Writer per extension."""
