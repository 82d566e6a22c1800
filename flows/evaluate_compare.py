"""The method beside simpler ones, on the same buildings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from flows.evaluate_metrics import (
    METRICS,
    RESAMPLES,
    Bin,
    Estimate,
    average_precision,
    brier_skill,
    by_group,
    estimate,
    one_bin,
    precision_at,
    reliability,
)
from flows.evaluate_rows import Sample
from flows.evaluate_weights import Bools, Floats, Weights, log_odds, logistic

OSM = "OpenStreetMap"
Scores = dict[str, dict[str, Estimate]]


def methods(sample: Sample, stated: Weights, *, register: bool = True) -> dict[str, Floats]:
    """Probability by each method `(n,)`.

    The simpler ones use the method's own weights: one source with the prior of an ordinary building for all, or the
    prior of the type without any source. The ceiling is what the generator itself would say.
    """
    features = sample.features(stated.kinds)
    from_osm = np.array([authority == OSM for authority in stated.authority])
    plain = np.full(len(sample), stated.prior[0])
    result = {"Onbenut": sample.column("probability")}
    if register:
        result["register only"] = logistic(log_odds(plain, features, stated.log_lr * ~from_osm, stated))
    result["OSM tags only"] = logistic(log_odds(plain, features, stated.log_lr * from_osm, stated))
    result["type prior"] = logistic(stated.prior[sample.column("scored_atypical").astype(int)])
    if register:
        result["ceiling"] = sample.column("generating")
    return result


def compare(
    sample: Sample, truth: Bools, stated: Weights, *, register: bool = True, resamples: int = RESAMPLES
) -> Scores:
    """Every metric of every method against `truth` `(n,)`; without `register`, sources and ceiling that know it are left out."""
    return {
        method: {name: estimate(metric, truth, probability, resamples) for name, metric in METRICS.items()}
        for method, probability in methods(sample, stated, register=register).items()
    }


def listed_in(known: Sample, sample: Sample) -> Bools:
    """Which rows of `sample` have a register row in the run that knew the register, `known` `(n,)`."""
    return np.isin(_keys(sample), _keys(known)[known.column("is_listed")])


def _keys(sample: Sample) -> npt.NDArray[np.str_]:
    return np.char.add(sample.column("city").astype(str), sample.column("truth_id").astype(str))


def reliability_bins(sample: Sample) -> list[Bin]:
    """One bin of what nothing is known of, and quantile bins of the rest."""
    truth, probability = sample.column("is_out_of_use"), sample.column("probability")
    silent = sample.column("evidence_count") == 0
    first = [one_bin("without evidence", truth[silent], probability[silent])] if silent.any() else []
    return first + reliability(truth[~silent], probability[~silent])


def reliability_by_type(sample: Sample, least: int = 100) -> list[Bin]:
    """Per Flemish main function of the true type; groups of fewer than `least` buildings together."""
    function = np.array([value or "unknown" for value in sample.column("function")], dtype=object)
    names, counts = np.unique(function.astype(str), return_counts=True)
    small = np.isin(function.astype(str), names[counts < least])
    group = np.where(small, "other", function)
    return by_group(group, sample.column("is_out_of_use"), sample.column("probability"))


def per_city(sample: Sample, cities: Sequence[str]) -> Mapping[str, Mapping[str, float]]:
    """Main figures of each city, of the method and of the ceiling, over the rows of `sample`."""
    of = sample.column("city")
    result: dict[str, dict[str, float]] = {}
    for city in cities:
        here = sample.where(of == city)
        truth, said, best = (here.column(name) for name in ("is_out_of_use", "probability", "generating"))
        result[city] = {
            "buildings": float(len(here)), "out of use": float(truth.sum()),
            "PR-AUC": average_precision(truth, said), "ceiling": average_precision(truth, best),
            "precision@50": precision_at(50)(truth, said), "its ceiling": precision_at(50)(truth, best),
            "Brier skill": brier_skill(truth, said), "ceiling of it": brier_skill(truth, best),
        }  # fmt: skip
    return result
