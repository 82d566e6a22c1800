"""A register and an address file of any of the usual kinds, as the two relations `match_addresses` reads."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import duckdb
from pyproj import CRS
from pyproj.exceptions import CRSError

from sources._kit.duck import identifier, literal
from sources._kit.errors import ColumnError, OnbenutError, UnreadableSnapshotError
from sources._read.content import kind_of
from sources._read.features import parquet_crs
from sources._read.rows import read_rows
from transforms.linkage.address_columns import ADDRESS_IDS, POSITIONS, ROW_IDS, guess_columns, guess_id, plain, told
from transforms.linkage.geofile import describe_parquet, only_layer

ROWS, POINTS = "match_rows", "match_points"
_FILE = "match_file"
LAMBERT_72 = "EPSG:31370"
# Where Lambert 72 is the metric CRS: longitude and latitude of Belgium.
BELGIUM = (2.3, 49.4, 6.5, 51.6)


def read_register(con: duckdb.DuckDBPyConnection, path: Path, columns: Mapping[str, str], sheet: str | None) -> None:
    """Make the temp table `match_rows` of CSV, Excel or Parquet.

    An id column that has gaps or doubles is no id; then the line of the file is: `row 12`.
    """
    where = {"file": path}
    _open(path)
    if kind_of(path, **where) == "parquet":
        con.execute(f"CREATE OR REPLACE TEMP TABLE {_FILE} AS SELECT * EXCLUDE (file_row_number), file_row_number + 1 AS _row"
                    f" FROM read_parquet({literal(path)}, file_row_number = true)")  # fmt: skip
    else:
        _take_rows(con, path, sheet)
    names = _names(con)
    found = guess_columns(names, {k: v for k, v in columns.items() if k != "row_id"}, **where)
    key = "'row ' || _row"
    if "row_id" in columns:
        key = f"CAST({identifier(told(names, {'row_id': columns['row_id']}, **where)['row_id'])} AS VARCHAR)"
    elif (name := guess_id(names, ROW_IDS)) and _is_key(con, name):
        key = f"CAST({identifier(name)} AS VARCHAR)"
    con.execute(f"CREATE OR REPLACE TEMP TABLE {ROWS} AS SELECT {key} AS row_id, {_select(found)} FROM {_FILE}")
    con.execute(f"DROP TABLE {_FILE}")


def read_addresses(con: duckdb.DuckDBPyConnection, path: Path, columns: Mapping[str, str], crs: str | None) -> str:
    """Make the temp table `match_points` of GeoParquet, GeoPackage, GeoJSON or CSV; returns its metric CRS.

    Args:
        con: a connection with the spatial extension.
        path: the file.
        columns: role -> column, also address_id, x and y.
        crs: of the file, where it does not say it itself (a CSV with x and y).

    Raises:
        OnbenutError: no position, or a CRS that nobody names.
    """
    where = {"file": path}
    _open(path)
    kind = kind_of(path, **where)
    if kind in ("text", "excel"):
        _take_rows(con, path, None)
        point, found_crs = _position(_names(con), columns, crs, **where)
        con.execute(f"ALTER TABLE {_FILE} ADD COLUMN geom GEOMETRY")
        con.execute(f"UPDATE {_FILE} SET geom = {point}")
    else:
        query, stated = _parquet(con, path) if kind == "parquet" else _layer(con, path)
        found_crs = stated or crs
        con.execute(f"CREATE OR REPLACE TEMP TABLE {_FILE} AS {query}")
    if found_crs is None:
        raise OnbenutError("the address file does not say its CRS", next_step="say it, for example EPSG:31370", **where)
    metric = _metric(con, _crs(found_crs, **where))
    names = [name for name in _names(con) if name != "geom"]
    text = {k: v for k, v in columns.items() if k not in ("address_id", "x", "y")}
    found = guess_columns(names, text, **where)
    said = told(names, {k: v for k, v in columns.items() if k == "address_id"}, **where)
    name = said.get("address_id") or guess_id(names, ADDRESS_IDS)
    key = f"CAST({identifier(name)} AS VARCHAR)" if name else "'row ' || _row"
    point = (
        "geom"
        if metric == found_crs
        else f"ST_Transform(geom, {literal(found_crs)}, {literal(metric)}, always_xy := true)"
    )
    con.execute(f"CREATE OR REPLACE TEMP TABLE {POINTS} AS SELECT {key} AS address_id, {_select(found)}, ST_X(point) AS x, ST_Y(point) AS y"
                f" FROM (SELECT *, ST_Centroid({point}) AS point FROM {_FILE})")  # fmt: skip
    con.execute(f"DROP TABLE {_FILE}")
    return metric


def _open(path: Path) -> None:
    if not path.is_file():
        raise OnbenutError("no such file", file=path, next_step="check the path")


def _take_rows(con: duckdb.DuckDBPyConnection, path: Path, sheet: str | None) -> None:
    con.register("match_lines", read_rows(path, {"file": path}, sheet=sheet).table)
    con.execute(f"CREATE OR REPLACE TEMP TABLE {_FILE} AS SELECT * EXCLUDE (defect) FROM match_lines")
    con.unregister("match_lines")


def _names(con: duckdb.DuckDBPyConnection) -> list[str]:
    return [str(row[0]) for row in con.execute(f"DESCRIBE {_FILE}").fetchall() if row[0] != "_row"]


def _select(found: Mapping[str, str]) -> str:
    return ", ".join(f"{sql} AS {role}" for role, sql in found.items())


def _is_key(con: duckdb.DuckDBPyConnection, name: str) -> bool:
    column = identifier(name)
    row = con.execute(f"SELECT count(*) = count(DISTINCT {column}) FROM {_FILE}").fetchone()
    return row is not None and bool(row[0])


def _position(names: list[str], columns: Mapping[str, str], crs: str | None, **where: object) -> tuple[str, str | None]:
    own = {plain(name): name for name in names}
    pair = told(names, {k: v for k, v in columns.items() if k in ("x", "y")}, **where)
    for x, y, its_crs in POSITIONS:
        if not pair and x in own and y in own:
            pair, crs = {"x": own[x], "y": own[y]}, crs or its_crs
    if set(pair) != {"x", "y"}:
        raise ColumnError(
            "no columns with a position",
            value=f"the file has {', '.join(names)}",
            next_step="say which: x=COLUMN y=COLUMN",
            **where,
        )
    # A decimal comma is what Excel makes of a coordinate in this country.
    numbers = [
        f"TRY_CAST(replace(CAST({identifier(pair[axis])} AS VARCHAR), ',', '.') AS DOUBLE)" for axis in ("x", "y")
    ]
    return f"ST_Point({', '.join(numbers)})", crs


def _parquet(con: duckdb.DuckDBPyConnection, path: Path) -> tuple[str, str | None]:
    shape = describe_parquet(con, path)
    if shape.geometry is None:
        raise UnreadableSnapshotError("the file has no geometry column", next_step="it must be GeoParquet", file=path)
    # GeoParquet: no `crs` means longitude and latitude; `null` means that nobody knows.
    silent = "EPSG:4326" if shape.is_geoparquet and shape.projjson is None else None
    name = identifier(shape.geometry)
    geom = f"ST_GeomFromWKB({name})" if shape.types[shape.geometry] == "BLOB" else f"{name}::GEOMETRY"
    return (
        f"SELECT * EXCLUDE ({name}, file_row_number), file_row_number + 1 AS _row, {geom} AS geom"
        f" FROM read_parquet({literal(path)}, file_row_number = true)",
        silent or parquet_crs(shape.projjson),
    )


def _layer(con: duckdb.DuckDBPyConnection, path: Path) -> tuple[str, str | None]:
    layer, crs = only_layer(path)
    source = f"ST_Read({literal(path)}, layer := {literal(layer)})"
    described = con.execute(f"SELECT column_name, column_type FROM (DESCRIBE FROM {source})").fetchall()
    name = identifier(next(str(n) for n, t in described if str(t).startswith("GEOMETRY")))
    return f"SELECT * EXCLUDE ({name}), {name}::GEOMETRY AS geom, row_number() OVER () AS _row FROM {source}", crs


def _crs(name: str, **where: object) -> CRS:
    try:
        return CRS.from_user_input(name)
    except CRSError as error:
        raise OnbenutError("no such CRS", value=name, next_step="say it as EPSG:31370", **where) from error


def _metric(con: duckdb.DuckDBPyConnection, crs: CRS) -> str:
    """The file's own CRS where it counts in metres, Lambert 72 in Belgium, else the UTM zone of the points."""
    code = crs.to_epsg()
    if crs.is_projected and {axis.unit_name for axis in crs.axis_info} == {"metre"} and code:
        return f"EPSG:{code}"
    row = con.execute(
        f"SELECT median(ST_X(ST_Centroid(geom))), median(ST_Y(ST_Centroid(geom))) FROM {_FILE}"
    ).fetchone()
    x, y = (row[0], row[1]) if row is not None and row[0] is not None else (4.0, 51.0)
    west, south, east, north = BELGIUM
    if west <= x <= east and south <= y <= north:
        return LAMBERT_72
    return f"EPSG:{(32600 if y >= 0 else 32700) + int((x + 180) // 6) + 1}"
