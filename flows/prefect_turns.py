"""Waiting for a turn: limits on how many ask one provider, or build, side by side, over all runs of one Prefect server."""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import AbstractContextManager
from urllib.parse import urlsplit

from flows.prefect_environment import prefect_environment

os.environ.update(prefect_environment())

from prefect.client.orchestration import get_client
from prefect.concurrency.sync import concurrency
from prefect.settings import PREFECT_API_URL

from sources._kit.city import City, Feed

BUILD_LIMIT = "build"
"""Name of the limit on builds side by side: each takes the memory and the cores it is given."""


def host_limits(feed: Feed) -> list[str]:
    """Names of the limits on the hosts a feed asks; none for a file."""
    places = [*feed.locations.values(), *(feed.by_other_way().locations.values() if feed.otherwise else ())]
    hosts = {split.hostname for place in places if (split := urlsplit(place)).scheme in ("http", "https")}
    return sorted(f"host:{host}" for host in hosts)


def city_limit(city: City) -> str:
    """Name of the limit on runs of one city: the night's own run waits for the one that its cron began."""
    return f"city:{city.slug}"


def turn(limits: list[str]) -> AbstractContextManager[None]:
    """Wait for a slot of each limit; one that the server does not have does not hold.

    Limits live on a server that stays. Where there is none, nothing runs beside this.
    """
    return concurrency(limits if PREFECT_API_URL.value() else [], strict=False, raise_on_lease_renewal_failure=False)


def set_limits(cities: Sequence[City], per_host: int, builds: int) -> dict[str, int]:
    """Make or change the limits on the server; returns them by name.

    Args:
        cities: whose feeds ask hosts.
        per_host: how many feeds may ask one host side by side.
        builds: how many cities may be built side by side.
    """
    hosts = {name for city in cities for feed in city.feeds.values() for name in host_limits(feed)}
    limits = {BUILD_LIMIT: builds, **dict.fromkeys(sorted(hosts), per_host)}
    limits |= {city_limit(city): 1 for city in cities}
    with get_client(sync_client=True) as client:
        for name, limit in limits.items():
            client.upsert_global_concurrency_limit_by_name(name, limit)
    return limits
