"""The buildings that adverts are made for: those that stand empty for all to see, by what really stands there and the traces it left."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sources.voorbeeldstad import state
from sources.voorbeeldstad.building import Buildings
from sources.voorbeeldstad.footprint import Bools, Floats, Footprints, Ints
from sources.voorbeeldstad.layout import Plots
from sources.voorbeeldstad.observations import Observation
from sources.voorbeeldstad.register import is_vip
from sources.voorbeeldstad.typology import TYPES

USABLE = 0.8
"""Floor that can be used, of all floor."""
HALLS = (
    "factory",
    "warehouse",
    "brewery",
    "sports_hall",
    "market_hall",
    "power_station",
    "supermarket",
    "greenhouse",
    "farm",
    "theatre",
    "cinema",
    "fire_station",
)
"""One floor counts, whatever storeys there are in a corner."""
_SAID = ("church_deconsecrated", "park_parcel_not_in_use", "register_premises", "citizen_report_verified")


@dataclass(frozen=True)
class Sites:
    """Buildings that adverts are made for: `index` in the buildings, usable floor in m2, a point inside in EPSG:31370."""

    index: Ints
    usable_m2: Floats
    point: Floats
    ids: list[str]
    types: list[str]


def find_sites(
    b: Buildings, plots: Plots, shapes: Footprints, ids: list[str | None], found: list[Observation]
) -> Sites:
    """Atypical buildings, no dwellings, that stand empty and of which a public source says so; the largest first."""
    says: Bools = b.disused | b.prefixed | ((b.row > 0) & (b.row_status <= 1) & ~is_vip(b, plots))
    for one in found:
        if one.kind in _SAID:
            says = says | one.seen
    drawn = b.in_osm & b.in_grb & np.isin(b.osm_form, [state.REFERENCED, state.OWN])
    plain = np.asarray(b.case == None, dtype=bool)  # noqa: E711 - element by element
    fits = (
        b.out
        & (b.vacant_share >= 0.9)
        & says
        & drawn
        & plain
        & b.is_main
        & ~b.gone
        & b.is_atypical()
        & ~b.is_residential()
    )
    fits &= np.array([one is not None for one in ids]) & (b.complex_of < 0)
    index = np.flatnonzero(fits)
    areas = shapes.take(index).measures()[0]
    types = [TYPES[kind].code for kind in b.kind[index]]
    levels = np.where(np.isin(types, HALLS), 1, b.levels[index])
    usable = np.round(areas * levels * USABLE, 1)
    order = np.argsort(-usable, kind="stable")
    return Sites(
        index[order], usable[order], b.inside(plots, index[order]),
        [str(ids[i]) for i in index[order]], [types[i] for i in order],
    )  # fmt: skip
