"""Do the intervals hold: cities whose true weights are drawn from within the stated uncertainty."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import exp
from statistics import NormalDist
from typing import Any

import numpy as np

from flows.evaluate_cities import Made
from flows.evaluate_rows import Sample
from flows.evaluate_weights import Bools, Floats, Weights, logistic
from sources.voorbeeldstad import Generation

DRAWS = 30
SEED = 4
BUILDINGS = 2500
TRACES = {
    "osm_disused": "disused_given",
    "osm_former_use": "prefix_given",
    "osm_unclear_lifecycle": "shop_vacant_given",
    "osm_recent_use": "present_given",
    "osm_present_use": "former_and_present_given",
}
"""The rates of `Generation` that are the strength of a kind of evidence. The others are in its `said`."""
STATUS_KINDS = {
    "opname": "register_active",
    "kennisgeving": "register_announced",
    "beroepOpname": "register_appealed",
    "aanvraagschrapping": "register_striking_off_requested",
}
"""Status of a register row -> kind of evidence whose weight is its log ratio."""


def stratified_normal(count: int, dimensions: int, seed: int) -> Floats:
    """A Latin hypercube of standard normal draws `(count, dimensions)`.

    Every column holds the middles of `count` equally likely strata once, in an order of its own: so few draws of
    a weight that all buildings of a city share still represent its whole distribution.
    """
    rng = np.random.default_rng(seed)
    middles = np.array([NormalDist().inv_cdf((i + 0.5) / count) for i in range(count)])
    return np.column_stack([rng.permutation(middles) for _ in range(dimensions)])


def drawn_settings(stated: Weights, count: int = DRAWS, seed: int = SEED) -> list[Generation]:
    """Rates of `count` cities: weight and prior within their stated uncertainty, all else as the default.

    How often a kind is seen of the buildings it is typical of stays as by default: out of use where it speaks for that, in use
    where it speaks for use. The other rate follows from the drawn weight. Held the other way round, the many buildings with a
    sign of use would gather in the cities where it happens to say most.
    """
    default = Generation()
    kinds = [*TRACES, *STATUS_KINDS.values(), *default.said]
    place = [stated.kinds.index(kind) for kind in kinds]
    z = stratified_normal(count, 2 + len(kinds), seed)
    priors = logistic(stated.prior + stated.prior_sd * z[:, :2])
    weights = stated.log_lr[place] + stated.log_lr_sd[place] * z[:, 2:]
    result = []
    for (ordinary, atypical), row in zip(priors.tolist(), weights.tolist(), strict=True):
        weight = dict(zip(kinds, row, strict=True))
        traces: dict[str, Any] = {}
        for kind, trace in TRACES.items():
            pair = _given(getattr(default, f"{trace}_out"), getattr(default, f"{trace}_in"), weight[kind])
            traces |= dict(zip((f"{trace}_out", f"{trace}_in"), pair, strict=True))
        said = {kind: _given(out, used, weight[kind]) for kind, (out, used) in default.said.items()}
        status = {name: (share, weight[STATUS_KINDS[name]]) for name, (share, _) in default.register_status.items()}
        result.append(
            replace(
                default, out_of_use_ordinary=ordinary, out_of_use_atypical=atypical, said=said, register_status=status, **traces
            )
        )  # fmt: skip
    return result


def _given(out: float, used: float, weight: float) -> tuple[float, float]:
    """Rates out of use and in use whose ratio has `weight` as its log."""
    return (out, out / exp(weight)) if out > used else (used * exp(weight), used)


def drawn_cities(stated: Weights, count: int = DRAWS, buildings: int = BUILDINGS) -> list[Made]:
    """The cities to run."""
    return [
        Made(f"draw_{number:02}", "weights drawn", buildings, 1000 + number, settings, hide_register=False)
        for number, settings in enumerate(drawn_settings(stated, count))
    ]


@dataclass(frozen=True)
class Cover:
    """How many buildings have the generating probability inside, below and above their interval."""

    name: str
    count: int
    inside: float
    below: float
    above: float


def cover(name: str, generating: Floats, low: Floats, high: Floats) -> Cover:
    """Coverage of some buildings; shares are NaN where there are none."""
    count = len(generating)
    if not count:
        return Cover(name, 0, float("nan"), float("nan"), float("nan"))
    under, over = float((generating < low).mean()), float((generating > high).mean())
    return Cover(name, count, 1 - under - over, under, over)


def coverage(sample: Sample) -> list[Cover]:
    """Coverage over all drawn buildings, and by what is known of them; planted ones apart."""
    generating, low, high = (sample.column(name) for name in ("generating", "low", "high"))
    drawn, evidence = sample.is_drawn, sample.column("evidence_count") > 0
    atypical, main, band = sample.column("is_atypical"), sample.column("is_main"), sample.column("band")
    groups: list[tuple[str, Bools]] = [
        ("all drawn", drawn), ("without evidence", drawn & ~evidence), ("with evidence", drawn & evidence),
        ("atypical", drawn & atypical), ("atypical, without evidence", drawn & atypical & ~evidence),
        ("atypical, with evidence", drawn & atypical & evidence),
        ("main building, without evidence", drawn & main & ~evidence), ("outbuilding", drawn & ~main),
        *((f"band {name}", drawn & (band == name)) for name in ("confirmed", "likely", "signal", "unknown")),
        ("planted hard cases", ~drawn),
    ]  # fmt: skip
    return [cover(name, generating[mask], low[mask], high[mask]) for name, mask in groups]


def coverage_by_kind(sample: Sample, stated: Weights) -> list[Cover]:
    """Coverage of the drawn buildings that have an item of a kind."""
    generating, low, high = (sample.column(name) for name in ("generating", "low", "high"))
    features = sample.features(stated.kinds)
    masks = [sample.is_drawn & (features[:, k] > 0) for k in range(len(stated.kinds))]
    return [
        cover(kind, generating[mask], low[mask], high[mask])
        for kind, mask in zip(stated.kinds, masks, strict=True)
        if mask.any()
    ]
