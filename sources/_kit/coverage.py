"""What a WCS says of a coverage (DescribeCoverage, WCS 2.0.1), and the tiles of its grid that cover a box."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from xml.etree import ElementTree

from sources._kit.errors import FetchRefusedError

EAST = frozenset({"x", "e", "east", "easting", "long", "lon", "longitude"})
NORTH = frozenset({"y", "n", "north", "northing", "lat", "latitude"})
TOLERANCE = 0.01
"""Share of a cell by which numbers that were written with a few decimals may differ."""
Box = tuple[float, float, float, float]
_Refuse = Callable[..., FetchRefusedError]


@dataclass(frozen=True)
class Tile:
    """A piece of a coverage's grid: its edges in the coverage's CRS, its size in cells."""

    west: float
    south: float
    east: float
    north: float
    columns: int
    rows: int


@dataclass(frozen=True)
class Coverage:
    """A grid of square cells with north up; edges in the coverage's CRS, `nodata` where the service names one."""

    east_label: str
    north_label: str
    west: float
    north: float
    cell: float
    columns: int
    rows: int
    nodata: float | None

    def tiles(self, box: Box, side: int) -> list[Tile]:
        """Tiles of at most `side` cells along each side over a box, row by row from the north-west; none beyond the grid."""
        west, south, east, north = box
        left, right = self._span(west - self.west, east - self.west, self.columns)
        top, bottom = self._span(self.north - north, self.north - south, self.rows)
        return [
            self._tile(column, min(column + side, right), row, min(row + side, bottom))
            for row in range(top, bottom, side)
            for column in range(left, right, side)
        ]

    def subset(self, tile: Tile) -> list[str]:
        """The tile in the words of a request, under the axes' own labels."""
        return [
            f"{self.east_label}({tile.west:.12g},{tile.east:.12g})",
            f"{self.north_label}({tile.south:.12g},{tile.north:.12g})",
        ]

    def _span(self, low: float, high: float, count: int) -> tuple[int, int]:
        first = math.floor(low / self.cell + TOLERANCE)
        last = math.ceil(high / self.cell - TOLERANCE)
        return max(0, first), min(count, last)

    def _tile(self, left: int, right: int, top: int, bottom: int) -> Tile:
        west, north = self.west + left * self.cell, self.north - top * self.cell
        east, south = self.west + right * self.cell, self.north - bottom * self.cell
        return Tile(west, south, east, north, right - left, bottom - top)


def describe(text: str, name: str, crs: str, where: Mapping[str, object]) -> Coverage:
    """Read the description of one coverage.

    Args:
        text: the answer to DescribeCoverage.
        name: id of the coverage.
        crs: the CRS it must be in, as EPSG:<code>.
        where: source, city, feed, url; for the errors.

    Raises:
        FetchRefusedError: no description, another CRS, coordinates of another CRS, or no plain grid of square cells.
    """

    def refuse(what: str, value: object, next_step: str = "") -> FetchRefusedError:
        advice = next_step or "the last good snapshot stays; open DescribeCoverage and look"
        return FetchRefusedError(what, value=value, next_step=advice, **where, coverage=name)

    root = _root(text, name)
    if root is None:
        raise refuse("the service does not describe the coverage", " ".join(text.split())[:200])
    envelope, grid = _find(root, "Envelope"), _find(root, "RectifiedGrid")
    if envelope is None or grid is None:
        raise refuse("the coverage is no rectified grid", _ids(root))
    _hold_crs(envelope.get("srsName", ""), crs, refuse)
    labels = envelope.get("axisLabels", "").split()
    low, high = _numbers(envelope, "lowerCorner"), _numbers(envelope, "upperCorner")
    first, last = _numbers(grid, "low"), _numbers(grid, "high")
    origin = _numbers(grid, "pos")
    steps = [[float(part) for part in (one.text or "").split()] for one in _all(grid, "offsetVector")]
    if {len(labels), len(low), len(high), len(first), len(last), len(origin), len(steps)} != {2}:
        raise refuse("the coverage has other axes than two", " ".join(labels) or "no labels")
    at = _east_axis(labels, crs)
    west, south, east, north = low[at], low[1 - at], high[at], high[1 - at]
    across = [one for one in steps if abs(one[at]) > 0 and one[1 - at] == 0]
    down = [one for one in steps if abs(one[1 - at]) > 0 and one[at] == 0]
    if len(across) != 1 or len(down) != 1 or across[0][at] <= 0 or down[0][1 - at] >= 0:
        raise refuse("the grid is turned or not north up", steps)
    cell = across[0][at]
    if abs(cell + down[0][1 - at]) > 1e-9 * cell:
        raise refuse("the cells are not square", steps)
    columns, rows = round((east - west) / cell), round((north - south) / cell)
    sizes = [int(b - a) + 1 for a, b in zip(first, last, strict=True)]
    if sorted(sizes) != sorted((columns, rows)):
        raise refuse("the grid does not fill its envelope", f"{sizes} cells, {columns} x {rows} in the envelope")
    shifts = [(origin[at] - west) / cell, (north - origin[1 - at]) / cell]
    # The origin is the middle of the first cell; some servers say its corner.
    if not any(all(abs(one - half) < TOLERANCE for one in shifts) for half in (0.5, 0.0)):
        raise refuse("the grid does not begin at its envelope", f"{origin} in {low} to {high}")
    _hold_range((west + east) / 2, (south + north) / 2, crs, refuse)
    nil = [one.text for one in _all(root, "nilValue") if re.fullmatch(r"\s*-?[\d.]+([eE][-+]?\d+)?\s*", one.text or "")]
    return Coverage(
        labels[at], labels[1 - at], west, north, cell, columns, rows, float(nil[0]) if nil and nil[0] else None
    )


def _root(text: str, name: str) -> ElementTree.Element | None:
    """The description of the coverage of that name; None where there is none."""
    # Entities would let a small document grow without bound; no description has any.
    # A NUL: text in UTF-16, in which the words above would go unseen and the parser would see them all the same.
    if "<!DOCTYPE" in text or "<!ENTITY" in text or "\x00" in text:
        return None
    try:
        document = ElementTree.fromstring(text.encode())  # noqa: S314 (no document type, at most a megabyte)
    except ElementTree.ParseError:
        return None
    found = [one for one in _all(document, "CoverageDescription") if name in _ids(one)]
    return found[0] if len(found) == 1 else None


def _ids(root: ElementTree.Element) -> list[str]:
    return [(one.text or "").strip() for one in _all(root, "CoverageId")]


def _all(root: ElementTree.Element, name: str) -> list[ElementTree.Element]:
    return [one for one in root.iter() if one.tag.rpartition("}")[2] == name]


def _find(root: ElementTree.Element, name: str) -> ElementTree.Element | None:
    return next(iter(_all(root, name)), None)


def _numbers(root: ElementTree.Element, name: str) -> list[float]:
    found = _find(root, name)
    try:
        return [float(part) for part in (found.text or "").split()] if found is not None else []
    except ValueError:
        return []


def _east_axis(labels: list[str], crs: str) -> int:
    """Which of two axes leads east: by its label, else by the order of the CRS's own axes."""
    from pyproj import CRS

    for at in (0, 1):
        if labels[at].lower() in EAST and labels[1 - at].lower() in NORTH:
            return at
    return 1 if CRS.from_user_input(crs).axis_info[0].direction == "north" else 0


def _hold_crs(said: str, crs: str, refuse: _Refuse) -> None:
    from pyproj import CRS
    from pyproj.exceptions import CRSError

    try:
        code = CRS.from_user_input(said).to_epsg()
    except CRSError:
        code = None
    if f"EPSG:{code}" != crs:
        raise refuse(
            "the coverage is not in the feed's CRS",
            f"{said or 'no CRS'} instead of {crs}",
            "set `crs` of this feed to that of the coverage; the outlines are transformed, never the raster",
        )


def _hold_range(east: float, north: float, crs: str, refuse: _Refuse) -> None:
    """Lambert 2008 lies some 500 km beyond Lambert 72: coordinates tell which one it is, whatever the name says."""
    from pyproj import CRS, Transformer

    area = CRS.from_user_input(crs).area_of_use
    if area is None:
        return
    move = Transformer.from_crs("EPSG:4326", crs, always_xy=True)
    left, bottom, right, top = move.transform_bounds(*area.bounds)
    if not (left <= east <= right and bottom <= north <= top):
        raise refuse(
            "the coverage lies outside the area of its CRS: it is in another, or its axes are swapped",
            f"its middle is {east:.0f}, {north:.0f}; {crs} is for {left:.0f} to {right:.0f}, {bottom:.0f} to {top:.0f}",
        )
