"""`onbenut run`: the main job, and what came of it."""

from __future__ import annotations

import sys
from datetime import date
from pathlib import Path

from rich.console import Console

from flows.cities import find_city
from flows.cli import DONE_IN_PART
from flows.commands.links import print_matches
from flows.commands.terminal import console, progress, table
from flows.gates.overrule import read_overrule
from flows.outcome import Outcome
from flows.run import run_city
from flows.status import CityStatus, city_status
from flows.workspace import Workspace


def run(
    city: str,
    space: Workspace,
    as_of: date | None,
    offline: bool,
    weights: Path | None = None,
    accepted: tuple[str | None, str | None, str | None] = (None, None, None),
) -> int:
    """Run a city and report; returns the exit status: 0, or 3 when a product could not be made.

    `accepted` are the gates that may fail, why, and in which role that was decided.

    Raises:
        OnbenutError: the run failed and replaced nothing.
    """
    loaded = find_city(city, space)
    overrule = read_overrule(loaded, *accepted)
    with progress() as show:
        outcome = run_city(
            loaded, space, as_of=as_of, offline=offline, weights=weights, overrule=overrule, progress=show
        )
    report(outcome, city_status(outcome.city, space), console())
    return DONE_IN_PART if outcome.not_made else 0


def report(outcome: Outcome, status: CityStatus, out: Console) -> None:
    """Print products, what could not be made, warnings, rows per feed and matches."""
    what = "nothing has changed" if outcome.unchanged else f"{outcome.tables_built} tables built"
    out.print(f"{status.facts.get('city', outcome.city)} as of {outcome.as_of}: {what} in {outcome.seconds:.1f} s")
    if outcome.made_from:
        out.print(outcome.made_from, soft_wrap=True)
        if "~" in outcome.city:
            out.print(f"Read it as the city {outcome.city}; {outcome.city.split('~')[0]} itself is as it was.")
    if outcome.weights:
        out.print(
            f"Weights of {outcome.weights['file']}: {len(outcome.weights['changes'])} values differ", soft_wrap=True
        )
        for change in outcome.weights["changes"]:
            out.print(f"  {change}", soft_wrap=True)
        out.print(f"Read it as the city {outcome.city}; {outcome.city.split('~')[0]} itself is as it was.")
    feeds = [
        (
            name,
            sum(feed.rows.values()),
            _rejects(status, name),
            feed.snapshot_on,
            "read" if feed.was_parsed else "unchanged",
        )
        for name, feed in outcome.feeds.items()
    ]
    out.print(table("\nFeeds", ("feed", "rows", "rejects", "data of", ""), feeds, right=("rows", "rejects")))
    print_matches(status, out)
    floors = ", ".join(f"{floor} {seconds:.1f}" for floor, seconds in outcome.floors.items())
    out.print(f"\nSeconds: {floors}")
    out.print("\nProducts")
    out.print(f"  {outcome.warehouse}", soft_wrap=True)
    for path in outcome.products.values():
        out.print(f"  {path}", soft_wrap=True)
    err = console(sys.stderr)
    for product, reason in outcome.not_made.items():
        err.print(f"not made: {product}: {reason}", soft_wrap=True)
    for line in outcome.overruled:
        err.print(f"overruled: {line}", soft_wrap=True)
    for line in outcome.removed:
        err.print(f"retention: {line}", soft_wrap=True)
    for warning in outcome.warnings:
        err.print(f"warning: {warning}", soft_wrap=True)


def _rejects(status: CityStatus, feed: str) -> int:
    return sum(row["rows"] for row in status.rejects if row["feed"] == feed)
