"""The gates of one run: measure what was made, judge it, and publish, record or refuse."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date

import duckdb

from flows.feed_steps import Loaded
from flows.gates import keep
from flows.gates.judge import GateResult, Measure, judge
from flows.gates.measure import measure, measure_ages
from flows.gates.overrule import OF_EDITION, Overrule
from flows.gates.rules import ABSOLUTE, Rule, rules_of
from flows.outcome import Outcome
from sources._kit.city import City
from sources._kit.errors import GateError


@dataclass(frozen=True)
class Gates:
    """What a run is held to."""

    city: City
    rules: Sequence[Rule]
    ages: Sequence[Measure]
    overrule: Overrule = field(default_factory=Overrule)
    edition: str = ""
    """Stands before the names of gates of an edition."""
    is_variant: bool = False
    """Own weights are meant to move scores: such a layer is held to no run before, and is none for the next."""


def gates_of(
    city: City, loaded: Sequence[Loaded], as_of: date, overrule: Overrule | None = None, *, edition: bool = False
) -> Gates:
    """The gates of a city's run.

    Raises:
        CityFileError: the city file gives a limit to a gate that is not there.
    """
    # The age of a feed is the city's, whatever edition is made of it.
    ages = [] if edition else measure_ages(city, loaded, as_of)
    return Gates(city, rules_of(city), ages, overrule or Overrule(), OF_EDITION if edition else "")


def hold(con: duckdb.DuckDBPyConnection, gates: Gates, outcome: Outcome, is_new: bool) -> list[GateResult]:
    """Measure and judge; keep the measures and what is overruled in the warehouse. Returns what failed and is not overruled.

    Args:
        con: the warehouse, built and not published.
        gates: what it is held to.
        outcome: of the run; told what was overruled and what is to be warned of.
        is_new: whether any table was built. If none was, only ages are judged: all else passed before.
    """
    keep.prepare(con)
    before = [] if gates.is_variant else keep.last_accepted(con, outcome.as_of)
    measured = measure(con) if is_new else []
    feeds = frozenset(gates.city.feeds)
    rules = gates.rules if measured else [rule for rule in gates.rules if rule.kind in ABSOLUTE]
    results = judge(rules, [*gates.ages, *measured], before, feeds, gates.edition)
    failed = [item for item in results if not item.passed and item.severity == "fail"]
    outcome.warnings += [
        f"{item.name}: {item.sentence}" for item in results if not item.passed and item.severity == "warn"
    ]
    overruled = [item for item in failed if item.name in gates.overrule.gates]
    if measured and not gates.is_variant:
        keep.keep(con, outcome.run_id, outcome.as_of, measured)
    if overruled:
        keep.keep_overruled(con, outcome.run_id, outcome.as_of, overruled, gates.overrule)
        outcome.overruled += [f"{item.name}: {item.sentence}" for item in overruled]
    return [item for item in failed if item not in overruled]


def refuse(city: City, failed: Sequence[GateResult]) -> None:
    """End a run whose gates failed.

    Raises:
        GateError: with a line for each of them.
    """
    if not failed:
        return
    lines, told = "", set()
    for item in failed:
        hint = "" if item.name in told else f". Next step: {item.next_step}"
        lines += f"\n  {item.name}: {item.sentence}{hint}"
        told.add(item.name)
    names = ",".join(sorted({item.name for item in failed}))
    raise GateError(
        f"nothing was published, {len(failed)} gate{'s' if len(failed) > 1 else ''} failed{lines}\n",
        city=city.slug,
        gates=names,
        next_step=f'mend what moved; or, if it is right: onbenut run {city.slug} --accept {names} --because "..."',
    )
