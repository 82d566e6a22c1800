"""Made-up pools of one building, and coalitions by going through all sets of seats: no solver, no shared code."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

import numpy as np

from transforms.match._coalition_model import Limits
from transforms.match._coalition_pool import Pool

LIMITS = Limits(200, 400.0, 0.6, 3, 0.34, 10, 0.01, 60, 240, 2000, 20.0, 0.01)


def make_pool(rng: np.random.Generator, parties: int, uses: int = 4, codes: int = 3, size: float = 0.35) -> Pool:
    """A pool with parties of every kind, best first."""
    shares = np.array([[True] * uses if rng.random() < 0.3 else rng.random(uses) < 0.6 for _ in range(parties)])
    brings = rng.random((parties, codes)) < 0.2
    seeks = (rng.random((parties, codes)) < 0.3) & ~brings
    seats = []
    for member in range(parties):
        low = float(np.round(0.02 + size * rng.random(), 3))
        high = low if rng.random() < 0.4 else min(1.0, low * (1 + rng.random()))
        middle = float(np.round(rng.random(), 4))
        seats += [
            (member, use, low, high, middle * (0.8 + 0.2 * rng.random()))
            for use in sorted(rng.choice(uses, rng.integers(1, 3), replace=False).tolist())
        ]
    best = [max(seat[4] for seat in seats if seat[0] == member) for member in range(parties)]
    order = np.argsort(-np.array(best), kind="stable")
    rank = np.argsort(order)
    rows = sorted((int(rank[member]), use, low, high, middle) for member, use, low, high, middle in seats)
    at, told = np.array([row[:2] for row in rows]), np.array([row[2:] for row in rows])
    return Pool(order, shares[order], brings[order], seeks[order], *at.T, *told.T)


def without(pool: Pool, party: int) -> Pool:
    """The pool without one of its parties."""
    kept = np.arange(len(pool)) != party
    seats = pool.member != party
    member = pool.member[seats] - (pool.member[seats] > party)
    head = (pool.party[kept], pool.shares[kept], pool.brings[kept], pool.seeks[kept])
    return Pool(*head, member, pool.use[seats], pool.low[seats], pool.high[seats], pool.middle[seats])


def coalitions(pool: Pool, least: float, members_most: int = 10) -> Iterator[tuple[tuple[int, ...], float]]:
    """Every set of seats that is a coalition, and the most it fills."""
    low, high, member, use = (rows.tolist() for rows in (pool.low, pool.high, pool.member, pool.use))
    shares = pool.shares.tolist()
    for count in range(2, min(members_most, len(pool)) + 1):
        for seats in combinations(range(len(member)), count):
            if len({member[seat] for seat in seats}) < count or sum(low[seat] for seat in seats) > 1 + 1e-9:
                continue
            filled = min(1.0, sum(high[seat] for seat in seats))
            if filled >= least - 1e-9 and all(
                shares[member[one]][use[other]] and shares[member[other]][use[one]]
                for one, other in combinations(seats, 2)
            ):
                yield seats, filled


def worth(pool: Pool, seats: tuple[int, ...], exchange: float) -> float:
    """What a set is chosen by of those that fill enough, with the best shares its members can take."""
    room = 1.0 - sum(float(pool.low[seat]) for seat in seats)
    total = sum(float(pool.low[seat] * pool.middle[seat]) for seat in seats)
    for seat in sorted(seats, key=lambda seat: -pool.middle[seat]):
        more = max(0.0, min(room, float(pool.high[seat] - pool.low[seat])))
        total, room = total + more * float(pool.middle[seat]), room - more
    parties = [int(pool.member[seat]) for seat in seats]
    brought = {code for party in parties for code in np.flatnonzero(pool.brings[party]).tolist()}
    sought = {code for party in parties for code in np.flatnonzero(pool.seeks[party]).tolist()}
    return total + exchange * len(brought & sought)
