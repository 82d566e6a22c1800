"""The best coalitions of one building.

First the best of the pool's head is asked for that fills the building, but for the gap. If there is one, nobody further down could fill it
better. If there is none, all of the pool is looked at: what can be filled at most, then which of the sets that fill so much matches best.
So who is taken out of a pool never makes a coalition fill more than before, but for the gap; a mere list of the best would: the next in line
comes in.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from transforms.match._coalition_model import Limits, Model, Solved
from transforms.match._coalition_pool import Pool
from transforms.match._sides import Floats, Places

_CLOSE = 1e-6  # the solver's own tolerance


@dataclass(frozen=True)
class Coalition:
    """Seats taken in the pool and the share of the building each takes; `gap` on what is filled; `status` in words of the table."""

    seats: Places
    share: Floats
    gap: float
    status: str

    @property
    def filled(self) -> float:
        """Share of the building, 0..1."""
        return _filled(self.share)


def best_sets(pool: Pool, limits: Limits) -> tuple[list[Coalition], int, str]:
    """The best different coalitions, best first; how many of the pool were looked at; and how it ended.

    It ended `found` or `none`, or was cut off before it was sure that there are no more: `cut_nodes`, `cut_time`.
    """
    sets: list[Coalition] = []
    cuts: set[str | None] = set()
    full = 1 - limits.gap
    for most in (limits.pool, limits.pool_most):
        tried = min(len(pool), most)
        head = pool.first(tried)
        if len(sets) < limits.sets and head.most_filled(limits.members_most) >= full:
            cuts |= _fill(sets, head, limits, full)
        if len(sets) == limits.sets:
            break
    else:
        cuts |= _fill_most(sets, head, limits, "pool_limit" if tried < len(pool) else "optimal")
    if "time" in cuts or ("nodes" in cuts and len(sets) < limits.sets):
        return sets, tried, "cut_time" if "time" in cuts else "cut_nodes"
    return sets, tried, "found" if sets else "none"


def _fill(sets: list[Coalition], pool: Pool, limits: Limits, full: float) -> set[str | None]:
    """Add the sets that match best of those that fill the building; returns what cut the search off."""
    cuts: set[str | None] = set()
    model = _model(sets, pool, limits)
    while len(sets) < limits.sets:
        solved = _exactly(model, full, full)
        cuts.add(solved.cut)
        if len(solved.seats) == 0:
            break
        sets.append(_coalition(pool, solved.seats, 1.0, f"cut_{solved.cut}" if solved.cut else "optimal"))
        model.differ(pool.member[solved.seats])
    return cuts


def _fill_most(sets: list[Coalition], pool: Pool, limits: Limits, sure: str) -> set[str | None]:
    """Add the sets that fill most, and of those the ones that match best; returns what cut the search off."""
    cuts: set[str | None] = set()
    if pool.most_filled(limits.members_most) < limits.fill_least:
        return cuts
    model = _model(sets, pool, limits)
    while len(sets) < limits.sets:
        fullest = _exactly(model, None, limits.fill_least)
        cuts.add(fullest.cut)
        if len(fullest.seats) == 0:
            break
        filled = _filled(pool.high[fullest.seats])
        chosen = _exactly(model, filled, max(limits.fill_least, filled - _CLOSE))
        cuts.add(chosen.cut)
        cut = "time" if "time" in (fullest.cut, chosen.cut) else fullest.cut or chosen.cut
        seats = chosen.seats if len(chosen.seats) else fullest.seats
        sets.append(_coalition(pool, seats, min(1.0, fullest.bound), f"cut_{cut}" if cut else sure))
        model.differ(pool.member[seats])
    return cuts


def _model(sets: list[Coalition], pool: Pool, limits: Limits) -> Model:
    model = Model(pool, limits)
    for one in sets:
        # The head of a pool has the same seats in the same places.
        model.differ(pool.member[one.seats])
    return model


def _exactly(model: Model, filled: float | None, least: float) -> Solved:
    """The best that fills so much, or the fullest; a set that only fits, or only fills so much, within its tolerance is forbidden, and it is asked again."""
    while True:
        solved = model.fullest() if filled is None else model.best(filled)
        low, high = model.pool.low[solved.seats].sum(), model.pool.high[solved.seats]
        if len(solved.seats) == 0 or (round(low, 9) <= 1 and _filled(high) >= round(least, 9)):
            return solved
        model.forbid(solved.seats)


def _filled(share: Floats) -> float:
    return round(min(1.0, float(share.sum())), 9)


def _coalition(pool: Pool, seats: Places, bound: float, status: str) -> Coalition:
    share = shares_taken(pool, seats)
    return Coalition(seats, share, max(0.0, round((bound - _filled(share)) / bound, 9)), status)


def shares_taken(pool: Pool, seats: Places) -> Floats:
    """Share each takes: the least it needs; then, the best match first, up to the most it can use, while there is room."""
    share = pool.low[seats].copy()
    room = 1.0 - share.sum()
    for one in np.argsort(-pool.middle[seats], kind="stable"):
        more = min(max(room, 0.0), pool.high[seats][one] - share[one])
        share[one] += more
        room -= more
    return share
