"""The main job for one city: fetch, build in a copy, check, publish, swap in."""

from __future__ import annotations

import fcntl
import hashlib
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path

import duckdb

from flows.feed_steps import Fetched, Loaded, fetch_feed, load_raw
from flows.outcome import FeedOutcome, Outcome, noting_failure, write_log
from flows.table_steps import Plan, build_tables, drop_unknown, load_reference, prepare_warehouse, read_plan
from flows.workspace import Workspace
from sources._kit.city import City
from sources._kit.duck import connect
from sources._kit.errors import OnbenutError
from transforms._kit.header import FLOORS
from transforms._kit.runner import Built, plan, stored_fingerprints

Progress = Callable[[str, str], None]
"""Called with a floor and what happens on it."""


def run_city(
    city: City,
    space: Workspace,
    *,
    as_of: date | None = None,
    offline: bool = False,
    progress: Progress = lambda _floor, _what: None,
) -> Outcome:
    """Run one city through all floors; the old layer and file stay whole until the new ones are.

    Raises:
        OnbenutError: a feed, a check or a product failed; nothing was replaced.
    """
    with noting_failure(city, space):
        fetched = []
        for feed in city.feeds.values():
            progress("fetch", feed.name)
            fetched.append(fetch_feed(city, feed, space, offline=offline))
        return build_city(city, space, fetched, as_of=as_of, progress=progress)


def build_city(
    city: City,
    space: Workspace,
    fetched: list[Fetched],
    *,
    as_of: date | None = None,
    progress: Progress = lambda _floor, _what: None,
) -> Outcome:
    """Build, check and publish one city from its fetched snapshots."""
    started, clock = datetime.now(UTC), time.perf_counter()
    day = as_of or city.as_of or started.date()
    target = space.warehouse(city.slug)
    target.parent.mkdir(parents=True, exist_ok=True)
    work = target.with_name(f".{city.slug}.next.duckdb")
    with _only_run(target.with_suffix(".lock"), city):
        _discard(work)
        try:
            # The copy is made before anything is read: it also holds the raw tables that need no second parse.
            if target.exists():
                shutil.copyfile(target, work)
            outcome = _build(city, space, fetched, day, work, target, progress)
        except OSError as error:
            raise OnbenutError(
                f"the file system refused: {error.strerror or error}",
                city=city.slug,
                file=error.filename or work,
                next_step="make room or mend the rights, then run again; the old layer is whole",
            ) from error
        finally:
            _discard(work)
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
) -> Outcome:
    seconds: dict[str, float] = {}
    built: list[Built] = []
    con = connect(work)
    try:
        prepare_warehouse(con)
        loaded: list[Loaded] = []
        with _timed(seconds, "raw"):
            for item in fetched:
                progress("raw", item.snapshot.feed.name)
                loaded.append(load_raw(con, item, space))
        table_plan = read_plan(city, space, day, loaded)
        outcome = Outcome(city.slug, day, str(table_plan.params["run_id"]), False, target)
        outcome.feeds = {item.feed: _feed_outcome(city, item) for item in loaded}
        outcome.warnings = [f"{item.feed}: {item.warning}" for item in loaded if item.warning]
        outcome.warnings += _old_feeds(city, loaded, day)
        given = load_reference(con, city, space, table_plan, loaded)
        prints = plan(table_plan.specs, given, table_plan.params)
        drop_unknown(con, table_plan, city)

        def on_table(table: Built) -> None:
            floor = table.name.split(".")[0]
            seconds[floor] = seconds.get(floor, 0.0) + table.seconds
            progress(floor, table.name)

        built = build_tables(con, table_plan, prints, on_table)
        outcome.tables_built = sum(table.was_built for table in built)
        with _timed(seconds, "publish"):
            _publish(con, city, space, table_plan, prints, outcome, progress)
        con.execute("CHECKPOINT")
    finally:
        con.close()
    outcome.unchanged = outcome.tables_built == 0 and not any(item.was_parsed for item in loaded) and target.exists()
    outcome.floors = {floor: round(seconds[floor], 3) for floor in ("raw", *FLOORS, "publish") if floor in seconds}
    if not outcome.unchanged:
        work.replace(target)
    return outcome


def _feed_outcome(city: City, item: Loaded) -> FeedOutcome:
    feed = city.feeds[item.feed]
    return FeedOutcome(
        feed.source, item.rows, item.snapshot_on.isoformat(), item.was_parsed, item.warning, feed.max_age_days
    )


def _publish(
    con: duckdb.DuckDBPyConnection,
    city: City,
    space: Workspace,
    table_plan: Plan,
    prints: dict[str, str],
    outcome: Outcome,
    progress: Progress,
) -> None:
    """Write the products unless the very same layer is out already."""
    layer = "".join(prints[spec.full_name] for spec in table_plan.specs if spec.schema == "layer")
    wanted = hashlib.sha256(f"{layer}{_product_code(space)}".encode()).hexdigest()
    folder = space.outputs / city.slug
    has_buildings = con.execute("SELECT count(*) FROM core.building").fetchone() != (0,)
    if not has_buildings:
        reason = "no feed gave a building outline: add be_grb with gbg, or osm_extract"
        outcome.not_made = dict.fromkeys(("buildings and pins (GeoPackage)", "GeoParquet", "pins (GeoJSON)"), reason)
    if stored_fingerprints(con).get("publish") == wanted and folder.exists():
        outcome.products = {path.name: path for path in sorted(folder.iterdir()) if path.is_file()}
        return
    progress("publish", "products")
    # Here, because a night in which nothing changed need not load what draws and writes.
    from transforms.publish.context import publish_context
    from transforms.publish.publish import publish_city

    write = publish_city if has_buildings else publish_context
    outcome.products = write(con, city.slug, city.crs, space.outputs)
    con.execute("INSERT OR REPLACE INTO meta.build VALUES ('publish', ?, ?, 0, 0)", [wanted, len(outcome.products)])


def _product_code(space: Workspace) -> str:
    digest = hashlib.sha256()
    for path in sorted((space.tables / "publish").glob("*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _old_feeds(city: City, loaded: list[Loaded], day: date) -> list[str]:
    """Warnings for feeds past max_age_days.

    Raises:
        OnbenutError: a feed is past hard_age_days.
    """
    warnings = []
    for item in loaded:
        feed, age = city.feeds[item.feed], (day - item.snapshot_on).days
        if feed.hard_age_days is not None and age > feed.hard_age_days:
            raise OnbenutError(
                "the data of a feed are too old to publish on",
                city=city.slug,
                feed=item.feed,
                value=f"{age} days, at most {feed.hard_age_days}",
                next_step="mend the feed, or raise hard_age_days",
            )
        if feed.max_age_days is not None and age > feed.max_age_days:
            warnings.append(f"{item.feed}: the data are {age} days old, more than {feed.max_age_days}")
    return warnings


@contextmanager
def _timed(seconds: dict[str, float], floor: str) -> Iterator[None]:
    start = time.perf_counter()
    yield
    seconds[floor] = seconds.get(floor, 0.0) + time.perf_counter() - start


@contextmanager
def _only_run(lock: Path, city: City) -> Iterator[None]:
    """Hold the city's lock: two runs of one city at once would build into one file."""
    with lock.open("w") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise OnbenutError(
                "another run of this city is under way",
                city=city.slug,
                file=lock,
                next_step="wait for it, then run again",
            ) from error
        yield


def _discard(work: Path) -> None:
    for path in (work, work.with_name(work.name + ".wal")):
        path.unlink(missing_ok=True)
    shutil.rmtree(work.with_name(work.name + ".tmp"), ignore_errors=True)
