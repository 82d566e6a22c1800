"""A hand-made place: a few buildings with what is known of them, run through the ties and the scores of sites."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import Any

import duckdb

from flows.workspace import CHECKOUT
from sources._kit.duck import connect, literal
from transforms._kit.header import TableSpec, read_spec
from transforms._kit.reference import read_reference, write_table
from transforms._kit.runner import build, define_macros, prepare

REFERENCE = read_reference(CHECKOUT / "data" / "reference")
PARAMETER = {row["name"]: row["value"] for row in REFERENCE.tables["parameter"]}
KINDS = {row["kind"]: row for row in REFERENCE.tables["evidence_kind"]}
TYPES = {row["type"]: row for row in REFERENCE.tables["building_type"]}
_FOLDER = CHECKOUT / "transforms" / "score"
SPECS: Sequence[TableSpec] = [
    read_spec(CHECKOUT / "transforms" / "core" / "size.sql"),
    read_spec(_FOLDER / "size.sql"),
    *[
        read_spec(_FOLDER / f"{name}.sql")
        for name in ("applicable", "silence", "underuse_part", "underuse", "site_tie")
    ],
    read_spec(_FOLDER / "site_component.py"),
    *[read_spec(_FOLDER / f"{name}.sql") for name in ("site_member", "site_underuse_part", "site")],
]
_BUILDS = count()
_TABLES = """
CREATE TABLE core.building (building_id VARCHAR, name VARCHAR, footprint_m2 DOUBLE, height_m DOUBLE, floors DOUBLE, geom GEOMETRY);
CREATE TABLE core.height_measured (building_id VARCHAR, feed VARCHAR, covered_share DOUBLE, middle_m DOUBLE, top_m DOUBLE, mean_m DOUBLE,
    cell_m DOUBLE, vertical_sd_m DOUBLE);
CREATE TABLE core.standing (building_id VARCHAR);
CREATE TABLE core.address (building_id VARCHAR, street_key VARCHAR, house_number VARCHAR);
CREATE TABLE core.link_parcel (building_id VARCHAR, parcel_id VARCHAR, share DOUBLE, is_main BOOLEAN);
CREATE TABLE core.tag (building_id VARCHAR, element_id VARCHAR, origin VARCHAR, key VARCHAR, value VARCHAR);
CREATE TABLE core.link_land_use (building_id VARCHAR, land_use_id VARCHAR, land_use VARCHAR);
CREATE TABLE staging.place (place_id VARCHAR, tags MAP(VARCHAR, VARCHAR), geom GEOMETRY);
CREATE TABLE staging.land_use (land_use_id VARCHAR, geom GEOMETRY);
CREATE TABLE core.objected (building_id VARCHAR, objection_id VARCHAR);
CREATE TABLE score.type (building_id VARCHAR, type VARCHAR, is_atypical BOOLEAN, is_residential BOOLEAN);
CREATE TABLE score.atypicality_part (building_id VARCHAR, value DECIMAL(18,6));
CREATE TABLE score.reuse (building_id VARCHAR, middle DECIMAL(18,6), place INTEGER);
CREATE TABLE staging.register_row (feed VARCHAR, inventory VARCHAR);
CREATE TABLE staging.observation (feed VARCHAR, kind VARCHAR);
CREATE TABLE reference.feed (feed VARCHAR, source VARCHAR, visibility VARCHAR, snapshot_on DATE);
CREATE TABLE evidence.item (item_id VARCHAR, building_id VARCHAR, kind VARCHAR, authority VARCHAR, visibility VARCHAR, detail VARCHAR,
    observed_on DATE, freshness DOUBLE, match_method VARCHAR, match_score DOUBLE, effect DOUBLE, effect_sd DOUBLE, is_legal BOOLEAN,
    vacant_low DOUBLE, vacant_high DOUBLE);
"""
EMPTY = (
    "core.building", "core.standing", "core.address", "core.link_parcel", "core.tag", "core.link_land_use", "staging.place",
    "staging.land_use", "core.objected", "score.type", "score.atypicality_part", "score.reuse",
    "evidence.item",
)  # fmt: skip


@dataclass(frozen=True)
class House:
    """A building of `wide` x `deep` metres, `x` metres to the east; `items` are (kind, freshness, match, method) of it."""

    id: str
    type: str
    x: float
    wide: float = 10.0
    deep: float = 10.0
    name: str | None = None
    number: str | None = None
    parcel: str | None = None
    grounds: str | None = None
    land_use: str | None = None
    floors: float | None = None
    items: tuple[tuple[str, float, float, str], ...] = field(default=())


def open_place() -> duckdb.DuckDBPyConnection:
    """A connection with the reference numbers and empty tables."""
    con = connect()
    prepare(con)
    for name, rows in REFERENCE.tables.items():
        write_table(con, name, rows)
    define_macros(con)
    con.execute(_TABLES)
    return con


def run_place(con: duckdb.DuckDBPyConnection, houses: Sequence[House], objections: Sequence[str] = ()) -> None:
    """Fill the tables with `houses`, in their order, and build the site tables; grounds and areas are drawn around who is in them."""
    rows: dict[str, list[str]] = {table: [] for table in EMPTY}

    def add(table: str, *values: Any) -> None:
        rows[table].append(f"({', '.join(v if _is_sql(v) else literal(v) for v in values)})")

    for h in houses:
        shape = f"ST_MakeEnvelope({h.x}, 0, {h.x + h.wide}, {h.deep})"
        kind = TYPES[h.type]
        add("core.building", h.id, h.name, h.wide * h.deep, None, h.floors, shape)
        add("core.standing", h.id)
        add("score.type", h.id, h.type, kind["is_atypical"], kind["is_residential"] if h.type != "unknown" else None)
        add("score.atypicality_part", h.id, 40.0 if kind["is_atypical"] else 5.0)
        if kind["is_atypical"]:
            add("score.reuse", h.id, 60.0, 1)
        if h.number:
            add("core.address", h.id, "kerkstraat", h.number)
        if h.parcel:
            add("core.link_parcel", h.id, h.parcel, 1.0, True)
        if h.grounds:
            add("core.tag", h.id, h.grounds, "grounds", "amenity", "school")
        if h.land_use:
            add("core.link_land_use", h.id, h.land_use, h.land_use.split("-", maxsplit=1)[0])
        for number, (item, fresh, match, method) in enumerate(h.items):
            k, weight = KINDS[item], fresh * match
            add("evidence.item", f"{item} {h.id} {number}", h.id, item, k["authority"], "public", None, "DATE '2025-01-01'", fresh,
                method, match, k["log_lr"] * weight, k["log_lr_sd"] * weight, k["is_legal"], None, None)  # fmt: skip
    for column, table in (("grounds", "staging.place"), ("land_use", "staging.land_use")):
        for area in sorted({getattr(h, column) for h in houses} - {None}):
            inside = [h for h in houses if getattr(h, column) == area]
            shape = f"ST_MakeEnvelope({min(h.x for h in inside)}, -5, {max(h.x + h.wide for h in inside)}, 60)"
            if table == "staging.place":
                add(table, area, f"MAP {{'name': {literal('School ' + area)}}}", shape)
            else:
                add(table, area, shape)
    for building_id in objections:
        add("core.objected", building_id, building_id)
    for table, made in rows.items():
        con.execute(f"DELETE FROM {table}; " + (f"INSERT INTO {table} VALUES {', '.join(made)}" if made else ""))
    number = next(_BUILDS)
    build(con, SPECS, {spec.full_name: f"{number}" for spec in SPECS}, {"config_version": "test"})


def _is_sql(value: Any) -> bool:
    return isinstance(value, str) and value.startswith(("ST_", "MAP ", "DATE "))


def members(con: duckdb.DuckDBPyConnection, audience: str = "city") -> dict[str, set[str]]:
    """site_id -> ids of its buildings."""
    rows = con.execute("SELECT site_id, building_id FROM score.site_member WHERE audience = ?", [audience]).fetchall()
    return {site: {b for s, b in rows if s == site} for site, _ in rows}


def sites(con: duckdb.DuckDBPyConnection, audience: str = "city") -> dict[str, dict[str, Any]]:
    """site_id -> its row of score.site."""
    found = con.execute("SELECT * FROM score.site WHERE audience = ?", [audience])
    names = [column[0] for column in found.description or []]
    rows = [dict(zip(names, row, strict=True)) for row in found.fetchall()]
    return {row["site_id"]: row for row in rows}
