"""The parts of the score of a pair, each 0..1 or NaN where it is not known. Places of both sides broadcast to the pairs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from transforms.match._sides import DURATIONS, Floats, Places, Requests, Supplies

PARTS = ("use", "size", "place", "budget", "time", "free", "atypical")


def asked(r: Requests, ri: Places) -> dict[str, Any]:
    """Which parts were asked for. Fit and what is free count for everybody."""
    return {
        "use": True,
        "size": ~(np.isnan(r.area_min[ri]) & np.isnan(r.area_max[ri])),
        "place": r.radius[ri] > 0,
        "budget": ~np.isnan(r.budget[ri]),
        "time": r.duration[ri] < len(DURATIONS),
        "free": True,
        "atypical": ~np.isnan(r.atypical[ri]),
    }


def asked_weight(r: Requests, ri: Places, weights: Mapping[str, float]) -> Any:
    """Sum of the weights of the parts that were asked for."""
    return sum(weights[name] * np.asarray(is_asked) for name, is_asked in asked(r, ri).items())


def or_half(value: Floats) -> Any:
    """What is known, else the middle of the worst and the best there is."""
    return np.where(np.isnan(value), 0.5, value)


def place_part(r: Requests, ri: Places, distance: Floats) -> Any:
    """1 at the point that was named, 0.5 at the edge of what was named; an outline has no middle, so there is no such part."""
    return 1 - 0.5 * distance / r.radius[ri]


def size_bounds(r: Requests, s: Supplies, ri: Places, si: Places, use: int | Places) -> tuple[Any, Any]:
    """How well the area can fit, at worst and at best: 1 between what was asked, else by how many times it is too small or too large."""
    low, high = s.usable_low[use, si], s.usable_high[use, si]
    one, other = size_fit(r, ri, low), size_fit(r, ri, high)
    # Where the bounds are off on two sides, or on none, an area that fits lies between them.
    fits_between = ~(high < r.area_min[ri]) & ~(low > whole_max(r, ri))
    return np.where(np.isnan(one + other), 0.0, np.fmin(one, other)), np.where(fits_between, 1.0, np.fmax(one, other))


def whole_max(r: Requests, ri: Places) -> Any:
    """Largest area, for who takes the whole building. Who takes a part does not mind how large the rest is."""
    return np.where(r.is_whole[ri], r.area_max[ri], np.nan)


def size_fit(r: Requests, ri: Places, area: Floats) -> Any:
    """1 between the areas that were asked for, else by how many times it is off; NaN where the area is not known."""
    fit = np.fmin(np.fmin(area / r.area_min[ri], whole_max(r, ri) / area), 1.0)
    return np.where(np.isnan(area), np.nan, fit)


def budget_part(r: Requests, s: Supplies, ri: Places, si: Places, use: int | Places) -> Any:
    """0.25 at the lowest rent that may do, 0.75 at the likely one, 1 from the highest on; never less for a larger budget."""
    low, likely, high = s.rent_low[use, si], s.rent[use, si], s.rent_high[use, si]
    budget = r.budget[ri]
    lower = 0.25 + 0.5 * np.clip((budget - low) / np.maximum(likely - low, 0.01), 0.0, 1.0)
    return lower + 0.25 * np.clip((budget - likely) / np.maximum(high - likely, 0.01), 0.0, 1.0)
