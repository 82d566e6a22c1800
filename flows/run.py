"""The main job for one city: fetch, build in a copy, check, publish, swap in; or one of its two side jobs, own weights and past nights."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from flows.build import build_city
from flows.fetch_steps import fetch_city
from flows.gates.overrule import Overrule
from flows.gates.rules import rules_of
from flows.nights import find_night
from flows.outcome import Outcome, noting_failure
from flows.products import Progress
from flows.remake import remake_night
from flows.rescore import rescore_city
from flows.swap import only_run
from flows.workspace import Workspace
from sources._kit.city import City
from sources._kit.errors import OnbenutError


def run_city(
    city: City,
    space: Workspace,
    *,
    as_of: date | None = None,
    offline: bool = False,
    weights: Path | None = None,
    overrule: Overrule | None = None,
    progress: Progress = lambda _floor, _what: None,
) -> Outcome:
    """Run one city through all floors; the old layer and file stay whole until the new ones are.

    With `weights` nothing is fetched and nothing of the city is touched: its newest run is scored again with the
    weights of that file, beside it (`rescore_city`). A day before the newest run's is made of what was known then, beside the
    city likewise (`past_night`). `overrule` names gates that may fail in this run.

    Raises:
        GateError: what was made did not pass the gates; nothing was replaced.
        OnbenutError: a feed, a check or a product failed; nothing was replaced.
    """
    if weights is not None:
        _refuse_beside_weights(city, as_of, overrule)
        return rescore_city(city, space, weights, progress=progress)
    if as_of is not None and (outcome := past_night(city, space, as_of, overrule, progress)):
        return outcome
    with only_run(space, city.slug), noting_failure(city, space):
        rules_of(city)  # a misspelt gate need not wait for every feed
        fetched = fetch_city(city, space, offline=offline, say=lambda text: progress("fetch", text))
        return build_city(city, space, fetched, as_of=as_of, overrule=overrule, progress=progress)


def past_night(
    city: City,
    space: Workspace,
    day: date,
    overrule: Overrule | None = None,
    progress: Progress = lambda _floor, _what: None,
) -> Outcome | None:
    """Make a day before that of the newest accepted run of what was known then, beside the city; None for a later day.

    Raises:
        NoNightError: nothing of that time is stored.
        OnbenutError: a snapshot of that time was removed, or a gate is to be overruled that was judged on its own night.
    """
    night = find_night(city, space, day)
    if night is None:
        return None
    if overrule and overrule.gates:
        raise OnbenutError(
            "a past night is held to no gate again", city=city.slug, value=day, next_step="leave --accept out"
        )
    return remake_night(city, space, night, progress=progress)


def _refuse_beside_weights(city: City, as_of: date | None, overrule: Overrule | None) -> None:
    if overrule and overrule.gates:
        raise OnbenutError(
            "own weights are held to no gate that can be overruled",
            city=city.slug,
            next_step="leave --accept out",
        )
    if as_of is not None:
        raise OnbenutError(
            "own weights are tried on the day of the city's newest run",
            city=city.slug,
            value=as_of,
            next_step=f"leave --as-of out, or run the city with it first: onbenut run {city.slug} --as-of {as_of}",
        )
