"""How OSM draws the real buildings: outlines, halves, merged pairs; and land use. EPSG:31370."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely

from sources.voorbeeldstad import state
from sources.voorbeeldstad.building import Buildings
from sources.voorbeeldstad.footprint import Bools, Floats, Footprints, Ints, concat, from_geometries
from sources.voorbeeldstad.layout import DEPTH, Plots
from sources.voorbeeldstad.shape import CODES, stretch
from sources.voorbeeldstad.text import draw
from sources.voorbeeldstad.typology import INDEX

FIRST_WAY = 900_000_000
FIRST_RELATION = 90_000_000
FIRST_EDIT, LAST_EDIT = np.datetime64("2016-01-01"), np.datetime64("2025-05-24")
_LAND_USE = {"church": "religious", "monastery": "religious", "barracks": "military", "supermarket": "retail"}


@dataclass(frozen=True)
class OsmObjects:
    """Areas as OSM has them. Every ring is a way; an area with holes is a relation too.

    Attributes:
        shapes: outlines `(k,)`.
        building: the real building of every area, -1 for land use `(k,)`.
        land_use: value of `landuse` per area, "" for buildings.
        form: as in `Buildings.osm_form` `(k,)`.
        edited: day of the last edit, counted from `FIRST_EDIT` `(k,)`.
    """

    shapes: Footprints
    building: Ints
    land_use: list[str]
    form: Ints
    edited: Ints

    def is_relation(self) -> Bools:
        """Areas with holes, and those whose shell is missing."""
        return np.asarray(np.diff(self.shapes.polygons) > 1)

    def ids(self) -> Ints:
        """OSM id per area: of its relation, or else of its way."""
        relation = self.is_relation()
        return np.where(relation, FIRST_RELATION + np.cumsum(relation) - 1, FIRST_WAY + self.shapes.polygons[:-1])


def observe(seed: int, b: Buildings, plots: Plots, truth: Footprints) -> OsmObjects:
    """Draw every building that OSM has.

    Args:
        seed: of the city.
        b: the real buildings.
        plots: their plots.
        truth: their true ground plans.
    """
    rng = draw(seed, "osm objects")
    form = b.osm_form
    # Half of a merged pair that lost its other half to a gap in OSM is drawn alone.
    halves = np.flatnonzero(b.in_osm & (form == state.SPLIT))
    pairs = np.flatnonzero(form == state.MERGED)
    single = np.flatnonzero(b.in_osm & ~np.isin(form, [state.SPLIT, state.MERGED, state.ABSORBED]))
    outline = _own_outline(rng, truth.take(single), form[single] == state.OWN)
    cut = np.round(b.width[halves] * rng.uniform(0.4, 0.6, len(halves)), 2)
    both = np.repeat(halves, 2)
    second = np.tile([False, True], len(halves))
    width = np.where(second, b.width[both] - np.repeat(cut, 2), np.repeat(cut, 2))
    x0 = b.x0[both] + np.where(second, np.repeat(cut, 2), 0.0)
    box = np.full(len(both), CODES["box"])
    split = plots.place(b.plot[both], stretch(box, x0, b.y0[both], width, b.depth[both]))
    # Neighbours touch exactly in the plot; turned by the district's angle they touch to 1e-9 m only.
    left, right = truth.take(pairs).geometries(), truth.take(pairs + 1).geometries()
    joined = shapely.union(left, right, grid_size=1e-4)
    merged = from_geometries(shapely.normalize(joined))
    areas, land_use = _land_use(rng, b, plots)
    labels = [*[""] * (len(single) + len(both) + len(pairs)), *land_use]
    building = np.concatenate([single, both, pairs, np.full(len(land_use), -1)])
    return OsmObjects(
        concat([outline, split, merged, areas]), building, labels,
        np.where(building >= 0, form[building], state.REFERENCED), _edited(rng, b, building),
    )  # fmt: skip


def _edited(rng: np.random.Generator, b: Buildings, building: Ints) -> Ints:
    """Days between `FIRST_EDIT` and `LAST_EDIT`; a contradicted `disused=yes` is an old one."""
    days = rng.integers(0, int((LAST_EDIT - FIRST_EDIT).astype(int)), len(building))
    old = np.isin(building, b.cases["school_contradicted"])
    return np.where(old, days % 500, days)


def _own_outline(rng: np.random.Generator, shapes: Footprints, own: Bools) -> Footprints:
    """Outlines drawn from aerial images: up to 2 m off and 3% too big or small."""
    turn, far = rng.uniform(0, 2 * np.pi, len(own)), rng.uniform(0.2, 1.8, len(own)) * own
    shift = np.stack([np.cos(turn) * far, np.sin(turn) * far], 1)
    return shapes.moved(shift, 1 + own * rng.uniform(-0.03, 0.03, len(own)))


def _land_use(rng: np.random.Generator, b: Buildings, plots: Plots) -> tuple[Footprints, list[str]]:
    """Zones of the city, and the grounds of churches, barracks, supermarkets and some empty factories."""
    zone_value = np.array(["residential", "residential", "industrial"])[plots.area_zone].tolist()
    mains = len(plots.kind)
    labels: list[str] = list(zone_value)
    parts = [plots.area]
    derelict = b.out[:mains] & (rng.random(mains) < 0.5)
    chosen = [(INDEX[code], value, np.ones(mains, dtype=bool)) for code, value in _LAND_USE.items()]
    chosen.append((INDEX["factory"], "brownfield", derelict))
    for kind, value, where in chosen:
        plot = np.flatnonzero((plots.kind == kind) & where)
        parts.append(ground(plots, plot))
        labels.extend([value] * len(plot))
    return concat(parts), labels


def ground(plots: Plots, plot: Ints, first: Floats | None = None, last: Floats | None = None) -> Footprints:
    """The ground of plots from `first` to `last` metres behind the street (the whole depth by default)."""
    low = np.zeros(len(plot)) if first is None else first
    high = DEPTH[plots.zone[plot]] if last is None else last
    box = np.full(len(plot), CODES["box"])
    return plots.place(plot, stretch(box, np.zeros(len(plot)), low, plots.width[plot], high - low))
