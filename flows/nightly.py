"""Nights: every city that is due, each on its own, and one summary of them all."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from typing import Any

from flows.prefect_environment import prefect_environment
from flows.workspace import Workspace, workspace

os.environ.update(prefect_environment())

from prefect import flow, get_run_logger
from prefect.artifacts import create_markdown_artifact
from prefect.client.schemas.objects import State
from prefect.runtime import flow_run
from prefect.states import Completed, Failed

from flows.due import Planned, is_due, planned
from flows.night_lines import Night
from flows.night_summary import night_of_cities
from flows.night_writing import as_markdown, as_text, write_night
from flows.notify import notify
from flows.prefect_turns import city_limit, turn
from flows.query import city_slug
from flows.refresh import refresh


def _city_run_name() -> str:
    return f"night-{city_slug(flow_run.parameters['city'])}"


@flow(name="city", flow_run_name=_city_run_name, persist_result=False)
def city(city: str) -> State[Any]:
    """One city by its own cron: run it, unless it was tried since that fired last.

    A machine that slept through seven nights finds several of their runs waiting; the first of them does.
    """
    space = workspace()
    now = max(datetime.now(UTC), _scheduled())
    plan = planned(space, [city])
    for error in plan.unreadable.values():
        raise error
    state = refresh_apart(plan.cities[0], space, now)
    return state or Completed(name="NotDue", message="tried since its cron fired last")


@flow(name="nightly", persist_result=False)
def nightly(cities: list[str] | None = None, only_due: bool = True) -> State[Any]:
    """Run what is due, each city on its own, then sum the night up.

    Args:
        cities: slugs or paths; all that are not switched off by default.
        only_due: leave out what was tried since its own cron fired last.

    Returns:
        A failed state when a city failed, after all others had their turn.
    """
    night = run_night(workspace(), cities, only_due, datetime.now(UTC))
    logger = get_run_logger()
    logger.info("%s", as_text(night))
    create_markdown_artifact(as_markdown(night), key="night", description="What came of the night")
    if reason := notify(night):
        logger.error("no notification was sent: %s", reason)
    failed = [one.city for one in night.cities if one.state == "failed"]
    return Failed(message=f"failed: {', '.join(failed)}") if failed else Completed(message=night.headline)


def run_night(space: Workspace, given: list[str] | None, only_due: bool, now: datetime) -> Night:
    """Run the cities of a night one after the other and write its summary to `data/nights`.

    Args:
        space: where cities and records are.
        given: slugs or paths; all that are not switched off by default.
        only_due: leave out what was tried since its cron fired last.
        now: when the night began.
    """
    plan = planned(space, given)
    for one in plan.cities:
        refresh_apart(one, space, now if only_due else None)
    night = night_of_cities(plan, space, now, datetime.now(UTC))
    write_night(night, space)
    return night


def refresh_apart(one: Planned, space: Workspace, due_at: datetime | None) -> State[Any] | None:
    """Refresh a city so that its failure is its own, once no other run of it is under way on this server.

    Args:
        one: the city.
        space: where its records are.
        due_at: run it only if it is due then, which is looked at when its turn has come; always, if not given.

    Returns:
        The state it ended in, or None where it was not due.
    """
    with turn([city_limit(one.city)]):
        if due_at is not None and not is_due(one, space, due_at):
            return None
        state: State[Any] = refresh(one.given, return_state=True)
        return state


def _scheduled() -> datetime:
    """When this run was to begin: a worker may begin a little early."""
    moment = flow_run.scheduled_start_time
    return moment if isinstance(moment, datetime) else datetime.min.replace(tzinfo=UTC)
