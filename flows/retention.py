"""What is kept how long, by the city file's [retention]: history rows, snapshots of old nights, and personal data first of all."""

from __future__ import annotations

import json
from datetime import date, timedelta

import duckdb

from flows.query import open_warehouse, rows
from flows.workspace import Workspace
from sources._kit.city import City, Feed
from sources._kit.contract import load_source
from sources._kit.duck import literal
from sources._kit.errors import OnbenutError
from sources._kit.sweep import sweep


def forget_history(con: duckdb.DuckDBPyConnection, city: City, today: date) -> None:
    """Remove from a run's warehouse what ended before `history_days`; what is still so stays, however old.

    Args:
        con: the warehouse of the run that is being made, not yet in its place.
        city: the city, which says how long.
        today: day of the run by the clock.
    """
    limit = literal(today - timedelta(days=city.retention.history_days))
    con.execute(f"""
        CREATE OR REPLACE TEMP TABLE past AS SELECT number FROM history.run
        WHERE coalesce(kept_at::DATE, as_of) < CAST({limit} AS DATE) AND number < (SELECT max(number) FROM history.run);
        DELETE FROM history.building_state WHERE known_to IN (SELECT number FROM past);
        DELETE FROM history.parcel_back WHERE known_to IN (SELECT number FROM past);
        DELETE FROM history.building_back WHERE known_to IN (SELECT number FROM past);
        DELETE FROM history.run WHERE number IN (SELECT number FROM past);
        DROP TABLE past""")


def remove_snapshots(city: City, space: Workspace, today: date) -> list[str]:
    """Remove snapshots that no night within `snapshots_days` needs, and older personal data whatever night does; says what.

    Args:
        city: the city, whose newest run is in its place.
        space: where its warehouse and the store are.
        today: day by the clock.
    """
    rules = city.retention
    needed = _needed(city, space, today - timedelta(days=rules.snapshots_days))
    personal = {name for name, feed in city.feeds.items() if is_personal(feed)}
    oldest = today - timedelta(days=rules.personal_days)

    def is_kept(feed: str, manifest: str, fetched_on: date) -> bool:
        # A feed that is no longer in the city file is held to the strictest rule: nobody can say what is in it.
        if (feed in personal or (feed not in city.feeds and not feed.startswith("_"))) and fetched_on < oldest:
            return False
        return (feed, manifest) in needed

    swept = sweep(space.store, city.slug, is_kept)
    if swept is None:
        return ["snapshots are being removed by another run; nothing was removed by this one"]
    said = [
        f"{feed}: {count} fetches removed"
        for feed, count in sorted(swept.manifests.items())
        if not feed.startswith("_")
    ]
    if swept.blobs:
        said.append(f"store: {swept.blobs} files, {swept.size_bytes} bytes removed")
    return said


def is_personal(feed: Feed) -> bool:
    """Whether a feed's bytes may tell of natural persons: not to be published, or with columns that are dropped for it."""
    info = load_source(feed.source).info
    return "city" in (feed.visibility, info.visibility) or bool(info.personal_data) or "personal_words" in info.reader


def _needed(city: City, space: Workspace, since: date) -> set[tuple[str, str]]:
    """Manifests by feed that nights kept since a day were made of."""
    con = open_warehouse(city.slug, space)
    try:
        found = rows(
            con,
            f"SELECT number, made_of FROM history.run WHERE made_of IS NOT NULL AND kept_at::DATE >= CAST({literal(since)} AS DATE)",
        )
    except OnbenutError:
        return set()
    finally:
        con.close()
    needed = {(feed, manifest) for row in found for feed, manifest in json.loads(row["made_of"])["feeds"].items()}
    return needed | {("_run", name) for row in found for name in [json.loads(row["made_of"])["manifest"]]}
