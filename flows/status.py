"""What a city stands on: its feeds, what was refused, what was linked, and how the last run went."""

from __future__ import annotations

import json
import tomllib
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import duckdb

from flows.query import city_slug, known_slugs, open_warehouse, own_city, rows
from flows.workspace import Workspace
from sources._kit.errors import OnbenutError


@dataclass
class FeedStatus:
    """One feed. `state` is good, old (past max_age_days), fallback (the last run used an earlier snapshot) or missing."""

    feed: str
    state: str
    fetched_at: str | None = None
    data_on: date | None = None
    age_days: int | None = None
    max_age_days: int | None = None
    rows: int | None = None
    rejects: int = 0
    source: str | None = None
    title: str | None = None
    licence: str | None = None
    visibility: str | None = None
    note: str | None = None


@dataclass
class CityStatus:
    """All of a city; `rejects`, `links` and `refusals` are counts by feed and reason or method."""

    city: str
    warehouse: Path | None
    feeds: list[FeedStatus] = field(default_factory=list)
    rejects: list[dict[str, Any]] = field(default_factory=list)
    links: list[dict[str, Any]] = field(default_factory=list)
    refusals: list[dict[str, Any]] = field(default_factory=list)
    facts: dict[str, str] = field(default_factory=dict)
    last_run: dict[str, Any] | None = None
    failure: dict[str, Any] | None = None


def all_status(space: Workspace) -> list[CityStatus]:
    """Status of every city that has a warehouse file, by name."""
    return [city_status(slug, space) for slug in known_slugs(space)]


def city_status(city: str, space: Workspace) -> CityStatus:
    """Status of one city, by slug or path; one that was never run shows its feeds as missing.

    Raises:
        OnbenutError: there is neither a warehouse nor a city file.
    """
    slug = city_slug(city)
    declared = _declared_feeds(city, space)
    path = space.warehouse(slug)
    if not path.exists() and (declared is None or slug != own_city(slug)):
        known = ", ".join(known_slugs(space)) or "none"
        raise OnbenutError("no such city", city=city, next_step=f"cities that were run: {known}; or give a path")
    status = CityStatus(slug, path if path.exists() else None)
    status.last_run = read_record(space.run_log(slug))
    status.failure = read_record(space.failure_log(slug))
    known_feeds: dict[str, dict[str, Any]] = {}
    if path.exists():
        con = open_warehouse(city, space)
        try:
            known_feeds = _read_warehouse(con, status)
        finally:
            con.close()
    as_of = date.fromisoformat(status.facts["as_of"]) if "as_of" in status.facts else datetime.now(UTC).date()
    for name in sorted({*known_feeds, *(declared or {})}):
        status.feeds.append(_feed_status(name, slug, space, known_feeds.get(name), declared, status, as_of))
    return status


def _read_warehouse(con: duckdb.DuckDBPyConnection, status: CityStatus) -> dict[str, dict[str, Any]]:
    status.facts = {row["name"]: row["value"] for row in rows(con, "SELECT name, value FROM layer.run ORDER BY name")}
    status.rejects = rows(
        con,
        "SELECT feed, table_name, reason, count(*) AS rows FROM staging.reject GROUP BY ALL ORDER BY ALL",
    )
    status.refusals = rows(
        con, "SELECT feed, table_name, reason, count(*) AS rows FROM core.refusal GROUP BY ALL ORDER BY ALL"
    )
    status.links = rows(
        con,
        """
        SELECT feed, 'core.link_register' AS table_name, method, count(DISTINCT source_row) AS rows
        FROM core.link_register GROUP BY ALL
        UNION ALL SELECT feed, 'core.link_footprint', method, count(DISTINCT source_row) FROM core.link_footprint GROUP BY ALL
        ORDER BY ALL
        """,
    )
    return {row["feed"]: row for row in rows(con, "SELECT * FROM reference.feed")}


def _feed_status(
    name: str,
    slug: str,
    space: Workspace,
    known: dict[str, Any] | None,
    declared: dict[str, dict[str, Any]] | None,
    status: CityStatus,
    as_of: date,
) -> FeedStatus:
    last = ((status.last_run or {}).get("feeds") or {}).get(name, {})
    manifest = _last_manifest(space, own_city(slug), name)
    found = FeedStatus(name, "missing")
    found.max_age_days = (declared or {}).get(name, last).get("max_age_days")
    found.rejects = sum(row["rows"] for row in status.rejects if row["feed"] == name)
    if known:
        found.data_on, found.rows, found.source = known["snapshot_on"], known["row_count"], known["source"]
        found.title, found.licence, found.visibility = known["title"], known["licence"], known["visibility"]
        days = (as_of - known["snapshot_on"]).days
        found.age_days = days if days >= 0 else None
    if manifest:
        found.fetched_at = manifest["fetched_at"]
        found.source = found.source or manifest["source"]
        found.licence = found.licence or manifest.get("licence")
    if declared is not None and name not in declared:
        found.note = "no longer in the city file"
    if manifest is None:
        found.note = found.note or "no good snapshot in the store"
    elif fallback := last.get("fallback"):
        found.state, found.note = "fallback", fallback
    elif None not in (found.age_days, found.max_age_days) and found.age_days > found.max_age_days:  # type: ignore[operator]
        found.state = "old"
    else:
        found.state = "good"
    return found


def _last_manifest(space: Workspace, slug: str, feed: str) -> dict[str, Any] | None:
    store = space.store
    for accepted in store.newest_first(store.folder(slug, feed).glob("*.accepted")):
        manifest = read_record(accepted.with_suffix(".json"))
        if manifest and all(store.blob(part["sha256"]).exists() for part in manifest["parts"]):
            return manifest
    return None


def _declared_feeds(city: str, space: Workspace) -> dict[str, dict[str, Any]] | None:
    """Feeds as the city file names them, unchecked: the full model would cost a second; None without a readable file."""
    slug = own_city(city_slug(city))
    places = [space.cities / f"{slug}.toml", space.sample / slug / f"{slug}.toml"]
    if city.endswith(".toml"):
        places = [Path(city)]
    for path in places:
        if path.exists():
            try:
                feeds = tomllib.loads(path.read_text(encoding="utf-8")).get("feeds")
            except (tomllib.TOMLDecodeError, UnicodeDecodeError):
                return None  # `onbenut cities` and `onbenut run` say what is wrong with it
            own: dict[str, Any] = {"field_checks": {}} if (space.fieldwork(slug) / "evidence.csv").exists() else {}
            own |= {"adverts": {}} if (space.adverts(slug) / "adverts.json").exists() else {}
            return {name: feed for name, feed in {**(feeds or {}), **own}.items() if isinstance(feed, dict)}
    return None


def read_record(path: Path) -> dict[str, Any] | None:
    """A record of a run; None where there is none.

    Raises:
        OnbenutError: it is damaged.
    """
    try:
        body: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except ValueError as error:
        raise OnbenutError("a record of a run is damaged", file=path, next_step="remove it and run again") from error
    return body
