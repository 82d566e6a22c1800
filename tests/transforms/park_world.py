"""A few parks, parcels and buildings in memory, through the queries of the floor `core`."""

from __future__ import annotations

import importlib.util
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

import duckdb

from flows.workspace import CHECKOUT
from sources._kit.duck import connect
from transforms._kit.header import read_spec
from transforms._kit.reference import read_reference, write_table
from transforms._kit.runner import define_macros

TABLES = CHECKOUT / "transforms"
REFERENCE = read_reference(CHECKOUT / "data" / "reference").tables
RULE = {row["name"]: row["value"] for row in REFERENCE["park_survey"]}
Rows = Sequence[Mapping[str, Any]]


@cache
def base() -> duckdb.DuckDBPyConnection:
    """One connection for all worlds: to load what it needs takes longer than a world."""
    con = connect()
    con.execute("CREATE SCHEMA reference")
    for name, rows in REFERENCE.items():
        if name.startswith("park_") or name == "parameter":
            write_table(con, name, rows)
    define_macros(con)
    return con


def park_world(
    areas: Rows = (), land_uses: Rows = (), parcels: Rows = (), buildings: Rows = (), boundary: str | None = None
) -> duckdb.DuckDBPyConnection:
    """A connection with the inputs of core.park_*; geometries are WKT. An area of theme park_parcel may have `attributes`."""
    con = base()
    for schema in ("staging", "core", "raw"):
        con.execute(f"DROP SCHEMA IF EXISTS {schema} CASCADE; CREATE SCHEMA {schema}")
    for name in ("park_parcel", "park_building", "business_park"):
        con.execute(f"DROP TABLE IF EXISTS refused_{name}")
    con.execute("CREATE OR REPLACE TABLE reference.boundary (geom GEOMETRY)")
    if boundary:
        con.execute(f"INSERT INTO reference.boundary SELECT ST_GeomFromText('{boundary}')")
    head = "feed VARCHAR, source_row VARCHAR"
    con.execute(
        f"CREATE TABLE staging.area (area_id VARCHAR, theme VARCHAR, class VARCHAR, name VARCHAR, attributes MAP(VARCHAR, VARCHAR), {head}, geom GEOMETRY);"
        f"CREATE TABLE staging.land_use (land_use_id VARCHAR, land_use VARCHAR, name VARCHAR, {head}, geom GEOMETRY);"
        f"CREATE TABLE staging.parcel (parcel_id VARCHAR, {head}, geom GEOMETRY);"
        "CREATE TABLE raw.elevation (feed VARCHAR);"
        f"CREATE TABLE core.building (building_id VARCHAR, {head}, geom GEOMETRY, footprint_m2 DOUBLE, point GEOMETRY)"
    )
    for table, given in (
        ("staging.area", areas), ("staging.land_use", land_uses), ("staging.parcel", parcels), ("core.building", buildings)
    ):  # fmt: skip
        for number, row in enumerate(given):
            values = {"feed": "f", "source_row": f"x:{number}", **row}
            marks = ", ".join("ST_GeomFromText(?)" if name == "geom" else "?" for name in values)
            con.execute(f"INSERT INTO {table} ({', '.join(values)}) VALUES ({marks})", list(values.values()))
    con.execute(
        "UPDATE core.building SET footprint_m2 = ST_Area(geom), point = ST_PointOnSurface(geom);"
        "CREATE TABLE core.parcel AS SELECT parcel_id, ST_Area(geom) AS area_m2, geom FROM staging.parcel;"
        "CREATE TABLE core.standing AS SELECT building_id FROM core.building"
    )
    for name in ("park_ground", "business_park", "park_parcel", "park_building"):
        make(con, name)
    return con


def make(con: duckdb.DuckDBPyConnection, name: str) -> None:
    """Make core.<name>; what it refuses is in refused_<name>."""
    found = next(path for path in (TABLES / "core").glob(f"{name}.*") if path.suffix in (".sql", ".py"))
    if found.suffix == ".sql":
        query = read_spec(found).sql
    else:
        loader = importlib.util.spec_from_file_location(f"made_{name}", found)
        assert loader is not None
        assert loader.loader is not None
        module = importlib.util.module_from_spec(loader)
        loader.loader.exec_module(module)
        query = module.build(con)
    con.execute(f"CREATE TEMP TABLE made AS {query}")
    if "reject_reason" in query:
        con.execute(f"CREATE TEMP TABLE refused_{name} AS FROM made WHERE reject_reason IS NOT NULL")
        con.execute(
            f"CREATE TABLE core.{name} AS SELECT * EXCLUDE (reject_reason, reject_column, reject_value) FROM made WHERE reject_reason IS NULL"
        )
    else:
        con.execute(f"CREATE TABLE core.{name} AS FROM made")
    con.execute("DROP TABLE made")
