"""Which way roofs face, from the cells of a surface model that lie whole within an outline; window by window.

A cell counts where it and its four neighbours belong to one building and no edge or ridge runs through it: the step down to the
yard is no slope. The slope is that of the surface itself, not of its height above the terrain.
"""

from __future__ import annotations

from collections.abc import Mapping

import duckdb
import numpy as np
import pyarrow as pa
import shapely
from numpy.typing import NDArray
from rasterio.features import rasterize
from rasterio.transform import from_origin

from sources._kit.duck import literal
from sources._kit.snapshot import Store
from transforms.linkage.elevation import Floats, RasterWindow, windows

FACES = ("flat", "north", "east", "south", "west")
Ints = NDArray[np.int64]


def measure_roofs(
    con: duckdb.DuckDBPyConnection, buildings: str, rasters: str, store: Store, rule: Mapping[str, float], target: str
) -> None:
    """Add to `target` how many cells of each roof face which way: building_id, feed, cells and a count per face.

    Args:
        con: has the variable `crs`, the CRS of `buildings`.
        buildings: table with building_id and geom.
        rasters: table with the columns of the role `elevation`.
        store: where the files are.
        rule: `flat_deg_max`, `steep_deg_min` (degrees), `ridge_m`, `roof_height_m_min` (m).
        target: table with building_id, feed, cells (DOUBLE) and the columns of `FACES`.

    Raises:
        OnbenutError: the store no longer has a file.
    """
    for window in windows(con, buildings, rasters, store):
        counts = count_faces(window, rule)
        table = {name: counts[:, place].astype(np.float64) for place, name in enumerate(FACES)}
        con.register(
            "incoming_roof",
            pa.table(
                {"building_id": window.outlines["building_id"], "cells": counts.sum(1).astype(np.float64), **table}
            ),
        )
        con.execute(
            f"INSERT INTO {target} BY NAME SELECT *, {literal(window.feed)} AS feed FROM incoming_roof WHERE cells > 0"
        )
        con.unregister("incoming_roof")


def count_faces(window: RasterWindow, rule: Mapping[str, float]) -> Ints:
    """Cells per building and face, shape (buildings, faces)."""
    count = len(window.outlines)
    west, _, _, north = window.bounds
    shapes = shapely.from_wkb(window.outlines["wkb"].to_numpy())
    # A cell is its building's where its middle is; 0 is ground.
    owner = rasterize(
        zip(shapes, range(1, count + 1), strict=True),
        window.above.shape,
        transform=from_origin(west, north, window.cell_m, window.cell_m),
        dtype="int32",
    )
    face, is_roof = faces(window.above, window.cell_m, rule)
    height = window.above - window.below
    is_roof &= np.isfinite(height) & (height >= rule["roof_height_m_min"])
    middle = owner[1:-1, 1:-1]
    whole = middle > 0
    for neighbour in (owner[:-2, 1:-1], owner[2:, 1:-1], owner[1:-1, :-2], owner[1:-1, 2:]):
        whole &= neighbour == middle
    whole &= is_roof[1:-1, 1:-1]
    keys = (middle[whole].astype(np.int64) - 1) * len(FACES) + face[1:-1, 1:-1][whole]
    return np.bincount(keys, minlength=count * len(FACES)).reshape(count, len(FACES))


def faces(surface: Floats, cell_m: float, rule: Mapping[str, float]) -> tuple[Ints, NDArray[np.bool_]]:
    """Face of every cell (index in `FACES`), and whether it has one: border cells, edges and steep ones have none.

    Args:
        surface: heights in m, row 0 in the north, NaN where unknown; shape (rows, columns).
        cell_m: side of a cell.
        rule: see `measure_roofs`.
    """
    face = np.zeros(surface.shape, dtype=np.int64)
    has_one = np.zeros(surface.shape, dtype=bool)
    if min(surface.shape) < 3:  # nothing has neighbours
        return face, has_one
    middle = surface[1:-1, 1:-1].astype(np.float64)
    up, down, left, right = surface[:-2, 1:-1], surface[2:, 1:-1], surface[1:-1, :-2], surface[1:-1, 2:]
    to_east, to_north = (right - left) / (2 * cell_m), (up - down) / (2 * cell_m)
    bend = np.maximum(np.abs(left + right - 2 * middle), np.abs(up + down - 2 * middle))
    slope = np.degrees(np.arctan(np.hypot(to_east, to_north)))
    # Water runs the way a roof faces: down the slope, clockwise from the north.
    way = np.degrees(np.arctan2(-to_east, -to_north)) % 360
    quarter = (np.nan_to_num((way + 45) // 90)).astype(np.int64) % 4
    known = np.isfinite(slope) & np.isfinite(bend)
    has_one[1:-1, 1:-1] = known & (bend <= rule["ridge_m"] * cell_m) & (slope < rule["steep_deg_min"])
    face[1:-1, 1:-1] = np.where(known & (slope >= rule["flat_deg_max"]), 1 + quarter, 0)
    return face, has_one
