"""Writing a drawn list: a GeoPackage for QField, the same as CSV, and what the house keeps of it."""

from __future__ import annotations

import csv
import os
import sqlite3
from contextlib import closing, suppress
from datetime import date
from pathlib import Path

import duckdb
import pyogrio

from flows.fieldwork.columns import ACCESS, FILLED, KEYS, TOLD, USES
from flows.fieldwork.draw import ROWS, Drawn
from sources._kit.duck import literal
from sources._kit.errors import OnbenutError
from sources._kit.whole import put_in_place
from transforms.publish.geopackage import VERSION, gdal_options
from transforms.publish.qgis.field_form import field_qml
from transforms.publish.staging import WRITE_ERRORS

COLUMNS = (*KEYS, *TOLD, *FILLED)
_EMPTY = {"seen_on": "DATE", "share_empty": "DOUBLE"}
_NEAR_M = 60
_STYLES = """CREATE TABLE layer_styles (id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL, f_table_catalog TEXT(256),
    f_table_schema TEXT(256), f_table_name TEXT(256), f_geometry_column TEXT(256), styleName TEXT(30), styleQML TEXT,
    styleSLD TEXT, useAsDefault BOOLEAN, description TEXT, owner TEXT(30), ui TEXT(30),
    update_time DATETIME DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ','now')))"""
YES = {"yes": ("ja", "yes")}


def write_sheet(con: duckdb.DuckDBPyConnection, drawn: Drawn, target: Path, kept: Path, crs: str, day: date) -> Path:
    """Write the list and its CSV, both or neither; returns the CSV.

    Layer `checks` (POINT, to fill in) and `buildings` (MULTIPOLYGON, what stands there and around), in the city's CRS.

    Args:
        con: the warehouse, with the list drawn.
        drawn: the list.
        target: the GeoPackage; the CSV stands beside it.
        kept: what the house keeps: which building each row is, how it was drawn, what the layer said of it.
        crs: the city's CRS.
        day: day of the run, written as the day of change.

    Raises:
        OnbenutError: a file is there already, or the file system refuses.
    """
    beside = target.with_suffix(".csv")
    for path in (target, beside):
        if path.exists():
            raise OnbenutError(
                "a list is never written over: somebody may have filled it in",
                file=path,
                next_step="take it away, name another place with --to, or draw another list with --seed",
            )
    parts = [path.with_name(f".{path.stem}.part{path.suffix}") for path in (target, beside, kept)]
    try:
        for path in (target, kept):
            path.parent.mkdir(parents=True, exist_ok=True)
        for part in parts:
            part.unlink(missing_ok=True)
        _geopackage(con, drawn, parts[0], crs, day)
        _csv(con, drawn, parts[1])
        _keep(con, drawn, parts[2])
        # What the house keeps first: a list that nobody knows cannot come back.
        for part, path in ((parts[2], kept), (parts[1], beside), (parts[0], target)):
            put_in_place(part, path)
    except WRITE_ERRORS as error:
        raise OnbenutError(
            "the list could not be written",
            file=getattr(error, "filename", None) or target,
            value=getattr(error, "strerror", None) or str(error)[:200],
            next_step="see that the folder can be written to and the disk has room",
        ) from error
    finally:
        for part in parts:
            with suppress(OSError):
                part.unlink(missing_ok=True)
    return beside


def _select(drawn: Drawn) -> str:
    empty = ", ".join(f"CAST(NULL AS {_EMPTY.get(name, 'VARCHAR')}) AS {name}" for name in FILLED)
    return f"{literal(drawn.list_id)} AS list_id, row_id, building_id, {', '.join(TOLD)}, {empty}"


def _geopackage(con: duckdb.DuckDBPyConnection, drawn: Drawn, path: Path, crs: str, day: date) -> None:
    checks = f"SELECT {_select(drawn)}, CAST(ST_AsWKB(point) AS BLOB) AS geom FROM {ROWS} ORDER BY row_id"
    ground = f"""
        SELECT DISTINCT ON (b.building_id) b.building_id, b.building_id = r.building_id AS is_on_list,
            CAST(ST_AsWKB(ST_Multi(b.geom)) AS BLOB) AS geom
        FROM core.building AS b JOIN {ROWS} AS r ON ST_DWithin(b.geom, r.point, {_NEAR_M}) OR b.building_id = r.building_id
        ORDER BY b.building_id, is_on_list DESC
    """
    with gdal_options(OGR_CURRENT_DATE=f"{day.isoformat()}T00:00:00.000Z"):
        for layer, query, kind in (("buildings", ground, "MultiPolygon"), ("checks", checks, "Point")):
            pyogrio.write_arrow(
                con.execute(query).to_arrow_reader(2048), path, layer=layer, driver="GPKG", geometry_name="geom", crs=crs,
                geometry_type=kind, append=path.exists(), dataset_options=None if path.exists() else {"VERSION": VERSION},
            )  # fmt: skip
    lists = {"seen_use": USES, "access": ACCESS, "objection": YES}
    with closing(sqlite3.connect(path)) as db, db:
        db.execute(_STYLES)
        db.execute(
            "INSERT INTO gpkg_contents (table_name, data_type, identifier, last_change) VALUES ('layer_styles', 'attributes', "
            "'layer_styles', ?)",
            [f"{day.isoformat()}T00:00:00.000Z"],
        )
        for language, name in (("nl", "onbenut (Nederlands)"), ("en", "onbenut (English)")):
            db.execute(
                "INSERT INTO layer_styles (f_table_catalog, f_table_schema, f_table_name, f_geometry_column, styleName, styleQML, "
                "styleSLD, useAsDefault, owner, update_time) VALUES ('', '', 'checks', 'geom', ?, ?, '', ?, 'onbenut', ?)",
                [name, field_qml(COLUMNS, lists, language), language == "nl", f"{day.isoformat()}T00:00:00.000Z"],
            )


def _csv(con: duckdb.DuckDBPyConnection, drawn: Drawn, path: Path) -> None:
    """As a spreadsheet of this country opens it: UTF-8 that says so, semicolons."""
    found = con.execute(f"SELECT {_select(drawn)} FROM {ROWS} ORDER BY row_id")
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file, delimiter=";")
        writer.writerow(COLUMNS)
        writer.writerows([safe(cell) for cell in row] for row in found.fetchall())
        file.flush()
        os.fsync(file.fileno())


def _keep(con: duckdb.DuckDBPyConnection, drawn: Drawn, path: Path) -> None:
    con.execute(
        f"COPY (SELECT {literal(drawn.list_id)} AS list_id, row_id, building_id, stratum, inclusion_probability, "
        f"underuse_probability, underuse_band, priority_rank FROM {ROWS} ORDER BY row_id) TO {literal(path)} (FORMAT csv, HEADER)"
    )


def safe(cell: object) -> object:
    """A cell that no spreadsheet takes for a formula."""
    return f"'{cell}" if isinstance(cell, str) and cell[:1] in ("=", "+", "-", "@", "\t", "\r") else cell
