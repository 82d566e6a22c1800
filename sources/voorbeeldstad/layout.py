"""Where everything stands: districts, zones, streets, plots. One row per plot, no loop over plots.

A district is a rotated block of three zones (core: terraces; outer: detached; industry: halls). A zone is a
grid
of straight streets with plots on both sides. Coordinates are metres, EPSG:31370.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sources.voorbeeldstad import names
from sources.voorbeeldstad.arrow import Column, pa
from sources.voorbeeldstad.footprint import Bools, Floats, Footprints, Ints
from sources.voorbeeldstad.mix import Mix
from sources.voorbeeldstad.text import column, draw, join
from sources.voorbeeldstad.typology import INDEX, TYPES, ZONES

CENTRE = (180_000.0, 198_000.0)
DEPTH: Floats = np.array([38.0, 48.0, 100.0])
"""Plot depth per zone, metres."""
_FRONTAGE: Floats = np.array([240.0, 420.0, 600.0])
_ROAD = 12.0
_BACK_GAP = 2.0
_ROW_TYPES = ("dwelling", "apartments", "shop", "cafe_restaurant", "unknown")
_SQUARE_TYPES = ("church", "town_hall", "police_station", "library", "post_office", "theatre", "courthouse")


@dataclass(frozen=True)
class Plots:
    """The plots, one per main building, in street order.

    Attributes:
        kind: type index of the main building.
        zone: 0 core, 1 outer, 2 industry.
        district: index of the district.
        half_street: street side; two plots next to each other in this list with the same value are
            neighbours.
        street: index in `streets`.
        width: along the street, m.
        margin: free space left and right of the main building, m; 0 in a terrace.
        origin: front corner `(n, 2)`.
        along: unit vector along the street `(n, 2)`; the plot lies to its left.
        number: house number.
        letter: `A` or empty, a column.
        streets: street names.
        districts: district names.
        area: rectangles of the zones, in the order of `area_zone`.
        area_zone: zone of every rectangle of `area`.
    """

    kind: Ints
    zone: Ints
    district: Ints
    half_street: Ints
    street: Ints
    width: Floats
    margin: Floats
    main_depth: Floats
    setback: Floats
    origin: Floats
    along: Floats
    number: Ints
    letter: Bools
    streets: list[str]
    districts: list[str]
    area: Footprints
    area_zone: Ints

    def world(self, plot: Ints, xy: Floats) -> Floats:
        """Plot coordinates (x along the street, y away from it) to EPSG:31370, `(k, 2)`."""
        along = self.along[plot]
        away = np.stack([-along[:, 1], along[:, 0]], 1)
        return self.origin[plot] + xy[:, :1] * along + xy[:, 1:] * away

    def place(self, plot: Ints, shapes: Footprints) -> Footprints:
        """Polygons in plot coordinates, one plot each, to EPSG:31370."""
        return Footprints(self.world(plot[shapes.polygon_of_vertex()], shapes.xy), shapes.rings, shapes.polygons)

    def street_names(self) -> Column:
        """Street name per plot."""
        return pa.array(self.streets, pa.string()).take(pa.array(self.street))

    def house_numbers(self) -> Column:
        """House number with letter per plot, for example `12A`."""
        return join(column(self.number), pa.array(["", "A"]).take(pa.array(self.letter.astype(np.int8))))

    def postcodes(self) -> Ints:
        """Two postcodes per district: the core, and the rest."""
        return 9901 + 2 * self.district + (self.zone > 0)


def district_count(buildings: int) -> int:
    """Three, or one per 45,000 buildings."""
    return max(3, -(-buildings // 45_000))


def lay_out(seed: int, mix: Mix, buildings: int) -> Plots:
    """Give every main building a plot on a street."""
    rng = draw(seed, "layout")
    count = len(mix.main)
    zones = district_count(buildings)
    chance = np.ones(zones)
    chance[0] = 2.0 if zones == 3 else 1.2
    district = rng.choice(zones, count, p=chance / chance.sum())
    zone = np.array([ZONES.index(kind.zone) for kind in TYPES])[mix.main]
    detached = (mix.main == INDEX["dwelling"]) & (rng.random(count) < 0.35)
    zone[detached] = 1
    # A handful of civic buildings stand on the square, which is the first street of the core.
    civic = np.isin(mix.main, [INDEX[code] for code in _SQUARE_TYPES])
    square = civic & (rng.random(count) < min(0.4, 6 * zones / max(1, int(civic.sum()))))
    order = np.lexsort((rng.random(count) - 2.0 * square, zone, district))
    kind, zone, district = mix.main[order], zone[order], district[order]

    width, depth, margin, setback = _sizes(rng, kind, zone)
    block = district * len(ZONES) + zone
    first = np.searchsorted(block, np.arange(zones * len(ZONES)))
    total = np.concatenate([[0.0], np.cumsum(width)])
    begin = total[:-1] - total[first][block]
    side_in_zone = (begin // _FRONTAGE[zone]).astype(np.int64)
    key = block * (side_in_zone.max() + 2) + side_in_zone
    _, opens, half_street, size = np.unique(key, return_index=True, return_inverse=True, return_counts=True)
    position = begin - begin[opens][half_street]
    rank = np.arange(count) - opens[half_street]
    right = side_in_zone % 2 == 1
    rank = np.where(right, size[half_street] - 1 - rank, rank)

    in_zone = side_in_zone // 2
    _, street_open, street = np.unique(block * (in_zone.max() + 1) + in_zone, return_index=True, return_inverse=True)
    origin, along, area = _positions(rng, block, in_zone, right, position, width, zone, district, zones)
    letter = (rng.random(count) < 0.02) & (rank > 0)
    before = np.where(right, np.roll(letter, -1), np.roll(letter, 1))
    letter &= ~before & (margin == 0)
    number = 2 * (rank - letter) + 1 + right
    return Plots(
        kind, zone, district, half_street, street, width, margin, depth, setback, origin, along, number,
        letter,
        _street_names(seed, block[street_open], in_zone[street_open], names.districts(zones)),
        names.districts(zones), area, np.tile(np.arange(len(ZONES)), zones),
    )  # fmt: skip


def _sizes(rng: np.random.Generator, kind: Ints, zone: Ints) -> tuple[Floats, Floats, Floats, Floats]:
    """Plot width, depth of the main building, side margin and setback, metres."""
    limits = np.array([[*entry.width, *entry.depth] for entry in TYPES])[kind]
    width = limits[:, 0] + (limits[:, 1] - limits[:, 0]) * rng.random(len(kind))
    depth = limits[:, 2] + (limits[:, 3] - limits[:, 2]) * rng.random(len(kind))
    detached = zone == 1
    is_house = detached & (kind == INDEX["dwelling"])
    width = np.where(is_house, 8 + 7 * rng.random(len(kind)), width).astype(np.float64)
    in_row = (zone == 0) & np.isin(kind, [INDEX[code] for code in _ROW_TYPES])
    margin = np.where(in_row, 0.0, np.array([3.0, 4.0, 6.0])[zone] + 2 * rng.random(len(kind)))
    setback = np.where(in_row, 0.0, np.array([1.0, 6.0, 9.0])[zone] + 3 * rng.random(len(kind)))
    # Centimetres: what is said to touch must touch exactly.
    margin = np.round(margin, 2).astype(np.float64)
    return np.round(width, 2) + 2 * margin, depth.astype(np.float64), margin, setback.astype(np.float64)


def _positions(
    rng: np.random.Generator, block: Ints, in_zone: Ints, right: Bools, position: Floats, width: Floats,
    zone: Ints, district: Ints, zones: int,
) -> tuple[Floats, Floats, Footprints]:  # fmt: skip
    """World position of every plot's front corner, its direction, and the rectangle of every zone."""
    blocks = zones * len(ZONES)
    of_zone = np.tile(np.arange(len(ZONES)), zones)
    streets = np.zeros(blocks, dtype=np.int64)
    np.maximum.at(streets, block, in_zone + 1)
    widest = np.zeros(blocks)
    np.maximum.at(widest, block, width)
    column_size = _FRONTAGE[of_zone] + widest + _ROAD
    row_size = 2 * DEPTH[of_zone] + _ROAD + _BACK_GAP
    # Zones are stacked, so all zones of a district get the width that makes the district about square.
    surface = (streets * column_size * row_size).reshape(zones, -1).sum(1)
    columns = np.maximum(1, np.round(np.repeat(np.sqrt(surface), len(ZONES)) / column_size)).astype(np.int64)
    extent = np.stack([columns * column_size, -(-streets // columns) * row_size], 1)

    per_district = extent.reshape(zones, len(ZONES), 2)
    base = np.cumsum(per_district[:, :, 1], 1) - per_district[:, :, 1]
    size = np.stack([per_district[:, :, 0].max(1), per_district[:, :, 1].sum(1)], 1)
    angle = rng.uniform(-0.3, 0.3, zones)
    turn = np.stack([np.cos(angle), np.sin(angle)], 1)
    pitch = (size * turn[:, :1] + size[:, ::-1] * np.abs(turn[:, 1:])).max() + 100
    side = int(np.ceil(np.sqrt(zones)))
    cell = np.stack([np.arange(zones) % side, np.arange(zones) // side], 1)
    centre = np.round(np.array(CENTRE) + (cell - (side - 1) / 2) * pitch, 0)

    def to_world(local: Floats, of: Ints) -> Floats:
        centred = local - size[of] / 2
        cos, sin = turn[of, 0], turn[of, 1]
        x = centred[:, 0] * cos - centred[:, 1] * sin
        y = centred[:, 0] * sin + centred[:, 1] * cos
        return np.asarray(np.stack([x, y], 1) + centre[of], dtype=np.float64)

    u = (in_zone % columns[block]) * column_size[block]
    u = u + np.where(right, column_size[block] - _ROAD - position, position)
    v = base.reshape(-1)[block] + (in_zone // columns[block] + 0.5) * row_size[block]
    v = v + np.where(right, -_ROAD / 2, _ROAD / 2)
    along = turn[district] * np.where(right, -1.0, 1.0)[:, None]

    low = np.stack([np.zeros(blocks), base.reshape(-1)], 1)
    corners = low[:, None, :] + extent[:, None, :] * np.array([[0, 0], [1, 0], [1, 1], [0, 1]])
    offsets = np.arange(blocks + 1, dtype=np.int64)
    area = Footprints(
        to_world(corners.reshape(-1, 2), np.repeat(np.arange(blocks) // len(ZONES), 4)), offsets * 4, offsets
    )
    return to_world(np.stack([u, v], 1), district), along, area


def _street_names(seed: int, block: Ints, in_zone: Ints, districts: list[str]) -> list[str]:
    """Names of all streets: first in every core a square, then the shared names, then made-up ones."""
    made_up = names.streets(seed, len(block))
    fixed = [districts[index] + "plein" for index in range(len(districts))]
    for street, (of_block, position) in enumerate(zip(block.tolist(), in_zone.tolist(), strict=True)):
        if of_block % len(ZONES) == 0 and position == 0:
            made_up[street] = fixed[of_block // len(ZONES)]
        elif of_block % len(ZONES) == 0 and position <= len(names.SHARED_STREETS):
            made_up[street] = names.SHARED_STREETS[position - 1]
    return made_up
