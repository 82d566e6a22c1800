"""Scoring a city again with weights of somebody's own, beside the city: nothing of the city itself is written.

The variant `<city>~<name of the file>` has a warehouse and products of its own, made from a copy of the city's file in which
evidence, scores and layer are built again. What the city has fetched and matched is never read or built a second time.
"""

from __future__ import annotations

import time
from datetime import UTC, date, datetime
from pathlib import Path

import duckdb

from flows.feed_steps import Loaded, stored_raw
from flows.fetch_steps import fetch_feed
from flows.gates.gate import Gates
from flows.gates.rules import rules_of
from flows.history import history_fingerprints
from flows.outcome import FeedOutcome, Outcome, write_log
from flows.park_history import PRINTS
from flows.products import Progress, build_and_publish, timed
from flows.swap import next_file
from flows.table_steps import Plan, drop_unknown, load_given, prepare_warehouse, read_plan, table_facts, write_reference
from flows.weights import WeightsError, apply_weights, read_weights
from flows.workspace import Workspace
from sources._kit.city import City
from sources._kit.duck import connect
from sources._kit.errors import CheckFailedError, OnbenutError
from sources._kit.whole import put_in_place
from transforms._kit.reference import Reference, fingerprints, read_reference
from transforms._kit.runner import define_macros, plan, stored_fingerprints

BELOW_SCORES = ("staging", "core")


def variant_slug(city: str, weights: str) -> str:
    """Name of a variant: `antwerpen~mine`."""
    return f"{city}~{weights}"


def rescore_city(
    city: City, space: Workspace, file: Path, *, progress: Progress = lambda _floor, _what: None
) -> Outcome:
    """Score the newest run of a city again with the weights of a file, as of the day of that run.

    Raises:
        WeightsError: the file says something the reference tables do not know, or would change what was matched.
        OnbenutError: the city was not run, or its file is older than its snapshots, city file or code.
    """
    started, clock = datetime.now(UTC), time.perf_counter()
    weights = read_weights(file)
    reference, changes = apply_weights(read_reference(space.reference), weights)
    source = space.warehouse(city.slug)
    if not source.exists():
        raise OnbenutError(
            "this city was not run yet", city=city.slug, file=source, next_step=f"onbenut run {city.slug}"
        )
    slug = variant_slug(city.slug, weights.name)
    target = space.warehouse(slug)
    with next_file(target, slug, source) as work:
        outcome = _rescore(city, space, reference, slug, work, progress)
        put_in_place(work, target)
    outcome.weights = {"file": str(weights.file), "sha256": weights.sha256, "changes": changes}
    outcome.warehouse, outcome.seconds = target, time.perf_counter() - clock
    write_log(space, outcome, started)
    return outcome


def _rescore(city: City, space: Workspace, reference: Reference, slug: str, work: Path, progress: Progress) -> Outcome:
    seconds: dict[str, float] = {}
    con = connect(work)
    try:
        prepare_warehouse(con)
        with timed(seconds, "raw"):
            loaded = [_stored(con, city, name, space) for name in city.feeds]
        table_plan = read_plan(city, space, _day(con, city), loaded, slug=slug, reference=reference)
        outcome = Outcome(slug, _day(con, city), str(table_plan.params["run_id"]), False, work)
        outcome.feeds = {
            item.feed: FeedOutcome(
                city.feeds[item.feed].source, item.rows, item.snapshot_on.isoformat(), False, None,
                city.feeds[item.feed].max_age_days,
            )
            for item in loaded
        }  # fmt: skip
        given = load_given(con, city, space, table_plan, loaded)
        given.update(history_fingerprints(con))
        given.update(PRINTS)
        prints = _prints(con, city, space, table_plan, given)
        write_reference(con, reference)
        outcome.made_of = table_facts(table_plan)
        define_macros(con)
        drop_unknown(con, table_plan, city)
        try:
            gates = Gates(city, rules_of(city), [], is_variant=True)
            build_and_publish(con, city.crs, space, table_plan, prints, outcome, seconds, progress, gates)
        except CheckFailedError as error:
            error.next_step = "these weights together push a score out of its bounds: lower one, and run again"
            raise
    finally:
        con.close()
    return outcome


def _prints(
    con: duckdb.DuckDBPyConnection, city: City, space: Workspace, table_plan: Plan, given: dict[str, str]
) -> dict[str, str]:
    """Fingerprints of the variant's tables, once it is sure that those below the scores are in the file as they must be.

    Raises:
        OnbenutError: the city's file was made of other data or by other code.
        WeightsError: what was matched depends on a value of the file.
    """
    below = [spec.full_name for spec in table_plan.specs if spec.schema in BELOW_SCORES]
    stored = stored_fingerprints(con)
    committed = fingerprints(read_reference(space.reference).tables)
    before = plan(table_plan.specs, {**given, **committed}, table_plan.params)
    if any(stored.get(name) != before[name] for name in below):
        raise _stale(city, next(name for name in below if stored.get(name) != before[name]))
    after = plan(table_plan.specs, {**given, **fingerprints(table_plan.reference.tables)}, table_plan.params)
    if moved := [name for name in below if after[name] != before[name]]:
        raise WeightsError(
            "a value decides more than scores: what was matched would have to be built again",
            city=city.slug,
            value=", ".join(moved),
            next_step="leave it out; to change it, edit data/reference and run the city",
        )
    return after


def _stored(con: duckdb.DuckDBPyConnection, city: City, feed: str, space: Workspace) -> Loaded:
    found = stored_raw(con, fetch_feed(city, city.feeds[feed], space, offline=True))
    if found is None:
        raise _stale(city, f"raw tables of {feed}")
    return found[0]


def _day(con: duckdb.DuckDBPyConnection, city: City) -> date:
    try:
        row = con.execute("SELECT CAST(value AS DATE) FROM layer.run WHERE name = 'as_of'").fetchone()
    except duckdb.CatalogException:
        row = None
    if row is None:
        raise _stale(city, "layer.run")
    day: date = row[0]
    return day


def _stale(city: City, what: str) -> OnbenutError:
    return OnbenutError(
        "the city's file is older than its newest snapshots, its city file or the code",
        city=city.slug,
        value=what,
        next_step=f"onbenut run {city.slug} --offline, then try the weights again",
    )
