"""Building one city from its fetched snapshots: in a copy, checked, published, swapped in, with its history."""

from __future__ import annotations

import time
from datetime import UTC, date, datetime
from pathlib import Path

import duckdb

from flows.clock import clock_warnings
from flows.feed_steps import Loaded, load_raw
from flows.fetch_steps import Fetched
from flows.gates.gate import gates_of
from flows.gates.overrule import Overrule
from flows.history_run import keep_ingredients, keep_run
from flows.history_states import keep_states
from flows.osm_free_build import osm_free_edition
from flows.outcome import FeedOutcome, Outcome, write_log
from flows.products import OsmFree, Progress, build_and_publish, timed
from flows.retention import forget_history, remove_snapshots
from flows.swap import next_file, refused_by_disk
from flows.table_steps import drop_unknown, load_reference, prepare_warehouse, read_plan, table_facts
from flows.workspace import Workspace
from sources._kit.city import City
from sources._kit.duck import connect
from sources._kit.whole import put_in_place
from transforms._kit.runner import plan


def build_city(
    city: City,
    space: Workspace,
    fetched: list[Fetched],
    *,
    as_of: date | None = None,
    overrule: Overrule | None = None,
    progress: Progress = lambda _floor, _what: None,
) -> Outcome:
    """Build, check and publish one city from its fetched snapshots."""
    started, clock = datetime.now(UTC), time.perf_counter()
    day = as_of or city.as_of or started.date()
    target = space.warehouse(city.slug)
    with refused_by_disk(city.slug, target):
        with (
            space.store.in_use(),
            next_file(target, city.slug) as work,
            osm_free_edition(city, space, fetched, day, progress, overrule) as osm_free,
        ):
            is_today = day == started.date() and as_of is None
            outcome = _build(city, space, fetched, day, work, target, progress, osm_free, overrule, is_today)
        if not outcome.unchanged:
            outcome.removed = remove_snapshots(city, space, datetime.now(UTC).date())
            for what in outcome.removed:
                progress("retention", what)
        if as_of is not None:
            outcome.made_from = f"looked at on {as_of} with the snapshots that are newest now"
        outcome.seconds = time.perf_counter() - clock
        write_log(space, outcome, started)
    return outcome


def _build(
    city: City,
    space: Workspace,
    fetched: list[Fetched],
    day: date,
    work: Path,
    target: Path,
    progress: Progress,
    osm_free: OsmFree | None,
    overrule: Overrule | None,
    is_today: bool,
) -> Outcome:
    seconds: dict[str, float] = {}
    con = connect(work)
    try:
        prepare_warehouse(con)
        loaded: list[Loaded] = []
        with timed(seconds, "raw"):
            for item in fetched:
                progress("raw", item.snapshot.feed.name)
                loaded.append(load_raw(con, item, space))
        table_plan = read_plan(city, space, day, loaded)
        outcome = Outcome(city.slug, day, str(table_plan.params["run_id"]), False, target)
        outcome.feeds = {
            item.feed: _feed_outcome(city, item, asked.seconds) for item, asked in zip(loaded, fetched, strict=True)
        }
        outcome.warnings = [f"{item.feed}: {item.warning}" for item in loaded if item.warning]
        outcome.warnings += _old_feeds(city, loaded, day)
        outcome.warnings += clock_warnings(con, loaded, day) if is_today else []
        given = load_reference(con, city, space, table_plan, loaded)
        outcome.made_of = table_facts(table_plan)
        prints = plan(table_plan.specs, given, table_plan.params)
        drop_unknown(con, table_plan, city)
        gates = gates_of(city, loaded, day, overrule)

        def keep() -> None:
            now = datetime.now(UTC)
            number = keep_run(con, table_plan, now)
            if number is not None:
                edition = osm_free.number if osm_free else None
                keep_ingredients(con, number, city, space, loaded, now, edition)
                keep_states(con, number)
                forget_history(con, city, now.date())

        build_and_publish(con, city.crs, space, table_plan, prints, outcome, seconds, progress, gates, osm_free, keep)
        outcome.warnings += _lost_objections(con)
    finally:
        con.close()
    is_new = bool(outcome.tables_built or outcome.overruled or outcome.was_published) or any(
        item.was_parsed for item in loaded
    )
    outcome.unchanged = not is_new and target.exists()
    if not outcome.unchanged:
        put_in_place(work, target)
    return outcome


def _lost_objections(con: duckdb.DuckDBPyConnection) -> list[str]:
    """A warning where an objection finds no building: it may be misspelt, and then the building is still shown."""
    lost = con.execute("""
        SELECT building_id FROM reference.objection
        WHERE building_id NOT IN (SELECT objection_id FROM core.objected) ORDER BY building_id""").fetchall()
    ids = ", ".join(row[0] for row in lost[:5]) + (", ..." if len(lost) > 5 else "")
    return [f"objections: {len(lost)} ids belong to no building that stands now: {ids}"] if lost else []


def _feed_outcome(city: City, item: Loaded, seconds: float) -> FeedOutcome:
    feed, day = city.feeds[item.feed], item.snapshot_on.isoformat()
    return FeedOutcome(feed.source, item.rows, day, item.was_parsed, item.warning, feed.max_age_days, round(seconds, 2))


def _old_feeds(city: City, loaded: list[Loaded], day: date) -> list[str]:
    """Warnings for feeds past max_age_days; a feed past hard_age_days is for the gates."""
    aged = [(item.feed, (day - item.snapshot_on).days, city.feeds[item.feed].max_age_days) for item in loaded]
    return [
        f"{feed}: the data are {age} days old, more than {most}"
        for feed, age, most in aged
        if most is not None and age > most
    ]
