"""Many polygons in three flat arrays, so that a million buildings need no Python loop.

Rings are stored open (the first vertex is not repeated); the first ring of a polygon is its shell, the others
are holes. Coordinates are metres in EPSG:31370 unless a function says otherwise.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]


def starts(lengths: Ints) -> Ints:
    """Offsets `(n + 1,)` of consecutive runs with the given lengths `(n,)`."""
    out = np.zeros(len(lengths) + 1, dtype=np.int64)
    np.cumsum(lengths, out=out[1:])
    return out


def spread(first: Ints, lengths: Ints) -> Ints:
    """The indices `first[i] .. first[i] + lengths[i] - 1` of every run, one after another."""
    offsets = starts(lengths)
    return np.arange(offsets[-1], dtype=np.int64) + np.repeat(first - offsets[:-1], lengths)


@dataclass(frozen=True)
class Footprints:
    """Polygons as flat arrays.

    Attributes:
        xy: vertices `(v, 2)`.
        rings: offsets `(r + 1,)` of the rings in `xy`.
        polygons: offsets `(n + 1,)` of the polygons in `rings`.
    """

    xy: Floats
    rings: Ints
    polygons: Ints

    def __len__(self) -> int:
        """Number of polygons."""
        return len(self.polygons) - 1

    def take(self, index: Ints) -> Footprints:
        """The polygons at `index`, in that order."""
        ring_count = np.diff(self.polygons)[index]
        ring = spread(self.polygons[index], ring_count)
        size = np.diff(self.rings)[ring]
        return Footprints(self.xy[spread(self.rings[ring], size)], starts(size), starts(ring_count))

    def polygon_of_ring(self) -> Ints:
        """For every ring the polygon it belongs to `(r,)`."""
        return np.repeat(np.arange(len(self), dtype=np.int64), np.diff(self.polygons))

    def polygon_of_vertex(self) -> Ints:
        """For every vertex the polygon it belongs to `(v,)`."""
        return np.repeat(self.polygon_of_ring(), np.diff(self.rings))

    def closed(self) -> tuple[Ints, Ints]:
        """Vertex indices of the closed rings, and the offsets of the rings in that list."""
        size = np.diff(self.rings) + 1
        index = spread(self.rings[:-1], size)
        offsets = starts(size)
        index[offsets[1:] - 1] = self.rings[:-1]
        return index, offsets

    def moved(self, shift: Floats, scale: Floats) -> Footprints:
        """Every polygon shifted by `shift` `(n, 2)` and scaled by `scale` `(n,)` about its first vertex."""
        owner = self.polygon_of_vertex()
        anchor = self.xy[self.rings[self.polygons[:-1]]][owner]
        return Footprints((self.xy - anchor) * scale[owner, None] + anchor + shift[owner], self.rings, self.polygons)

    def geometries(self) -> NDArray[np.object_]:
        """The same polygons as shapely objects `(n,)`."""
        index, offsets = self.closed()
        return np.asarray(
            shapely.from_ragged_array(shapely.GeometryType.POLYGON, self.xy[index], (offsets, self.polygons))
        )

    def bounds(self) -> Floats:
        """Bounding boxes `(n, 4)`: minimum x, minimum y, maximum x, maximum y."""
        first = self.rings[self.polygons[:-1]]
        low = np.minimum.reduceat(self.xy, first, axis=0)
        return np.hstack([low, np.maximum.reduceat(self.xy, first, axis=0)])

    def measures(self) -> tuple[Floats, Floats]:
        """Area in m2 (holes taken off) and length in m of the shell of every polygon."""
        index, offsets = self.closed()
        ring = self.xy[index]
        step = np.diff(ring, axis=0, append=ring[-1:])
        cross = np.append(ring[:-1, 0] * ring[1:, 1] - ring[1:, 0] * ring[:-1, 1], 0.0)
        length = np.hypot(step[:, 0], step[:, 1])
        cross[offsets[1:] - 1] = 0.0
        length[offsets[1:] - 1] = 0.0
        areas = np.abs(np.add.reduceat(cross, offsets[:-1])) / 2
        lengths = np.add.reduceat(length, offsets[:-1])
        shell = self.polygons[:-1]
        return 2 * areas[shell] - np.add.reduceat(areas, shell), lengths[shell]


def empty() -> Footprints:
    """No polygons."""
    none = np.zeros(1, dtype=np.int64)
    return Footprints(np.zeros((0, 2)), none, none)


def concat(parts: Sequence[Footprints]) -> Footprints:
    """All polygons of `parts`, one after another."""
    return Footprints(
        np.vstack([part.xy for part in parts]),
        starts(np.concatenate([np.diff(part.rings) for part in parts])),
        starts(np.concatenate([np.diff(part.polygons) for part in parts])),
    )


def from_geometries(geometries: NDArray[np.object_]) -> Footprints:
    """Flat arrays of shapely polygons; rings lose their repeated last vertex."""
    if len(geometries) == 0:
        return empty()
    kind, xy, (rings, polygons) = shapely.to_ragged_array(geometries)
    if kind != shapely.GeometryType.POLYGON:
        raise ValueError(f"voorbeeldstad: expected polygons, got {kind}: merge only buildings that touch")
    keep = np.ones(len(xy), dtype=bool)
    keep[np.asarray(rings[1:]) - 1] = False
    return Footprints(xy[keep], starts(np.diff(rings) - 1), np.asarray(polygons, dtype=np.int64))


def boxes(x0: Floats, y0: Floats, width: Floats, depth: Floats) -> Footprints:
    """Rectangles, counter-clockwise, from their lower left corner and size."""
    x1, y1 = x0 + width, y0 + depth
    xy = np.stack([np.stack([x0, x1, x1, x0], 1), np.stack([y0, y0, y1, y1], 1)], 2).reshape(-1, 2)
    count = np.arange(len(x0) + 1, dtype=np.int64)
    return Footprints(xy, count * 4, count)
