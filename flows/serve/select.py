"""What a request asks of a collection, as SQL conditions. Every value from outside is parsed or quoted here."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import date

import pyarrow as pa
from pyproj import CRS, Transformer

from flows.serve.published import CRS84, Box, Published
from sources._kit.duck import identifier, literal

_WORLD = (-180.0, -90.0, 180.0, 90.0)


class RequestError(Exception):
    """A parameter of the request cannot be what it says."""


def epsg_of(uri: str) -> int:
    """Code of a CRS that is offered; CRS84 is 4326 with x before y, as everything here."""
    return 4326 if uri == CRS84 else int(uri.rsplit("/", 1)[1])


def is_north_first(uri: str) -> bool:
    """Whether the CRS itself says latitude or northing first, as EPSG:4326 does."""
    return uri != CRS84 and CRS.from_epsg(epsg_of(uri)).axis_info[0].direction.lower() == "north"


def touches(published: Published, numbers: Sequence[float], uri: str) -> str:
    """Condition: the feature touches the box, exactly, in the box's own CRS.

    pygeoapi itself moves two corners of a box into the layer's CRS and takes the box between them, which is another
    box: off by metres in a city, and by everything for the whole world.

    Args:
        published: the set.
        numbers: four, or six with heights, which are left aside; in the axis order of the CRS.
        uri: CRS of the box.

    Raises:
        RequestError: the box has no end, or runs from high to low.
    """
    edges = [*numbers[:2], *numbers[3:5]] if len(numbers) == 6 else list(numbers)
    if not all(map(math.isfinite, edges)):
        raise RequestError("bbox values must be finite")
    low_x, low_y, high_x, high_y = [edges[i] for i in (1, 0, 3, 2)] if is_north_first(uri) else edges
    epsg = epsg_of(uri)
    boxes: list[Box] = [(low_x, low_y, high_x, high_y)]
    if low_x > high_x and CRS.from_epsg(epsg).is_geographic:
        boxes = [(low_x, low_y, _WORLD[2], high_y), (_WORLD[0], low_y, high_x, high_y)]  # across the date line
    elif low_x > high_x:
        raise RequestError("bbox runs from low to high")
    if low_y > high_y:
        raise RequestError("bbox runs from low to high")
    return "(" + " OR ".join(_touches_one(published, box, epsg) for box in boxes) + ")"


def _touches_one(published: Published, box: Box, epsg: int) -> str:
    around = published.extent(epsg)
    if around is None or box[0] > around[2] or box[2] < around[0] or box[1] > around[3] or box[3] < around[1]:
        return "false"
    # Beyond the layer nothing is to be found, and a projection may have no place for it.
    near = (max(box[0], around[0]), max(box[1], around[1]), min(box[2], around[2]), min(box[3], around[3]))
    if near == around:
        return "true"
    shape, low_x, low_y, high_x, high_y = "shape", *near
    if epsg != published.epsg:
        to = Transformer.from_crs(CRS.from_epsg(epsg), CRS.from_epsg(published.epsg), always_xy=True)
        low_x, low_y, high_x, high_y = to.transform_bounds(*near, densify_pts=21)
        shape = f"ST_Transform(shape, 'EPSG:{published.epsg}', 'EPSG:{epsg}', always_xy := true)"
        low_x, low_y, high_x, high_y = low_x - 1, low_y - 1, high_x + 1, high_y + 1
    # The column `bbox` first: it stands in the file's statistics, and most row groups are never read.
    return (
        f"(bbox.xmin <= {high_x!r} AND bbox.xmax >= {low_x!r} AND bbox.ymin <= {high_y!r} AND bbox.ymax >= {low_y!r} "
        f"AND ST_Intersects({shape}, {_envelope(near)}))"
    )


def _envelope(box: Box) -> str:
    low_x, low_y, high_x, high_y = map(repr, box)
    if box[:2] == box[2:]:
        return f"ST_Point({low_x}, {low_y})"
    if box[0] == box[2] or box[1] == box[3]:  # a line: an area without area touches nothing
        return f"ST_MakeLine(ST_Point({low_x}, {low_y}), ST_Point({high_x}, {high_y}))"
    return f"ST_MakeEnvelope({low_x}, {low_y}, {high_x}, {high_y})"


def equals(field: pa.Field, value: str) -> str:
    """Condition: a property has a value.

    Raises:
        RequestError: no value of its type.
    """
    try:
        if pa.types.is_boolean(field.type):
            wanted = {"true": "true", "false": "false"}[value.lower()]
        elif pa.types.is_integer(field.type):
            wanted = f"CAST('{int(value)}' AS HUGEINT)"
        elif pa.types.is_floating(field.type):
            wanted = f"CAST('{float(value)!r}' AS DOUBLE)"
        elif pa.types.is_date(field.type):
            wanted = f"DATE '{date.fromisoformat(value)}'"
        else:
            wanted = literal(value)
    except (ValueError, KeyError, OverflowError) as error:
        raise RequestError(f"no value of {field.name}") from error
    return f"{identifier(field.name)} = {wanted}"
