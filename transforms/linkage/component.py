"""Groups of things that are tied to one another, none of them larger than it may be."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]


def components(count: int, left: Ints, right: Ints) -> Ints:
    """Smallest member of the component of each of `count` nodes, numbered from 0.

    Args:
        count: how many nodes.
        left: one end of each tie, shape (ties,).
        right: its other end.

    Returns:
        Shape (count,); a node without ties is its own component. The order of the ties changes nothing.
    """
    label = np.arange(count, dtype=np.int64)
    while True:
        before = label.copy()
        low = np.minimum(label[left], label[right])
        # The root of each end, not only the end itself, takes the smaller label: whole trees join at once.
        for end in (label[left], label[right], left, right):
            np.minimum.at(label, end, low)
        while not np.array_equal(label, label[label]):
            label = label[label]
        if np.array_equal(label, before):
            return label


def bounded_components(
    boxes: Floats, left: Ints, right: Ints, score: Floats, members_max: float, extent_max_m: float
) -> tuple[Ints, Bools]:
    """Components of which none has too many members or too wide an extent.

    A component that is too large loses its weakest ties, all those of one score at once, until what is left of it is not: so
    no tie is kept for standing first in a list.

    Args:
        boxes: extent of each node, shape (nodes, 4): least x, least y, greatest x, greatest y, in metres.
        left: one end of each tie, shape (ties,).
        right: its other end.
        score: how sure each tie is, shape (ties,).
        members_max: nodes a component may have.
        extent_max_m: diagonal its extent may have.

    Returns:
        The component of each node (its smallest member), and which ties count.
    """
    count = len(boxes)
    kept = np.ones(len(left), dtype=bool)
    while True:
        label = components(count, left[kept], right[kept])
        too_large = _too_large(boxes, label, members_max, extent_max_m)
        doubtful = kept & too_large[label[left]]
        if not doubtful.any():
            return label, kept
        weakest = np.full(count, np.inf)
        np.minimum.at(weakest, label[left[doubtful]], score[doubtful])
        kept &= ~(doubtful & (score <= weakest[label[left]]))


def _too_large(boxes: Floats, label: Ints, members_max: float, extent_max_m: float) -> Bools:
    """Per label: whether its component exceeds a limit."""
    low, high = np.full((len(label), 2), np.inf), np.full((len(label), 2), -np.inf)
    np.minimum.at(low, label, boxes[:, :2])
    np.maximum.at(high, label, boxes[:, 2:])
    members = np.bincount(label, minlength=len(label))
    is_label = members > 0
    extent = np.zeros(len(label))
    extent[is_label] = np.hypot(*(high[is_label] - low[is_label]).T)
    result: Bools = (members > members_max) | (extent > extent_max_m)
    return result
