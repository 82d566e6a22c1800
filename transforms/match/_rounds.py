"""Going round all pairs, or only those that changed since the last time; both end with the same lists and counts."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from transforms.match._judge import REASONS, Judged, judge
from transforms.match._lists import BestPairs, Pairs
from transforms.match._sides import Places, Requests, Supplies

Counts = NDArray[np.int64]
_BATCH = 500_000


@dataclass(frozen=True)
class Before:
    """What the last round left, in places of now.

    `pairs` are its best pairs of which neither side changed; `counts` `(requests, REASONS)` of the requests that did not change.
    `gone` are the supplies as they were that are no more, or are otherwise now. `open_requests` and `open_supplies`: places of those
    that did not change, but lost a pair from a list that was full, so that what follows on it has to be looked for again.
    """

    pairs: Pairs
    counts: Counts
    gone: Supplies
    new_requests: Places
    new_supplies: Places
    open_requests: Places
    open_supplies: Places


def go_round(requests: Requests, supplies: Supplies, weights: Mapping[str, float], best: BestPairs) -> Counts:
    """Judge every request against every supply; returns how many pairs each condition is the first to exclude, by request."""
    counts = np.zeros((len(requests), len(REASONS)), dtype=np.int64)
    _rows(requests, supplies, weights, np.arange(len(requests)), best, counts)
    return counts


def go_on(
    requests: Requests, supplies: Supplies, weights: Mapping[str, float], best: BestPairs, before: Before
) -> Counts:
    """Judge only what changed, and take over the rest; returns the counts as `go_round` would."""
    counts = before.counts.copy()
    again = np.union1d(before.new_requests, before.open_requests)
    counts[again] = 0
    same = np.setdiff1d(np.arange(len(requests)), again)
    best.add(_without(before.pairs, again, before.open_supplies))
    _rows(requests, supplies, weights, again, best, counts)
    # Those that did not change are judged against the supplies that did, and against those whose own list has to be filled again.
    for ri, si in _blocks(same, np.arange(len(before.gone))):
        _count(counts, ri, judge(requests, before.gone, ri, si, weights), -1)
    for ri, si in _blocks(same, before.new_supplies):
        found = judge(requests, supplies, ri, si, weights)
        _count(counts, ri, found, 1)
        best.add(_pairs(found, ri, si))
    for ri, si in _blocks(same, before.open_supplies):
        best.add(_pairs(judge(requests, supplies, ri, si, weights), ri, si))
    return counts


def _rows(
    requests: Requests, supplies: Supplies, weights: Mapping[str, float], rows: Places, best: BestPairs, counts: Counts
) -> None:
    everything = np.arange(len(supplies))

    def one(row: int) -> tuple[Places, Judged]:
        # What lies outside the box of where somebody looks is elsewhere; there are too many of those to ask each.
        box = requests.box[row]
        there = everything if np.isnan(box[0]) else supplies.within(box)
        return there, judge(requests, supplies, row, there, weights)

    # NumPy works outside Python's lock; results are taken in order, so that the number of threads changes nothing.
    with ThreadPoolExecutor(int(os.environ.get("ONBENUT_THREADS", 0)) or os.cpu_count()) as pool:
        for first in range(0, len(rows), 256):
            part = rows[first : first + 256]
            for row, (there, found) in zip(part, pool.map(one, part), strict=True):
                counts[row] += np.bincount(found.passed, minlength=len(REASONS) + 1)[: len(REASONS)]
                counts[row, REASONS.index("elsewhere")] += len(supplies) - len(there)
                best.add_row(_pairs(found, np.full(len(there), row), there))


def _blocks(rows: Places, columns: Places) -> Iterator[tuple[Places, Places]]:
    """All pairs of the two, some at a time."""
    if len(rows) == 0 or len(columns) == 0:
        return
    step = max(1, _BATCH // len(rows))
    for first in range(0, len(columns), step):
        part = columns[first : first + step]
        yield np.tile(rows, len(part)), np.repeat(part, len(rows))


def _count(counts: Counts, ri: Places, found: Judged, sign: int) -> None:
    excluded = np.flatnonzero(found.passed < len(REASONS))
    np.add.at(counts, (ri[excluded], found.passed[excluded]), sign)


def _pairs(found: Judged, ri: Places, si: Places) -> Pairs:
    return Pairs(ri[found.kept], si[found.kept], found.use, found.middle)


def _without(pairs: Pairs, requests: Places, supplies: Places) -> Pairs:
    """What is judged again does not come twice."""
    return pairs.only(~np.isin(pairs.request, requests) & ~np.isin(pairs.supply, supplies))
