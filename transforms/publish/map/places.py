"""Where the buildings of the map lie: pins and outlines as small whole numbers."""

from __future__ import annotations

from typing import Any

import duckdb
import numpy as np
import shapely

from sources._kit.duck import literal
from sources._kit.errors import PublishError
from transforms.publish.rows import Product

_MICRO = 1_000_000  # coordinates are whole millionths of a degree: a decimetre
_SIMPLIFY_M = 0.2  # less than a pixel at all but the closest zoom


def read_places(
    con: duckdb.DuckDBPyConnection, product: Product, table: str, simplify_m: float = _SIMPLIFY_M
) -> dict[str, Any]:
    """`pin` and `ring` of the page, as `read_features` describes them.

    Args:
        con: warehouse with the spatial extension.
        product: whose rows; names the CRS of the geometries.
        table: rows with `n`, `geom` (valid polygons) and `point`, in that CRS.
        simplify_m: by how much an outline may be off.

    Raises:
        PublishError: a building cannot be placed on earth.
    """
    crs = literal(product.crs)
    rows = con.execute(f"""
        SELECT CAST(ST_AsWKB(ST_Transform(ST_SimplifyPreserveTopology(geom, {simplify_m}), {crs}, 'EPSG:4326',
            always_xy := true)) AS BLOB) AS geom,
            CAST(ST_AsWKB(ST_Transform(point, {crs}, 'EPSG:4326', always_xy := true)) AS BLOB) AS point
        FROM {table} ORDER BY n
    """).to_arrow_table()
    pins = shapely.get_coordinates(shapely.from_wkb(rows["point"].to_numpy()))
    # Parts first: shapely knows no rings of a multipolygon.
    parts, whole_of = shapely.get_parts(shapely.from_wkb(rows["geom"].to_numpy()), return_index=True)
    rings, part = shapely.get_rings(parts, return_index=True)
    owner = whole_of[part]
    points, ring = shapely.get_coordinates(rings, return_index=True)
    if not (np.isfinite(pins).all() and np.isfinite(points).all()):
        raise PublishError(
            "a building cannot be placed on earth",
            city=product.slug,
            table="layer.building",
            value=product.crs,
            next_step="see that the geometries are in the CRS that the city file names",
        )
    closing = np.diff(ring, append=-1) != 0
    points, ring = points[~closing], ring[~closing]
    whole, pin = np.rint(points * _MICRO).astype(np.int64), np.rint(pins * _MICRO).astype(np.int64)
    first = np.diff(ring, prepend=-1) != 0
    steps = np.diff(whole, axis=0, prepend=np.zeros((1, 2), dtype=np.int64))
    steps[first] = whole[first] - pin[owner]
    return {
        "pin": pin.ravel().tolist(),
        "ring": {
            "rings": np.bincount(owner, minlength=len(pin)).tolist(),
            "points": np.bincount(ring, minlength=len(rings)).tolist(),
            "steps": steps.ravel().tolist(),
        },
    }
