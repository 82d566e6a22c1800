"""The real buildings: what stands on every plot. Everything else is an observation of these rows."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sources.voorbeeldstad.footprint import Bools, Floats, Footprints, Ints
from sources.voorbeeldstad.layout import DEPTH, Plots
from sources.voorbeeldstad.mix import COMPLEX_FOOTPRINTS, Mix
from sources.voorbeeldstad.shape import CODES, INSIDE, stretch
from sources.voorbeeldstad.text import draw
from sources.voorbeeldstad.typology import INDEX, TYPES

SPLIT_AT = 0.78
"""Where a split parcel is cut: share of the plot's depth, behind every main building of the core."""


@dataclass
class Buildings:
    """One row per real building: main buildings in plot order, then outbuildings, then further footprints.

    Columns are arrays of length n. `hard_cases.plant` changes rows, hence not frozen.

    Attributes:
        kind: index in `typology.TYPES`.
        plot: index in the plots.
        shape: code in `shape.CODES`.
        x0, y0, width, depth: place in the plot, m (x along the street).
        levels: storeys.
        is_main: has the plot's address.
        is_chimney: a chimney, which GRB keeps among its structures.
        complex_of: number of the factory complex it belongs to, or -1.
        former: former type, index in TYPES, or -1.
        out: out of use.
        vacant_share: share that stands empty, 0-1.
        gone: demolished.
        in_grb, in_osm: which base holds it.
        osm_form: how OSM draws it, one of the constants `REFERENCED` ... `NO_MEMBER`.
        row: register row: 0 none, 1 for the whole building, 2 for a part.
        row_status: its status, index in `Generation.register_status`.
        disused, prefixed, present, former_and_present, shop_vacant: OSM traces.
        case: label of the hard case, or None.
        osm_tags: tags that replace all drawn ones, per building.
        poi_tags: tags of a point of interest inside, per building.
        cases: buildings of every planted case, for the writers that need to know.
    """

    kind: Ints
    plot: Ints
    shape: Ints
    x0: Floats
    y0: Floats
    width: Floats
    depth: Floats
    levels: Ints
    is_main: Bools
    is_chimney: Bools
    complex_of: Ints
    former: Ints
    out: Bools
    vacant_share: Floats
    gone: Bools
    in_grb: Bools
    in_osm: Bools
    osm_form: NDArray[np.int8]
    row: NDArray[np.int8]
    row_status: NDArray[np.int8]
    disused: Bools
    prefixed: Bools
    present: Bools
    former_and_present: Bools
    shop_vacant: Bools
    case: NDArray[np.object_]
    osm_tags: dict[int, dict[str, str]] = field(default_factory=dict)
    poi_tags: dict[int, dict[str, str]] = field(default_factory=dict)
    cases: dict[str, list[int]] = field(default_factory=dict)

    def __len__(self) -> int:
        """Number of real buildings."""
        return len(self.kind)

    def is_atypical(self) -> Bools:
        """Not an ordinary dwelling, shop or shed `(n,)`."""
        return np.asarray(np.array([kind.is_atypical for kind in TYPES])[self.kind])

    def is_residential(self) -> Bools:
        """Dwelling or apartments `(n,)`."""
        return np.asarray(np.array([kind.is_residential for kind in TYPES])[self.kind])

    def is_structure(self) -> Bools:
        """Kept in KNW (structures), not GBG: water towers, cooling towers, chimneys `(n,)`."""
        cooling = (self.kind == INDEX["power_station"]) & (self.shape == CODES["round"])
        return np.asarray((self.kind == INDEX["water_tower"]) | cooling | self.is_chimney)

    def footprints(self, plots: Plots) -> Footprints:
        """True ground plans, EPSG:31370."""
        return plots.place(self.plot, stretch(self.shape, self.x0, self.y0, self.width, self.depth))

    def inside(self, plots: Plots, index: Ints) -> Floats:
        """A point inside every building of `index` `(k, 2)`, EPSG:31370."""
        unit = INSIDE[self.shape[index]]
        corner = np.stack([self.x0[index], self.y0[index]], 1)
        return plots.world(self.plot[index], corner + unit * np.stack([self.width[index], self.depth[index]], 1))


def build(seed: int, plots: Plots, mix: Mix) -> Buildings:
    """Put the buildings on their plots; their state is drawn later."""
    rng = draw(seed, "buildings")
    mains = len(plots.kind)
    complexes = _complexes(plots, mix.complexes)
    extra = np.repeat(complexes, COMPLEX_FOOTPRINTS - 1)
    host, slot = _outbuilding_slots(rng, plots, len(mix.outbuilding))
    kind = np.concatenate(
        [plots.kind, mix.outbuilding, np.full(len(extra), INDEX["factory"]),
         np.full(len(complexes), INDEX["unknown"])]
    )  # fmt: skip
    plot = np.concatenate([np.arange(mains), host, extra, complexes])
    count = len(kind)
    limits = np.array([[*entry.width, *entry.depth] for entry in TYPES])[kind]
    part = slice(mains, mains + len(host))
    width = np.round(limits[:, 0] + (limits[:, 1] - limits[:, 0]) * rng.random(count), 2)
    depth = np.round(limits[:, 2] + (limits[:, 3] - limits[:, 2]) * rng.random(count), 2)
    width[:mains] = np.round(plots.width - 2 * plots.margin, 2)
    depth[:mains] = np.round(plots.main_depth, 2)
    width[part] = np.minimum(width[part], np.round(0.46 * plots.width[host], 2))
    x0, y0 = np.zeros(count), np.zeros(count)
    x0[:mains], y0[:mains] = plots.margin, np.round(plots.setback, 2)
    x0[part] = np.where(slot == 0, 0.1, plots.width[host] - width[part] - 0.1)
    y0[part] = DEPTH[plots.zone[host]] - 1 - depth[part]

    shape = _shapes(rng, kind)
    cooling = np.flatnonzero(kind == INDEX["power_station"])
    shape[cooling] = np.where(np.arange(len(cooling)) % 2 == 0, CODES["round"], CODES["steps"])
    complex_of = np.full(count, -1)
    _lay_complexes(plots, complexes, (x0, y0, width, depth), shape, mains + len(host))
    complex_of[complexes] = np.arange(len(complexes))
    complex_of[mains + len(host) :] = np.concatenate(
        [np.repeat(np.arange(len(complexes)), COMPLEX_FOOTPRINTS - 1), np.arange(len(complexes))]
    )
    low = np.array([entry.levels[0] for entry in TYPES])[kind]
    high = np.array([entry.levels[1] for entry in TYPES])[kind]
    chimney = np.zeros(count, dtype=bool)
    chimney[count - len(complexes) :] = True
    flags: dict[str, Any] = {name: np.zeros(count, dtype=bool) for name in (
        "out", "gone", "disused", "prefixed", "present", "former_and_present", "shop_vacant")}  # fmt: skip
    return Buildings(
        kind=kind, plot=plot, shape=shape, x0=x0, y0=y0, width=width, depth=depth,
        levels=rng.integers(low, high + 1), is_main=np.arange(count) < mains, is_chimney=chimney,
        complex_of=complex_of, former=np.full(count, -1), vacant_share=np.zeros(count),
        in_grb=np.ones(count, dtype=bool), in_osm=np.ones(count, dtype=bool),
        osm_form=np.zeros(count, dtype=np.int8), row=np.zeros(count, dtype=np.int8),
        row_status=np.zeros(count, dtype=np.int8),
        case=np.full(count, None, dtype=object), **flags,
    )  # fmt: skip


def _shapes(rng: np.random.Generator, kind: Ints) -> Ints:
    """A ground plan for every building, out of those of its type."""
    longest = max(len(entry.shapes) for entry in TYPES)
    table = np.array([[CODES[entry.shapes[i % len(entry.shapes)]] for i in range(longest)] for entry in TYPES])
    size = np.array([len(entry.shapes) for entry in TYPES])
    return np.asarray(table[kind, rng.integers(0, 1 << 30, len(kind)) % size[kind]], dtype=np.int64)


def _complexes(plots: Plots, count: int) -> Ints:
    """The widest factories, spread over the city by their order."""
    factories = np.flatnonzero(plots.kind == INDEX["factory"])
    widest = factories[np.argsort(-plots.width[factories], kind="stable")][:count]
    return np.sort(widest)


def _outbuilding_slots(rng: np.random.Generator, plots: Plots, count: int) -> tuple[Ints, Ints]:
    """Plots with room for a shed, left (0) or right (1) at the back."""
    hosts = [INDEX[code] for code in ("dwelling", "apartments", "shop", "cafe_restaurant", "unknown", "farm")]
    candidates = np.flatnonzero(np.isin(plots.kind, hosts))
    chosen = np.sort(rng.choice(2 * len(candidates), count, replace=False))
    return candidates[chosen // 2], chosen % 2


def _lay_complexes(
    plots: Plots, complexes: Ints, place: tuple[Floats, Floats, Floats, Floats], shape: Ints, first: int
) -> None:
    """Nine footprints in a three by three grid with alleys of 3 m, and a chimney behind them."""
    x0, y0, width, depth = place
    for number, plot in enumerate(complexes.tolist()):
        further = first + number * (COMPLEX_FOOTPRINTS - 1) + np.arange(COMPLEX_FOOTPRINTS - 1)
        rows = np.concatenate([[plot], further])
        cell = np.arange(COMPLEX_FOOTPRINTS)
        w, d = round(float(plots.width[plot] - 2 * plots.margin[plot] - 6) / 3, 2), 21.0
        x0[rows], y0[rows] = (
            plots.margin[plot] + (cell % 3) * (w + 3),
            plots.setback[plot] + (cell // 3) * (d + 3),
        )
        width[rows], depth[rows] = w, d
        shape[rows] = np.where(cell % 2 == 0, CODES["box"], CODES["ell"])
        chimney = first + len(complexes) * (COMPLEX_FOOTPRINTS - 1) + number
        x0[chimney], y0[chimney] = plots.width[plot] / 2, plots.setback[plot] + 3 * (d + 3) + 2
        width[chimney] = depth[chimney] = 4.0
        shape[chimney] = CODES["round"]
