"""Whether a supply can serve a request, and how well: one against a whole city, or any list of pairs, vectorised.

`judge` takes places of both sides that NumPy can broadcast (one and many, or many and many), so that one request against a city, one
building against all requests, and a list of pairs are the same calculation.

Hard conditions come first, in the order of `REASONS`; the first that is not met is the reason. What is not known excludes nothing. A use
is met where it is wanted, open, large enough, not too large and not too dear: what one use lacks another does not make good.
Then the parts, each 0..1 or not known, with the weights of `reference.match_part`. A part that was not asked for is in no sum. A part
that is not known is all or nothing in the bounds; pairs are ranked by the middle of their bounds, in which a part that was not asked for
counts half.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from transforms.match._parts import asked, asked_weight, budget_part, or_half, place_part, size_bounds
from transforms.match._sides import Bools, Floats, Places, Requests, Supplies

REASONS = ("elsewhere", "other_use", "too_low", "too_high", "too_late", "too_small", "too_large", "too_dear")


@dataclass(frozen=True)
class Judged:
    """Pairs that can be, and why the others can not.

    `passed` `(pairs,)`: how many conditions each pair met, so the place in REASONS of the first it did not; all of them: it can be.
    `kept` says which of the pairs asked about can be; as long as it: `use`, place of the best use, and `middle`, 0..100, by which
    pairs are ranked.
    """

    passed: NDArray[np.int8]
    kept: Places
    use: Places
    middle: Floats


def judge(requests: Requests, supplies: Supplies, ri: Any, si: Any, weights: Mapping[str, float]) -> Judged:
    """Judge the pairs (`ri`, `si`), each a place or an array of places.

    Args:
        requests: what is asked for.
        supplies: what can be had.
        ri: place or places of requests.
        si: place or places of supplies; together with `ri` they broadcast to the pairs `(n,)`.
        weights: weight of each of PARTS.
    """
    ri, si = np.atleast_1d(ri), np.atleast_1d(si)
    count = len(si) if len(ri) == 1 else len(ri)
    with np.errstate(invalid="ignore", divide="ignore"):
        distance = np.hypot(supplies.x[si] - requests.x[ri], supplies.y[si] - requests.y[ri])
        alive = np.flatnonzero(np.broadcast_to(_is_there(requests, supplies, ri, si, distance), count))
        ri, si = (ri if len(ri) == 1 else ri[alive]), (si if len(si) == 1 else si[alive])
        distance = distance[alive] if len(distance) == count else distance
        passed = np.zeros(count, dtype=np.int8)
        can, passed[alive] = _conditions(requests, supplies, ri, si, len(alive))
        middle, use = np.full(len(alive), -np.inf), np.full(len(alive), -1)
        # Who asks for nothing in particular is a weaker match than who asks for just this: what was not asked counts half.
        total = sum(weights.values())
        unasked = 50 * (total - asked_weight(requests, ri, weights))
        for place, met in can:
            here = np.flatnonzero(met)
            one, other, far = (rows if len(rows) == 1 else rows[here] for rows in (ri, si, distance))
            value = _middle(requests, supplies, one, other, place, far, weights)
            value = (value + (unasked if np.size(unasked) == 1 else unasked[here])) / total
            # Of equal ones the first use holds.
            better = value > middle[here]
            middle[here[better]], use[here[better]] = value[better], place
    kept = np.flatnonzero(use >= 0)
    return Judged(passed, alive[kept], use[kept], np.round(middle[kept], 6))


def _is_there(r: Requests, s: Supplies, ri: Places, si: Places, distance: Floats) -> Any:
    """Within the radius of the point that was named, or in the outline; anywhere, where neither was."""
    inside = ~(distance > r.radius[ri])
    outline = r.outline[ri]
    has_outline = shapely.is_geometry(outline)
    if has_outline.any():
        inside = inside & (~has_outline | shapely.intersects_xy(outline, s.x[si], s.y[si]))
    return inside


def _conditions(
    r: Requests, s: Supplies, ri: Places, si: Places, count: int
) -> tuple[list[tuple[int, Bools]], NDArray[np.int8]]:
    """For each use that is wanted which pairs meet all conditions; and how many conditions each pair meets, in their order."""
    passed = np.ones(count, dtype=np.int8)
    alive = np.ones(count, dtype=np.bool_)

    def sift(holds: Any) -> None:
        nonlocal alive
        alive = alive & holds
        passed[:] += alive

    def met(rows: list[Bools]) -> Any:
        return np.logical_or.reduce(rows, axis=0) if rows else np.zeros(count, dtype=np.bool_)

    uses = [use for use in range(len(r.wants)) if r.wants[use, ri].any()]
    can = [np.broadcast_to(r.wants[use, ri] & s.is_open[use, si], count) for use in uses]
    sift(met(can))
    sift(~(s.height_high[si] < r.height_min[ri]))
    sift(~(s.height_low[si] > r.height_max[ri]))
    sift(~(s.from_day[si] > r.from_day[ri]))
    can = [row & ~(s.usable_high[use, si] < r.least[ri]) for use, row in zip(uses, can, strict=True)]
    sift(met(can))
    can = [row & ~(s.usable_low[use, si] > r.most[ri]) for use, row in zip(uses, can, strict=True)]
    sift(met(can))
    can = [row & ~(s.rent_low[use, si] > r.budget[ri]) for use, row in zip(uses, can, strict=True)]
    sift(met(can))
    return [(use, row & alive) for use, row in zip(uses, can, strict=True)], passed


def _middle(
    r: Requests, s: Supplies, ri: Places, si: Places, use: int, distance: Floats, weights: Mapping[str, float]
) -> Any:
    """Sum over the parts that were asked for of weight times the middle of the bounds, times 100."""
    wanted = asked(r, ri)
    total = s.always(weights)[use, si]

    def add(name: str, value: Callable[[], Any]) -> None:
        nonlocal total
        if np.any(wanted[name]):
            total = total + weights[name] * np.where(wanted[name], value(), 0.0)

    add("size", lambda: sum(size_bounds(r, s, ri, si, use)) / 2)
    add("place", lambda: place_part(r, ri, distance))
    add("budget", lambda: or_half(budget_part(r, s, ri, si, use)))
    add("time", lambda: or_half(s.time_fit[r.duration[ri], use, si]))
    add("atypical", lambda: or_half(1 - np.abs(r.atypical[ri] - s.atypical[si])))
    return 100 * total
