"""Who can be in one building, use by use: what `judge` tells of the best use only."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from transforms.match._judge import _conditions, _is_there, _middle
from transforms.match._parts import asked_weight
from transforms.match._sides import Floats, Places, Requests, Supplies


def judge_uses(
    requests: Requests, supplies: Supplies, ri: Places, place: int, weights: Mapping[str, float]
) -> tuple[Places, Places, Floats]:
    """Judge requests against one supply: equally long, which of `ri` can be there, for which use, and the middle 0..100 for that use.

    Args:
        requests: what is asked for.
        supplies: what can be had.
        ri: places of requests `(n,)`.
        place: place of the supply.
        weights: weight of each of PARTS.
    """
    si, total = np.array([place]), sum(weights.values())
    rows, uses, middles = [np.empty(0, np.int64)], [np.empty(0, np.int64)], [np.empty(0)]
    with np.errstate(invalid="ignore", divide="ignore"):
        distance = np.hypot(supplies.x[si] - requests.x[ri], supplies.y[si] - requests.y[ri])
        is_there = np.broadcast_to(_is_there(requests, supplies, ri, si, distance), len(ri))
        ri, distance = ri[is_there], distance[is_there]
        can, _ = _conditions(requests, supplies, ri, si, len(ri))
        for use, met in can:
            here = ri[met]
            value = _middle(requests, supplies, here, si, use, distance[met], weights)
            rows.append(here)
            uses.append(np.full(len(here), use))
            unasked = 50 * (total - asked_weight(requests, here, weights))
            middles.append(np.round((value + unasked) / total, 6))
    return np.concatenate(rows), np.concatenate(uses), np.concatenate(middles)
