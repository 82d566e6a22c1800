"""Steps about the tables of one city: what decides them, their reference numbers, building them, dropping dead ones."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date

import duckdb

from flows.boundary import load_boundary
from flows.decisions import load_decisions
from flows.feed_steps import Loaded, source_code
from flows.history import keep_history
from flows.objections import load_objections
from flows.park_history import keep_park_history
from flows.workspace import Workspace
from sources._kit.city import City, Feed, Publisher
from sources._kit.contract import SourceInfo, load_source
from sources._kit.duck import at_once, identifier, literal
from transforms._kit.header import TableSpec, read_specs
from transforms._kit.intake import make_intake
from transforms._kit.reference import Reference, fingerprints, read_reference, write_table
from transforms._kit.runner import Built, Parameter, build, define_macros, method_hash, prepare


@dataclass
class Plan:
    """Everything that decides what the tables will be: declared tables, reference numbers, parameters."""

    specs: list[TableSpec]
    reference: Reference
    params: dict[str, Parameter] = field(default_factory=dict)


def read_plan(
    city: City,
    space: Workspace,
    as_of: date,
    loaded: list[Loaded],
    *,
    slug: str | None = None,
    reference: Reference | None = None,
) -> Plan:
    """Read declared tables and reference numbers, and set the parameters of this run.

    `slug` and `reference` are those of a variant: the city scored with weights of somebody's own.
    """
    reference = reference or read_reference(space.reference)
    specs = read_specs(space.tables)
    method = _hash(method_hash(specs), source_code())
    digest = _hash(*(item.fingerprint for item in loaded), reference.digest, method)[:8]
    low_x, low_y, high_x, high_y = _extent(city.crs)
    return Plan(
        specs,
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
            "run_id": f"{slug or city.slug}-{as_of.isoformat()}-{digest}",
            "version": reference.version,
            "weights": reference.variant,
            "reference_hash": reference.digest,
            "method_hash": method,
            # Where rasters lie. No table declares it, so no fingerprint holds a path of this machine.
            "store": str(space.store.root),
        },
    )


def table_facts(plan: Plan) -> dict[str, str | None]:
    """What a run's tables are made of: two runs that differ in none of it give the same layer."""
    names = ("config_version", "version", "weights", "reference_hash", "method_hash", "data_hash")
    return {name: None if plan.params[name] is None else str(plan.params[name]) for name in names}


def _hash(*parts: str) -> str:
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


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
                "licence_uri": _licence_uri(feed, info),
                "attribution": feed.attribution or info.attribution,
                "landing_page": info.landing_page,
                "visibility": feed.visibility or info.visibility,
                "snapshot_on": item.snapshot_on,
                "row_count": sum(item.rows.values()),
                "max_age_days": feed.max_age_days,
            }
        )
    return rows


def _licence_uri(feed: Feed, info: SourceInfo) -> str:
    """Address of the licence that holds; the source's own says nothing about one that the city file puts in its place."""
    if feed.licence_uri is not None:
        return feed.licence_uri
    return info.licence_uri if feed.licence in (None, info.licence) else ""


def publisher_row(city: City) -> dict[str, str | None]:
    """The row of reference.publisher: nothing is known where the city file does not say."""
    return {key: getattr(city.publisher, key, None) for key in Publisher.model_fields}


def load_reference(
    con: duckdb.DuckDBPyConnection, city: City, space: Workspace, plan: Plan, loaded: list[Loaded]
) -> dict[str, str]:
    """Write the reference tables, the role views and the history; returns the fingerprint of each."""
    prints = write_reference(con, plan.reference)
    prints.update(load_given(con, city, space, plan, loaded))
    as_of = plan.params["as_of"]
    assert isinstance(as_of, date)
    define_macros(con)
    prints.update(keep_history(con, as_of))
    prints.update(keep_park_history(con))
    return prints


def write_reference(con: duckdb.DuckDBPyConnection, reference: Reference) -> dict[str, str]:
    """Write the reference numbers; returns what tables that read them depend on."""
    with at_once(con):
        for name, rows in reference.tables.items():
            write_table(con, name, rows)
    return fingerprints(reference.tables)


def load_given(
    con: duckdb.DuckDBPyConnection, city: City, space: Workspace, plan: Plan, loaded: list[Loaded]
) -> dict[str, str]:
    """Write what the city and its feeds give beside rows: licences, boundary, objections, decisions, role views.

    Sets the parameter `data_hash`: the rows of all feeds as they were read, and these files.
    """
    # A boundary may come from a feed, so the views are made first.
    views = make_intake(con, city, {item.feed: item.fingerprint for item in loaded})
    prints = {
        "reference.boundary": load_boundary(con, city, plan.reference.tables.get("nis_2025", [])),
        "reference.objection": load_objections(con, city, space),
        "reference.decision": load_decisions(con, city, space),
    }
    feeds = sorted(f"{item.feed} {item.fingerprint} {item.snapshot_on}" for item in loaded)
    plan.params["data_hash"] = _hash(*feeds, *prints.values())
    prints["reference.feed"] = write_table(con, "feed", feed_rows(city, loaded))
    prints["reference.publisher"] = write_table(con, "publisher", [publisher_row(city)])
    prints.update(views)
    return prints


def build_tables(
    con: duckdb.DuckDBPyConnection,
    plan: Plan,
    prints: dict[str, str],
    on_table: Callable[[Built], None] = lambda _built: None,
) -> list[Built]:
    """Build the floors staging to layer."""
    define_macros(con)
    return build(con, plan.specs, prints, plan.params, on_table)


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
