"""Groups of what is tied together: against union-find, and the promises of the limits."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from transforms.linkage.component import bounded_components, components

ties = st.lists(st.tuples(st.integers(0, 19), st.integers(0, 19)), max_size=40)
scores = st.sampled_from([0.55, 0.65, 0.8, 0.9])


def union_find(count: int, pairs: list[tuple[int, int]]) -> list[int]:
    parent = list(range(count))

    def root(node: int) -> int:
        while parent[node] != node:
            node = parent[node]
        return node

    for left, right in pairs:
        low, high = sorted((root(left), root(right)))
        parent[high] = low
    return [root(node) for node in range(count)]


def ends(pairs: list[tuple[int, int]]) -> tuple[Any, Any]:
    table = np.array(pairs, dtype=np.int64).reshape(-1, 2)
    return table[:, 0], table[:, 1]


@given(ties)
def test_components_equal_union_find_in_any_order(pairs: list[tuple[int, int]]) -> None:
    wanted = union_find(20, pairs)
    for order in (pairs, pairs[::-1], [(right, left) for left, right in pairs]):
        assert components(20, *ends(order)).tolist() == wanted


def test_a_long_chain_is_one_component() -> None:
    order = np.random.default_rng(1).permutation(5000)
    label = components(5000, order[:-1], order[1:])
    assert set(label.tolist()) == {0}


@settings(max_examples=80)
@given(ties, st.data(), st.integers(1, 6), st.floats(1, 12))
def test_no_component_exceeds_a_limit_and_no_tie_is_dropped_without_need(
    pairs: list[tuple[int, int]], data: st.DataObject, members_max: int, extent_max_m: float
) -> None:
    weight = np.array([data.draw(scores) for _ in pairs], dtype=np.float64)
    boxes = np.array([[i, 0, i + 1, 1] for i in range(20)], dtype=np.float64)
    left, right = ends(pairs)
    label, kept = bounded_components(boxes, left, right, weight, members_max, extent_max_m)
    assert label.tolist() == union_find(20, [pair for pair, stays in zip(pairs, kept, strict=True) if stays])
    for group in set(label.tolist()):
        members = np.flatnonzero(label == group)
        if len(members) > 1:
            assert len(members) <= members_max
            assert np.hypot(members.max() + 1 - members.min(), 1) <= extent_max_m
    again, kept_again = bounded_components(boxes, left[::-1], right[::-1], weight[::-1], members_max, extent_max_m)
    assert again.tolist() == label.tolist()
    assert kept_again[::-1].tolist() == kept.tolist()
    # A component that was within the limits from the start keeps all it has.
    whole = np.array(union_find(20, pairs))
    for group in set(whole.tolist()):
        members = np.flatnonzero(whole == group)
        if len(members) <= members_max and np.hypot(members.max() + 1 - members.min(), 1) <= extent_max_m:
            assert kept[whole[left] == group].all()


def test_weak_ties_give_way_before_strong_ones() -> None:
    boxes = np.array([[i, 0, i + 1, 1] for i in range(6)], dtype=np.float64)
    left, right = np.array([0, 1, 2, 3, 4]), np.array([1, 2, 3, 4, 5])
    score = np.array([0.9, 0.9, 0.55, 0.9, 0.9])
    label, kept = bounded_components(boxes, left, right, score, 3, 100.0)
    assert kept.tolist() == [True, True, False, True, True]
    assert label.tolist() == [0, 0, 0, 3, 3, 3]
