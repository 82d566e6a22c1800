"""Weights fitted on made-up cities: the most probable ones, where the stated uncertainty is the prior belief."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from flows.evaluate_metrics import brier, mean_log_loss
from flows.evaluate_rows import Sample
from flows.evaluate_weights import Bools, Floats, Weights, log_odds, logistic

STEPS = 100
TOLERANCE = 1e-10


@dataclass(frozen=True)
class Fit:
    """Fitted log-odds: prior of ordinary and atypical types, then the weight of each kind `(2 + k,)`.

    Attributes:
        value: the most probable values.
        sd: their uncertainty after the data, from the curvature there.
    """

    value: Floats
    sd: Floats


def fit_map(design: Floats, truth: Bools, mean: Floats, sd: Floats) -> Fit:
    """Logistic regression with a normal belief `mean`, `sd` `(p,)` about every coefficient, by Newton's method.

    Args:
        design: `(n, p)`.
        truth: `(n,)`.
        mean: the coefficients before any data.
        sd: how unsure each is; coefficients are believed to be independent.

    Raises:
        ArithmeticError: no convergence.
    """
    precision = 1 / sd**2
    value = mean.astype(float).copy()
    loss = _loss(design, truth, value, mean, precision)
    for _ in range(STEPS):
        probability = logistic(design @ value)
        gradient = design.T @ (probability - truth) + precision * (value - mean)
        curvature = (design * (probability * (1 - probability))[:, None]).T @ design + np.diag(precision)
        step = np.linalg.solve(curvature, gradient)
        # Half as far while it would not get better: Newton oversteps where probabilities are near 0 or 1.
        while (new := _loss(design, truth, value - step, mean, precision)) > loss and np.abs(step).max() > TOLERANCE:
            step = step / 2
        value, loss = value - step, new
        if np.abs(step).max() <= TOLERANCE:
            return Fit(value, np.sqrt(np.diag(np.linalg.inv(curvature))))
    raise ArithmeticError(f"no convergence in {STEPS} steps")


def _loss(design: Floats, truth: Bools, value: Floats, mean: Floats, precision: Floats) -> float:
    odds = design @ value
    return float((np.logaddexp(0, odds) - truth * odds).sum() + 0.5 * (precision * (value - mean) ** 2).sum())


def fit_weights(sample: Sample, stated: Weights) -> Fit:
    """Fit prior and weights on the buildings of `sample`, around the stated ones."""
    mean = np.concatenate([stated.prior, stated.log_lr])
    sd = np.concatenate([[stated.prior_sd, stated.prior_sd], stated.log_lr_sd])
    return fit_map(_design(sample, stated), sample.column("is_out_of_use"), mean, sd)


def _design(sample: Sample, stated: Weights) -> Floats:
    atypical = sample.column("scored_atypical").astype(float)
    return np.column_stack([1 - atypical, atypical, sample.features(stated.kinds)])


def score_with(fit: Fit, sample: Sample, stated: Weights) -> Floats:
    """Probability by the method's words with fitted numbers `(n,)`."""
    prior = fit.value[:2][sample.column("scored_atypical").astype(int)]
    return logistic(log_odds(prior, sample.features(stated.kinds), fit.value[2:], stated))


@dataclass(frozen=True)
class HeldOut:
    """A city scored with the stated weights and with weights fitted on all other cities."""

    city: str
    count: int
    brier_stated: float
    brier_fitted: float
    log_loss_stated: float
    log_loss_fitted: float


def leave_one_out(sample: Sample, stated: Weights, cities: Sequence[str]) -> list[HeldOut]:
    """Fit on all cities but one, and score that one; for each."""
    of = sample.column("city")
    result = []
    for city in cities:
        here = sample.where(of == city)
        truth = here.column("is_out_of_use")
        before, after = (
            here.column("probability"),
            score_with(fit_weights(sample.where(of != city), stated), here, stated),
        )
        result.append(
            HeldOut(city, len(here), brier(truth, before), brier(truth, after), mean_log_loss(truth, before), mean_log_loss(truth, after))
        )  # fmt: skip
    return result


@dataclass(frozen=True)
class Counted:
    """What the made-up cities themselves say of a kind of evidence.

    Attributes:
        kind: kind of evidence.
        out: buildings out of use that have it.
        used: buildings in use that have it.
        log_lr: log of how much likelier it is out of use than in use.
        sd: how unsure that is, from the counts.
        strength: mean of freshness times match: by how much the method weakens the stated weight.
        is_outside: the stated weight and this one differ by more than 80% of their joint uncertainty allows.
    """

    kind: str
    out: int
    used: int
    log_lr: float
    sd: float
    strength: float
    is_outside: bool


def count_kinds(sample: Sample, stated: Weights) -> list[Counted]:
    """Count every kind among buildings out of use and in use; a half is added to each count against zeros."""
    truth, features = sample.column("is_out_of_use"), sample.features(stated.kinds)
    total_out, total_in = int(truth.sum()), int((~truth).sum())
    result = []
    for k, kind in enumerate(stated.kinds):
        has = features[:, k] > 0
        out, used = int((has & truth).sum()), int((has & ~truth).sum())
        log_lr = float(np.log((out + 0.5) / (total_out + 0.5)) - np.log((used + 0.5) / (total_in + 0.5)))
        sd = float(np.sqrt(1 / (out + 0.5) + 1 / (used + 0.5)))
        far = abs(log_lr - stated.log_lr[k]) / np.hypot(sd, stated.log_lr_sd[k])
        strength = float(features[has, k].mean()) if has.any() else float("nan")
        result.append(
            Counted(kind, out, used, log_lr, sd, strength, bool(out + used and far > NormalDist().inv_cdf(0.9)))
        )
    return result
