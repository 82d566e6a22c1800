"""The GeoPackage for QGIS: three feature layers and their attribute tables, written through Arrow by GDAL."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb
import pyogrio

from sources._kit.duck import identifier
from transforms.publish.check import check_geopackage
from transforms.publish.codes import check_codes, read_codes
from transforms.publish.deliverable import Deliverable
from transforms.publish.dictionary import Entry, dictionary_table
from transforms.publish.geopackage_metadata import write_metadata
from transforms.publish.optional import MATCH_LAYERS, OPTIONAL_LAYERS, OPTIONAL_TABLES
from transforms.publish.rows import (
    ATTRIBUTE_TABLES,
    PIN_COLUMNS,
    ROWS,
    SITES,
    Product,
    optional_query,
    table_query,
)

_BATCH = 20_480
# 1.4 differs only in triggers for writers, and makes the QGIS and GDAL of Debian 12 warn.
VERSION = "1.3"


def write_geopackage(con: duckdb.DuckDBPyConnection, product: Product, entries: Sequence[Entry], path: Path) -> None:
    """Write all layers of a product, then titles, styles and descriptions.

    `buildings` and `sites` are MULTIPOLYGON and `pins` POINT, all in the product's CRS, with a spatial index;
    `fid` follows the writing order of `ROWS`. Layers of parks and of matches are there where the product has them.

    Raises:
        PublishError: a value of a coded column is not on its list in layer.code.
    """
    codes = read_codes(con)
    check_codes(con, product, codes)
    with gdal_options(OGR_CURRENT_DATE=product.run.last_change, OGR_SQLITE_SYNCHRONOUS="OFF"):
        for layer, (source, columns, shape, key) in {
            "buildings": (ROWS, product.columns, "geom", "building_id"),
            "sites": (SITES, product.site_columns, "geom", "site_id"),
            "pins": (ROWS, PIN_COLUMNS, "point", "building_id"),
        }.items():
            names = ", ".join(identifier(name) for name in columns)
            query = f"SELECT {names}, CAST(ST_AsWKB({shape}) AS BLOB) AS geom FROM {source} ORDER BY priority_rank NULLS LAST, {key}"
            _write_features(con, query, path, layer, product.crs)
        for layer in (name for name in OPTIONAL_LAYERS if name in product.optional):
            _write_features(con, _optional_query(con, product, layer), path, layer, product.crs)
        for layer, query in _attribute_queries(con, product).items():
            _write_attributes(con.execute(query).to_arrow_reader(_BATCH), path, layer)
        _write_attributes(dictionary_table(entries), path, "dictionary")
        write_metadata(path, product, entries, codes)


def _write_features(con: duckdb.DuckDBPyConnection, query: str, path: Path, layer: str, crs: str) -> None:
    reader = con.execute(query).to_arrow_reader(_BATCH)
    pyogrio.write_arrow(
        reader,
        path,
        layer=layer,
        driver="GPKG",
        geometry_name="geom",
        crs=crs,
        geometry_type="Point" if layer in ("pins", *MATCH_LAYERS) else "MultiPolygon",
        dataset_options={"VERSION": VERSION},
    )


def _optional_query(con: duckdb.DuckDBPyConnection, product: Product, layer: str) -> str:
    """Rows of a layer that not every city has."""
    table, key = OPTIONAL_LAYERS[layer]
    shape = "geom" if layer in MATCH_LAYERS else "ST_Multi(geom)"
    return optional_query(con, table, product.audience, key, f"CAST(ST_AsWKB({shape}) AS BLOB)")


def _attribute_queries(con: duckdb.DuckDBPyConnection, product: Product) -> dict[str, str]:
    there = {layer: table for layer, table in OPTIONAL_TABLES.items() if layer in product.optional}
    optional = {layer: optional_query(con, table, product.audience) for layer, table in there.items()}
    return {
        **optional,
        **{layer: table_query(con, table, product.audience) for layer, table in ATTRIBUTE_TABLES.items()},
    }


def _write_attributes(rows: Any, path: Path, layer: str) -> None:
    pyogrio.write_arrow(rows, path, layer=layer, driver="GPKG")


@contextmanager
def gdal_options(**options: str) -> Iterator[None]:
    """Set options of GDAL for a while.

    The date of change is the run's instead of now, so that equal input gives equal files. SQLite need not
    wait for the disk after every layer: the whole set is brought to the disk before anybody sees it.
    """
    pyogrio.set_gdal_config_options(options)
    try:
        yield
    finally:
        pyogrio.set_gdal_config_options(dict.fromkeys(options))


def _check(con: duckdb.DuckDBPyConnection, product: Product, entries: Sequence[Entry], path: Path) -> None:
    counts = {"buildings": product.row_count, "pins": product.row_count, "dictionary": len(entries)}
    queries = _attribute_queries(con, product)
    queries |= {layer: _optional_query(con, product, layer) for layer in OPTIONAL_LAYERS if layer in product.optional}
    for layer, query in {"sites": f"FROM {SITES}", **queries}.items():
        row = con.execute(f"SELECT count(*) FROM ({query})").fetchone()
        assert row is not None
        counts[layer] = row[0]
    check_geopackage(path, product, entries, counts)


GEOPACKAGE = Deliverable(
    "{stem}.gpkg",
    "Gebouwenlaag voor QGIS (GeoPackage)",
    "Layer of buildings for QGIS (GeoPackage)",
    "application/geopackage+sqlite3",
    ("public", "city", "osm_free"),
    write_geopackage,
    _check,
)
