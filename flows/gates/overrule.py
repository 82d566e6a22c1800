"""Overruling a gate by name: somebody who knows why says so, and it is written down."""

from __future__ import annotations

import re
from dataclasses import dataclass

from flows.gates.rules import read_rules
from flows.workspace import EDITION
from sources._kit.city import City
from sources._kit.errors import OnbenutError

REASON_LETTERS = 10
_ROLE = re.compile(r"^[a-z][a-z -]{1,40}$")
OF_EDITION = f"{EDITION}."
"""What stands before a gate of the edition without OpenStreetMap."""


@dataclass(frozen=True)
class Overrule:
    """The gates that may fail in this run, why, and in which role that was decided. The reason is published in `layer.run`."""

    gates: frozenset[str] = frozenset()
    reason: str = ""
    decided_by: str = "operator"


def read_overrule(city: City, accept: str | None, because: str | None, decided_by: str | None = None) -> Overrule:
    """What `--accept A,B --because "..."` says.

    Raises:
        OnbenutError: one comes without the other, a gate is unknown or cannot be overruled, the reason is no reason, or the
            role looks like a name.
    """
    gates = frozenset(name.strip() for name in (accept or "").split(",") if name.strip())
    reason = " ".join((because or "").split())
    if not gates and not reason and accept is None and because is None:
        return Overrule()
    if not gates or not reason:
        raise _wrong(city, "a gate is overruled by name and with a reason", None, "give both --accept and --because")
    known = {f"{prefix}{rule.name}": rule for prefix in _prefixes(city) for rule in read_rules()}
    for name in sorted(gates):
        if name not in known or known[name].is_fixed:
            what = "this gate cannot be overruled" if name in known else "no such gate"
            can = ", ".join(sorted(n for n, rule in known.items() if not rule.is_fixed and rule.severity == "fail"))
            raise _wrong(city, what, name, f"gates that can be overruled: {can}")
    if sum(letter.isalpha() for letter in reason) < REASON_LETTERS:
        raise _wrong(city, "this is no reason", reason, f"say in {REASON_LETTERS} letters or more what you looked at")
    role = (decided_by or "operator").strip()
    if not _ROLE.match(role):
        raise _wrong(city, "who decided is told by a role, never a name", None, "such as: operator, data steward")
    return Overrule(gates, reason, role)


def _prefixes(city: City) -> tuple[str, ...]:
    return ("", OF_EDITION) if city.osm_free else ("",)


def _wrong(city: City, what: str, value: object, next_step: str) -> OnbenutError:
    return OnbenutError(what, city=city.slug, value=value, next_step=next_step)
