"""Whether a shape of GeoJSON lies where it was asked for."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any


def is_near(shape: dict[str, Any], box: tuple[float, float, float, float]) -> bool:
    """Whether a shape reaches into a box, or near it: a service turns the box into a wider one in its own CRS."""
    points = list(_points(shape.get("coordinates")))
    if not points:
        return True  # a collection, or broken: whoever reads the shape says so
    xs, ys = [point[0] for point in points], [point[1] for point in points]
    east, north = (box[2] - box[0]) / 2, (box[3] - box[1]) / 2
    return (
        min(xs) <= box[2] + east
        and max(xs) >= box[0] - east
        and min(ys) <= box[3] + north
        and max(ys) >= box[1] - north
    )


def _points(coordinates: Any) -> Iterator[list[float]]:
    if not isinstance(coordinates, list):
        return
    if len(coordinates) > 1 and all(isinstance(one, int | float) for one in coordinates):
        yield coordinates
    else:
        for one in coordinates:
            yield from _points(one)
