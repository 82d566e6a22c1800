"""What a past night is made of: its city file, its snapshots read again, and the plan of its tables."""

from __future__ import annotations

import duckdb

from flows.feed_steps import Loaded, load_again
from flows.history import history_fingerprints
from flows.nights import Night
from flows.park_history import PRINTS
from flows.products import Progress
from flows.retention import is_personal
from flows.table_steps import Plan, drop_unknown, load_given, prepare_warehouse, write_reference
from flows.workspace import Workspace
from sources._kit.city import City
from sources._kit.kept import SnapshotRemovedError, read_manifest
from sources._kit.snapshot import Snapshot
from transforms._kit.runner import define_macros, plan


def load_night(
    con: duckdb.DuckDBPyConnection, city: City, space: Workspace, night: Night, progress: Progress
) -> list[Loaded]:
    """Read the night's snapshots of the feeds that `city` has into the raw floor.

    Raises:
        SnapshotRemovedError: one of them is no longer stored.
    """
    prepare_warehouse(con)
    loaded = []
    for feed in city.feeds:
        if feed in night.feeds:
            progress("raw", feed)
            loaded.append(load_again(con, _stored(city, space, feed, night.feeds[feed])))
    return loaded


def _stored(city: City, space: Workspace, feed: str, manifest: str) -> Snapshot:
    try:
        return read_manifest(space.store, city, city.feeds[feed], manifest)
    except SnapshotRemovedError as error:
        if is_personal(city.feeds[feed]):
            error.what += f": it may tell of persons, and such are kept {city.retention.personal_days} days, whatever night needs them"
        raise


def plan_night(
    con: duckdb.DuckDBPyConnection, city: City, space: Workspace, table_plan: Plan, loaded: list[Loaded]
) -> dict[str, str]:
    """Write what the tables are given; returns their fingerprints."""
    given = write_reference(con, table_plan.reference)
    given.update(load_given(con, city, space, table_plan, loaded))
    given.update(history_fingerprints(con))
    given.update(PRINTS)
    define_macros(con)
    drop_unknown(con, table_plan, city)
    # Fingerprints of these do not hold what was published and measured before, and that is of another night now.
    con.execute("DELETE FROM meta.build WHERE table_name IN ('layer.change', 'layer.park_indicator', 'publish')")
    return plan(table_plan.specs, given, table_plan.params)


def city_then(city: City, space: Workspace, night: Night) -> City:
    """The city file of the night; today's place, as paths in it are relative to that."""
    if night.city is None:
        return city
    text = space.store.blob(night.city).read_text(encoding="utf-8")
    return City.model_validate_json(text).model_copy(update={"folder": city.folder})
