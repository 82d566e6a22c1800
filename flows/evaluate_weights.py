"""The stated numbers of the underuse score, and the score of many buildings by the method's words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from flows.workspace import CHECKOUT
from transforms._kit.reference import read_reference

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Weights:
    """The stated numbers of the underuse score, as `data/reference` holds them.

    Attributes:
        kinds: evidence kinds, the order of every `(k,)` here.
        authority: who speaks, per kind.
        log_lr: stated weight, log-odds `(k,)`.
        log_lr_sd: its stated uncertainty `(k,)`.
        prior: log-odds of an ordinary and of an atypical type `(2,)`.
        prior_sd: its stated uncertainty.
        cap: largest sum of one authority, either way.
        z: half width of the stated interval in standard deviations.
    """

    kinds: tuple[str, ...]
    authority: tuple[str, ...]
    log_lr: Floats
    log_lr_sd: Floats
    prior: Floats
    prior_sd: float
    cap: float
    z: float


def stated_weights(folder: Path = CHECKOUT / "data" / "reference") -> Weights:
    """Read the stated numbers."""
    tables = read_reference(folder).tables
    kinds: Sequence[Any] = tables["evidence_kind"]
    parameter = {row["name"]: float(row["value"]) for row in tables["parameter"]}
    prior = np.array([parameter["prior_ordinary"], parameter["prior_atypical"]])
    return Weights(
        tuple(row["kind"] for row in kinds), tuple(row["authority"] for row in kinds),
        np.array([row["log_lr"] for row in kinds]), np.array([row["log_lr_sd"] for row in kinds]),
        np.log(prior / (1 - prior)), parameter["prior_sd"], parameter["authority_cap"], parameter["interval_z"],
    )  # fmt: skip


def log_odds(prior: Floats, features: Floats, weights: Floats, stated: Weights) -> Floats:
    """The score by the method's words: prior plus, per authority, the capped sum of its items.

    Args:
        prior: log-odds per building `(n,)`.
        features: as of `Sample.features` `(n, k)`.
        weights: log-LR per kind `(k,)`.
        stated: whose authorities and cap hold.
    """
    total = prior.copy()
    for name in sorted(set(stated.authority)):
        of = np.array([authority == name for authority in stated.authority])
        total += np.clip(features[:, of] @ weights[of], -stated.cap, stated.cap)
    return total


def logistic(values: Floats) -> Floats:
    """Probability of log-odds."""
    return np.asarray(1 / (1 + np.exp(-values)))
