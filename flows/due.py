"""Which cities nights run, and which of them are due: by their cron, against the record of the last attempt."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from flows.cities import city_paths, find_city
from flows.status import read_record
from flows.workspace import Workspace
from sources._kit.city import City
from sources._kit.errors import OnbenutError
from sources._kit.schedule import last_tick

_SKEW = timedelta(hours=1)


@dataclass(frozen=True)
class Planned:
    """A city that nights run: what it is called by (a slug, or the path of its file), and its cron."""

    given: str
    city: City

    @property
    def cron(self) -> str:
        """Minute, hour, day, month, weekday in Europe/Brussels."""
        return self.city.schedule.cron_of(self.city.slug)


@dataclass(frozen=True)
class Plan:
    """The cities of a night, and those whose file cannot be read with the reason: they fail alone."""

    cities: tuple[Planned, ...]
    unreadable: dict[str, OnbenutError]


def planned(space: Workspace, given: Sequence[str] | None = None) -> Plan:
    """The cities of a night: those that are named, or all whose file does not say `enabled = false`."""
    cities, unreadable = [], {}
    for name in given or city_paths(space):
        try:
            city = find_city(name, space)
        except OnbenutError as error:
            unreadable[name] = error
            continue
        if given or city.schedule.enabled:
            cities.append(Planned(name, city))
    return Plan(tuple(cities), unreadable)


def is_due(one: Planned, space: Workspace, now: datetime) -> bool:
    """Whether nobody tried the city since its cron fired last; of seven nights slept through, one is caught up.

    A run that failed is an attempt: what made it fail is for the operator, or for the next night. A run of an earlier day
    (`--as-of`) is none, as the city was not looked at as it is; nor is one of a time to come, which a wrong clock wrote down.
    """
    attempt = last_attempt(one.city, space)
    return attempt is None or attempt < last_tick(one.cron, now) or attempt > now + _SKEW


def last_attempt(city: City, space: Workspace) -> datetime | None:
    """When the city was last tried, well or not."""
    run, failure = record(space.run_log(city.slug)), record(space.failure_log(city.slug))
    moments = [failure.get("at")]
    if city.as_of is not None or run.get("as_of", "") >= run.get("started_at", "")[:10]:
        moments.append(run.get("started_at"))
    return max((datetime.fromisoformat(moment) for moment in moments if moment), default=None)


def record(path: Path) -> dict[str, Any]:
    """A record of a run; empty where there is none, or it is damaged: the city is then tried."""
    try:
        return read_record(path) or {}
    except OnbenutError:
        return {}
