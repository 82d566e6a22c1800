"""The nightly flow of one city: `run` under Prefect, with a task per feed that is tried again when a service falters.

This module, `flows.nightly`, `flows.deployments` and `flows.prefect_*` know Prefect, no other. Tasks take names and paths, never a connection, so that they run on any
worker; nothing is cached, because the snapshot's hash is the cache. `python -m flows.refresh CITY` uses
Prefect's local server.
"""

from __future__ import annotations

import os
from datetime import date
from pathlib import Path
from typing import Any

from flows.prefect_environment import prefect_environment
from flows.workspace import Workspace, workspace

os.environ.update(prefect_environment())

from prefect import flow, get_run_logger, task
from prefect.cache_policies import NO_CACHE
from prefect.runtime import flow_run, task_run
from prefect.tasks import exponential_backoff

from flows.build import build_city
from flows.cities import find_city, is_local
from flows.cli import DONE_IN_PART, guarded
from flows.discreet import discreet, told
from flows.fetch_steps import Fetched, boundary_feed, city_extent, fetch_feed
from flows.gates.overrule import Overrule, read_overrule
from flows.outcome import Outcome, noting_failure
from flows.prefect_turns import BUILD_LIMIT, host_limits, turn
from flows.query import city_slug
from flows.run import past_night
from flows.swap import only_run
from sources._kit.errors import FetchRefusedError
from sources._kit.snapshot import Box

RETRIES = 3
BACKOFF_S = float(os.environ.get("ONBENUT_RETRY_BACKOFF_S", "20"))


def _may_recover(_task: object, _run: object, state: Any) -> bool:
    """Whether waiting can help: a service may come back, a file that is not there will not appear."""
    error = state.result(raise_on_failure=False)
    return isinstance(error, FetchRefusedError) and "url" in error.where


@task(
    name="fetch",
    task_run_name="fetch-{feed}",
    retries=RETRIES,
    retry_delay_seconds=exponential_backoff(backoff_factor=BACKOFF_S),
    retry_jitter_factor=0.5,
    retry_condition_fn=_may_recover,
    cache_policy=NO_CACHE,
)
def fetch(city: str, feed: str, home: str, extent: Box | None = None) -> Fetched:
    """Fetch one feed; the last attempt falls back on the last good snapshot.

    `extent` is the box around the city's boundary in its CRS, for services that are asked for it.

    Raises:
        OnbenutError: nothing could be fetched and there is no good snapshot from before.
    """
    space = Workspace(Path(home))
    loaded = find_city(city, space)
    # A service may come back, so it is tried again before the last good snapshot has to do; a file will not.
    is_last = is_local(loaded.feeds[feed]) or (task_run.run_count or 1) > RETRIES
    say = get_run_logger().info
    with turn(host_limits(loaded.feeds[feed])), discreet(loaded.slug):
        return fetch_feed(loaded, loaded.feeds[feed], space, fall_back=is_last, extent=extent, say=say)


@task(name="build", cache_policy=NO_CACHE)
def build(
    city: str, fetched: list[Fetched], home: str, as_of: date | None, overrule: Overrule | None = None
) -> Outcome:
    """Build, check and publish the city from its snapshots.

    Raises:
        OnbenutError: a check or a product failed; nothing was replaced.
    """
    space, logger = Workspace(Path(home)), get_run_logger()
    loaded = find_city(city, space)
    with turn([BUILD_LIMIT]), discreet(loaded.slug):
        return build_city(
            loaded,
            space,
            fetched,
            as_of=as_of,
            overrule=overrule,
            progress=lambda floor, what: logger.info("%s %s", floor, what),
        )


def _flow_run_name() -> str:
    return f"refresh-{city_slug(flow_run.parameters['city'])}"


@flow(name="refresh", flow_run_name=_flow_run_name, persist_result=False)
def refresh(
    city: str,
    as_of: date | None = None,
    accept: str | None = None,
    because: str | None = None,
    decided_by: str | None = None,
) -> Outcome:
    """Refresh one city, by slug or by the path of its file.

    `accept` names gates that may fail in this run, divided by commas, `because` says why.

    Raises:
        OnbenutError: a feed, a check or a product failed; the old layer stays whole.
    """
    space = workspace()
    if city.endswith(".toml"):
        city = str(Path(city).resolve())
    loaded = find_city(city, space)
    overrule = read_overrule(loaded, accept, because, decided_by)
    with discreet(loaded.slug):
        if as_of is not None and (past := past_night(loaded, space, as_of, overrule)):
            return past
    with only_run(space, loaded.slug), noting_failure(loaded, space), discreet(loaded.slug):
        first = boundary_feed(loaded)
        done = {first: fetch(city, first, str(space.home))} if first else {}
        extent = city_extent(loaded, space, done.get(first) if first else None)
        futures = {name: fetch.submit(city, name, str(space.home), extent) for name in loaded.feeds if name not in done}
        for future in futures.values():
            future.wait()
        done.update({name: future.result() for name, future in futures.items()})
        outcome = build(city, [done[name] for name in loaded.feeds], str(space.home), as_of, overrule)
    logger = get_run_logger()
    for warning in outcome.warnings:
        logger.warning("%s", told(warning))
    return outcome


def main() -> None:
    """`python -m flows.refresh`: report what came of it."""
    import argparse
    import sys

    parser = argparse.ArgumentParser(prog="python -m flows.refresh", description="Refresh one city under Prefect.")
    parser.add_argument("city", metavar="CITY", help="slug of a city, or path of a city file")
    parser.add_argument("--as-of", type=date.fromisoformat, metavar="DATE", help="the day the city is looked at")
    given = parser.parse_args()
    find_city(given.city, workspace())  # a wrong name should not have to wait for Prefect's server
    outcome = refresh(given.city, given.as_of)
    print(f"{outcome.city} as of {outcome.as_of}: {outcome.warehouse}")
    for product, reason in outcome.not_made.items():
        print(f"not made: {product}: {reason}", file=sys.stderr)
    if outcome.not_made:
        sys.exit(DONE_IN_PART)


if __name__ == "__main__":
    guarded(main)
