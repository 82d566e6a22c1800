"""What the Prefect server is told: a deployment per city with its cron, one for the night's summary, limits per provider."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from flows.prefect_environment import server_environment
from flows.workspace import Workspace

os.environ.update(server_environment())

import httpx
from prefect.client.orchestration import get_client
from prefect.deployments.runner import RunnerDeployment
from prefect.flows import Flow
from prefect.runner import Runner
from prefect.schedules import Cron
from prefect.types.entrypoint import EntrypointType

from flows.due import planned
from flows.nightly import city as city_flow
from flows.nightly import nightly
from flows.prefect_turns import set_limits
from sources._kit.errors import OnbenutError
from sources._kit.schedule import ZONE, next_tick

SUMMARY_CRON = "45 6 * * *"
"""After the last city of the night has begun, before people come to work."""
PER_HOST, BUILDS, RUNS = 2, 1, 4


@dataclass(frozen=True)
class Registered:
    """What was told to the server: names of deployments with cron and next moment, limits by name, files that cannot be read."""

    deployments: tuple[tuple[str, str, datetime], ...]
    limits: dict[str, int]
    unreadable: dict[str, OnbenutError]


def register(
    space: Workspace,
    cities: Sequence[str] | None = None,
    *,
    per_host: int = PER_HOST,
    builds: int = BUILDS,
    summary_cron: str = SUMMARY_CRON,
) -> tuple[Registered, list[RunnerDeployment]]:
    """Make or change deployments and limits on the server; deployments of cities that are no longer planned are paused.

    Args:
        space: where city files are.
        cities: slugs or paths; all that are not switched off by default.
        per_host: how many feeds may ask one host side by side, over all cities.
        builds: how many cities may be built side by side.
        summary_cron: when the night is caught up and summed up.

    Raises:
        OnbenutError: no server answers.
    """
    plan = planned(space, cities)
    made = [_deployment(city_flow, one.city.slug, one.cron, {"city": one.given}) for one in plan.cities]
    names = [one.given for one in plan.cities] + list(plan.unreadable)
    made.append(_deployment(nightly, "all", summary_cron, {"cities": names if cities else None, "only_due": True}))
    try:
        limits = set_limits([one.city for one in plan.cities], per_host, builds)
        for deployment in made:
            deployment.apply()
        _pause_others({str(one.name) for one in made})
    except httpx.ConnectError as error:
        raise OnbenutError(
            "no Prefect server answers",
            url=os.environ["PREFECT_API_URL"],
            next_step="start one: prefect server start; or name it in PREFECT_API_URL",
        ) from error
    now = datetime.now(UTC)
    told = [(one.city.slug, one.cron, next_tick(one.cron, now)) for one in plan.cities]
    told.append(("all", summary_cron, next_tick(summary_cron, now)))
    return Registered(tuple(told), limits, plan.unreadable), made


def work(deployments: Sequence[RunnerDeployment], runs: int = RUNS) -> None:
    """Run what the server's schedules ask for, each run in a process of its own, until the process is told to stop.

    Args:
        deployments: as `register` made them.
        runs: how many cities may be under way side by side; most of the time they wait for a service.
    """

    async def start() -> None:
        runner = Runner(name="onbenut", limit=runs, pause_on_shutdown=False)
        for deployment in deployments:
            await runner.aadd_deployment(deployment)
        await runner.start()

    asyncio.run(start())


def _deployment(flow: Flow[..., Any], name: str, cron: str, parameters: dict[str, object]) -> RunnerDeployment:
    return RunnerDeployment.from_flow(
        flow,
        name=name,
        schedules=[Cron(cron, timezone=ZONE)],
        parameters=parameters,
        paused=False,
        concurrency_limit=1,
        tags=["onbenut"],
        entrypoint_type=EntrypointType.MODULE_PATH,
    )


def _pause_others(kept: set[str]) -> None:
    """Pause deployments of cities that left: a schedule nobody means must not fire."""
    with get_client(sync_client=True) as client:
        for one in client.read_deployments():
            if "onbenut" in one.tags and one.name not in kept and not one.paused:
                client.pause_deployment(one.id)
