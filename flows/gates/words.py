"""What a gate says: what moved, from what to what, and how much it may."""

from __future__ import annotations

from flows.gates.rules import Rule

_LESS = ("drop", "fall")


def sentence(
    rule: Rule, subject: str, value: float, before: float | None, moved: float, limit: float, detail: str
) -> str:
    """One line without a full stop, such as `the layer has fewer buildings (public): 120, before 294: 59% less, at most 10%`."""
    where = f" ({subject})" if subject else ""
    return f"{rule.says}{where}: {_numbers(rule, value, before, moved, limit)}{'; ' + detail if detail else ''}"


def _numbers(rule: Rule, value: float, before: float | None, moved: float, limit: float) -> str:
    if rule.kind == "psi":
        return f"index {moved:.2f}, at most {limit:.2f}"
    if rule.kind in ("gone", "new"):
        return f"{moved:.0f}, at most {limit:.0f}"
    if before is None:
        word = "at most" if rule.kind == "max" else "at least"
        return f"{_amount(rule, value)}, {word} {_amount(rule, abs(limit))}"
    told = f"{_amount(rule, value)}, before {_amount(rule, before)}"
    if rule.kind == "vanish":
        return told
    word = "less" if rule.kind in _LESS or (rule.kind == "shift" and value < before) else "more"
    if rule.kind in ("drop", "rise"):
        return f"{told}: {moved:.1%} {word}, at most {limit:.1%}"
    return f"{told}: {100 * moved:.1f} points {word}, at most {100 * limit:.1f}"


def _amount(rule: Rule, value: float) -> str:
    if rule.unit == "share":
        return f"{value:.1%}"
    return f"{value:,.0f} days" if rule.unit == "days" else f"{value:,.0f}"
