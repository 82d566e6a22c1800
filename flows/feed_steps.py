"""Steps about one feed that was fetched: read it into the raw floor, hold it to the last, fall back on the last good snapshot."""

from __future__ import annotations

import hashlib
import json
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import duckdb

from flows.fetch_steps import Fetched
from flows.workspace import Workspace
from sources._kit.city import Feed
from sources._kit.contract import load_source, raw_name
from sources._kit.duck import identifier, literal
from sources._kit.errors import FetchRefusedError, OnbenutError
from sources._kit.snapshot import Snapshot


@dataclass
class Loaded:
    """What the raw floor holds of a feed."""

    feed: str
    fingerprint: str
    """Of the rows that its raw tables hold, not of the bytes: pages of a service carry the second they were served."""
    rows: dict[str, int]
    snapshot_on: date
    was_parsed: bool
    snapshot: str
    warning: str | None = None
    manifest: str = ""
    """File name of the manifest of the fetch that was read."""


def raw_fingerprint(snapshot: Snapshot) -> str:
    """What a feed's raw tables are made of: the bytes and the box they are read for, the feed's table in the city file, the code that reads."""
    feed = snapshot.feed.model_dump_json(
        exclude={
            "url",
            "path",
            "service",
            "otherwise",
            "drop_max",
            "max_age_days",
            "hard_age_days",
            "visibility",
            "licence",
        }
    )
    return hashlib.sha256(f"{snapshot.fingerprint}{snapshot.clip or ''}{feed}{source_code()}".encode()).hexdigest()


def source_code() -> str:
    """Hash of the code that reads the providers' files."""
    root = Path(__file__).resolve().parents[1] / "sources"
    digest = hashlib.sha256()
    for path in sorted([*root.glob("*.py"), *root.glob("*.toml"), *root.glob("_*/*")]):
        if path.suffix in (".py", ".toml"):
            digest.update(path.read_bytes())
    return digest.hexdigest()


def load_raw(con: duckdb.DuckDBPyConnection, fetched: Fetched, space: Workspace) -> Loaded:
    """Parse a snapshot into the raw floor unless these very bytes are there already; accept it as good.

    A new snapshot that cannot be read is not accepted: the last good one is used and the reason kept.

    Raises:
        OnbenutError: the snapshot cannot be read and there is no good one from before.
    """
    snapshot = fetched.snapshot
    try:
        return _load(con, snapshot, fetched.warning, space)
    except OnbenutError as error:
        good = space.store.last_good(snapshot.city, snapshot.feed)
        if good is None or good.fingerprint == snapshot.fingerprint:
            raise
        return _load(con, good, f"{error}; used the snapshot of {good.fetched_at:%Y-%m-%d %H:%M} UTC", space)


def _load(con: duckdb.DuckDBPyConnection, snapshot: Snapshot, warning: str | None, space: Workspace) -> Loaded:
    feed = snapshot.feed
    if stored := stored_raw(con, Fetched(snapshot, warning)):
        loaded, data_on = stored
        space.store.accept(snapshot, loaded.rows, data_on)
        return loaded
    fingerprint = raw_fingerprint(snapshot)
    published = _published_rows(con, feed)
    con.execute("DELETE FROM meta.raw_feed WHERE feed = ?", [feed.name])
    rows, data_on = _parse(con, snapshot)
    short = _too_few(rows, feed)
    if short:
        raise FetchRefusedError(
            "fewer rows than this feed must have",
            source=feed.source,
            city=snapshot.city.slug,
            feed=feed.name,
            value=short,
            next_step="look whether the provider's file is whole; lower rows_min only if it really shrank",
        )
    _hold_to_last(snapshot, rows, published)
    content = _content(con, feed, list(rows))
    con.execute(
        "INSERT INTO meta.raw_feed VALUES (?, ?, ?, ?, ?)", [feed.name, fingerprint, json.dumps(rows), data_on, content]
    )
    space.store.accept(snapshot, rows, data_on)
    return _loaded(snapshot, content, rows, data_on, warning, was_parsed=True)


def _parse(con: duckdb.DuckDBPyConnection, snapshot: Snapshot) -> tuple[dict[str, int], date | None]:
    """Make a snapshot's raw tables; rows of each, and the day the data say they are from."""
    source = load_source(snapshot.feed.source)
    try:
        data_on = source.parse(snapshot, con)
    except OnbenutError as error:
        _locate(error, snapshot)
        raise
    finally:
        _drop_temporary(con)
    return {table: _count(con, snapshot.feed, table) for table in source.tables(snapshot.feed)}, data_on


def load_again(con: duckdb.DuckDBPyConnection, snapshot: Snapshot) -> Loaded:
    """Read a snapshot that an earlier run accepted into the raw floor: it is not held to the newest, nor accepted anew.

    Raises:
        OnbenutError: it can no longer be read.
    """
    if stored := stored_raw(con, Fetched(snapshot)):
        return stored[0]
    feed = snapshot.feed
    con.execute(f"DELETE FROM meta.raw_feed WHERE feed = {literal(feed.name)}")
    rows, data_on = _parse(con, snapshot)
    content = _content(con, feed, list(rows))
    values = (feed.name, raw_fingerprint(snapshot), json.dumps(rows), data_on, content)
    con.execute(f"INSERT INTO meta.raw_feed VALUES ({', '.join(literal(value) for value in values)})")
    return _loaded(snapshot, content, rows, data_on, None, was_parsed=True)


def stored_raw(con: duckdb.DuckDBPyConnection, fetched: Fetched) -> tuple[Loaded, date | None] | None:
    """What the raw floor already holds of these very bytes and the day they state; None when it holds others or none."""
    fingerprint = raw_fingerprint(fetched.snapshot)
    con.execute(
        "CREATE TABLE IF NOT EXISTS meta.raw_feed "
        "(feed VARCHAR PRIMARY KEY, fingerprint VARCHAR, rows VARCHAR, data_on DATE, content VARCHAR)"
    )
    # A warehouse of an older version lacks the column; its feeds are read once more.
    con.execute("ALTER TABLE meta.raw_feed ADD COLUMN IF NOT EXISTS content VARCHAR")
    # As text: a bound parameter makes DuckDB load pandas, which an unchanged night can do without.
    found = con.execute(
        "SELECT rows, data_on, content FROM meta.raw_feed WHERE content IS NOT NULL "
        f"AND feed = {literal(fetched.snapshot.feed.name)} AND fingerprint = {literal(fingerprint)}"
    ).fetchone()
    if found is None:
        return None
    rows: dict[str, int] = json.loads(found[0])
    return _loaded(fetched.snapshot, found[2], rows, found[1], fetched.warning, was_parsed=False), found[1]


def _loaded(
    snapshot: Snapshot,
    fingerprint: str,
    rows: dict[str, int],
    data_on: date | None,
    warning: str | None,
    *,
    was_parsed: bool,
) -> Loaded:
    day = snapshot.feed.snapshot_on or data_on or _last_modified(snapshot) or snapshot.fetched_at.date()
    return Loaded(
        snapshot.feed.name,
        fingerprint,
        rows,
        day,
        was_parsed,
        snapshot.fingerprint,
        warning,
        snapshot.manifest_path.name,
    )


def _too_few(rows: dict[str, int], feed: Feed) -> str | None:
    """Which floor of the feed is not reached, in words; None when all are."""
    if isinstance(feed.rows_min, int):
        total = sum(rows.values())
        return f"{total} of at least {feed.rows_min}" if total < feed.rows_min else None
    short = [
        f"{name}: {rows.get(name, 0)} of at least {n}" for name, n in feed.rows_min.items() if rows.get(name, 0) < n
    ]
    return "; ".join(short) or None


def _published_rows(con: duckdb.DuckDBPyConnection, feed: Feed) -> dict[str, int] | None:
    """Rows of the feed in the last accepted run: a run is built in a copy of its file."""
    row = con.execute(f"SELECT rows FROM meta.raw_feed WHERE feed = {literal(feed.name)}").fetchone()
    return json.loads(row[0]) if row else None


def _hold_to_last(snapshot: Snapshot, rows: dict[str, int], published: dict[str, int] | None) -> None:
    """Refuse a snapshot that lost more rows since the last accepted run than the feed allows: by default, all of a table.

    A snapshot may be good and the run that read it refused by its gates. Held to such a one, a feed could shrink night by night.

    Raises:
        FetchRefusedError: naming the table.
    """
    good = snapshot.store.last_good(snapshot.city, snapshot.feed)
    # Of another box another number of rows is to be expected.
    is_alike = good is not None and good.clip == snapshot.clip
    facts = snapshot.store.acceptance(good) if good is not None and is_alike else None
    before: Any = (published or facts["rows"]) if facts else {}
    drop_max = snapshot.feed.drop_max
    for table, count in rows.items():
        known = int(before.get(table, 0))
        if (known and not count and drop_max is None) or (drop_max is not None and count < known * (1 - drop_max)):
            raise FetchRefusedError(
                "far fewer rows than in the last good snapshot",
                source=snapshot.feed.source,
                city=snapshot.city.slug,
                feed=snapshot.feed.name,
                table=table,
                value=f"{count}, after {known}",
                next_step="look whether the provider's file is whole; raise drop_max only if it really shrank",
            )


def _locate(error: OnbenutError, snapshot: Snapshot) -> None:
    """Name city and feed, and the provider's file instead of the store's."""
    error.locate(source=snapshot.feed.source, city=snapshot.city.slug, feed=snapshot.feed.name)
    names = {str(snapshot.store.blob(part.sha256)): part.file for part in snapshot.parts}
    if str(error.where.get("file")) in names:
        error.where["file"] = names[str(error.where["file"])]


def _drop_temporary(con: duckdb.DuckDBPyConnection) -> None:
    """Drop the working tables a source left; they are as large as the raw ones."""
    found = "SELECT table_name FROM duckdb_tables() WHERE temporary"
    for (name,) in con.execute(found).fetchall():
        con.execute(f"DROP TABLE temp.{identifier(name)}")


def _content(con: duckdb.DuckDBPyConnection, feed: Feed, tables: list[str]) -> str:
    """Hash of the rows of a feed's raw tables and of their columns; `_row` holds the place of each."""
    digest = hashlib.sha256()
    for table in sorted(tables):
        name = raw_name(feed, table)
        described = con.execute(f"SELECT column_name, column_type FROM (DESCRIBE {name})").fetchall()
        # A sum, and no exclusive or: rows that are there twice would leave no trace in that.
        rows = con.execute(f"SELECT count(*), sum(hash(t)::HUGEINT) FROM {name} AS t").fetchall()
        digest.update(json.dumps([table, described, [str(value) for value in rows[0]]]).encode())
    return digest.hexdigest()


def _count(con: duckdb.DuckDBPyConnection, feed: Feed, table: str) -> int:
    row = con.execute(f"SELECT count(*) FROM {raw_name(feed, table)}").fetchone()
    assert row is not None
    return int(row[0])


def _last_modified(snapshot: Snapshot) -> date | None:
    from email.utils import parsedate_to_datetime

    days = []
    for part in snapshot.parts:
        # A header is no reason to lose the rows that came with it.
        with suppress(ValueError, TypeError):
            days += [parsedate_to_datetime(part.last_modified).date()] if part.last_modified else []
    return max(days, default=None)
