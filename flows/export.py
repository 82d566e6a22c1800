"""A part of the published layer as one file: GeoPackage and GeoParquet as published, FlatGeobuf, GeoJSON, CSV."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import duckdb

from flows.export_format import WRITERS, Writer
from flows.export_place import Box, ExportError, read_area
from flows.objections import objected
from flows.query import city_slug, first_line, open_warehouse
from flows.workspace import Workspace
from sources._kit.duck import literal
from sources._kit.whole import put_in_place
from transforms.publish.rows import ROWS, SITES, Product, prepare, read_run, withhold


def export_layer(
    city: str,
    target: Path,
    space: Workspace,
    *,
    where: str | None = None,
    box: Box | None = None,
    area: Path | None = None,
    audience: str = "public",
) -> int:
    """Write the buildings of one audience's layer to `target`; returns how many.

    Args:
        city: slug, or path of a city file.
        target: the extension decides the format; whole or not at all.
        space: where the city's warehouse is.
        where: one SQL expression over the columns of layer.building.
        box: min x, min y, max x, max y in metres of the city's CRS; a building that touches it is in.
        area: file with polygons in any CRS; a building that touches one is in.
        audience: public or city.

    Who objected since the last run is left out of the public layer all the same.

    Raises:
        ExportError: the extension, the expression, the area or the place of the file is wrong.
        OnbenutError: the city has not been run.
    """
    write = _writer(target, city)
    if not target.parent.is_dir():
        raise ExportError("no such folder", city=city, file=target.parent, next_step="make it, or name another file")
    con = open_warehouse(city, space, spatial=True)
    try:
        slug = city_slug(city)
        crs = _crs(con)
        withheld = objected(city, space) if audience == "public" else frozenset()
        product = withhold(con, prepare(con, slug, crs, audience, read_run(con, slug)), withheld)
        shape = read_area(area, slug, crs, _extent(con)) if area is not None else None
        product = _narrow(con, product, where, box, shape)
        _write_whole(con, product, target, write)
        return product.row_count
    finally:
        con.close()


def _writer(target: Path, city: str) -> Writer:
    if target.suffix.lower() not in WRITERS:
        raise ExportError(
            "no such format",
            city=city,
            file=target,
            value=target.suffix or "no extension",
            next_step=f"known extensions: {', '.join(WRITERS)}",
        )
    return WRITERS[target.suffix.lower()]


def _narrow(
    con: duckdb.DuckDBPyConnection, product: Product, where: str | None, box: Box | None, area: bytes | None
) -> Product:
    """Leave only the rows that were asked for in the product's table."""
    tests = []
    if box is not None:
        tests.append(f"ST_Intersects(geom, ST_MakeEnvelope({', '.join(map(repr, box))}))")
    if area is not None:
        # As a constant: DuckDB prepares it once, and holds each building to it.
        tests.append(f"ST_Intersects(geom, ST_GeomFromHEXWKB('{area.hex()}'))")
    if where is not None:
        tests.append(f"(\n{_expression(where, product.slug)}\n)")
    if not tests:
        return product
    # The expression sees the layer as `onbenut sql` shows it, and of no other audience than this one.
    wanted = (
        f"SELECT building_id FROM (SELECT * FROM layer.building WHERE audience = {literal(product.audience)}) "
        f"WHERE {' AND '.join(tests)}"
    )
    try:
        con.execute(f"DELETE FROM {ROWS} WHERE building_id NOT IN ({wanted})")
    except duckdb.Error as error:
        raise _bad_where(product.slug, where, error) from error
    con.execute(f"DELETE FROM {SITES} WHERE site_id NOT IN (SELECT site_id FROM {ROWS} WHERE site_id IS NOT NULL)")
    row = con.execute(f"SELECT count(*) FROM {ROWS}").fetchone()
    assert row is not None
    return replace(product, row_count=int(row[0]))


def _expression(where: str, slug: str) -> str:
    """The text, once DuckDB's own parser takes it for one expression and nothing beside it."""
    if ";" in where:
        raise ExportError(
            "--where is one SQL expression",
            city=slug,
            value=where,
            next_step="leave out the `;` and what follows",
        )
    try:
        duckdb.SQLExpression(where)
    except duckdb.Error as error:
        raise _bad_where(slug, where, error) from error
    return where


def _bad_where(slug: str, where: str | None, error: duckdb.Error) -> ExportError:
    return ExportError(
        f"--where is no expression over the layer: {first_line(error)}",
        city=slug,
        value=where,
        next_step=f"onbenut sql {slug} 'DESCRIBE layer.building' names the columns",
    )


def _write_whole(
    con: duckdb.DuckDBPyConnection,
    product: Product,
    target: Path,
    write: Writer,
) -> None:
    from transforms.publish.staging import writing

    # The extension stays last: GDAL warns of a GeoPackage by another name.
    part = target.with_name(f".{target.stem}.part{target.suffix.lower()}")
    try:
        with writing(target, product.slug):
            part.unlink(missing_ok=True)
            write(con, product, part)
            put_in_place(part, target)
    finally:
        part.unlink(missing_ok=True)


def _extent(con: duckdb.DuckDBPyConnection) -> Box | None:
    edges = "min(ST_XMin(geom)), min(ST_YMin(geom)), max(ST_XMax(geom)), max(ST_YMax(geom))"
    row: tuple[float, float, float, float] | None = con.execute(f"SELECT {edges} FROM core.building").fetchone()
    return row if row and row[0] is not None else None


def _crs(con: duckdb.DuckDBPyConnection) -> str:
    row = con.execute("SELECT value FROM layer.run WHERE name = 'crs'").fetchone()
    assert row is not None
    return str(row[0])
