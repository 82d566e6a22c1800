"""The steps of a run, defined once: plain functions that `run` calls in order and that the Prefect flow wraps as tasks."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import duckdb

from flows.workspace import Workspace
from sources._kit.city import City, Feed
from sources._kit.contract import load_source, raw_name, settings_of
from sources._kit.duck import identifier, literal
from sources._kit.errors import FetchRefusedError, OnbenutError
from sources._kit.snapshot import Snapshot
from transforms._kit.header import TableSpec, read_specs
from transforms._kit.intake import make_intake
from transforms._kit.reference import Reference, read_reference, write_table
from transforms._kit.runner import Built, Parameter, build, define_macros, prepare

Report = Callable[[str], None]


@dataclass(frozen=True)
class Fetched:
    """A feed's snapshot for this run, and whether it had to fall back on the last good one."""

    snapshot: Snapshot
    warning: str | None = None


@dataclass
class Loaded:
    """What the raw floor holds of a feed."""

    feed: str
    fingerprint: str
    rows: dict[str, int]
    snapshot_on: date
    was_parsed: bool
    warning: str | None = None


@dataclass
class Plan:
    """Everything that decides what the tables will be: declared tables, reference numbers, parameters."""

    specs: list[TableSpec]
    reference: Reference
    params: dict[str, Parameter] = field(default_factory=dict)


def fetch_feed(city: City, feed: Feed, space: Workspace, *, offline: bool = False, fall_back: bool = True) -> Fetched:
    """Fetch one feed into the store, or fall back on its last good snapshot.

    Without `fall_back` a refused fetch raises, for a caller that tries again before it falls back.

    Raises:
        OnbenutError: nothing could be fetched and there is no good snapshot from before.
    """
    settings_of(city, feed)
    good = space.store.last_good(city, feed)
    if offline:
        if good is None:
            raise FetchRefusedError(
                "no stored snapshot to run on",
                city=city.slug,
                feed=feed.name,
                next_step="run once without --offline",
            )
        return Fetched(good)
    try:
        return Fetched(load_source(feed.source).fetch(city, feed, space.store))
    except FetchRefusedError as error:
        if good is None or not fall_back:
            raise
        return Fetched(good, f"{error}; used the snapshot of {good.fetched_at:%Y-%m-%d %H:%M} UTC")


def raw_fingerprint(snapshot: Snapshot) -> str:
    """What a feed's raw tables are made of: the bytes, the feed's table in the city file, the code that reads."""
    feed = snapshot.feed.model_dump_json(
        exclude={"url", "path", "max_age_days", "hard_age_days", "visibility", "licence"}
    )
    return hashlib.sha256(f"{snapshot.fingerprint}{feed}{_source_code()}".encode()).hexdigest()


def _source_code() -> str:
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
    fingerprint = raw_fingerprint(snapshot)
    con.execute(
        "CREATE TABLE IF NOT EXISTS meta.raw_feed (feed VARCHAR PRIMARY KEY, fingerprint VARCHAR, rows VARCHAR, data_on DATE)"
    )
    stored = con.execute("SELECT fingerprint, rows, data_on FROM meta.raw_feed WHERE feed = ?", [feed.name]).fetchone()
    if stored and stored[0] == fingerprint:
        rows: dict[str, int] = json.loads(stored[1])
        data_on: date | None = stored[2]
    else:
        con.execute("DELETE FROM meta.raw_feed WHERE feed = ?", [feed.name])
        source = load_source(feed.source)
        try:
            data_on = source.parse(snapshot, con)
        except OnbenutError as error:
            _locate(error, snapshot)
            raise
        rows = {table: _count(con, feed, table) for table in source.tables(feed)}
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
        con.execute(
            "INSERT INTO meta.raw_feed VALUES (?, ?, ?, ?)",
            [feed.name, fingerprint, json.dumps(rows), data_on],
        )
    space.store.accept(snapshot, rows, data_on)
    day = feed.snapshot_on or data_on or _last_modified(snapshot) or snapshot.fetched_at.date()
    return Loaded(feed.name, fingerprint, rows, day, not (stored and stored[0] == fingerprint), warning)


def _too_few(rows: dict[str, int], feed: Feed) -> str | None:
    """Which floor of the feed is not reached, in words; None when all are."""
    if isinstance(feed.rows_min, int):
        total = sum(rows.values())
        return f"{total} of at least {feed.rows_min}" if total < feed.rows_min else None
    short = [
        f"{name}: {rows.get(name, 0)} of at least {n}" for name, n in feed.rows_min.items() if rows.get(name, 0) < n
    ]
    return "; ".join(short) or None


def _locate(error: OnbenutError, snapshot: Snapshot) -> None:
    """Name city and feed, and the provider's file instead of the store's."""
    error.locate(source=snapshot.feed.source, city=snapshot.city.slug, feed=snapshot.feed.name)
    names = {str(snapshot.store.blob(part.sha256)): part.file for part in snapshot.parts}
    if str(error.where.get("file")) in names:
        error.where["file"] = names[str(error.where["file"])]


def _count(con: duckdb.DuckDBPyConnection, feed: Feed, table: str) -> int:
    row = con.execute(f"SELECT count(*) FROM {raw_name(feed, table)}").fetchone()
    assert row is not None
    return int(row[0])


def _last_modified(snapshot: Snapshot) -> date | None:
    from email.utils import parsedate_to_datetime

    days = [parsedate_to_datetime(part.last_modified).date() for part in snapshot.parts if part.last_modified]
    return max(days) if days else None


def read_plan(city: City, space: Workspace, as_of: date, loaded: list[Loaded]) -> Plan:
    """Read declared tables and reference numbers, and set the parameters of this run."""
    reference = read_reference(space.reference)
    content = "".join(item.fingerprint for item in loaded) + reference.digest
    digest = hashlib.sha256(content.encode()).hexdigest()[:8]
    low_x, low_y, high_x, high_y = _extent(city.crs)
    return Plan(
        read_specs(space.tables),
        reference,
        {
            "as_of": as_of,
            "city_name": city.name,
            "nis_code": city.nis,
            "crs": city.crs,
            "crs_min_x": low_x,
            "crs_min_y": low_y,
            "crs_max_x": high_x,
            "crs_max_y": high_y,
            "config_version": reference.config_version,
            "run_id": f"{city.slug}-{as_of.isoformat()}-{digest}",
        },
    )


def _extent(crs_name: str) -> tuple[float, float, float, float]:
    """Area of use of a CRS in its own metres, with 5 km to spare: what lies outside was written in another CRS."""
    from pyproj import CRS, Transformer

    crs = CRS.from_user_input(crs_name)
    area = crs.area_of_use
    if area is None:
        return (-1e8, -1e8, 1e8, 1e8)
    transformer = Transformer.from_crs(4326, crs, always_xy=True)
    west, south, east, north = transformer.transform_bounds(area.west, area.south, area.east, area.north)
    return (round(west) - 5000.0, round(south) - 5000.0, round(east) + 5000.0, round(north) + 5000.0)


def feed_rows(city: City, loaded: list[Loaded]) -> list[dict[str, object]]:
    """Rows of reference.feed: what the tables may know about where data comes from."""
    rows: list[dict[str, object]] = []
    for item in sorted(loaded, key=lambda item: item.feed):
        feed = city.feeds[item.feed]
        info = load_source(feed.source).info
        rows.append(
            {
                "feed": item.feed,
                "source": feed.source,
                "title": info.title,
                "publisher": info.publisher,
                "licence": feed.licence or info.licence,
                "licence_uri": info.licence_uri,
                "attribution": feed.attribution or info.attribution,
                "landing_page": info.landing_page,
                "visibility": feed.visibility or info.visibility,
                "snapshot_on": item.snapshot_on,
                "row_count": sum(item.rows.values()),
            }
        )
    return rows


def load_reference(con: duckdb.DuckDBPyConnection, city: City, plan: Plan, loaded: list[Loaded]) -> dict[str, str]:
    """Write the reference tables and the role views; returns the fingerprint of each."""
    prints = {f"reference.{name}": write_table(con, name, rows) for name, rows in plan.reference.tables.items()}
    prints["reference.feed"] = write_table(con, "feed", feed_rows(city, loaded))
    prints["reference.boundary"] = load_boundary(con, city)
    prints["reference.objection"] = load_objections(con, city)
    prints.update(make_intake(con, city, {item.feed: item.fingerprint for item in loaded}))
    return prints


def load_boundary(con: duckdb.DuckDBPyConnection, city: City) -> str:
    """Make reference.boundary: one polygon in the city's CRS, or no row where the city file names none.

    Raises:
        OnbenutError: the file is missing or holds no polygon.
    """
    con.execute("CREATE OR REPLACE TABLE reference.boundary (geom GEOMETRY)")
    if city.boundary is None:
        return "none"
    path = city.folder / city.boundary
    if not path.exists():
        raise OnbenutError(
            "no such boundary file", city=city.slug, file=path, next_step="mend `boundary` in the city file"
        )
    import geopandas

    frame = geopandas.read_file(path).to_crs(city.crs)
    shape = frame.geometry.union_all()
    if shape.is_empty or shape.geom_type not in ("Polygon", "MultiPolygon"):
        raise OnbenutError("the boundary holds no polygon", city=city.slug, file=path, value=shape.geom_type)
    con.execute("INSERT INTO reference.boundary SELECT ST_GeomFromWKB(?)", [shape.wkb])
    return hashlib.sha256(shape.wkb).hexdigest()


def build_tables(
    con: duckdb.DuckDBPyConnection,
    plan: Plan,
    prints: dict[str, str],
    on_table: Callable[[Built], None] = lambda _built: None,
) -> list[Built]:
    """Build the floors staging to layer."""
    define_macros(con)
    return build(con, plan.specs, prints, plan.params, on_table)


def load_objections(con: duckdb.DuckDBPyConnection, city: City) -> str:
    """Make reference.objection: ids of buildings whose owners or users objected to being shown.

    Raises:
        OnbenutError: the file is missing or holds anything but building ids; nobody's name belongs in it.
    """
    ids: list[str] = []
    if city.objections is not None:
        path = city.folder / city.objections
        where = {"city": city.slug, "file": path}
        if not path.exists():
            raise OnbenutError("no such list of objections", next_step="mend `objections` in the city file", **where)
        lines = path.read_text(encoding="utf-8-sig").splitlines()
        if not lines or lines[0].strip() != "building_id":
            raise OnbenutError(
                "a list of objections has the one column building_id",
                value=lines[0] if lines else "empty file",
                next_step="keep who objected, and why, elsewhere",
                **where,
            )
        ids = sorted({line.strip() for line in lines[1:] if line.strip()})
    con.execute("CREATE OR REPLACE TABLE reference.objection (building_id VARCHAR)")
    if ids:
        con.execute("INSERT INTO reference.objection SELECT unnest(?::VARCHAR[])", [ids])
    return hashlib.sha256("\n".join(ids).encode()).hexdigest()


def prepare_warehouse(con: duckdb.DuckDBPyConnection) -> None:
    """Make the schemas and the runner's own tables."""
    prepare(con)


def drop_unknown(con: duckdb.DuckDBPyConnection, plan: Plan, city: City) -> None:
    """Drop tables of feeds and SQL files that no longer exist, so that the file holds nothing nobody maintains."""
    known = {spec.full_name for spec in plan.specs}
    built = [row[0] for row in con.execute("SELECT table_name FROM meta.build").fetchall()]
    for name in built:
        if name not in known and name != "publish":
            schema, table = name.split(".", 1)
            kinds = con.execute(
                "SELECT table_type FROM information_schema.tables WHERE table_schema = ? AND table_name = ?",
                [schema, table],
            ).fetchall()
            for (kind,) in kinds:
                con.execute(f"DROP {'VIEW' if kind == 'VIEW' else 'TABLE'} {schema}.{identifier(table)}")
            con.execute("DELETE FROM meta.build WHERE table_name = ?", [name])
            con.execute("DELETE FROM meta.column_entry WHERE schema_name = ? AND table_name = ?", [schema, table])
    for (feed,) in con.execute("SELECT feed FROM meta.raw_feed").fetchall():
        if feed not in city.feeds:
            tables = con.execute(
                "SELECT table_name FROM information_schema.tables WHERE table_schema = 'raw' AND table_type = 'BASE TABLE' "
                f"AND starts_with(table_name, {literal(feed + '_')})"
            ).fetchall()
            for (table,) in tables:
                if not any(table.startswith(other + "_") for other in city.feeds):
                    con.execute(f"DROP TABLE raw.{identifier(table)}")
            con.execute("DELETE FROM meta.raw_feed WHERE feed = ?", [feed])
