"""Fetching a city's feeds into the store: the boundary first, as services are asked for what lies in it."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from flows.adverts.feed import ADVERTS
from flows.boundary import find_extent
from flows.fieldwork.feed import FIELD_CHECKS
from flows.swap import refused_by_disk
from flows.workspace import Workspace
from sources._kit.city import BOUNDARY_FEED, City, Feed
from sources._kit.contract import load_source, settings_of
from sources._kit.errors import FetchRefusedError, OnbenutError
from sources._kit.snapshot import Box, Snapshot
from transforms._kit.reference import read_reference

SAY_EVERY_S = 5.0
Say = Callable[[str], None]


@dataclass(frozen=True)
class Fetched:
    """A feed's snapshot for this run, whether it had to fall back on the last good one, and how long asking took."""

    snapshot: Snapshot
    warning: str | None = None
    seconds: float = 0.0


def fetch_city(city: City, space: Workspace, *, offline: bool = False, say: Say = lambda _text: None) -> list[Fetched]:
    """Fetch every feed, one after the other; returns them in the order of the city file.

    Raises:
        OnbenutError: a feed could not be fetched and has no good snapshot from before.
    """
    fetched: dict[str, Fetched] = {}
    first = boundary_feed(city)
    extent = city_extent(city, space) if first is None and not offline else None
    for name in sorted(city.feeds, key=lambda name: name != first):
        say(name)
        fetched[name] = fetch_feed(city, city.feeds[name], space, offline=offline, extent=extent, say=say)
        if name == first and not offline:
            extent = city_extent(city, space, fetched[name])
    return [fetched[name] for name in city.feeds]


def boundary_feed(city: City) -> str | None:
    """The feed that gives the area of interest; None where a file does, or nothing."""
    name = (city.boundary or "").removeprefix(BOUNDARY_FEED)
    return name if name != (city.boundary or "") else None


def city_extent(city: City, space: Workspace, boundary: Fetched | None = None) -> Box | None:
    """The box around the area of interest in the city's CRS, or the one the city file names; None where no service is asked for it.

    Args:
        city: the city.
        space: where reference files and snapshots are.
        boundary: the feed that gives the area, as it was just fetched.

    Raises:
        OnbenutError: the boundary cannot be read, and there is no good one from before.
    """
    if not any(feed.service.bbox == "boundary" for feed in city.feeds.values()):
        return None
    if city.extent is not None:
        return city.extent
    mergers = read_reference(space.reference).tables.get("nis_2025", [])
    try:
        return find_extent(city, boundary.snapshot if boundary else None, mergers)
    except OnbenutError:
        good = space.store.last_good(city, boundary.snapshot.feed) if boundary else None
        if good is None or boundary is None or good.fingerprint == boundary.snapshot.fingerprint:
            raise
        return find_extent(city, good, mergers)


def fetch_feed(
    city: City,
    feed: Feed,
    space: Workspace,
    *,
    offline: bool = False,
    fall_back: bool = True,
    extent: Box | None = None,
    say: Say = lambda _text: None,
) -> Fetched:
    """Fetch one feed into the store, or fall back: on its other service, then on its last good snapshot.

    Without `fall_back` a refused fetch raises, for a caller that tries again before it falls back. `extent` is the box
    around the area of interest; `say` is told every few seconds how far a download is.

    Raises:
        OnbenutError: nothing could be fetched and there is no good snapshot from before.
    """
    settings_of(city, feed)
    with refused_by_disk(city.slug, space.store.root), space.store.in_use():
        return _fetch_feed(city, feed, space, offline, fall_back, extent, say)


def _fetch_feed(
    city: City, feed: Feed, space: Workspace, offline: bool, fall_back: bool, extent: Box | None, say: Say
) -> Fetched:
    started = time.perf_counter()
    good = space.store.last_good(city, feed)
    # What was seen in the field, or imported, is the house's own file: it is here, network or not.
    if offline and feed.name not in (FIELD_CHECKS, ADVERTS):
        if good is None:
            raise FetchRefusedError(
                "no stored snapshot to run on",
                city=city.slug,
                feed=feed.name,
                next_step="run once without --offline",
            )
        return Fetched(good)
    refused: list[FetchRefusedError] = []
    for way in (feed, *([feed.by_other_way()] if feed.otherwise and fall_back else [])):
        try:
            snapshot = load_source(feed.source).fetch(city, way, space.store, _Told(feed.name, say), extent)
        except FetchRefusedError as error:
            refused.append(error)
            continue
        return Fetched(
            snapshot,
            f"{refused[0]}; asked the other service instead" if refused else None,
            time.perf_counter() - started,
        )
    if good is None or not fall_back:
        raise refused[0]
    said = "; the other service: ".join(str(error) for error in refused)
    warning = f"{said}; used the snapshot of {good.fetched_at:%Y-%m-%d %H:%M} UTC"
    return Fetched(good, warning, time.perf_counter() - started)


class _Told:
    """Says how far the downloads of a feed are, at most every few seconds."""

    def __init__(self, feed: str, say: Say) -> None:
        self._feed, self._say, self._at = feed, say, time.monotonic()
        self._url, self._before, self._held = "", 0, 0

    def __call__(self, url: str, held: int, announced: int | None) -> None:
        if "://" not in url:
            # What takes many answers is counted, such as the tiles of a service; the first and the last are always said.
            if held in (1, announced) or time.monotonic() - self._at >= SAY_EVERY_S:
                self._at = time.monotonic()
                self._say(f"{self._feed}: {url} {held} of {announced}")
            return
        if url != self._url:
            self._url, self._before = url, self._before + self._held
        self._held = held
        if time.monotonic() - self._at < SAY_EVERY_S:
            return
        self._at = time.monotonic()
        of = f" of {announced / 1e6:,.0f}" if announced and not self._before else ""
        self._say(f"{self._feed}: {(self._before + held) / 1e6:,.0f}{of} MB")
