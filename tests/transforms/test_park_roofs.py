"""Roofs of a known shape, laid on a raster: which way they face, and what no cell can say."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
import shapely

from tests.transforms.park_world import RULE
from transforms.linkage.elevation import RasterWindow
from transforms.linkage.roof import FACES, count_faces

SIZE = 40
ROW, COLUMN = np.mgrid[0:SIZE, 0:SIZE].astype(np.float64)
PITCH = float(np.tan(np.radians(30)))
# The side of the building that a plane leans to is the lower one.
PLANES = {
    "flat": np.full((SIZE, SIZE), 8.0),
    "north": 5 + PITCH * ROW,
    "south": 5 + PITCH * (SIZE - ROW),
    "east": 5 + PITCH * (SIZE - COLUMN),
    "west": 5 + PITCH * COLUMN,
}


def counted(surface: np.ndarray, *outlines: shapely.Polygon, ground: float = 0.0) -> dict[str, int]:
    """Cells per face of the first outline; raster of 1 m with its north-west corner at 0, 40."""
    table = pa.table({"building_id": [str(k) for k in range(len(outlines))], "wkb": [one.wkb for one in outlines]})
    below = np.full(surface.shape, ground, np.float32)
    window = RasterWindow("f", 1.0, surface.astype(np.float32), below, (0.0, 0.0, float(SIZE), float(SIZE)), table)
    return dict(zip(FACES, count_faces(window, RULE)[0].tolist(), strict=True))


@pytest.mark.parametrize("way", list(PLANES))
def test_a_plane_faces_the_way_it_leans_whatever_the_noise_and_the_yard(way: str) -> None:
    surface = PLANES[way] + np.random.default_rng(1).normal(0, 0.05, (SIZE, SIZE))
    surface[:10] = surface[30:] = 0  # the yard lies far below: no slope of the roof
    found = counted(surface, shapely.box(5, 10, 35, 30))
    assert found[way] > 0.85 * 28 * 18 > 0.85 * sum(found.values())
    assert sum(found.values()) == found[way]


def test_a_gable_has_two_sides_and_its_ridge_none() -> None:
    # The ridge lies in one row of cells, which the slope to both sides would make flat.
    found = counted(5 + PITCH * np.minimum(ROW, SIZE - 2 - ROW), shapely.box(0, 0, SIZE, SIZE))
    assert (found["north"], found["south"]) == (18 * 38, 19 * 38)
    assert (found["flat"], found["east"], found["west"]) == (0, 0, 0)


def test_what_no_cell_shows_whole_is_not_counted() -> None:
    roof, box = PLANES["flat"], shapely.box(5, 5, 35, 35)
    assert sum(counted(np.full((SIZE, SIZE), np.nan), box).values()) == 0
    assert sum(counted(roof, shapely.box(5, 5, 6.5, 35)).values()) == 0  # nowhere three cells wide
    assert sum(counted(roof, box, ground=7.5).values()) == 0  # flown before it stood
    # Neighbours share a wall: the cells along it have a neighbour of another.
    alone, beside = counted(roof, box), counted(roof, box, shapely.box(35, 5, 39, 35))
    assert sum(alone.values()) == sum(beside.values()) == 28 * 28
    assert sum(counted(roof, shapely.box(5, 5, 20, 35), shapely.box(20, 5, 35, 35)).values()) == 13 * 28
