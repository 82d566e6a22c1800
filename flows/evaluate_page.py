"""The figures of an evaluation as one page of Markdown."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from flows.evaluate_cities import Made
from flows.evaluate_compare import compare, listed_in, per_city, reliability_bins, reliability_by_type
from flows.evaluate_coverage import coverage, coverage_by_kind
from flows.evaluate_fit import count_kinds, fit_weights, leave_one_out
from flows.evaluate_rows import Sample
from flows.evaluate_tables import bins_table, coverage_table, held_out_table, number, scores_table, table, weights_table
from flows.evaluate_weights import Weights


def write_page(
    cities: Sequence[Made], known: Sample, hidden: Sample, intervals: Sample, stated: Weights, resamples: int
) -> str:
    """All tables.

    Args:
        cities: the cities of `known`.
        known: buildings as scored with every source.
        hidden: the same without registers, of the cities that have one.
        intervals: buildings of the cities with drawn weights.
        stated: the stated numbers.
        resamples: for the interval of every metric.
    """
    plain = known.where(known.is_drawn)
    atypical = plain.where(plain.column("is_atypical"))
    return "\n".join([
        *_cities(cities, atypical), *_accuracy(plain, atypical, stated, resamples),
        *_hidden(known, hidden, stated, resamples), *_reliability(plain, atypical),
        *_weights(plain, stated, [made.name for made in cities]), *_intervals(intervals, stated),
    ])  # fmt: skip


def _cities(cities: Sequence[Made], atypical: Sample) -> list[str]:
    figures = per_city(atypical, [made.name for made in cities])
    heads = list(next(iter(figures.values())))
    rows = [
        [made.name, made.differs, *(number(figures[made.name][head], 0 if place < 2 else 2) for place, head in enumerate(heads))]
        for made in cities
    ]  # fmt: skip
    return ["### The cities, and atypical buildings in each", "", table(["city", "differs by", *heads], rows, 2)]


def _accuracy(plain: Sample, atypical: Sample, stated: Weights, resamples: int) -> list[str]:
    lines = []
    for name, sample in (("atypical buildings", atypical), ("all buildings", plain)):
        truth = sample.column("is_out_of_use")
        lines += [f"### Against the truth: {name}", "", f"{len(sample):,} buildings, {truth.sum():,} out of use.", ""]
        lines.append(scores_table(compare(sample, truth, stated, resamples=resamples)))
    return lines


def _hidden(known: Sample, hidden: Sample, stated: Weights, resamples: int) -> list[str]:
    listed = listed_in(known, hidden)
    keep = hidden.is_drawn & hidden.column("is_atypical")
    sample, listed = hidden.where(keep), listed[keep]
    truth = sample.column("is_out_of_use")
    lines = []
    for name, label in (("against the register's own rows", listed), ("against the truth", truth)):
        lines += [
            f"### Register hidden from the score, {name}: atypical buildings",
            "",
            f"{len(sample):,} buildings, {label.sum():,} {'listed' if label is listed else 'out of use'}.",
            "",
            scores_table(compare(sample, label, stated, register=False, resamples=resamples)),
        ]
    return lines


def _reliability(plain: Sample, atypical: Sample) -> list[str]:
    return [
        "### Reliability: atypical buildings", "", bins_table("probability", reliability_bins(atypical)),
        "### Reliability: all buildings", "", bins_table("probability", reliability_bins(plain)),
        "### Reliability per main function of the true type: atypical buildings", "",
        bins_table("main function", reliability_by_type(atypical)),
    ]  # fmt: skip


def _weights(plain: Sample, stated: Weights, names: Sequence[str]) -> list[str]:
    return [
        "### Weights: stated, counted, fitted", "",
        weights_table(stated, count_kinds(plain, stated), fit_weights(plain, stated)),
        "### Leave one city out", "", held_out_table(leave_one_out(plain, stated, names)),
    ]  # fmt: skip


def _intervals(sample: Sample, stated: Weights) -> list[str]:
    of = sample.column("city")
    names = np.unique(of)
    shares = [coverage(sample.where(of == name))[0].inside for name in names]
    return [
        f"### The 80% interval over {len(names)} cities with drawn weights", "", coverage_table("buildings", coverage(sample)),
        f"Per city: from {100 * min(shares):.0f}% to {100 * max(shares):.0f}%.", "",
        "### The same, by kind of evidence", "", coverage_table("kind", coverage_by_kind(sample, stated)),
    ]  # fmt: skip
