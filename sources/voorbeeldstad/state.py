"""Draws what is out of use and the traces that leaves, and says what one could know from them."""

from __future__ import annotations

import numpy as np

from sources.voorbeeldstad.building import Buildings
from sources.voorbeeldstad.footprint import Bools, Floats
from sources.voorbeeldstad.generation import Generation
from sources.voorbeeldstad.layout import Plots
from sources.voorbeeldstad.shape import CODES
from sources.voorbeeldstad.text import draw
from sources.voorbeeldstad.typology import INDEX, TYPES

REFERENCED, OWN, SPLIT, MERGED, ABSORBED, TWO_POINTS, UNCLOSED, NO_MEMBER = range(8)
"""How OSM draws a building: GRB's outline with its reference, its own outline, two halves, together with the
next
building, (the next building itself), a ring of two points, an unclosed way, a relation whose shell is
absent."""

_MULTI_UNIT = ("apartments", "shop")
_SILENT = ("garage_box", "shed", "unknown")


def draw_state(seed: int, buildings: Buildings, settings: Generation) -> None:
    """Fill the state and trace columns of `buildings`."""
    rng = draw(seed, "state")
    count = len(buildings)
    atypical = buildings.is_atypical()
    chance = np.where(atypical, settings.out_of_use_atypical, settings.out_of_use_ordinary)
    buildings.out = rng.random(count) < chance
    partly_out = buildings.out & (rng.random(count) < settings.partly_given_out)
    partly_in = ~buildings.out & _multi_unit(buildings) & (rng.random(count) < settings.partly_given_in)
    buildings.vacant_share = np.where(
        partly_out, 0.5 + 0.5 * rng.random(count),
        np.where(buildings.out, 1.0, np.where(partly_in, 0.5 * rng.random(count), 0.0)),
    ).round(2)  # fmt: skip
    # A whole complex is one enterprise: its nine footprints share their fate.
    shared = np.flatnonzero(buildings.complex_of >= 0)
    buildings.out[shared] = False
    buildings.vacant_share[shared] = 0.0
    buildings.gone = buildings.is_main & ~atypical & (rng.random(count) < settings.gone)

    buildings.in_osm = rng.random(count) >= settings.osm_missing
    buildings.in_grb = ~buildings.in_osm | (rng.random(count) >= settings.grb_missing / (1 - settings.osm_missing))
    for name, (given_out, given_in) in rates(buildings, settings).items():
        seen = rng.random(count) < np.where(buildings.out, given_out, given_in)
        setattr(buildings, name, seen)
    row_rates = np.where(
        partly_in, settings.register_part_given_partly,
        np.where(buildings.out, _row_given_out(buildings, settings), _row_given_in(buildings, settings).sum(axis=0)),
    )  # fmt: skip
    row = (rng.random(count) < row_rates) & buildings.is_main
    words = draw(seed, "register words")
    # A register may say "gelijkvloers" of a building that is in use as a whole, too.
    says_part = partly_in | partly_out | (~buildings.out & (words.random(count) < settings.partly_given_out))
    buildings.row = np.where(row, np.where(says_part, 2, 1), 0).astype(np.int8)
    shares = np.array([share for share, _ in settings.register_status.values()])
    given_in = _row_given_in(buildings, settings).T
    chance = np.where(
        (buildings.out | partly_in)[:, None], shares / shares.sum(), given_in / given_in.sum(axis=1, keepdims=True)
    )
    buildings.row_status = (
        (words.random(count)[:, None] > np.cumsum(chance, axis=1)[:, :-1]).sum(axis=1).astype(np.int8)
    )
    _demolish(rng, buildings)


def draw_osm_forms(seed: int, buildings: Buildings, plots: Plots, settings: Generation) -> None:
    """How OSM draws every building.

    A merge takes a terraced house and the next one on the same street side.
    """
    rng = draw(seed, "osm forms")
    count = len(buildings)
    own = rng.random(count) >= settings.osm_reference
    form = np.where(own, OWN, REFERENCED)
    plain = buildings.in_osm & (buildings.shape == CODES["box"]) & ~buildings.gone
    split = plain & buildings.is_main & (buildings.width > 6) & (rng.random(count) < settings.osm_split)
    form[split] = SPLIT
    mains = len(plots.kind)
    terraced = plain[:mains] & (plots.margin == 0) & (plots.zone == 0) & ~split[:mains]
    ordinary = ~buildings.is_atypical()[:mains]
    pair = np.flatnonzero(
        terraced[:-1] & terraced[1:] & ordinary[:-1] & ordinary[1:]
        & (plots.half_street[:-1] == plots.half_street[1:])
        & (rng.random(mains - 1) < settings.osm_merged)
    )  # fmt: skip
    pair = pair[np.diff(pair, prepend=-2) > 1]
    form[pair] = MERGED
    form[pair + 1] = ABSORBED
    buildings.osm_form = form.astype(np.int8)


def rates(buildings: Buildings, settings: Generation) -> dict[str, tuple[Floats, Floats]]:
    """Per OSM trace the chance of seeing it, out of use and in use `(n,)`; 0 where it cannot be seen."""
    atypical = buildings.is_atypical()
    factor = np.where(atypical, settings.atypical_evidence, 1.0)
    tagged = np.array([bool(kind.tag) and kind.is_atypical for kind in TYPES])[buildings.kind]
    speaking = ~buildings.is_residential() & ~np.isin(buildings.kind, [INDEX[code] for code in _SILENT])
    visible = buildings.in_osm
    shop = buildings.kind == INDEX["shop"]

    def pair(where: Bools, given_out: float, given_in: float, times: Floats | float = 1.0) -> tuple[Floats, Floats]:
        seen = np.asarray(where, dtype=np.float64)
        return seen * np.minimum(given_out * times, 0.95), seen * np.minimum(given_in * times, 0.95)

    return {
        "disused": pair(visible, settings.disused_given_out, settings.disused_given_in, factor),
        "prefixed": pair(visible & tagged, settings.prefix_given_out, settings.prefix_given_in, factor),
        "present": pair(visible & speaking, settings.present_given_out, settings.present_given_in),
        "former_and_present": pair(
            visible & tagged, settings.former_and_present_given_out, settings.former_and_present_given_in
        ),
        "shop_vacant": pair(visible & shop, settings.shop_vacant_given_out, settings.shop_vacant_given_in),
    }


def probability(buildings: Buildings, settings: Generation, said: Floats, in_file: Bools) -> Floats:
    """Chance of being out of use given all traces, seen and unseen, under the settings `(n,)`.

    It is the best any method could know of a building drawn by these settings. Hard cases are planted, not
    drawn: theirs is what the planted traces are worth.

    Args:
        buildings: with their traces.
        settings: the rates.
        said: what others' words are worth, as a ratio (`observations.said_ratio`) `(n,)`.
        in_file: buildings of which a register that the city has could tell `(n,)`.
    """
    prior = np.where(buildings.is_atypical(), settings.out_of_use_atypical, settings.out_of_use_ordinary)
    with np.errstate(divide="ignore", invalid="ignore"):
        odds = prior / (1 - prior)
        for name, (given_out, given_in) in rates(buildings, settings).items():
            seen = getattr(buildings, name)
            ratio = np.where(seen, given_out / given_in, (1 - given_out) / (1 - given_in))
            odds *= np.where(np.isfinite(ratio), ratio, 1.0)
        odds *= np.where(in_file, _row_ratio(buildings, settings), 1.0) * said
        result = np.where(np.isinf(odds), 1.0, odds / (1 + odds))
    return np.asarray(np.where(buildings.gone, 0.0, result))


def _row_ratio(buildings: Buildings, settings: Generation) -> Floats:
    """How much more likely the register says what it says, out of use against in use `(n,)`."""
    shares = np.array([share for share, _ in settings.register_status.values()])
    shares = shares / shares.sum()
    chosen = np.arange(len(buildings))
    out, given_in = _row_given_out(buildings, settings), _row_given_in(buildings, settings)
    status, part = buildings.row_status, settings.partly_given_out
    partly = _multi_unit(buildings) * settings.partly_given_in
    part_in = partly * settings.register_part_given_partly
    of_status = shares[status]
    whole_in = (1 - partly) * given_in[status, chosen]
    given_out = np.stack([1 - out, out * of_status * (1 - part), out * of_status * part])
    silent = 1 - (1 - partly) * given_in.sum(axis=0) - part_in
    given = np.stack([silent, whole_in * (1 - part), whole_in * part + part_in * of_status])
    ratio = given_out[buildings.row, chosen] / given[buildings.row, chosen]
    # A row on a chimney or shed cannot exist, and says nothing.
    return np.asarray(np.where(buildings.is_main, ratio, 1.0))


def _row_given_out(buildings: Buildings, settings: Generation) -> Floats:
    industrial = np.isin(buildings.kind, [INDEX["factory"], INDEX["warehouse"]])
    return np.where(industrial, settings.register_industrial_given_out, settings.register_given_out)


def _row_given_in(buildings: Buildings, settings: Generation) -> Floats:
    """A row of each status, when in use `(statuses, n)`."""
    ratio = np.array([share / np.exp(weight) for share, weight in settings.register_status.values()])
    return np.asarray(ratio[:, None] * _row_given_out(buildings, settings))


def _multi_unit(buildings: Buildings) -> Bools:
    return np.isin(buildings.kind, [INDEX[code] for code in _MULTI_UNIT])


def _demolish(rng: np.random.Generator, buildings: Buildings) -> None:
    """A demolished building is known from OSM; GRB or the register has not caught up."""
    gone = buildings.gone
    for name in ("out", "disused", "prefixed", "present", "former_and_present", "shop_vacant"):
        getattr(buildings, name)[gone] = False
    buildings.vacant_share[gone] = 0.0
    buildings.in_osm[gone] = True
    late = rng.random(len(buildings)) < 0.5
    buildings.in_grb[gone] = late[gone]
    buildings.row[gone] = np.where(late, 0, 1)[gone]
