"""The rows of a product: what one audience gets, checked, in the order in which it is written."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import duckdb

from sources._kit.duck import identifier, literal
from sources._kit.errors import PublishError
from transforms.publish.optional import optional_tables

ROWS = "temp.publish_building"
SITES = "temp.publish_site"
PIN_COLUMNS = (
    "building_id", "name", "type", "type_label", "address", "underuse_band", "underuse_probability",
    "atypicality_score", "priority_score", "priority_rank", "footprint_m2", "volume_m3", "reuse_best",
    "reasons", "newest_evidence_on",
)  # fmt: skip
# Layer of the product -> table of schema `layer`.
ATTRIBUTE_TABLES = {
    "evidence": "evidence", "reuse": "reuse", "sources": "source", "changes": "change", "codes": "code", "run": "run",
}  # fmt: skip
# What the feed says of a building beside PIN_COLUMNS: see schemas/pins-1.schema.json.
_FEED_COLUMNS = (
    "site_id", "heritage", "underuse_low", "underuse_high", "legal_status", "height_m", "floors", "floor_area_m2", "floor_area_low_m2",
    "floor_area_high_m2", "volume_low_m3", "volume_high_m3", "reasons_en", "evidence_count", "licence",
)  # fmt: skip
_NEEDED = (*PIN_COLUMNS, *_FEED_COLUMNS, "audience", "sources", "geom")
_WRITING_ORDER = "priority_rank NULLS LAST, building_id"


@dataclass(frozen=True)
class Run:
    """The run a layer comes from: the day it describes and its id."""

    as_of: date
    run_id: str

    @property
    def last_change(self) -> str:
        """`as_of` as the timestamp GeoPackage wants; the wall clock would make every night's file differ."""
        return f"{self.as_of.isoformat()}T00:00:00.000Z"


@dataclass(frozen=True)
class Product:
    """One audience's layer, ready to be written.

    `ROWS` holds one row per building with the columns `columns`, `geom` (valid MULTIPOLYGON in `crs`) and
    `point` (inside it), in writing order; `SITES` one row per site with `site_columns` and `geom`. `edition` says
    which of the city's layers it is: that of an audience, or `osm_free`, the public's made without OpenStreetMap.
    """

    slug: str
    audience: str
    edition: str
    crs: str
    columns: tuple[str, ...]
    site_columns: tuple[str, ...]
    row_count: int
    run: Run
    attribution: str
    optional: tuple[str, ...] = ()
    """Layers that not every city has, and this one does: see `optional.with_optional`."""

    @property
    def stem(self) -> str:
        """Name of the product's files without extension."""
        return self.slug if self.edition == "public" else f"{self.slug}_{self.edition}"


def prepare(
    con: duckdb.DuckDBPyConnection, slug: str, crs: str, audience: str, run: Run, edition: str | None = None
) -> Product:
    """Make `ROWS` and `SITES` for one audience and hold `ROWS` to what every product relies on.

    Raises:
        PublishError: a needed column is missing; an id is missing or double; a geometry is absent, empty,
            invalid or no area; a number is NaN or infinite.
    """
    types = {row[0]: row[1] for row in con.execute("DESCRIBE layer.building").fetchall()}
    if missing := [name for name in _NEEDED if name not in types]:
        raise PublishError(
            "the layer lacks a column",
            city=slug,
            table="layer.building",
            column=", ".join(missing),
            next_step="add it in transforms/layer/building.sql",
        )
    kept = [name for name in types if name not in ("audience", "geom")]
    # Points are made once: both the GeoPackage and the GeoJSON need them, and they must be the same.
    con.execute(f"""
        CREATE OR REPLACE TEMP TABLE publish_building AS
        SELECT {portable(kept, types)}, CAST(ST_Multi(geom) AS GEOMETRY) AS geom,
            CASE WHEN ST_IsValid(geom) THEN CAST(ST_PointOnSurface(geom) AS GEOMETRY) END AS point
        FROM layer.building WHERE audience = {literal(audience)} ORDER BY {_WRITING_ORDER}
    """)
    site_types = table_columns(con, "site")
    site_columns = [name for name in site_types if name != "geom"]
    con.execute(f"""
        CREATE OR REPLACE TEMP TABLE publish_site AS
        SELECT {portable(site_columns, site_types)}, CAST(ST_Multi(geom) AS GEOMETRY) AS geom
        FROM layer.site WHERE audience = {literal(audience)} ORDER BY priority_rank NULLS LAST, site_id
    """)
    numbers = [row[0] for row in con.execute(f"DESCRIBE {ROWS}").fetchall() if row[1] == "DOUBLE"]
    _check_rows(con, slug, audience, numbers)
    return Product(
        slug=slug,
        audience=audience,
        edition=edition or audience,
        crs=crs,
        columns=tuple(kept),
        site_columns=tuple(site_columns),
        row_count=_scalar(con, f"SELECT count(*) FROM {ROWS}"),
        run=run,
        attribution="; ".join(attributions(con, audience)),
    )


def withhold(con: duckdb.DuckDBPyConnection, product: Product, ids: frozenset[str]) -> Product:
    """Take buildings out of a prepared product, and the sites that were drawn with them: the next run draws those anew."""
    if not ids:
        return product
    gone = f"building_id IN ({', '.join(literal(one) for one in sorted(ids))})"
    sites = f"site_id IN (SELECT site_id FROM {ROWS} WHERE {gone})"
    con.execute(f"DELETE FROM {SITES} WHERE {sites}")
    site_columns = ", ".join(f"{name} = NULL" for name in product.columns if name.startswith("site_"))
    if site_columns:
        con.execute(f"UPDATE {ROWS} SET {site_columns} WHERE {sites}")
    con.execute(f"DELETE FROM {ROWS} WHERE {gone}")
    return replace(product, row_count=_scalar(con, f"SELECT count(*) FROM {ROWS}"))


def portable(names: Sequence[str], types: dict[str, str]) -> str:
    """Select list that casts each column to a type which all formats share; NULL stays NULL."""
    return ", ".join(_portable_column(identifier(name), types[name]) for name in names)


def _portable_column(name: str, kind: str) -> str:
    if kind in ("HUGEINT", "UHUGEINT", "FLOAT") or kind.startswith("DECIMAL"):
        return f"CAST({name} AS DOUBLE) AS {name}"
    if kind in ("UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT", "TINYINT"):
        return f"CAST({name} AS BIGINT) AS {name}"
    if kind.startswith("TIMESTAMP"):
        # Every time in the warehouse is UTC; without a zone GDAL writes a time no GeoPackage may hold.
        return f"CAST({name} AS TIMESTAMPTZ) AS {name}"
    if kind.endswith("]") or kind.startswith(("STRUCT", "MAP", "UNION")):
        return f"CAST(to_json({name}) AS VARCHAR) AS {name}"
    if kind in ("BOOLEAN", "SMALLINT", "INTEGER", "BIGINT", "DOUBLE", "VARCHAR", "DATE", "BLOB"):
        return name
    return f"CAST({name} AS VARCHAR) AS {name}"


def table_columns(con: duckdb.DuckDBPyConnection, table: str) -> dict[str, str]:
    """Columns of an attribute table of schema `layer` that are published: name -> type."""
    described = con.execute(f"DESCRIBE layer.{identifier(table)}").fetchall()
    return {row[0]: row[1] for row in described if row[0] != "audience"}


def table_query(con: duckdb.DuckDBPyConnection, table: str, audience: str) -> str:
    """SQL for one audience's rows of an attribute table, all columns but `audience`, in a stated order."""
    types = table_columns(con, table)
    names, where = portable(list(types), types), _where(con, table, audience)
    return f"SELECT {names} FROM layer.{identifier(table)} {where} ORDER BY ALL"


def optional_query(con: duckdb.DuckDBPyConnection, table: str, audience: str, key: str = "ALL", shape: str = "") -> str:
    """SQL for one audience's rows of a table that not every city has, by its key; `shape` is the column `geom` as it is to be written.

    What is said of a building is there with the building: one that is withheld takes its matches along.
    """
    types = {name: kind for name, kind in table_columns(con, table).items() if name != "geom"}
    of_rows = f"AND building_id IN (SELECT building_id FROM {ROWS})" if "building_id" in types else ""
    return (
        f"SELECT {portable(list(types), types)}{shape and f', {shape} AS geom'} FROM layer.{identifier(table)} "
        f"WHERE audience = {literal(audience)} {of_rows} ORDER BY {key}"
    )


def layer_tables(con: duckdb.DuckDBPyConnection, product: Product) -> dict[str, tuple[str, Sequence[str]]]:
    """Layer of a product -> table of schema `layer` it is made of, and its columns without geometry."""
    attributes = {layer: (table, tuple(table_columns(con, table))) for layer, table in ATTRIBUTE_TABLES.items()}
    features = {
        "buildings": ("building", product.columns),
        "sites": ("site", product.site_columns),
        "pins": ("building", PIN_COLUMNS),
    }
    optional = {
        layer: (table, tuple(name for name in table_columns(con, table) if name != "geom"))
        for layer, table in optional_tables(product).items()
    }
    return {**features, **optional, **attributes}


def _where(con: duckdb.DuckDBPyConnection, table: str, audience: str) -> str:
    described = {row[0] for row in con.execute(f"DESCRIBE layer.{identifier(table)}").fetchall()}
    if "audience" in described:
        return f"WHERE audience = {literal(audience)}"
    # What does not say that it is for everybody is not.
    return "WHERE visibility = 'public'" if "visibility" in described and audience == "public" else ""


def _check_rows(con: duckdb.DuckDBPyConnection, slug: str, audience: str, numbers: Sequence[str]) -> None:
    not_finite = " OR ".join(f"NOT isfinite({identifier(name)})" for name in numbers)
    doubles = f"SELECT building_id FROM {ROWS} GROUP BY ALL HAVING count(*) > 1"
    problems = {
        "a building has no id": "building_id IS NULL",
        "a building has no geometry": "geom IS NULL OR ST_IsEmpty(geom)",
        "a geometry is no polygon": "geom IS NOT NULL AND ST_GeometryType(geom) <> 'MULTIPOLYGON'",
        "a geometry is not valid": "geom IS NOT NULL AND NOT ST_IsValid(geom)",
        "a number is NaN or infinite": not_finite or "false",
        "a building occurs more than once": f"building_id IN ({doubles})",
    }
    for what, condition in problems.items():
        found = con.execute(f"SELECT building_id, count(*) OVER () FROM {ROWS} WHERE {condition} LIMIT 1").fetchone()
        if found:
            raise PublishError(
                what,
                city=slug,
                table="layer.building",
                audience=audience,
                value=found[0],
                rows=found[1],
                next_step=f"onbenut explain {slug} {found[0]}",
            )


def read_run(con: duckdb.DuckDBPyConnection, slug: str) -> Run:
    """Read day and id of the run from layer.run.

    Raises:
        PublishError: the run does not say its day; nothing below `flows/` may ask the clock instead.
    """
    as_of = run_value(con, "as_of")
    if as_of is None:
        raise PublishError(
            "the run does not say which day it describes",
            city=slug,
            table="layer.run",
            column="as_of",
            next_step="give layer.run a column as_of, or a row with that key",
        )
    day = date.fromisoformat(str(as_of)[:10])
    run_id = run_value(con, "run_id")
    return Run(day, day.isoformat() if run_id is None else str(run_id))


def run_value(con: duckdb.DuckDBPyConnection, name: str) -> Any:
    """A value of layer.run, which is either one row or rows of key and value; None where it says nothing."""
    columns = [row[0] for row in con.execute("DESCRIBE layer.run").fetchall()]
    if name in columns:
        return _scalar(con, f"SELECT max({identifier(name)}) FROM layer.run")
    if "value" not in columns:
        return None
    key = next((column for column in ("key", "name", "item") if column in columns), None)
    return key and _scalar(con, f"SELECT max(value) FROM layer.run WHERE {key} = {literal(name)}")


def attributions(con: duckdb.DuckDBPyConnection, audience: str) -> list[str]:
    """Words the sources of an audience's layer ask for, each once, in alphabetical order."""
    where = _where(con, "source", audience)
    rows = con.execute(f"SELECT DISTINCT attribution FROM layer.source {where} ORDER BY attribution").fetchall()
    return [row[0] for row in rows if row[0]]


def _scalar(con: duckdb.DuckDBPyConnection, query: str) -> Any:
    row = con.execute(query).fetchone()
    assert row is not None
    return row[0]
