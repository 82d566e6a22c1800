"""A hand-made world for the reuse tables: a few buildings and what lies around them, run through the score floor's own SQL."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import duckdb

from flows.workspace import CHECKOUT
from sources._kit.duck import connect, literal
from transforms._kit.header import TableSpec, read_specs
from transforms._kit.reference import Reference, read_reference, write_table
from transforms._kit.runner import define_macros

FOLDER = CHECKOUT / "data" / "reference"
SPECS = {spec.full_name: spec for spec in read_specs(CHECKOUT / "transforms")}
MEASURE = (
    "core.size",
    "size",
    "reuse_building",
    "measure_number",
    "measure_thing",
    "measure_near",
    "area_class",
    "measure_class",
    "measure",
)
INDEX = ("criterion", "reuse_level", "reuse_part", "reuse")
INPUTS = (
    "core.building", "core.height_measured", "core.standing", "core.tag", "core.link_land_use", "score.type", "score.heritage", "evidence.item",
    "staging.place", "staging.facility", "staging.land_use", "staging.footprint", "staging.designation", "staging.area",
    "core.link_area",
)  # fmt: skip
Con = duckdb.DuckDBPyConnection
Thing = tuple[str, Mapping[str, str], str]


def open_world(reference: Reference) -> Con:
    """An empty city with the given reference tables."""
    con = connect()
    for schema in ("staging", "core", "evidence", "score"):
        con.execute(f"CREATE SCHEMA {schema}")
    for name, rows in reference.tables.items():
        write_table(con, name, rows)
    define_macros(con)
    con.execute(f"SET VARIABLE as_of = DATE {literal(date(2025, 1, 1).isoformat())}")
    con.execute(
        "CREATE TABLE reference.feed AS SELECT 'osm' AS feed, 'public' AS visibility, DATE '2025-01-01' AS snapshot_on UNION ALL VALUES ('secret', 'city', DATE '2025-01-01')"
    )
    for name in INPUTS:
        columns = ", ".join(f"{column.name} {column.type}" for column in SPECS[name].columns)
        con.execute(f"CREATE TABLE {name} ({columns})")
    return con


def read_with(folder: Path, more: str) -> Reference:
    """The committed reference with rows added to reuse.toml, in a folder of its own."""
    for path in FOLDER.glob("*.toml"):
        text = path.read_text(encoding="utf-8")
        if path.name == "reuse.toml":
            for line in filter(None, (line.strip() for line in more.splitlines())):
                table, _, row = line.partition(": ")
                head = f"{table} = [\n"
                assert text.count(head) == 1, table
                text = text.replace(head, f"{head}    {row},\n")
        (folder / path.name).write_text(text, encoding="utf-8")
    return read_reference(folder)


def add_building(
    con: Con, name: str, shape: str, *, kind: str = "church", height: float | None = None, floors: float | None = None
) -> None:
    """A standing, atypical building with its own OSM outline."""
    con.execute(
        "INSERT INTO core.building BY NAME SELECT ? AS building_id, 'osm' AS feed, [?] AS osm_ids, ?::DOUBLE AS height_m, "
        "?::DOUBLE AS floors, ST_Area(g) AS footprint_m2, ST_PointOnSurface(g) AS point, g AS geom FROM (SELECT ST_GeomFromText(?) AS g)",
        [name, name, height, floors, shape],
    )
    con.execute("INSERT INTO core.standing VALUES (?)", [name])
    con.execute("INSERT INTO score.type BY NAME SELECT ? AS building_id, ? AS type, true AS is_atypical", [name, kind])


def add_things(con: Con, table: str, things: Iterable[Thing], feed: str = "osm") -> None:
    """Rows (id, tags, WKT) of staging.place, .facility or .footprint."""
    key = SPECS[table].key[0]
    for name, tags, shape in things:
        con.execute(
            f"INSERT INTO {table} BY NAME SELECT ? AS {key}, ? AS feed, ?::MAP(VARCHAR, VARCHAR) AS tags, ST_GeomFromText(?) AS geom",
            [name, feed, dict(tags), shape],
        )
    if table == "staging.footprint":
        con.execute("UPDATE staging.footprint SET is_official = false")


def run(con: Con, names: Sequence[str] = MEASURE + INDEX) -> None:
    """Build the tables as the runner would: the declared columns, in the order of the key."""
    for name in names:
        spec: TableSpec = SPECS[name if "." in name else f"score.{name}"]
        con.execute(f"DROP {'VIEW' if spec.is_view else 'TABLE'} IF EXISTS {spec.full_name}")
        order = f" ORDER BY {', '.join(spec.key)}" if spec.key else ""
        con.execute(
            f"CREATE {'VIEW' if spec.is_view else 'TABLE'} {spec.full_name} AS SELECT * FROM ({spec.sql}){order}"
        )
        for check in spec.checks:
            wrong = con.execute(f"SELECT * FROM {spec.full_name} WHERE NOT coalesce(({check}), true)").fetchall()
            assert wrong == [], (spec.full_name, check)


def rows(con: Con, query: str) -> list[dict[str, Any]]:
    """Rows by column name."""
    found = con.execute(query)
    names = [column[0] for column in found.description or []]
    return [dict(zip(names, row, strict=True)) for row in found.fetchall()]
