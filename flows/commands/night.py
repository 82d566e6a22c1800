"""`onbenut night`, `onbenut deployments`, `onbenut worker`: nights here and now, and nights by Prefect's schedules."""

from __future__ import annotations

import os
import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from flows.commands.terminal import console, table
from flows.workspace import Workspace
from sources._kit.errors import OnbenutError
from sources._kit.schedule import ZONE, Schedule

if TYPE_CHECKING:
    from prefect.deployments.runner import RunnerDeployment


def night(space: Workspace, cities: str | None, due: bool, as_json: bool) -> int:
    """Run a night and print its summary; 0, 1 when a city failed, 3 when one lacks a product.

    Raises:
        OnbenutError: a city that was named does not exist, or nothing can be written here.
    """
    if space.home.exists() and not os.access(space.home, os.W_OK):
        # Before Prefect is loaded: its own server would be waited for in vain.
        raise OnbenutError(
            "the file system refused", file=space.home, next_step="mend the rights, then try again: onbenut doctor"
        )
    from flows.due import planned
    from flows.night_writing import as_json_lines, print_night
    from flows.nightly import run_night
    from flows.notify import notify

    names = _names(cities)
    # A wrong name is a slip of the hand, not a city that failed.
    for slip in planned(space, names).unreadable.values() if names else ():
        raise slip
    found = run_night(space, names, due, datetime.now(UTC))
    if as_json:
        print("\n".join(as_json_lines(found)))
    else:
        print_night(found, console())
    if reason := notify(found):
        print(f"warning: no notification was sent: {reason}", file=sys.stderr)
    return found.exit_status


def deployments(space: Workspace, cities: str | None, per_host: int, builds: int, summary: str) -> int:
    """Register deployments and limits and print them; 1 when a city file cannot be read.

    Raises:
        OnbenutError: no server answers, or the cron is none.
    """
    return _register(space, cities, per_host, builds, summary)[0]


def worker(space: Workspace, cities: str | None, per_host: int, builds: int, summary: str, runs: int) -> int:
    """Register them, then work until told to stop.

    Raises:
        OnbenutError: no server answers, or the cron is none.
    """
    from flows.deployments import work

    _status, made = _register(space, cities, per_host, builds, summary)
    work(made, runs)
    return 0


def _register(
    space: Workspace, cities: str | None, per_host: int, builds: int, summary: str
) -> tuple[int, list[RunnerDeployment]]:
    try:
        Schedule.model_validate({"cron": summary})
    except ValueError as error:
        raise OnbenutError("--summary is no cron", value=summary, next_step='such as "45 6 * * *"') from error
    from flows.deployments import register

    found, made = register(space, _names(cities), per_host=per_host, builds=builds, summary_cron=summary)
    out = console()
    lines = [(name, cron, f"{at.astimezone(ZoneInfo(ZONE)):%Y-%m-%d %H:%M %Z}") for name, cron, at in found.deployments]
    out.print(table("Deployments", ("city", "cron", "next"), lines))
    out.print(
        table(
            "\nLimits",
            ("limit", "side by side"),
            [one for one in found.limits.items() if not one[0].startswith("city:")],
            right=("side by side",),
        )
    )
    for name, fault in found.unreadable.items():
        print(f"error: {name}: {' '.join(str(fault).split())}", file=sys.stderr)
    return (1 if found.unreadable else 0), made


def _names(cities: str | None) -> list[str] | None:
    names = [name.strip() for name in (cities or "").split(",") if name.strip()]
    return names or None
