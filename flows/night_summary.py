"""What came of a night: one line a city and one a feed, read from the records of the runs. Counts and reasons, never a row's own words."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from flows.discreet import told
from flows.due import Plan, Planned, last_attempt, record
from flows.night_lines import CityLine, FeedLine, Night
from flows.status import CityStatus, FeedStatus, city_status
from flows.workspace import Workspace
from sources._kit.errors import OnbenutError
from sources._kit.schedule import last_tick

NIGHT = timedelta(hours=24)
"""A run older than this belongs to an earlier night."""


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
