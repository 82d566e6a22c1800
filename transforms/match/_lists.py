"""The best pairs of each request and of each supply, from pairs that come in batches and in any order."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from transforms.match._sides import Bools, Floats, Places

_FULL = 4_000_000
_MIDDLE_BITS = 27


@dataclass(frozen=True)
class Pairs:
    """Pairs that can be: places of request, supply and best use, and the middle of the bounds; equally long."""

    request: Places
    supply: Places
    use: Places
    middle: Floats

    def __len__(self) -> int:
        return len(self.request)

    def only(self, which: Places | Bools) -> Pairs:
        """Some of them."""
        return Pairs(self.request[which], self.supply[which], self.use[which], self.middle[which])


NONE = Pairs(np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0))


class BestPairs:
    """What is among the best `per_request` of its request or the best `per_supply` of its supply; equal ones by their place.

    Bounded memory: what can be in neither list any more is forgotten when there is much.
    """

    def __init__(self, requests: int, supplies: int, per_request: int, per_supply: int) -> None:
        self._per_request, self._per_supply = per_request, per_supply
        self._batches: list[Pairs] = []
        self._held = 0
        self._request_floor = np.full(requests, -np.inf)
        self._supply_floor = np.full(supplies, -np.inf)

    def add(self, pairs: Pairs) -> None:
        """Take a batch in; a pair must not come twice."""
        pairs = pairs.only(
            (pairs.middle >= self._request_floor[pairs.request]) | (pairs.middle >= self._supply_floor[pairs.supply])
        )
        self._batches.append(pairs)
        self._held += len(pairs)
        if self._held > _FULL:
            self.ranked()

    def add_row(self, pairs: Pairs) -> None:
        """Take in all pairs of one request at once: those far down its list go no further than their supply's."""
        if len(pairs) > self._per_request:
            last = np.partition(pairs.middle, -self._per_request)[-self._per_request]
            pairs = pairs.only((pairs.middle >= last) | (pairs.middle >= self._supply_floor[pairs.supply]))
        self.add(pairs)

    def ranked(self) -> tuple[Pairs, Places, Places]:
        """The pairs in one of the lists, and their places (from 1) in the list of the request and of the supply, 0 for not in it."""
        batches = self._batches or [NONE]
        names = ("request", "supply", "use", "middle")
        pairs = Pairs(*(np.concatenate([getattr(batch, name) for batch in batches]) for name in names))
        by_request = _places(pairs.request, pairs.supply, pairs.middle)
        by_supply = _places(pairs.supply, pairs.request, pairs.middle)
        _raise(self._request_floor, pairs.request, pairs.middle, by_request == self._per_request)
        _raise(self._supply_floor, pairs.supply, pairs.middle, by_supply == self._per_supply)
        by_request[by_request > self._per_request] = 0
        by_supply[by_supply > self._per_supply] = 0
        kept = np.flatnonzero(by_request + by_supply)
        kept = kept[np.lexsort((pairs.supply[kept], pairs.request[kept]))]
        pairs = pairs.only(kept)
        self._batches, self._held = [pairs], len(pairs)
        return pairs, by_request[kept], by_supply[kept]


def _places(owner: Places, other: Places, middle: Floats) -> Places:
    """Place of each pair among those of its owner, by middle and then by the other's place."""
    order = _best_first(owner, other, middle)
    sorted_owner = owner[order]
    first = np.r_[True, sorted_owner[1:] != sorted_owner[:-1]] if len(owner) else np.empty(0, dtype=np.bool_)
    start = np.maximum.accumulate(np.where(first, np.arange(len(owner)), 0)) if len(owner) else order
    place = np.empty(len(owner), dtype=np.int64)
    place[order] = np.arange(len(owner)) - start + 1
    return place


def _best_first(owner: Places, other: Places, middle: Floats) -> Places:
    """Order by owner, then the best middle, then the other's place."""
    bits = int(other.max(initial=0)).bit_length()
    if int(owner.max(initial=0)).bit_length() + _MIDDLE_BITS + bits > 63:
        return np.lexsort((other, -middle, owner))
    # Middles have six digits, so all three fit in one integer, which sorts five times as fast.
    worse = 100_000_000 - np.rint(middle * 1e6).astype(np.int64)
    return np.argsort(((owner << _MIDDLE_BITS | worse) << bits) | other)


def _raise(floor: Floats, owner: Places, middle: Floats, is_last: Bools) -> None:
    floor[owner[is_last]] = np.maximum(floor[owner[is_last]], middle[is_last])
