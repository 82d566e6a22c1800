"""A coalition as a mixed-integer programme for HiGHS: who takes a seat, and how much of the building each takes.

Seats are by type, use and with whom its party shares: two seats are at odds or not by their types alone. So one variable a type that is
there and one row a pair of types at odds say what a row for each pair of parties would.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from transforms.match._coalition_pool import Pool
from transforms.match._sides import Floats, Places


@dataclass(frozen=True)
class Limits:
    """reference.coalition_limit."""

    buildings: int
    usable_least: float
    fill_least: float
    sets: int
    differ_least: float
    members_most: int
    gap: float
    pool: int
    pool_most: int
    node_most: int
    seconds_most: float
    exchange: float


@dataclass(frozen=True)
class Solved:
    """`seats` taken, none where there is no coalition or none was found; `bound` on the objective; `cut`: nodes, time or none."""

    seats: Places
    bound: float
    cut: str | None


class Model:
    """Coalitions of one pool. Columns: a seat is taken (0, 1); share it takes; a type is there (0, 1); what is exchanged (0..1)."""

    def __init__(self, pool: Pool, limits: Limits) -> None:
        self.pool, self._limits = pool, limits
        self._rows: list[tuple[Places, Floats, float, float]] = []
        seats, self._share = len(pool.member), np.arange(len(pool.member)) + len(pool.member)
        types, of = np.unique(np.column_stack([pool.use, pool.shares[pool.member]]), axis=0, return_inverse=True)
        wanted = np.flatnonzero(pool.brings.any(axis=0) & pool.seeks.any(axis=0))
        first_type, first_code = 2 * seats, 2 * seats + len(types)
        self._columns = first_code + len(wanted)
        self._codes = np.arange(first_code, self._columns)
        self._integral = np.zeros(self._columns)
        self._integral[:seats] = self._integral[first_type:first_code] = 1
        for seat in range(seats):
            self._row([seat, seats + seat], [pool.low[seat], -1], -np.inf, 0)
            self._row([seat, seats + seat], [-pool.high[seat], 1], -np.inf, 0)
        for member in range(len(pool)):
            taken = np.flatnonzero(pool.member == member)
            if len(taken) > 1:
                self._row(taken, np.ones(len(taken)), -np.inf, 1)
        self._row(np.arange(seats), np.ones(seats), 2, limits.members_most)
        self._at_odds(types.astype(np.int64), of.ravel(), first_type)
        for place, code in enumerate(wanted):
            for side in (pool.seeks, pool.brings):
                there = np.flatnonzero(side[pool.member, code])
                self._row([first_code + place, *there], [1, *[-1] * len(there)], -np.inf, 0)

    def _row(self, columns: object, values: object, low: float, high: float) -> None:
        self._rows.append((np.asarray(columns, dtype=np.int64), np.asarray(values, dtype=np.float64), low, high))

    def _at_odds(self, types: Places, of: Places, first: int) -> None:
        use, shares = types[:, 0], types[:, 1:].astype(np.bool_)
        # At odds: one of the two would not share with the other's use.
        odds = ~shares[:, use] | ~shares[:, use].T
        for one in np.flatnonzero(odds.any(axis=1)):
            seats = np.flatnonzero(of == one)
            for seat in seats:
                self._row([seat, first + one], [1, -1], -np.inf, 0)
            if odds[one, one]:
                self._row(seats, np.ones(len(seats)), -np.inf, 1)
            for other in np.flatnonzero(odds[one, one + 1 :]) + one + 1:
                self._row([first + one, first + other], [1, 1], -np.inf, 1)

    def differ(self, members: Places) -> None:
        """Of the next sets so many of these parties are not in it as is stated."""
        seats = np.flatnonzero(np.isin(self.pool.member, members))
        most = int(np.floor(len(members) * (1 - self._limits.differ_least) + 1e-9))
        self._row(seats, np.ones(len(seats)), -np.inf, most)

    def forbid(self, seats: Places) -> None:
        """Not all of these seats together."""
        self._row(seats, np.ones(len(seats)), -np.inf, len(seats) - 1)

    def fullest(self) -> Solved:
        """The coalition that fills most."""
        value = np.zeros(self._columns)
        value[self._share] = 1
        return self._solve(value, self._limits.fill_least)

    def best(self, filled: float) -> Solved:
        """The coalition that matches best of those that fill so much: score of each by the share it takes, and what is exchanged."""
        value = np.zeros(self._columns)
        value[self._share] = self.pool.middle
        value[self._codes] = self._limits.exchange
        return self._solve(value, filled)

    def _solve(self, value: Floats, filled: float) -> Solved:
        # A night that solves nothing new does not load the solver: it takes half a second.
        from scipy.optimize import Bounds, LinearConstraint, milp  # type: ignore[import-untyped]
        from scipy.sparse import csr_array  # type: ignore[import-untyped]

        rows = [*self._rows, (self._share, np.ones(len(self._share)), filled, 1.0)]
        lengths = [len(columns) for columns, *_ in rows]
        matrix = csr_array(
            (
                np.concatenate([values for _, values, *_ in rows]),
                (np.repeat(np.arange(len(rows)), lengths), np.concatenate([columns for columns, *_ in rows])),
            ),
            shape=(len(rows), self._columns),
        )
        limits = self._limits
        found = milp(
            -value, integrality=self._integral, bounds=Bounds(0, 1),
            constraints=LinearConstraint(matrix, [row[2] for row in rows], [row[3] for row in rows]),
            options={"mip_rel_gap": limits.gap, "node_limit": limits.node_most, "time_limit": limits.seconds_most},
        )  # fmt: skip
        # SciPy has no number of its own for HiGHS's limit of nodes; 0 is solved, 2 that there is none.
        cut = {0: None, 1: "time", 2: None, 4: "nodes" if "HiGHS Status 16" in found.message else ""}.get(
            found.status, ""
        )
        if cut == "":
            raise RuntimeError(f"the solver ended with: {found.message}")
        seats = np.flatnonzero(found.x[: len(self._share)] > 0.5) if found.x is not None else np.empty(0, np.int64)
        bound = -found.mip_dual_bound if found.mip_dual_bound is not None else np.inf
        return Solved(seats, float(bound), cut)
