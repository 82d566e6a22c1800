"""Heights within outlines, from tiles of a surface and a terrain model; never more than a window of them in memory.

Buildings are put in square windows by the middle of their extent. For a window the cells of all tiles that reach it become one
array, so that it makes no difference how a model was cut into tiles. The terrain is laid on the surface's grid (bilinear: ground
is smooth); the surface is never resampled.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import duckdb
import numpy as np
import pyarrow as pa
import rasterio
from exactextract import exact_extract
from exactextract.feature import Feature, FeatureSource
from exactextract.raster import NumPyRasterSource
from numpy.typing import NDArray
from rasterio.enums import Resampling
from rasterio.transform import Affine
from rasterio.vrt import WarpedVRT
from rasterio.windows import Window

from sources._kit.duck import literal
from sources._kit.errors import OnbenutError
from sources._kit.snapshot import Store

WINDOW_CELLS = 2048
"""Side of a window. With its overhang and both models in memory: at most some 500 MB, as a rule a tenth of it."""
OUTLINE_CELLS = 4096
"""An outline that is longer than this is none of a building, and is not measured."""
QUANTILES = {"low": 0.1, "middle": 0.5, "top": 0.9}
SLACK_CELLS = 1e-6
"""What a sum of weights may miss its target by and still have reached it: sums of the same weights differ in their last digits."""
Floats = NDArray[np.float32]


class Tile(NamedTuple):
    """One file of a model; edges and cell in metres of `crs`."""

    kind: str
    sha256: str
    crs: str
    west: float
    south: float
    east: float
    north: float
    cell_m: float
    nodata: float | None


class _Outline(Feature):  # type: ignore[misc]
    """An outline as it leaves DuckDB. The package's own source would write each as GeoJSON and read it again."""

    def __init__(self, number: int, wkb: bytes) -> None:
        super().__init__()
        self.number, self.wkb = number, wkb

    def geometry(self) -> bytes:
        return self.wkb

    def get(self, _name: str) -> int:
        return self.number

    def fields(self) -> list[str]:
        return ["number"]


class _Outlines(FeatureSource):  # type: ignore[misc]
    def __init__(self, wkb: Sequence[bytes]) -> None:
        super().__init__()
        self.wkb = wkb

    def count(self) -> int:
        return len(self.wkb)

    def __iter__(self) -> Iterator[_Outline]:
        return (_Outline(number, wkb) for number, wkb in enumerate(self.wkb))

    def srs_wkt(self) -> None:
        return None


def measure_heights(con: duckdb.DuckDBPyConnection, buildings: str, rasters: str, store: Store, target: str) -> None:
    """Add to `target` what the rasters of every feed show: building_id, feed, and the statistics of the heights in m.

    Args:
        con: has the variable `crs`, the CRS of `buildings`.
        buildings: table with building_id and geom.
        rasters: table with the columns of the role `elevation`.
        store: where the files are.
        target: table with building_id, feed and the columns of `summarise_cells`.

    Raises:
        OnbenutError: the store no longer has a file.
    """
    for window in windows(con, buildings, rasters, store):
        heights = window.above - window.below
        found = exact_extract(
            NumPyRasterSource(heights, *window.bounds, nodata=float("nan"), name="height"),
            _Outlines(window.outlines["wkb"].to_pylist()),
            ["values", "coverage"],
            output="pandas",
        )
        summary = summarise_cells(found["values"].to_list(), found["coverage"].to_list())
        con.register("incoming_height", pa.table({"building_id": window.outlines["building_id"], **summary}))
        con.execute(
            f"INSERT INTO {target} BY NAME SELECT *, {literal(window.feed)} AS feed FROM incoming_height WHERE cells > 0"
        )
        con.unregister("incoming_height")


class RasterWindow(NamedTuple):
    """What the rasters of one feed show of some buildings.

    `above` and `below` are heights in m of the surface and of the terrain, shape (rows, columns), NaN where there are no data, on
    the surface's grid from the north-west corner of `bounds` (west, south, east, north; the tiles' CRS) in cells of `cell_m`.
    `outlines` has building_id and wkb, in the tiles' CRS, in the order of the ids.
    """

    feed: str
    cell_m: float
    above: Floats
    below: Floats
    bounds: tuple[float, float, float, float]
    outlines: pa.Table


def windows(con: duckdb.DuckDBPyConnection, buildings: str, rasters: str, store: Store) -> Iterator[RasterWindow]:
    """The windows of every feed's rasters in which a building stands and anything is known; one at a time in memory.

    Args and raises: see `measure_heights`.
    """
    feeds = con.execute(f"SELECT DISTINCT feed FROM {rasters} ORDER BY feed").fetchall()
    for (feed,) in feeds:
        # By content where tiles overlap: neither the order of files nor their names must matter.
        found = con.execute(
            f"SELECT kind, sha256, crs, west, south, east, north, cell_m, nodata FROM {rasters} "
            f"WHERE feed = {literal(feed)} ORDER BY kind, west, north, sha256"
        ).fetchall()
        tiles = [Tile(*row) for row in found]
        surface = [tile for tile in tiles if tile.kind == "dsm"]
        ground = [tile for tile in tiles if tile.kind == "dtm"]
        _place_outlines(con, buildings, surface)
        places = con.execute(
            "SELECT place_x, place_y, min(west), min(south), max(east), max(north) FROM placed_outline GROUP BY ALL ORDER BY ALL"
        ).fetchall()
        for place_x, place_y, *extent in places:
            above, below, bounds = _lay(surface, ground, extent, store)
            if not np.isfinite(above - below).any():
                continue
            outlines = con.execute(
                f"SELECT building_id, wkb FROM placed_outline WHERE place_x = {place_x} AND place_y = {place_y} ORDER BY building_id"
            ).to_arrow_table()
            yield RasterWindow(feed, surface[0].cell_m, above, below, bounds, outlines)


def summarise_cells(values: Sequence[Floats], weights: Sequence[NDArray[np.float64]]) -> dict[str, NDArray[np.float64]]:
    """Weighted statistics of many outlines at once: cells (sum of weights), mean, spread, low, middle, top.

    A quantile is the least value at which that share of the weight is reached. exactextract's own puts equal values together
    before it interpolates between the rest (its issue 113): of a flat roof of ninety equal cells beside ten of a tree it gives
    the mean of both for the median.

    Args:
        values: heights of an outline's cells, m; NaN has no weight.
        weights: share of each of these cells that the outline covers.
    """
    count = len(values)
    owner = np.repeat(np.arange(count), [len(one) for one in values])
    value = np.concatenate([np.empty(0, np.float32), *values]).astype(np.float64)
    weight = np.concatenate([np.empty(0), *weights]).astype(np.float64)
    order = np.lexsort((value, owner))
    order = order[np.isfinite(value[order]) & (weight[order] > 0)]
    owner, value, weight = owner[order], value[order], weight[order]
    total = np.bincount(owner, weight, count)
    known = total > 0
    share = np.where(known, total, 1)
    mean = np.bincount(owner, weight * value, count) / share
    spread = np.sqrt(np.bincount(owner, weight * (value - mean[owner]) ** 2, count) / share)
    reached = np.cumsum(weight)
    before = np.concatenate([[0.0], reached])[np.searchsorted(owner, np.arange(count))]
    summary = {"cells": total, "mean": mean, "spread": spread}
    for name, part in QUANTILES.items():
        place = np.searchsorted(reached, before + part * total - SLACK_CELLS)
        summary[name] = value[np.minimum(place, len(value) - 1)] if len(value) else mean
    return {name: np.where(known, column, np.nan) if name != "cells" else column for name, column in summary.items()}


def _place_outlines(con: duckdb.DuckDBPyConnection, buildings: str, surface: Sequence[Tile]) -> None:
    """Make `placed_outline`: the outlines that reach a surface tile, in the tiles' CRS, each in one window."""
    cell, crs = surface[0].cell_m, surface[0].crs
    side = WINDOW_CELLS * cell
    reached = " OR ".join(
        f"(east > {t.west!r} AND west < {t.east!r} AND north > {t.south!r} AND south < {t.north!r})" for t in surface
    )
    same = con.execute(f"SELECT getvariable('crs') = {literal(crs)}").fetchone()
    geom = "geom" if same == (True,) else f"ST_Transform(geom, getvariable('crs'), {literal(crs)}, always_xy := true)"
    con.execute(
        f"""CREATE OR REPLACE TEMP TABLE placed_outline AS
        SELECT building_id, ST_AsWKB(geom) AS wkb, west, south, east, north,
            CAST(floor((west + east) / 2 / {side!r}) AS BIGINT) AS place_x,
            CAST(floor((south + north) / 2 / {side!r}) AS BIGINT) AS place_y
        FROM (
            SELECT building_id, geom, ST_XMin(geom) AS west, ST_YMin(geom) AS south, ST_XMax(geom) AS east, ST_YMax(geom) AS north
            FROM (SELECT building_id, {geom} AS geom FROM {buildings})
        )
        WHERE ({reached}) AND greatest(east - west, north - south) <= {OUTLINE_CELLS * cell!r}
        ORDER BY place_x, place_y, building_id"""
    )


def _lay(
    surface: Sequence[Tile], ground: Sequence[Tile], extent: Sequence[float], store: Store
) -> tuple[Floats, Floats, tuple[float, float, float, float]]:
    """Surface and terrain on the surface's grid over an extent (m), NaN where they lack data; and its bounds."""
    first, cell = surface[0], surface[0].cell_m
    left, bottom = (int(np.floor((extent[k] - origin) / cell)) for k, origin in ((0, first.west), (1, first.north)))
    right, top = (int(np.ceil((extent[k] - origin) / cell)) for k, origin in ((2, first.west), (3, first.north)))
    west, north = first.west + left * cell, first.north + top * cell
    shape = (top - bottom, right - left)
    bounds = (west, north - shape[0] * cell, west + shape[1] * cell, north)
    above, below = np.full(shape, np.nan, np.float32), np.full(shape, np.nan, np.float32)
    for tile in _reached(surface, bounds):
        _lay_surface(above, tile, bounds, store)
    for tile in _reached(ground, bounds):
        _lay_ground(below, tile, bounds, cell, store)
    return above, below, bounds


def _reached(tiles: Sequence[Tile], bounds: tuple[float, float, float, float]) -> list[Tile]:
    west, south, east, north = bounds
    return [t for t in tiles if t.west < east and t.east > west and t.south < north and t.north > south]


def _open(tile: Tile, store: Store) -> Any:
    path = store.blob(tile.sha256)
    if not path.exists():
        raise OnbenutError(
            "the store no longer has a raster that was read before",
            file=path,
            next_step="run again without --offline",
        )
    return rasterio.open(path)


def _lay_surface(target: Floats, tile: Tile, bounds: tuple[float, float, float, float], store: Store) -> None:
    """Copy a tile's cells to where `target` has none yet."""
    with _open(tile, store) as source:
        column, row = round((tile.west - bounds[0]) / tile.cell_m), round((bounds[3] - tile.north) / tile.cell_m)
        x0, y0 = max(column, 0), max(row, 0)
        x1, y1 = min(column + source.width, target.shape[1]), min(row + source.height, target.shape[0])
        if x0 < x1 and y0 < y1:
            cells = source.read(1, window=Window(x0 - column, y0 - row, x1 - x0, y1 - y0), masked=True)
            _fill(target[y0:y1, x0:x1], _metres(cells, tile, source))


def _lay_ground(
    target: Floats, tile: Tile, bounds: tuple[float, float, float, float], cell: float, store: Store
) -> None:
    """Lay a terrain tile on the grid of `target` where that has none yet."""
    grid = Affine(cell, 0, bounds[0], 0, -cell, bounds[3])
    with (
        _open(tile, store) as source,
        WarpedVRT(
            source,
            src_crs=tile.crs,
            crs=tile.crs,
            transform=grid,
            width=target.shape[1],
            height=target.shape[0],
            resampling=Resampling.bilinear,
            dtype="float32",
            **_without_data(tile, source),
        ) as laid,
    ):
        _fill(target, _metres(laid.read(1, masked=True), tile, source))


def _without_data(tile: Tile, source: Any) -> dict[str, Any]:
    """How the warp tells cells without data: by value (NaN too), else by the file's own mask."""
    if tile.nodata is not None:
        return {"src_nodata": tile.nodata, "nodata": tile.nodata}
    return {"nodata": source.nodata} if source.nodata is not None else {"add_alpha": True}


def _metres(cells: Any, tile: Tile, source: Any) -> Floats:
    """Heights in metres, NaN where there is no data."""
    values = np.ma.filled(cells.astype(np.float32), np.nan)
    if tile.nodata is not None:
        values[values == np.float32(tile.nodata)] = np.nan
    return np.asarray(values * source.scales[0] + source.offsets[0], dtype=np.float32)


def _fill(target: Floats, values: Floats) -> None:
    np.copyto(target, values, where=np.isnan(target) & np.isfinite(values))
