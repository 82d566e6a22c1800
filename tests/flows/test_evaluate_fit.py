"""The fit against scikit-learn, a grid and made-up weights; what is counted, by hand."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from sklearn.linear_model import LogisticRegression

from flows.evaluate_fit import count_kinds, fit_map, fit_weights, leave_one_out, score_with
from flows.evaluate_metrics import brier
from flows.evaluate_rows import Sample
from flows.evaluate_weights import Bools, Floats, Weights, log_odds, logistic, stated_weights

TWO = Weights(
    ("sign", "use"), ("one", "other"), np.array([4.0, -1.0]), np.array([1.0, 0.5]), np.array([-3.5, -3.0]), 0.7, 7.0, 1.28
)  # fmt: skip


def made_up(count: int, weights: Floats, seed: int, city: str = "a") -> Sample:
    """Buildings drawn by these numbers: prior of ordinary and atypical types, then both kinds."""
    rng = np.random.default_rng(seed)
    atypical = rng.random(count) < 0.3
    sign = (rng.random(count) < 0.05) * rng.random(count)
    use = (rng.random(count) < 0.3) * 1.0
    odds = weights[:2][atypical.astype(int)] + weights[2] * sign + weights[3] * use
    out = rng.random(count) < logistic(odds)
    return Sample(
        pa.table({
            "city": pa.repeat(city, count), "scored_atypical": atypical, "is_out_of_use": out, "sign": sign, "use": use,
            "probability": logistic(log_odds(TWO.prior[atypical.astype(int)], np.column_stack([sign, use]), TWO.log_lr, TWO)),
        })
    )  # fmt: skip


def test_without_data_the_belief_stays() -> None:
    fit = fit_map(np.zeros((0, 2)), np.zeros(0, dtype=bool), np.array([4.0, -1.0]), np.array([1.0, 0.5]))
    assert fit.value == pytest.approx([4.0, -1.0])
    assert fit.sd == pytest.approx([1.0, 0.5])


def test_with_a_weak_belief_the_data_decide() -> None:
    fit = fit_map(np.ones((10, 1)), np.arange(10) < 3, np.array([5.0]), np.array([1000.0]))
    assert logistic(fit.value) == pytest.approx([0.3], abs=1e-4)
    # Standard error of a logit: 1 / sqrt(n p (1 - p)).
    assert fit.sd == pytest.approx([1 / math.sqrt(10 * 0.3 * 0.7)], abs=1e-3)


def test_the_most_probable_value_is_where_a_grid_finds_it() -> None:
    truth: Bools = np.arange(10) < 9
    fit = fit_map(np.ones((10, 1)), truth, np.array([-2.0]), np.array([0.7]))
    grid = np.linspace(-5, 5, 100_001)
    loss = 10 * np.logaddexp(0, grid) - 9 * grid + 0.5 * ((grid + 2) / 0.7) ** 2
    assert fit.value[0] == pytest.approx(grid[np.argmin(loss)], abs=1e-4)


def test_around_zero_it_is_the_ridge_of_scikit_learn() -> None:
    rng = np.random.default_rng(3)
    design = rng.normal(size=(500, 3))
    truth = rng.random(500) < logistic(design @ np.array([2.0, -1.0, 0.0]) - 2)
    peer = LogisticRegression(C=0.8**2, fit_intercept=False, tol=1e-10, max_iter=1000).fit(design, truth)
    assert fit_map(design, truth, np.zeros(3), np.full(3, 0.8)).value == pytest.approx(peer.coef_[0], abs=1e-5)


def test_generating_weights_are_found_again() -> None:
    wanted = np.array([-3.0, -2.2, 5.5, -0.4])
    fit = fit_weights(made_up(200_000, wanted, 5), TWO)
    assert (np.abs(fit.value - wanted) < 4 * fit.sd).all()
    assert fit.sd.max() < 0.1


def test_the_city_held_out_has_no_part_in_its_fit() -> None:
    wanted = np.array([-3.0, -2.2, 5.5, -0.4])
    cities = [made_up(3000, wanted, seed, name) for seed, name in enumerate(("a", "b", "c"))]
    sample = Sample(pa.concat_tables([one.table for one in cities]))
    found = {row.city: row for row in leave_one_out(sample, TWO, ["a", "b", "c"])}
    others = Sample(pa.concat_tables([cities[1].table, cities[2].table]))
    truth = cities[0].column("is_out_of_use")
    assert found["a"].brier_fitted == brier(truth, score_with(fit_weights(others, TWO), cities[0], TWO))
    assert found["a"].brier_stated == brier(truth, cities[0].column("probability"))
    assert found["a"].count == 3000


def test_kinds_are_counted_and_the_strange_one_is_named() -> None:
    # Of 100 out of use 50 have the sign, of 900 in use 9: 50/100 against 9/900 is a factor of about 50. All have the use.
    out = np.arange(1000) < 100
    sign = np.where(out, np.arange(1000) < 50, np.arange(1000) >= 991) * 0.5
    sample = Sample(pa.table({"is_out_of_use": out, "sign": sign, "use": np.ones(1000)}))
    first, second = count_kinds(sample, TWO)
    assert (first.out, first.used, first.strength) == (50, 9, 0.5)
    assert first.log_lr == pytest.approx(math.log(50.5 / 100.5) - math.log(9.5 / 900.5))
    assert not first.is_outside
    assert (second.out, second.used) == (100, 900)
    assert second.log_lr == pytest.approx(0)
    assert second.is_outside


def test_an_authority_is_capped_and_others_add_up() -> None:
    weights = Weights(
        ("a", "b", "c"), ("one", "one", "two"), np.array([6.0, 6.0, -2.0]), np.ones(3), np.array([-3.0, -3.0]), 0.7, 7.0, 1.28
    )  # fmt: skip
    said = log_odds(np.array([-3.0]), np.array([[1.0, 1.0, 1.0]]), weights.log_lr, weights)
    assert said == pytest.approx([-3 + 7 - 2])


def test_the_stated_numbers_are_read_from_the_given_folder(tmp_path: Path) -> None:
    (tmp_path / "version.toml").write_text('version = "2026.1"\n')
    (tmp_path / "a.toml").write_text(
        'evidence_kind = [{ kind = "k", authority = "a", log_lr = 2.0, log_lr_sd = 0.5 }]\n'
        'parameter = [{ name = "prior_ordinary", value = 0.5 }, { name = "prior_atypical", value = 0.2 }, '
        '{ name = "prior_sd", value = 0.7 }, { name = "authority_cap", value = 7.0 }, { name = "interval_z", value = 1.28 }]\n'
    )
    stated = stated_weights(tmp_path)
    assert stated.kinds == ("k",)
    assert stated.prior == pytest.approx([0, math.log(0.25)])
    assert (stated.log_lr[0], stated.log_lr_sd[0], stated.cap) == (2.0, 0.5, 7.0)
