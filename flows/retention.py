"""What is kept how long, by the city file's [retention]: history rows, snapshots of old nights, and personal data first of all.

Only the clock says how old a thing is, and a clock can be wrong. So it is believed only where it agrees with the accepted runs: see `doubt`.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

import duckdb

from flows.nights import accepted_runs
from flows.query import known_slugs, own_city
from flows.workspace import Workspace
from sources._kit.city import City, Feed
from sources._kit.contract import load_source
from sources._kit.duck import literal
from sources._kit.sweep import sweep

JUMP_DAYS = 40
"""So long after the run before, it is more likely that a clock jumped than that nobody ran the city."""
_KEPT_ON = "coalesce(kept_at::DATE, as_of)"


def forget_history(con: duckdb.DuckDBPyConnection, city: City, today: date) -> None:
    """Remove from a run's warehouse what ended before `history_days`; what is still so stays, however old.

    Args:
        con: the warehouse of the run that is being made and has its number, not yet in its place.
        city: the city, which says how long.
        today: day of the run by the clock.
    """
    days = [row[0] for row in con.execute(f"SELECT {_KEPT_ON} FROM history.run ORDER BY number").fetchall()]
    if doubt(days, today):
        return
    limit = literal(today - timedelta(days=city.retention.history_days))
    con.execute(f"""
        CREATE OR REPLACE TEMP TABLE past AS SELECT number FROM history.run
        WHERE {_KEPT_ON} < CAST({limit} AS DATE) AND number <= (SELECT max(number) FROM history.run) - {city.retention.nights_min};
        DELETE FROM history.building_state WHERE known_to IN (SELECT number FROM past);
        DELETE FROM history.parcel_back WHERE known_to IN (SELECT number FROM past);
        DELETE FROM history.building_back WHERE known_to IN (SELECT number FROM past);
        DELETE FROM history.run WHERE number IN (SELECT number FROM past);
        DROP TABLE past""")


def doubt(days: Sequence[date], today: date) -> str | None:
    """Why the clock is not believed, in words; None where it is.

    Args:
        days: on which runs were accepted, by the clock of their time, oldest first.
        today: by the clock of now.
    """
    if len(days) < 2:
        return "fewer than two runs were accepted, so there is nothing to hold the clock against"
    for before, after in ((days[-2], days[-1]), (days[-1], today)):
        if after < before:
            return f"the clock went back from {before} to {after}"
        if (after - before).days > JUMP_DAYS:
            return f"the clock went on from {before} to {after} without a run between"
    return None


def remove_snapshots(
    city: City, space: Workspace, today: date, *, is_sure: bool = False, is_trial: bool = False
) -> list[str]:
    """Remove snapshots past their days, personal data first; says what, or why nothing.

    Always kept: the newest good snapshot of each feed that the city has, what its newest run is made of, and, of feeds without personal data,
    the last `nights_min` nights and what other warehouses of it (variants, nights made again) are made of.

    Args:
        city: the city, whose newest run is in its place.
        space: where its warehouse and the store are.
        today: day by the clock.
        is_sure: somebody looked at the clock.
        is_trial: say what would be removed, and remove nothing.
    """
    runs = accepted_runs(city.slug, space) if space.warehouse(city.slug).exists() else []
    why = doubt([_kept_on(run) for run in runs], today)
    if why and not (is_sure or is_trial):
        return [f"nothing is removed tonight: {why}"] if len(runs) > 1 else []
    rules = city.retention
    since, personal_since = (today - timedelta(days=days) for days in (rules.snapshots_days, rules.personal_days))
    needed = _named(
        [*runs[-rules.nights_min :], *(run for run in runs if _kept_on(run) >= since), *_beside(city, space)]
    )
    newest = _named(runs[-1:])

    def is_kept(feed: str, manifest: str, fetched_on: date) -> bool:
        # A feed that is no longer in the city file is held to the strictest rule: nobody can say what is in it.
        is_about_persons = not feed.startswith("_") and (feed not in city.feeds or is_personal(city.feeds[feed]))
        if is_about_persons and fetched_on < personal_since:
            return (feed, manifest) in newest and feed in city.feeds
        return fetched_on >= since or (feed, manifest) in needed

    swept = sweep(space.store, city.slug, city.feeds, is_kept, is_trial=is_trial)
    if swept is None:
        return ["snapshots are being removed by another run; nothing was removed by this one"]
    counts = {feed: n for feed, n in sorted(swept.manifests.items()) if not feed.startswith("_")}
    said = [f"{feed}: {n} fetches{' (may tell of persons)' if _may(city, feed) else ''}" for feed, n in counts.items()]
    if swept.unreadable:
        said.append(f"store: no bytes are removed while this manifest cannot be read: {swept.unreadable}")
    return said + ([f"store: {swept.blobs} files, {swept.size_bytes} bytes"] if swept.blobs else [])


def kept_days(city: City, space: Workspace) -> list[date]:
    """On which days runs of a city were accepted, by the clock of their time, oldest first."""
    runs = accepted_runs(city.slug, space) if space.warehouse(city.slug).exists() else []
    return [_kept_on(run) for run in runs]


def is_personal(feed: Feed) -> bool:
    """Whether a feed's bytes may tell of natural persons: not to be published, or with columns that are dropped for it."""
    info = load_source(feed.source).info
    return "city" in (feed.visibility, info.visibility) or bool(info.personal_data) or "personal_words" in info.reader


def _may(city: City, feed: str) -> bool:
    return feed not in city.feeds or is_personal(city.feeds[feed])


def _kept_on(run: dict[str, Any]) -> date:
    day: date = run["kept_at"].date() if run["kept_at"] else run["as_of"]
    return day


def _beside(city: City, space: Workspace) -> list[dict[str, Any]]:
    """The newest run in each warehouse beside the city's own: variants and nights made again."""
    slugs = [slug for slug in known_slugs(space) if own_city(slug) == city.slug and slug != city.slug]
    return [run for slug in slugs for run in accepted_runs(slug, space)[-1:]]


def _named(runs: Sequence[dict[str, Any]]) -> set[tuple[str, str]]:
    """Manifests, with their feed, of which runs were made."""
    made_of = [json.loads(run["made_of"]) for run in runs if run["made_of"]]
    named = {(feed, manifest) for one in made_of for feed, manifest in one["feeds"].items()}
    return named | {("_run", one["manifest"]) for one in made_of}
