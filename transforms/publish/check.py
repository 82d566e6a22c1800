"""Reopening what was written, with the readers that others use, before anybody gets to see it."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pyogrio
import shapely
from pyproj import CRS

from sources._kit.errors import PublishError
from transforms.publish.dictionary import Entry
from transforms.publish.geopackage_metadata import STYLED_LAYERS
from transforms.publish.optional import OPTIONAL_LAYERS
from transforms.publish.rows import Product

_KEYS = {"sites": "site_id", **{layer: key for layer, (_, key) in OPTIONAL_LAYERS.items()}}


def check_geopackage(path: Path, product: Product, entries: Sequence[Entry], counts: dict[str, int]) -> None:
    """Hold a GeoPackage to what was meant to be in it.

    Args:
        path: the file.
        product: whose it is.
        entries: dictionary of the product.
        counts: layer -> rows it must have.

    Raises:
        PublishError: rows, CRS, geometry, ids, dictionary or styles are not as meant, or SQLite finds the
            file damaged.
    """
    for layer, rows in counts.items():
        info = pyogrio.read_info(path, layer=layer, force_feature_count=True)
        expect(path, product, f"rows in {layer}", info["features"], rows)
        if layer in STYLED_LAYERS:
            _expect_crs(path, product, info["crs"])
            key = _KEYS.get(layer, "building_id")
            keys = key.split(", ")
            read, table = pyogrio.read_arrow(path, layer=layer, columns=keys)
            ids = pc.binary_join_element_wise(*(table[column] for column in keys), " ")
            _check_features(path, product, rows, key, ids, table[read["geometry_name"] or "wkb_geometry"])
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as db:
        expect(path, product, "integrity", db.execute("PRAGMA integrity_check").fetchone()[0], "ok")
        expect(path, product, "broken keys", len(db.execute("PRAGMA foreign_key_check").fetchall()), 0)
        described = {
            (table, column) for table, column in db.execute("SELECT table_name, column_name FROM gpkg_data_columns")
        }
        for layer in counts:
            columns = {row[1] for row in db.execute(f'PRAGMA table_info("{layer}")')} - {"fid"}
            lacking = sorted(columns - {column for table, column in described if table == layer})
            expect(path, product, f"columns of {layer} without an entry in the dictionary", lacking, [])
        defaults = dict(db.execute("SELECT f_table_name, count(*) FROM layer_styles WHERE useAsDefault GROUP BY 1"))
        expect(
            path,
            product,
            "default styles",
            defaults,
            dict.fromkeys((layer for layer in STYLED_LAYERS if layer in counts), 1),
        )
        rows = db.execute("SELECT count(*) FROM gpkg_data_columns").fetchone()[0]
        expect(path, product, "described columns", rows, len(entries))


def check_geoparquet(path: Path, product: Product) -> None:
    """Hold a GeoParquet file to its row count, CRS, geometries and ids.

    Raises:
        PublishError: one of them is not as meant.
    """
    with pq.ParquetFile(path) as file:
        expect(path, product, "rows", file.metadata.num_rows, product.row_count)
        table = file.read(columns=["building_id", "geom"])
        geo = json.loads(file.metadata.metadata[b"geo"])
    _expect_crs(path, product, geo["columns"][geo["primary_column"]]["crs"])
    _check_features(path, product, product.row_count, "building_id", table["building_id"], table["geom"])


def check_pins(path: Path, product: Product) -> None:
    """Hold the pins to their row count, their ids and to being somewhere on earth.

    Raises:
        PublishError: one of them is not as meant.
    """
    read, table = pyogrio.read_arrow(path, columns=["building_id"])
    expect(path, product, "rows", len(table), product.row_count)
    if not len(table):
        return  # without features the format has no columns either
    geometry = table[read["geometry_name"] or "wkb_geometry"]
    _check_features(path, product, product.row_count, "building_id", table["building_id"], geometry)
    _expect_on_earth(path, product, geometry)


def _expect_on_earth(path: Path, product: Product, geometry: pa.ChunkedArray) -> None:
    coordinates = shapely.get_coordinates(shapely.from_wkb(geometry.to_numpy()))
    outside = np.count_nonzero((np.abs(coordinates) > (180, 90)).any(axis=1) | ~np.isfinite(coordinates).all(axis=1))
    expect(path, product, "points outside longitude and latitude", int(outside), 0)


def check_areas(path: Path, product: Product, key: str, wanted: int) -> None:
    """Hold a GeoJSON file of areas to its row count, its ids and to being somewhere on earth.

    Raises:
        PublishError: one of them is not as meant.
    """
    read, table = pyogrio.read_arrow(path, columns=[key])
    geometry = table[read["geometry_name"] or "wkb_geometry"]
    _check_features(path, product, wanted, key, table[key], geometry)
    _expect_on_earth(path, product, geometry)


def _check_features(
    path: Path, product: Product, wanted: int, key: str, ids: pa.ChunkedArray, geometry: pa.ChunkedArray
) -> None:
    expect(path, product, "rows", len(ids), wanted)
    expect(path, product, f"different {key}", pc.count_distinct(ids, mode="only_valid").as_py(), wanted)
    shapes = shapely.from_wkb(geometry.to_numpy())
    good = ~shapely.is_missing(shapes) & ~shapely.is_empty(shapes) & shapely.is_valid(shapes)
    expect(path, product, "geometries absent, empty or not valid", int(np.count_nonzero(~good)), 0)


def _expect_crs(path: Path, product: Product, found: Any) -> None:
    # Codes, never names: EPSG renames systems, as it did with 3812 in 2025.
    code = CRS.from_user_input(found).to_epsg() if found else None
    expect(path, product, "CRS code", code, CRS.from_user_input(product.crs).to_epsg())


def expect(path: Path, product: Product, what: str, found: object, wanted: object) -> None:
    """Raise a PublishError that names what was found and what was meant, where they differ."""
    if found != wanted:
        raise PublishError(
            f"a product did not read back as it was meant: {what}",
            city=product.slug,
            file=path.name,
            value=found,
            wanted=wanted,
            next_step="the published set is unchanged; run again, and report this if it stays",
        )
