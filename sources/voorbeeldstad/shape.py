"""Ground plans: unit shapes that are stretched to a building's width and depth.

The street runs along y = 0. Every shape is valid and counter-clockwise and says one point that is inside it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sources.voorbeeldstad.footprint import Floats, Footprints, Ints, starts

Ring = tuple[tuple[float, float], ...]


@dataclass(frozen=True)
class Shape:
    """A unit ground plan: its rings (shell first) and a point inside."""

    rings: tuple[Ring, ...]
    inside: tuple[float, float]


_turn = np.linspace(0, 2 * np.pi, 16, endpoint=False)
_circle: Ring = tuple(zip((0.5 + np.cos(_turn) / 2).tolist(), (0.5 + np.sin(_turn) / 2).tolist(), strict=True))
_box: Ring = ((0, 0), (1, 0), (1, 1), (0, 1))

SHAPES: dict[str, Shape] = {
    "box": Shape((_box,), (0.5, 0.2)),
    "skew": Shape((((0, 0), (1, 0.02), (1, 0.93), (0, 1)),), (0.5, 0.2)),
    "chamfer": Shape((((0.15, 0), (1, 0), (1, 1), (0, 1), (0, 0.1)),), (0.5, 0.3)),
    "ell": Shape((((0, 0), (1, 0), (1, 0.62), (0.55, 0.62), (0.55, 1), (0, 1)),), (0.3, 0.3)),
    "tee": Shape(
        (((0, 0), (1, 0), (1, 0.55), (0.72, 0.55), (0.72, 1), (0.3, 1), (0.3, 0.55), (0, 0.55)),), (0.5, 0.3)
    ),
    "wings": Shape(
        (((0, 0), (1, 0), (1, 1), (0.74, 1), (0.74, 0.4), (0.26, 0.4), (0.26, 1), (0, 1)),), (0.5, 0.2)
    ),
    "cross": Shape(
        (
            (
                (0.32, 0), (0.68, 0), (0.68, 0.5), (1, 0.5), (1, 0.74), (0.68, 0.74), (0.68, 0.86),
                (0.6, 0.97), (0.5, 1), (0.4, 0.97), (0.32, 0.86), (0.32, 0.74), (0, 0.74), (0, 0.5), (0.32,
                0.5),
            ),
        ),
        (0.5, 0.3),
    ),
    "steps": Shape(
        (
            (
                (0, 0), (0.4, 0), (0.4, 0.06), (0.75, 0.06), (0.75, 0.12), (1, 0.12),
                (1, 0.9), (0.6, 0.9), (0.6, 1), (0, 1),
            ),
        ),
        (0.5, 0.4),
    ),
    "court": Shape((_box, ((0.33, 0.35), (0.33, 0.72), (0.67, 0.72), (0.67, 0.35))), (0.5, 0.15)),
    "courts": Shape(
        (
            _box,
            ((0.15, 0.35), (0.15, 0.7), (0.42, 0.7), (0.42, 0.35)),
            ((0.58, 0.3), (0.58, 0.75), (0.86, 0.75), (0.86, 0.3)),
        ),
        (0.5, 0.15),
    ),
    "round": Shape((_circle,), (0.5, 0.5)),
}  # fmt: skip
CODES: dict[str, int] = {name: code for code, name in enumerate(SHAPES)}
INSIDE: Floats = np.array([shape.inside for shape in SHAPES.values()])


def stretch(shape: Ints, x0: Floats, y0: Floats, width: Floats, depth: Floats) -> Footprints:
    """Ground plans in plot coordinates (metres).

    Args:
        shape: codes in `CODES` `(n,)`.
        x0: left side of every building `(n,)`.
        y0: distance of its front to the street `(n,)`.
        width: size along the street `(n,)`.
        depth: size away from it `(n,)`.
    """
    plans = list(SHAPES.values())
    sizes = [np.array([len(ring) for ring in plan.rings], dtype=np.int64) for plan in plans]
    ring_count = np.array([len(size) for size in sizes], dtype=np.int64)[shape]
    polygons = starts(ring_count)
    ring_size = np.zeros(polygons[-1], dtype=np.int64)
    chosen = [np.flatnonzero(shape == code) for code in range(len(plans))]
    for index, size in zip(chosen, sizes, strict=True):
        ring_size[polygons[index][:, None] + np.arange(len(size))] = size
    rings = starts(ring_size)
    xy = np.empty((rings[-1], 2))
    for index, plan in zip(chosen, plans, strict=True):
        unit = np.array([vertex for ring in plan.rings for vertex in ring])
        corner = np.stack([x0[index], y0[index]], 1)[:, None, :]
        extent = np.stack([width[index], depth[index]], 1)[:, None, :]
        xy[rings[polygons[index]][:, None] + np.arange(len(unit))] = unit * extent + corner
    return Footprints(xy, rings, polygons)
