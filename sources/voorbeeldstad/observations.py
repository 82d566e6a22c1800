"""What others say of the buildings: citizens, enterprises, permits, church plan, park monitor, business premises.

Drawn apart from everything else, so that a city without these lists is otherwise the very same city.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from sources.voorbeeldstad.arrow import Column, pa
from sources.voorbeeldstad.building import Buildings
from sources.voorbeeldstad.footprint import Bools, Floats, Ints
from sources.voorbeeldstad.generation import Generation
from sources.voorbeeldstad.layout import Plots
from sources.voorbeeldstad.parcel import Parcels
from sources.voorbeeldstad.text import day_text, draw, join, pick, write_text
from sources.voorbeeldstad.typology import INDEX

PREMISES = "register_premises"
_PARK = ("factory", "brewery", "warehouse", "garage_workshop", "office")
_CHURCH = ("church", "chapel")
_FIRST_DAY, _DAYS = "2024-08-01", 300


@dataclass(frozen=True)
class Observation:
    """One kind of word about a building.

    Attributes:
        kind: kind of evidence.
        may: buildings it can be said of `(n,)`.
        seen: buildings it is said of `(n,)`.
        given_out, given_in: how often, out of use and in use.
    """

    kind: str
    may: Bools
    seen: Bools
    given_out: float
    given_in: float


def observe_others(seed: int, b: Buildings, settings: Generation) -> list[Observation]:
    """Draw what is said of whom; nothing of planted, demolished or side buildings."""
    rng = draw(seed, "observations")
    plain = b.is_main & ~b.gone & (b.complex_of < 0) & np.asarray(b.case == None, dtype=bool)  # noqa: E711 - element by element
    places: dict[str, Bools] = {
        "citizen_report": plain,
        "citizen_report_verified": plain,
        "enterprise_active": plain & ~b.is_residential(),
        "permit_recent": plain,
        "church_deconsecrated": plain & _is(b, _CHURCH),
        "park_parcel_not_in_use": plain & _is(b, _PARK),
        PREMISES: plain & _is(b, ("factory", "warehouse")),
    }
    found = []
    for kind, may in places.items():
        given_out, given_in = settings.said[kind]
        seen = may & (rng.random(len(b)) < np.where(b.out, given_out, given_in))
        if kind == PREMISES and not seen.any():
            # A feed without a single row is refused: the inventory holds at least one.
            likely = np.flatnonzero(may & b.out) if (may & b.out).any() else np.flatnonzero(may)
            seen[rng.choice(likely)] = True
        found.append(Observation(kind, may, seen, given_out, given_in))
    return found


def said_ratio(found: list[Observation], settings: Generation) -> Floats:
    """How much more likely all this is, out of use against in use `(n,)`; a feed that is left out says nothing."""
    ratio = np.ones(len(found[0].may))
    for one in found:
        if ("premises" if one.kind == PREMISES else "observations") in settings.without:
            continue
        silent = (1 - one.given_out) / (1 - one.given_in)
        ratio *= np.where(one.seen, one.given_out / one.given_in, np.where(one.may, silent, 1.0))
    return ratio


def write_observations(path: Path, seed: int, b: Buildings, plots: Plots, found: list[Observation]) -> None:
    """Write `observations.csv`: kind, position in EPSG:31370, day."""
    kinds = [one.kind for one in found if one.kind != PREMISES]
    pairs = [(code, np.flatnonzero(one.seen)) for code, one in enumerate(o for o in found if o.kind != PREMISES)]
    code = np.concatenate([np.full(len(index), number) for number, index in pairs])
    index = np.concatenate([rows for _, rows in pairs])
    point = np.round(b.inside(plots, index), 2)
    lines = join(
        "w", 1 + np.arange(len(index)), ";", pick(kinds, code), ";", point[:, 0], ";", point[:, 1], ";",
        _days(seed, "observation days", len(index)), "\n",
    )  # fmt: skip
    _write(path, b"id;soort;x;y;datum\n", lines)


def write_premises(path: Path, seed: int, b: Buildings, parcels: Parcels, found: list[Observation]) -> None:
    """Write `premises.csv`: cadastral parcels in the inventory of vacant business premises."""
    index: Ints = np.flatnonzero(next(one for one in found if one.kind == PREMISES).seen)
    lines = join(
        "b", 1 + np.arange(len(index)), ";", parcels.capakey.take(pa.array(b.plot[index])), ";opname;",
        _days(seed, "premises days", len(index)), "\n",
    )  # fmt: skip
    _write(path, b"dossier;capakey;status;datum\n", lines)


def _is(b: Buildings, codes: tuple[str, ...]) -> Bools:
    return np.isin(b.kind, [INDEX[code] for code in codes if code in INDEX])


def _days(seed: int, stage: str, count: int) -> Column:
    return day_text(_FIRST_DAY, draw(seed, stage).integers(0, _DAYS, count))


def _write(path: Path, head: bytes, lines: Column) -> None:
    with path.open("wb") as out:
        out.write(head)
        write_text(out, lines)
