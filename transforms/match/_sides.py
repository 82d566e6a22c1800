"""The two sides of a match as arrays: a request or a supply is a place in them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields

import numpy as np
import shapely
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Places = NDArray[np.int64]
DURATIONS = ("temporary", "years", "permanent")
# Metres beyond a box: what lies on its edge is for the judge, whose sums round otherwise.
_EDGE = 0.01


@dataclass(frozen=True)
class Requests:
    """What is asked for: arrays `(n,)`; NaN where it was not said. Metres in the city's CRS, square metres, euro/m2/year, days."""

    wants: Bools  # (uses, n)
    area_min: Floats
    area_max: Floats
    least: Floats  # what is surely less than this excludes
    most: Floats  # what is surely more than this excludes, for who takes a whole building
    height_min: Floats
    height_max: Floats
    x: Floats
    y: Floats
    radius: Floats
    outline: NDArray[np.object_]  # polygon, or None
    is_whole: Bools
    duration: Places  # place in DURATIONS; one past them where it was not said
    from_day: Floats
    budget: Floats
    atypical: Floats  # 1 wanted, 0 unwanted, NaN indifferent or not said

    _box: list[Floats] = field(default_factory=list, init=False, repr=False, compare=False)

    def __len__(self) -> int:
        return len(self.area_min)

    @property
    def box(self) -> Floats:
        """Where each looks: west, south, east, north `(n, 4)` in metres, a little wider; NaN for anywhere."""
        if not self._box:
            near = np.stack([self.x - self.radius, self.y - self.radius, self.x + self.radius, self.y + self.radius], 1)
            box = np.where((self.radius > 0)[:, None], near, shapely.bounds(self.outline))
            self._box.append(box + np.array([-_EDGE, -_EDGE, _EDGE, _EDGE]))
        return self._box[0]


@dataclass(frozen=True)
class Supplies:
    """What can be had: arrays `(n,)`, by use `(uses, n)`; NaN where it is not known. Fits and shares are 0..1.

    `time_fit` `(durations + 1, uses, n)`: how well a use for so long bears the works it takes; the last is for who did not say how long.
    """

    x: Floats
    y: Floats
    height_low: Floats
    height_high: Floats
    atypical: Floats
    free_low: Floats
    free_high: Floats
    from_day: Floats
    is_open: Bools  # (uses, n): nothing known forbids the use
    fit: Floats
    fit_low: Floats
    fit_high: Floats
    usable_low: Floats
    usable: Floats
    usable_high: Floats
    rent_low: Floats
    rent: Floats
    rent_high: Floats
    time_fit: Floats
    _always: dict[tuple[float, float], Floats] = field(default_factory=dict, init=False, repr=False, compare=False)
    _west_to_east: list[tuple[Places, Places, Floats, Floats]] = field(
        default_factory=list, init=False, repr=False, compare=False
    )

    def __len__(self) -> int:
        return len(self.x)

    def only(self, places: Places) -> Supplies:
        """Some of them."""
        arrays = {f.name: getattr(self, f.name)[..., places] for f in fields(self) if f.init}
        return Supplies(**arrays)

    def within(self, box: Floats) -> Places:
        """Places of those in a box, in their order; and of those that are nobody knows where."""
        if not self._west_to_east:
            # What has no place is sorted last.
            order, known = np.argsort(self.x, kind="stable"), int(np.count_nonzero(~np.isnan(self.x)))
            self._west_to_east.append((order[:known], order[known:], self.x[order[:known]], self.y[order[:known]]))
        placed, nowhere, x, y = self._west_to_east[0]
        first, last = np.searchsorted(x, (box[0], box[2]))
        north_south = (y[first:last] >= box[1]) & (y[first:last] <= box[3])
        return np.sort(np.concatenate([placed[first:last][north_south], nowhere]))

    def always(self, weights: Mapping[str, float]) -> Floats:
        """What counts for whoever asks, fit and what is free, by use: weight times the middle of the bounds `(uses, n)`."""
        key = (weights["use"], weights["free"])
        if key not in self._always:
            self._always[key] = key[0] * _half(self.fit_low, self.fit_high) + key[1] * _half(
                self.free_low, self.free_high
            )
        return self._always[key]


def _half(low: Floats, high: Floats) -> Floats:
    """Middle of two bounds; of what is not known the worst is 0 and the best 1."""
    return (np.where(np.isnan(low), 0.0, low) + np.where(np.isnan(high), 1.0, high)) / 2
