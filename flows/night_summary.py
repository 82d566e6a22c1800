"""What came of a night: one line a city and one a feed, read from the records of the runs. Counts and reasons, never a row's own words."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from flows.discreet import told
from flows.due import Plan, Planned, last_attempt, record
from flows.status import CityStatus, FeedStatus, city_status
from flows.workspace import Workspace
from sources._kit.errors import OnbenutError
from sources._kit.schedule import last_tick

NIGHT = timedelta(hours=24)
"""A run older than this belongs to an earlier night."""


@dataclass(frozen=True)
class FeedLine:
    """One feed of a city: what it gave, against the run before, and how much of it found a building.

    `state` is good, old, fallback or missing; `match_rate` is None where nothing of the feed is matched with buildings.
    """

    feed: str
    state: str
    rows: int | None
    rows_before: int | None
    matched: int
    refused: int
    rejects: int
    data_on: str | None
    age_days: int | None
    max_age_days: int | None
    seconds: float | None
    note: str | None

    @property
    def change(self) -> float | None:
        """Share by which the rows grew or shrank since the run before."""
        return None if self.rows is None or not self.rows_before else self.rows / self.rows_before - 1

    @property
    def match_rate(self) -> float | None:
        """Share of what was tried that found a building."""
        tried = self.matched + self.refused
        return self.matched / tried if tried else None


@dataclass
class CityLine:
    """One city. `state` is new, unchanged, in part (a product was not made), failed or not due."""

    city: str
    state: str
    tried_at: str | None = None
    as_of: str | None = None
    seconds: float | None = None
    buildings_public: int | None = None
    why: str | None = None
    next_step: str | None = None
    warnings: list[str] = field(default_factory=list)
    feeds: list[FeedLine] = field(default_factory=list)

    @property
    def is_trouble(self) -> bool:
        """Whether somebody should look: it failed, lacks a product, or stands on a feed that is old or stood in for."""
        stands_on = {feed.state for feed in self.feeds}
        return self.state in ("failed", "in part") or bool(stands_on & {"old", "fallback", "missing"})


@dataclass
class Night:
    """All cities of a night."""

    began_at: datetime
    ended_at: datetime
    cities: list[CityLine]

    @property
    def is_trouble(self) -> bool:
        """Whether somebody should look at any of the cities."""
        return any(city.is_trouble for city in self.cities)

    @property
    def headline(self) -> str:
        """The night in one line."""
        states = [city.state for city in self.cities]
        counts = ", ".join(f"{states.count(state)} {state}" for state in dict.fromkeys(sorted(states)))
        worn = sum(feed.state in ("old", "fallback", "missing") for city in self.cities for feed in city.feeds)
        return (counts or "no cities") + (f"; feeds old, missing or stood in for: {worn}" if worn else "")

    @property
    def exit_status(self) -> int:
        """1 when a city failed, 3 when one lacks a product, else 0."""
        states = {city.state for city in self.cities}
        return 1 if "failed" in states else 3 if "in part" in states else 0


def night_of_cities(plan: Plan, space: Workspace, began_at: datetime, ended_at: datetime) -> Night:
    """Sum up what the records of the cities say.

    Args:
        plan: the cities of the night.
        space: where the records are.
        began_at: when the night's own flow began; cities may have run before it, by their own cron.
        ended_at: when it ended.
    """
    cities = [_city(one, space, began_at) for one in plan.cities]
    cities += [
        CityLine(name.rsplit("/", 1)[-1], "failed", why=told(str(error)), next_step=error.next_step)
        for name, error in plan.unreadable.items()
    ]
    return Night(began_at, ended_at, sorted(cities, key=lambda city: city.city))


def _city(one: Planned, space: Workspace, began_at: datetime) -> CityLine:
    slug = one.city.slug
    tried, tick = last_attempt(one.city, space), last_tick(one.cron, began_at)
    line = CityLine(slug, "failed", tried_at=tried.isoformat() if tried else None)
    failure, run = record(space.failure_log(slug)), record(space.run_log(slug))
    try:
        status = city_status(one.given, space)
    except OnbenutError as error:
        line.state, line.why, line.next_step = "failed", told(str(error)), error.next_step
        return line
    if run:
        line.as_of, line.seconds = run["as_of"], run["seconds"]
        line.warnings = [told(warning) for warning in run["warnings"]]
        line.buildings_public = int(status.facts.get("buildings_public", 0))
        line.feeds = [_feed(feed, status, run) for feed in status.feeds]
        line.state = "in part" if run["not_made"] else "unchanged" if run["unchanged"] else "new"
        line.why = "; ".join(f"not made: {name}: {told(why)}" for name, why in run["not_made"].items()) or None
    if failure:
        at = {name: value for name, value in failure["where"].items() if name in ("feed", "table", "at")}
        place = ", ".join(f"{name} {value}" for name, value in at.items())
        line.state, line.next_step = "failed", failure["next_step"]
        line.why = f"{failure['error']} ({place})" if place else failure["error"]
    elif tried is None or tried < tick:
        line.state, line.next_step = "failed", f"see the logs, then: onbenut run {one.given}"
        line.why = f"no run since {tick:%Y-%m-%d %H:%M} UTC left a record: it was killed, or is still under way"
    elif tried < began_at - NIGHT:
        line.state = "not due"
    return line


def _feed(feed: FeedStatus, status: CityStatus, run: dict[str, Any]) -> FeedLine:
    outcome = run["feeds"].get(feed.feed, {})
    before = ((run.get("before") or {}).get("rows") or {}).get(feed.feed)
    return FeedLine(
        feed.feed,
        feed.state,
        sum(outcome["rows"].values()) if outcome else None,
        sum(before.values()) if before is not None else None,
        sum(row["rows"] for row in status.links if row["feed"] == feed.feed),
        sum(row["rows"] for row in status.refusals if row["feed"] == feed.feed),
        feed.rejects,
        outcome.get("snapshot_on"),
        feed.age_days,
        feed.max_age_days,
        outcome.get("seconds"),
        told(feed.note) if feed.note else None,
    )
