"""Holding what was measured to the gates: pure, from numbers to sentences. No value of a row is in them, only counts and names."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from flows.gates.rules import ABSOLUTE, Rule
from flows.gates.words import sentence

FLOOR = 1e-4
"""Smallest share in the stability index: what is empty on one side would make it infinite."""
_NO_LESS = 1e-12
"""Below this a difference is rounding."""


@dataclass(frozen=True)
class Measure:
    """One number of a run: `rows` are behind it, `feed` is the one it is about, `limit` its own where it has one.

    Of a distribution `subject` is `group/class`.
    """

    name: str
    subject: str
    value: float
    rows: int
    feed: str | None = None
    limit: float | None = None


@dataclass(frozen=True)
class GateResult:
    """What a gate says of one subject: `value` and `before` as measured, `moved` what was held to `limit`."""

    name: str
    subject: str
    severity: str
    passed: bool
    value: float
    before: float | None
    moved: float
    limit: float
    sentence: str
    next_step: str


def judge(
    rules: Sequence[Rule],
    measured: Sequence[Measure],
    before: Sequence[Measure],
    feeds: Collection[str] | None = None,
    prefix: str = "",
) -> list[GateResult]:
    """Hold measures to every rule.

    Args:
        rules: the gates.
        measured: of this run.
        before: of the last accepted run; empty in a first run, which is held to absolute limits alone.
        feeds: those of the city file; what a feed lost that is no longer among them is not held against the run. None: all.
        prefix: stands before each gate's name.
    """
    results = []
    for rule in rules:
        now = {item.subject: item for item in measured if item.name == rule.measure}
        then = {
            item.subject: item
            for item in before
            if item.name == rule.measure and (item.feed is None or feeds is None or item.feed in feeds)
        }
        if rule.kind not in ABSOLUTE and not then:
            continue
        for subject, value, earlier, moved, limit, detail in _moves(rule, now, then):
            passed = moved <= limit + _NO_LESS
            text = sentence(rule, subject, value, earlier, moved, limit, detail)
            results.append(
                GateResult(
                    prefix + rule.name,
                    subject,
                    rule.severity,
                    passed,
                    value,
                    earlier,
                    moved,
                    limit,
                    text,
                    rule.next_step,
                )
            )
    return results


Move = tuple[str, float, float | None, float, float, str]
"""Subject, value, value before, what is held to the limit, the limit, and what else there is to say."""


def _moves(rule: Rule, now: Mapping[str, Measure], then: Mapping[str, Measure]) -> Iterator[Move]:
    if rule.kind in ABSOLUTE:
        for subject, item in now.items():
            if item.rows >= rule.rows_min:
                limit = rule.limit if item.limit is None else item.limit
                sign = 1 if rule.kind == "max" else -1
                yield subject, item.value, None, sign * item.value, sign * limit, ""
    elif rule.kind in ("gone", "new"):
        other, ours = (then, now) if rule.kind == "gone" else (now, then)
        lost = sorted(set(other) - set(ours))
        yield "", len(now), len(then), len(lost), rule.limit, ", ".join(lost)
    elif rule.kind == "psi":
        yield from _drifts(rule, now, then)
    else:
        yield from _differences(rule, now, then)


def _differences(rule: Rule, now: Mapping[str, Measure], then: Mapping[str, Measure]) -> Iterator[Move]:
    for subject, earlier in then.items():
        is_count = rule.kind in ("drop", "rise", "vanish")
        item = now.get(subject)
        if earlier.rows < rule.rows_min or (item is None and not is_count):
            continue
        if item is not None and not is_count and item.rows < rule.rows_min:
            continue
        value = item.value if item is not None else 0.0
        less = earlier.value - value
        share = less / earlier.value if earlier.value else 0.0
        moved = {
            "drop": share, "rise": -share, "fall": less, "climb": -less, "shift": abs(less),
            "vanish": float(earlier.value > 0 and value == 0),
        }[rule.kind]  # fmt: skip
        yield subject, value, earlier.value, moved, rule.limit, ""


def _drifts(rule: Rule, now: Mapping[str, Measure], then: Mapping[str, Measure]) -> Iterator[Move]:
    for group in sorted({subject.rpartition("/")[0] for subject in then}):
        sides = [{s: item for s, item in side.items() if s.rpartition("/")[0] == group} for side in (now, then)]
        if any(max((item.rows for item in side.values()), default=0) < max(rule.rows_min, 1) for side in sides):
            continue
        shares = {s: tuple(side[s].value if s in side else 0.0 for side in sides) for s in {**sides[0], **sides[1]}}
        index = math.fsum(_psi(*pair) for pair in shares.values())
        most = max(shares, key=lambda s: (abs(shares[s][0] - shares[s][1]), s))
        told = f"most of it {most.rpartition('/')[2]}: {shares[most][1]:.0%} became {shares[most][0]:.0%}"
        yield group, index, None, index, rule.limit, told


def _psi(now: float, then: float) -> float:
    a, b = max(now, FLOOR), max(then, FLOOR)
    return (a - b) * math.log(a / b)
