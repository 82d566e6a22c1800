"""What the score of a pair is made of: each part as it is known, and the bounds. Only for pairs that are in a list."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from transforms.match._lists import Pairs
from transforms.match._parts import PARTS, asked, budget_part, place_part, size_bounds, size_fit
from transforms.match._sides import Floats, Requests, Supplies

_CHUNK = 200_000


def detail(requests: Requests, supplies: Supplies, pairs: Pairs, weights: Mapping[str, float]) -> dict[str, Floats]:
    """Score from what is known and its bounds (0..100), share asked for, distance in metres, and the parts `<part>_part` 0..1, each as long as the pairs.

    A part is NaN where it was not asked for or is not known; the distance where no point was named.
    """
    chunks = [
        _chunk(requests, supplies, pairs.only(np.arange(first, min(first + _CHUNK, len(pairs)))), weights)
        for first in range(0, max(1, len(pairs)), _CHUNK)
    ]
    return {name: np.concatenate([chunk[name] for chunk in chunks]) for name in chunks[0]}


def _chunk(r: Requests, s: Supplies, pairs: Pairs, weights: Mapping[str, float]) -> dict[str, Floats]:
    ri, si, use = pairs.request, pairs.supply, pairs.use
    with np.errstate(invalid="ignore", divide="ignore"):
        distance = np.hypot(s.x[si] - r.x[ri], s.y[si] - r.y[ri])
        size_low, size_high = size_bounds(r, s, ri, si, use)
        told: dict[str, tuple[Floats, Floats, Floats]] = {
            "use": (s.fit[use, si], s.fit_low[use, si], s.fit_high[use, si]),
            "size": (size_fit(r, ri, s.usable[use, si]), size_low, size_high),
            "place": _sure(place_part(r, ri, distance)),
            "budget": _sure(budget_part(r, s, ri, si, use)),
            "time": _sure(s.time_fit[r.duration[ri], use, si]),
            "free": ((s.free_low[si] + s.free_high[si]) / 2, s.free_low[si], s.free_high[si]),
            "atypical": _sure(1 - np.abs(r.atypical[ri] - s.atypical[si])),
        }
        wanted = asked(r, ri)
        known_sum, low_sum, high_sum, known_weight, weight_sum = np.zeros((5, len(pairs)))
        rows = {}
        for name in PARTS:
            value, low, high = told[name]
            weight = np.broadcast_to(weights[name] * np.asarray(wanted[name]), len(pairs))
            is_known = ~np.isnan(value) & (weight > 0)
            rows[f"{name}_part"] = np.where(is_known, value, np.nan)
            known_sum += np.where(is_known, weight * value, 0)
            known_weight += np.where(is_known, weight, 0)
            weight_sum += weight
            low_sum += np.where(weight > 0, weight * np.where(np.isnan(low), 0, low), 0)
            high_sum += np.where(weight > 0, weight * np.where(np.isnan(high), 1, high), 0)
        rows["score"] = 100 * known_sum / known_weight
        rows["low"], rows["high"] = 100 * low_sum / weight_sum, 100 * high_sum / weight_sum
        rows["asked_share"] = weight_sum / sum(weights.values())
        return rows | {"distance_m": distance}


def _sure(value: Floats) -> tuple[Floats, Floats, Floats]:
    return value, value, value
