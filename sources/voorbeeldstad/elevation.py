"""Elevation of one block of the made-up city: `elevation/dsm.tif` and `elevation/dtm.tif`, as flown before it was mapped.

The ground slopes; every building stands on it with a flat roof of its true height. What makes real rasters hard is planted: a strip
without data, trees over some roofs, and buildings whose outline shows bare ground because they were built after the flight.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from sources.voorbeeldstad.building import Buildings
from sources.voorbeeldstad.footprint import Bools, Floats, Footprints
from sources.voorbeeldstad.text import draw
from sources.voorbeeldstad.typology import INDEX, TYPES

CELLS, CELL_M = 300, 2.0
"""The block: so many cells along each side, so large; 600 x 600 m, some 100 kB a file."""
NODATA = -9999.0
STRIP = slice(140, 150)
"""Columns of cells without data."""
_HALLS = ("church", "chapel", "sports_hall", "factory", "warehouse", "supermarket", "market_hall", "greenhouse", "farm")


def true_heights(b: Buildings) -> Floats:
    """Height of every building over the ground, m `(n,)`: halls 9 to 20 m, sheds 3 m, others 3.1 m a storey and a roof of 2 m."""
    hall = np.isin(b.kind, [index for index, kind in enumerate(TYPES) if kind.code in _HALLS])
    shed = np.isin(b.kind, [INDEX["shed"], INDEX["garage_box"]])
    return np.where(hall, 9 + 11 * (b.width * 7 % 1), np.where(shed, 3.0, 3.1 * b.levels + 2))


def flown_before(seed: int, b: Buildings) -> Bools:
    """Buildings that did not stand yet when the rasters were flown `(n,)`."""
    return np.asarray(draw(seed, "elevation").random(len(b)) < 0.02)


def write_elevation(folder: Path, seed: int, b: Buildings, shapes: Footprints) -> None:
    """Write both rasters around the middle of the city, EPSG:31370, heights in m to the centimetre.

    Args:
        folder: gets `dsm.tif` and `dtm.tif`.
        seed: of the city.
        b: the real buildings.
        shapes: their ground plans.
    """
    # Here, because a city without this feed need not load GDAL.
    import rasterio
    from rasterio.features import rasterize
    from rasterio.transform import from_origin

    folder.mkdir(parents=True, exist_ok=True)
    bounds = shapes.bounds()
    west, north = np.round(np.median(bounds[:, [0, 3]], axis=0) + np.array([-1, 1]) * CELLS * CELL_M / 2)
    grid = from_origin(west, north, CELL_M, CELL_M)
    rows, columns = np.mgrid[0:CELLS, 0:CELLS]
    ground = 8 + 0.004 * columns - 0.002 * rows
    inside = (bounds[:, 2] > west) & (bounds[:, 0] < west + CELLS * CELL_M)
    inside &= (bounds[:, 3] > north - CELLS * CELL_M) & (bounds[:, 1] < north)
    shown = np.flatnonzero(inside & ~b.gone & ~flown_before(seed, b))
    above = rasterize(
        zip(shapes.take(shown).geometries(), true_heights(b)[shown], strict=True),
        out_shape=(CELLS, CELLS),
        transform=grid,
        dtype="float64",
    )
    rng = draw(seed, "trees")
    tree = (rng.random((CELLS, CELLS)) < 0.01) & (above < 12)
    above = np.where(tree, 12 + np.round(4 * rng.random((CELLS, CELLS)), 1), above)
    for name, values in (("dsm", ground + above), ("dtm", ground)):
        values[:, STRIP] = NODATA
        with rasterio.open(
            folder / f"{name}.tif", "w", driver="GTiff", width=CELLS, height=CELLS, count=1, dtype="float32",
            crs="EPSG:31370", transform=grid, nodata=NODATA, compress="deflate", predictor=3,
        ) as file:  # fmt: skip
            file.write(np.round(values, 2).astype(np.float32), 1)
