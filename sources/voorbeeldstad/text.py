"""Text columns without a Python loop: Arrow joins, and files written straight from Arrow's own buffers."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from sources.voorbeeldstad.arrow import Column, pa, pc
from sources.voorbeeldstad.footprint import Footprints, Ints


def draw(seed: int, stage: str) -> np.random.Generator:
    """A generator of random numbers of its own for every stage, so that stages do not disturb each other."""
    return np.random.default_rng([seed, zlib.crc32(stage.encode())])


def column(values: object) -> Column:
    """Numbers as the text of their shortest exact form; text stays text."""
    array = values if isinstance(values, pa.Array) else pa.array(values)
    return array if pa.types.is_string(array.type) else pc.cast(array, pa.string())


def join(*parts: object) -> Column:
    """Columns and constant strings put together row by row, without a separator."""
    return pc.binary_join_element_wise(*[part if isinstance(part, str) else column(part) for part in parts], "")


def pick(pool: Sequence[str], index: NDArray[np.integer]) -> Column:
    """The strings of `pool` at `index` (a column)."""
    return pa.array(list(pool), pa.string()).take(pa.array(index))


def grouped(values: Column, offsets: Ints, separator: str = ",") -> Column:
    """Runs of `values` (offsets `(n + 1,)`) joined to one string each."""
    return pc.binary_join(pa.ListArray.from_arrays(pa.array(offsets, pa.int32()), values), separator)


def coordinates(shapes: Footprints, decimals: int = 5) -> Column:
    """GeoJSON `coordinates` of every polygon, metres rounded to `decimals`."""
    index, offsets = shapes.closed()
    xy = np.round(shapes.xy, decimals)
    vertex = join("[", xy[:, 0], ",", xy[:, 1], "]").take(pa.array(index))
    ring = join("[", grouped(vertex, offsets), "]")
    return join("[", grouped(ring, shapes.polygons), "]")


def write_text(out: BinaryIO, lines: Column) -> None:
    """Write a text column as it lies in memory; every value brings its own line end."""
    if len(lines) == 0:
        return
    array = lines.combine_chunks() if isinstance(lines, pa.ChunkedArray) else lines
    _, offsets, data = array.buffers()
    bounds = np.frombuffer(offsets, dtype=np.int32)[array.offset : array.offset + len(array) + 1]
    out.write(memoryview(data)[int(bounds[0]) : int(bounds[-1])])


def day_text(first: str, days: NDArray[np.integer]) -> Column:
    """ISO dates `days` after `first`."""
    return pa.array(np.datetime_as_string(np.datetime64(first) + days.astype("timedelta64[D]"), unit="D"))
