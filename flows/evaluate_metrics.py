"""What is measured: how well a probability ranks and how well it says how often it is right."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from sklearn.metrics import average_precision_score, brier_score_loss, log_loss

from flows.evaluate_weights import Bools, Floats

Metric = Callable[[Bools, Floats], float]
RESAMPLES = 200
SEED = 20250601
LEVELS = (0.0, 0.3, 0.6, 0.8, 0.9, 0.95, 0.975, 0.99, 1.0)
"""Quantiles that part the bins of the reliability tables."""


def average_precision(truth: Bools, probability: Floats) -> float:
    """Area under precision and recall, as a step function; NaN where nothing is true."""
    return float(average_precision_score(truth, probability)) if truth.any() else float("nan")


def precision_at(k: int) -> Metric:
    """Share that is true among the `k` highest; of equals, as if drawn at random, so order decides nothing."""

    def measure(truth: Bools, probability: Floats) -> float:
        size = min(k, len(truth))
        if size == 0:
            return float("nan")
        last = np.partition(probability, len(probability) - size)[len(probability) - size]
        above, equal = probability > last, probability == last
        return float((truth[above].sum() + (size - above.sum()) * truth[equal].mean()) / size)

    return measure


def brier(truth: Bools, probability: Floats) -> float:
    """Mean squared difference between probability and truth."""
    return float(brier_score_loss(truth, probability)) if len(truth) else float("nan")


def brier_skill(truth: Bools, probability: Floats) -> float:
    """How much better than saying the base rate of everything: 1 perfect, 0 no better; NaN where all are alike."""
    base = truth.mean() if len(truth) else 0.0
    return 1 - brier(truth, probability) / (base * (1 - base)) if 0 < base < 1 else float("nan")


def mean_log_loss(truth: Bools, probability: Floats) -> float:
    """Mean surprise in nats."""
    return float(log_loss(truth, probability, labels=[False, True]))


METRICS: dict[str, Metric] = {
    "PR-AUC": average_precision,
    "precision@50": precision_at(50),
    "precision@100": precision_at(100),
    "Brier": brier,
    "Brier skill": brier_skill,
}


@dataclass(frozen=True)
class Estimate:
    """A figure with its 80% interval from resampling buildings."""

    value: float
    low: float
    high: float


def estimate(metric: Metric, truth: Bools, probability: Floats, resamples: int = RESAMPLES) -> Estimate:
    """A metric and how far it moves when the buildings are drawn again, with a fixed seed."""
    rng = np.random.default_rng(SEED)
    drawn = [rng.integers(0, len(truth), len(truth)) for _ in range(resamples)]
    again = [metric(truth[index], probability[index]) for index in drawn]
    low, high = np.nanquantile(again, [0.1, 0.9])
    return Estimate(metric(truth, probability), float(low), float(high))


@dataclass(frozen=True)
class Bin:
    """Buildings of like probability: what was said, and what is so with its 80% Wilson interval."""

    name: str
    count: int
    said: float
    is_so: float
    low: float
    high: float


def one_bin(name: str, truth: Bools, probability: Floats) -> Bin:
    """Said and so of some buildings, at least one."""
    low, high = wilson(int(truth.sum()), len(truth))
    return Bin(name, len(truth), float(probability.mean()), float(truth.mean()), low, high)


def reliability(truth: Bools, probability: Floats) -> list[Bin]:
    """Bins by quantile, finer towards the top, where few buildings hold most of what is out of use.

    Equal probabilities stay together: two edges that fall on one value make one bin less.
    """
    if not len(truth):
        return []
    edges = np.unique(np.quantile(probability, LEVELS, method="lower"))
    place = np.clip(np.searchsorted(edges, probability, side="right") - 1, 0, max(len(edges) - 2, 0))
    bins = []
    for number in np.unique(place):
        inside = place == number
        low, high = probability[inside].min(), probability[inside].max()
        bins.append(one_bin(f"{low:.3f} - {high:.3f}", truth[inside], probability[inside]))
    return bins


def by_group(groups: npt.NDArray[np.object_], truth: Bools, probability: Floats) -> list[Bin]:
    """Said and so per group, the largest first."""
    names, counts = np.unique(groups.astype(str), return_counts=True)
    order = np.argsort(-counts, kind="stable")
    return [one_bin(name, truth[groups == name], probability[groups == name]) for name in names[order]]


def wilson(hits: int, count: int, z: float = 1.2815515655446004) -> tuple[float, float]:
    """Interval of a share by Wilson's score; 80% by default."""
    share = hits / count
    middle = (share + z * z / (2 * count)) / (1 + z * z / count)
    half = z / (1 + z * z / count) * np.sqrt(share * (1 - share) / count + z * z / (4 * count * count))
    return float(max(0.0, middle - half)), float(min(1.0, middle + half))
