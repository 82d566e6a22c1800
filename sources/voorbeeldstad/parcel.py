"""The cadastral parcels of the city and their keys (CAPAKEY)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sources.voorbeeldstad.arrow import Column, pa, pc
from sources.voorbeeldstad.building import SPLIT_AT, Buildings
from sources.voorbeeldstad.footprint import Footprints, Ints, concat
from sources.voorbeeldstad.layout import DEPTH, Plots
from sources.voorbeeldstad.osm_objects import ground
from sources.voorbeeldstad.text import column, join

FIRST_DIVISION = 99_001
_EXPONENTS = "ABCDEFGHKLMNPRSTVWXYZ"
_NUMBERS = 1499


@dataclass(frozen=True)
class Parcels:
    """Parcels as they are today, and the key that a register may still hold.

    Attributes:
        shapes: EPSG:31370 `(p,)`.
        capakey: of every parcel.
        canu: the short form of the key's number part.
        of_plot: for every plot the parcel its main building stands on.
        register_key: for every plot the key that a register holds; dead where the parcel was split.
        is_split: parcels that came from a split.
    """

    shapes: Footprints
    capakey: Column
    canu: Column
    of_plot: Ints
    register_key: Column
    is_split: Ints


def survey(b: Buildings, plots: Plots) -> Parcels:
    """One parcel per plot; the plots of the case `split_parcel` have become two."""
    count = len(plots.kind)
    cut = np.sort(np.asarray(b.cases["split_parcel"], dtype=np.int64))
    depth = DEPTH[plots.zone]
    last = depth.copy()
    last[cut] = depth[cut] * SPLIT_AT
    front = ground(plots, np.arange(count), np.zeros(count), last)
    back = ground(plots, cut, last[cut], depth[cut])
    # Keys count per division; the two halves of a split parcel get new ones.
    division = np.concatenate([plots.district, plots.district[cut], plots.district[cut]])
    order = np.argsort(division, kind="stable")
    serial = np.empty(len(division), dtype=np.int64)
    first = np.searchsorted(division[order], np.arange(division.max() + 2))
    serial[order] = np.arange(len(division)) - first[division[order]]
    keys, short = _keys(division, serial)
    live = np.concatenate([np.arange(count), count + np.arange(len(cut))])
    live[cut] = count + len(cut) + np.arange(len(cut))
    chosen = pa.array(live)
    return Parcels(
        concat([front, back]), keys.take(chosen), short.take(chosen), np.arange(count), keys[:count],
        np.concatenate([cut, count + np.arange(len(cut))]),
    )  # fmt: skip


def _keys(division: Ints, serial: Ints) -> tuple[Column, Column]:
    """CAPAKEY and CANU of the `serial`-th parcel of a division."""
    number = serial % _NUMBERS + 1
    round_ = serial // _NUMBERS
    # Number 1 to 1499 in section A to F, then the same numbers with an exponent, then with a power.
    section = pa.array(list("ABCDEF")).take(pa.array(round_ % 6))
    turn = round_ // 6
    has_exponent = (turn > 0) | (serial % 7 == 0)
    letter = pa.array(list(_EXPONENTS)).take(pa.array((turn + serial // 7) % len(_EXPONENTS)))
    power = turn * has_exponent
    exponent = pc.if_else(pa.array(has_exponent), letter, "_")
    key = join(column(division + FIRST_DIVISION), section, _padded(number, 4), "/00", exponent, _padded(power, 3))
    short = join(
        column(number), pc.if_else(pa.array(has_exponent), letter, ""),
        pc.if_else(pa.array(power > 0), column(power), ""),
    )  # fmt: skip
    return key, short


def _padded(number: Ints, width: int) -> Column:
    return pc.utf8_lpad(column(number), width, "0")
