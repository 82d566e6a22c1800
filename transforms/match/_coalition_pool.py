"""Who could be part of a coalition in one building: parties by how well they match it, each with the uses they could be there for."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import duckdb
import numpy as np
from numpy.typing import NDArray

from transforms.match._judge_use import judge_uses
from transforms.match._read import Texts
from transforms.match._sides import Bools, Floats, Places, Requests, Supplies


@dataclass(frozen=True)
class Parties:
    """Who could share: places in the requests, and arrays as long; `shares` `(n, uses)`, `brings` and `seeks` `(n, codes)`."""

    request: Places
    ids: Texts
    marks: Texts
    shares: Bools  # with whom it would be in one building; everybody where it did not say
    to_ask: Bools  # did not say with whom, or not that a part will do
    alone: Bools  # shares with nobody
    brings: Bools
    seeks: Bools


@dataclass(frozen=True)
class Pool:
    """Parties and seats of one building, best party first. A seat is one party in one use: only one of a party's is taken.

    By party: `party`, its place in Parties; `shares`, `brings`, `seeks`. By seat: `member`, its party's place in the pool; `use`; `low` and
    `high`, the share of the building it takes at least and at most; `middle` 0..1.
    """

    party: Places
    shares: Bools
    brings: Bools
    seeks: Bools
    member: Places
    use: Places
    low: Floats
    high: Floats
    middle: Floats

    def __len__(self) -> int:
        return len(self.party)

    def first(self, count: int) -> Pool:
        """The best parties only."""
        s = self.member < count
        head = (self.party[:count], self.shares[:count], self.brings[:count], self.seeks[:count])
        return Pool(*head, self.member[s], self.use[s], self.low[s], self.high[s], self.middle[s])

    def most_filled(self, members: int) -> float:
        """What so many parties could fill at most, whoever shares with whom."""
        by_party = np.zeros(len(self))
        np.maximum.at(by_party, self.member, self.high)
        return float(np.sort(by_party)[-members:].sum())


def read_parties(con: duckdb.DuckDBPyConnection, request_ids: Texts, uses: Sequence[str]) -> tuple[Parties, list[str]]:
    """Parties in the order of their ids, and the codes in the order of the arrays."""
    rows = con.execute(
        "SELECT request_id, mark, shares_with, is_part_said, brings, seeks FROM match.party ORDER BY request_id"
    ).fetchall()
    codes = sorted({code for row in rows for code in (*row[4], *row[5])})
    place = {name: number for number, name in enumerate(request_ids)}
    everybody = tuple(uses)
    shares = [everybody if row[2] is None or "*" in row[2] else row[2] for row in rows]
    return Parties(
        np.array([place[row[0]] for row in rows], dtype=np.int64),
        np.array([row[0] for row in rows], dtype=object),
        np.array([row[1] for row in rows], dtype=object),
        _which(shares, uses),
        np.array([row[2] is None or not row[3] for row in rows], dtype=np.bool_),
        np.array([row[2] == [] for row in rows], dtype=np.bool_),
        _which([row[4] for row in rows], codes),
        _which([row[5] for row in rows], codes),
    ), codes


def find_pool(
    requests: Requests, supplies: Supplies, parties: Parties, place: int, weights: Mapping[str, float]
) -> tuple[Pool, dict[str, int]]:
    """Pool of one building, and how many could be there but in no coalition: `no_area` said none, `alone` share with nobody."""
    row, use, middle = judge_uses(requests, supplies, parties.request, place, weights)
    party = np.searchsorted(parties.request, row)
    least, most, usable = requests.area_min[row], requests.area_max[row], supplies.usable[use, place]
    alone, no_area = parties.alone[party], ~(least > 0)
    left_out = {"alone": len(np.unique(row[alone])), "no_area": len(np.unique(row[no_area & ~alone]))}
    with np.errstate(invalid="ignore", divide="ignore"):
        low, high = least / usable, np.fmin(np.where(np.isnan(most), least, np.fmax(least, most)) / usable, 1.0)
        fits = ~alone & ~no_area & (usable > 0) & (low <= 1.0)
    party, use, low, high, middle = (rows[fits] for rows in (party, use, low, high, middle))
    best = np.full(len(parties.request), -np.inf)
    np.maximum.at(best, party, middle)
    # Parties are by id, so that of equal ones the first by id comes first.
    order = np.flatnonzero(best > -np.inf)
    order = order[np.argsort(-best[order], kind="stable")]
    rank = np.empty(len(parties.request), dtype=np.int64)
    rank[order] = np.arange(len(order))
    seats = np.lexsort((use, rank[party]))
    return Pool(
        order, parties.shares[order], parties.brings[order], parties.seeks[order],
        rank[party][seats], use[seats], low[seats], high[seats], middle[seats] / 100,
    ), left_out  # fmt: skip


def pool_mark(method: str, building: str, parties: Parties, pool: Pool, tried: int) -> str:
    """Hash of all that the sets of a building depend on, if the first `tried` of its pool were looked at."""
    told = [method, building, str(tried == len(pool))]
    told += [f"{parties.ids[party]} {parties.marks[party]}" for party in pool.party[:tried]]
    return hashlib.sha256("\n".join(told).encode()).hexdigest()


def _which(rows: Sequence[Any], names: Sequence[str]) -> NDArray[np.bool_]:
    place = {name: number for number, name in enumerate(names)}
    found = np.zeros((len(rows), len(names)), dtype=np.bool_)
    for number, row in enumerate(rows):
        found[number, [place[name] for name in row if name in place]] = True
    return found
