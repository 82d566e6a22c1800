"""The figures of an evaluation as Markdown tables."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from flows.evaluate_coverage import Cover
from flows.evaluate_fit import Counted, Fit, HeldOut
from flows.evaluate_metrics import Bin, Estimate
from flows.evaluate_weights import Weights

Scores = Mapping[str, Mapping[str, Estimate]]
"""Method -> metric -> figure."""


def table(heads: Sequence[str], rows: Sequence[Sequence[str]], text_columns: int = 1) -> str:
    """A Markdown table; all but the first `text_columns` columns are numbers."""
    rule = ["---"] * text_columns + ["---:"] * (len(heads) - text_columns)
    return "\n".join(f"| {' | '.join(row)} |" for row in [heads, rule, *rows]) + "\n"


def number(value: float, places: int = 3) -> str:
    """A figure, or a dash where there is none."""
    return "-" if math.isnan(value) else f"{value:.{places}f}"


def scores_table(scores: Scores) -> str:
    """Methods against metrics, each with its 80% interval."""
    metrics = list(next(iter(scores.values())))
    rows = [[method, *(_estimate(figures[name], name) for name in metrics)] for method, figures in scores.items()]
    return table(["method", *metrics], rows)


def _estimate(figure: Estimate, metric: str) -> str:
    places = 4 if metric == "Brier" else 2
    return f"{number(figure.value, places)} ({number(figure.low, places)}-{number(figure.high, places)})"


def bins_table(head: str, bins: Sequence[Bin]) -> str:
    """Said against so."""
    rows = [
        [one.name, f"{one.count:,}", number(one.said), number(one.is_so), f"{one.low:.3f}-{one.high:.3f}",
         "yes" if one.low <= one.said <= one.high else "no"]
        for one in bins
    ]  # fmt: skip
    return table([head, "buildings", "said", "so", "80% interval of so", "said within"], rows)


def weights_table(stated: Weights, counted: Sequence[Counted], fit: Fit) -> str:
    """Stated, counted and fitted weights side by side."""
    rows = [
        [f"prior, {name} (log-odds)", f"{stated.prior[i]:+.2f} ({stated.prior_sd:.2f})", "-", "-", "-", "-",
         f"{fit.value[i]:+.2f} ({fit.sd[i]:.2f})", ""]
        for i, name in enumerate(("ordinary", "atypical"))
    ]  # fmt: skip
    for k, one in enumerate(counted):
        rows.append(
            [f"`{one.kind}`", f"{stated.log_lr[k]:+.2f} ({stated.log_lr_sd[k]:.2f})", str(one.out), str(one.used),
             f"{one.log_lr:+.2f} ({one.sd:.2f})" if one.out + one.used else "-", number(one.strength, 2),
             f"{fit.value[2 + k]:+.2f} ({fit.sd[2 + k]:.2f})", "**outside**" if one.is_outside else ""]
        )  # fmt: skip
    heads = ["kind", "stated (sd)", "out of use", "in use", "counted (sd)", "freshness x match", "fitted (sd)", ""]
    return table(heads, rows)


def held_out_table(rows: Sequence[HeldOut]) -> str:
    """Gain per city that the fit never saw."""
    body = [
        [one.city, f"{one.count:,}", number(one.brier_stated, 4), number(one.brier_fitted, 4),
         _gain(one.brier_stated, one.brier_fitted), number(one.log_loss_stated, 4), number(one.log_loss_fitted, 4),
         _gain(one.log_loss_stated, one.log_loss_fitted)]
        for one in rows
    ]  # fmt: skip
    total = sum(one.count for one in rows)

    def mean(name: str) -> float:
        return sum(one.count * float(getattr(one, name)) for one in rows) / total

    means = [mean(name) for name in ("brier_stated", "brier_fitted", "log_loss_stated", "log_loss_fitted")]
    body.append(
        ["**all**", f"{total:,}", number(means[0], 4), number(means[1], 4), _gain(means[0], means[1]),
         number(means[2], 4), number(means[3], 4), _gain(means[2], means[3])]
    )  # fmt: skip
    heads = ["city held out", "buildings", "Brier stated", "fitted", "gain", "log loss stated", "fitted", "gain"]
    return table(heads, body)


def _gain(before: float, after: float) -> str:
    return f"{100 * (1 - after / before):+.1f}%"


def coverage_table(head: str, rows: Sequence[Cover]) -> str:
    """Where the generating probability lies against the stated interval."""
    body = [
        [one.name, f"{one.count:,}", *(f"{100 * share:.1f}%" if one.count else "-" for share in (one.inside, one.below, one.above))]
        for one in rows
    ]  # fmt: skip
    return table([head, "buildings", "inside", "below", "above"], body)
