"""The metrics against cases calculated by hand."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flows.evaluate_metrics import (
    METRICS,
    average_precision,
    brier,
    brier_skill,
    by_group,
    estimate,
    mean_log_loss,
    precision_at,
    reliability,
    wilson,
)

cases = st.lists(st.tuples(st.booleans(), st.sampled_from([0.01, 0.03, 0.05, 0.4, 0.9])), min_size=1, max_size=60)


def test_average_precision_of_a_case_by_hand() -> None:
    # True at place 1 (precision 1) and place 3 (precision 2/3), each half of what is true.
    truth, said = np.array([True, False, True, False]), np.array([0.9, 0.8, 0.7, 0.1])
    assert average_precision(truth, said) == pytest.approx(0.5 * 1 + 0.5 * 2 / 3)
    assert math.isnan(average_precision(np.array([False, False]), np.array([0.1, 0.2])))


def test_precision_at_k_shares_equals_fairly() -> None:
    truth, said = np.array([True, False, True, False, False]), np.array([0.9, 0.5, 0.5, 0.5, 0.1])
    # One is sure of its place; two of three equals follow, of which one is true.
    assert precision_at(3)(truth, said) == pytest.approx((1 + 2 * 1 / 3) / 3)
    assert precision_at(1)(truth, said) == 1
    assert precision_at(50)(truth, said) == pytest.approx(2 / 5)


def test_brier_and_its_skill_by_hand() -> None:
    truth = np.array([True, False, False, False])
    assert brier(truth, np.array([0.7, 0.1, 0.2, 0.0])) == pytest.approx((0.09 + 0.01 + 0.04) / 4)
    assert brier_skill(truth, truth.astype(float)) == pytest.approx(1)
    assert brier_skill(truth, np.full(4, 0.25)) == pytest.approx(0)
    assert math.isnan(brier_skill(np.array([False, False]), np.array([0.1, 0.2])))


def test_log_loss_by_hand() -> None:
    said = mean_log_loss(np.array([True, False]), np.array([0.5, 0.25]))
    assert said == pytest.approx(-(math.log(0.5) + math.log(0.75)) / 2)


def test_wilson_by_hand() -> None:
    z2 = 1.2815515655446004**2
    assert list(wilson(0, 10)) == pytest.approx([0, z2 / (10 + z2)])
    low, high = wilson(5, 10)
    assert low + high == pytest.approx(1)


@settings(deadline=None, max_examples=40)
@given(cases)
def test_the_order_of_buildings_changes_no_metric(rows: list[tuple[bool, float]]) -> None:
    truth, said = np.array([t for t, _ in rows]), np.array([p for _, p in rows])
    for metric in METRICS.values():
        forth, back = metric(truth, said), metric(truth[::-1], said[::-1])
        assert forth == pytest.approx(back, nan_ok=True)


@settings(deadline=None, max_examples=40)
@given(cases)
def test_bins_hold_every_building_once_and_keep_equals_together(rows: list[tuple[bool, float]]) -> None:
    truth, said = np.array([t for t, _ in rows]), np.array([p for _, p in rows])
    bins = reliability(truth, said)
    assert sum(one.count for one in bins) == len(rows)
    assert sum(one.count * one.said for one in bins) == pytest.approx(said.sum())
    assert sum(one.count * one.is_so for one in bins) == pytest.approx(truth.sum())
    edges = [tuple(float(end) for end in one.name.split(" - ")) for one in bins]
    assert all(left[1] < right[0] for left, right in itertools.pairwise(edges))


def test_groups_are_named_and_the_largest_comes_first() -> None:
    groups = np.array(["a", "b", "b"], dtype=object)
    first, second = by_group(groups, np.array([True, True, False]), np.array([0.5, 0.1, 0.3]))
    assert (first.name, first.count, first.is_so) == ("b", 2, 0.5)
    assert first.said == pytest.approx(0.2)
    assert (second.name, second.count, second.is_so) == ("a", 1, 1)


def test_an_estimate_surrounds_its_value_and_is_the_same_each_time() -> None:
    rng = np.random.default_rng(1)
    said = rng.random(400)
    truth = rng.random(400) < said
    one = estimate(average_precision, truth, said, 50)
    assert one.low < one.value < one.high
    assert one == estimate(average_precision, truth, said, 50)
