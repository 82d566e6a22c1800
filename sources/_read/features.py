"""Features with geometry from GeoJSON pages, GeoPackage or (Geo)Parquet, as one DuckDB query.

Measured on a million building footprints in pages of 10,000: `read_json` 8 s in two passes, GDAL's reader
24 s. A single JSON document beyond `PAGE_MAX_BYTES` goes to GDAL all the same: it streams, where `read_json`
holds the whole document in memory.
"""

from __future__ import annotations

import warnings
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import duckdb

from sources._kit.duck import identifier, literal
from sources._kit.errors import ColumnError, UnreadableSnapshotError
from sources._kit.hostile import stated_day
from sources._kit.snapshot import Snapshot
from sources._read import geojson
from sources._read.content import Kind, kind_of, place
from sources._read.crs import hold_to_crs
from sources._read.curves import may_hold_curves, straighten

PAGE_MAX_BYTES = 100 << 20
RESERVED = frozenset({"geom", "defect", "_row"})


@dataclass(frozen=True)
class Features:
    """A query giving the provider's columns as VARCHAR, `geom` and `defect`; and the date the files state."""

    query: str
    data_on: date | None


def read_features(con: duckdb.DuckDBPyConnection, snapshot: Snapshot, part: str, columns: Iterable[str]) -> Features:
    """Make the query over all files of a part; rows keep the order of the files.

    Args:
        con: a connection with the spatial extension.
        snapshot: the fetched files.
        part: which of the feed's parts to read.
        columns: names to give a part without a single feature, which itself names none.

    Raises:
        UnreadableSnapshotError: no format with features, damaged, incomplete, or in another CRS.
        ColumnError: two columns with one name.
    """
    groups: dict[str, list[Path]] = defaultdict(list)
    for path in snapshot.paths(part):
        groups[_reader(path, kind_of(path, **place(snapshot, part, path)))].append(path)
    queries, dates = [], []
    for reader, paths in groups.items():
        where = place(snapshot, part, paths[0])
        if reader == "pages":
            pages = geojson.inspect_pages(con, snapshot, part, paths)
            dates += [day for page in pages if (day := stated_day(page.stamped_at))]
            names = sorted({name for page in pages for name in page.properties})
            hold_apart(names, **where)
            if sum(page.features for page in pages):
                queries.append(geojson.pages_query(paths, names))
        elif reader == "parquet":
            queries += [_parquet_query(con, snapshot, part, path) for path in paths]
        elif reader == "gdal":
            queries += [_gdal_query(con, snapshot, part, path) for path in paths]
        else:
            raise UnreadableSnapshotError(
                f"{reader} holds no features", next_step="GeoJSON, GeoPackage and Parquet do", **where
            )
    return Features(" UNION ALL BY NAME ".join(queries) or _nothing(columns), min(dates, default=None))


def hold_apart(names: Sequence[str], **where: object) -> None:
    """Refuse two columns with one name, upper or lower case alike as in DuckDB, and the house's own names.

    Raises:
        ColumnError: naming the first such column.
    """
    taken = set(RESERVED)
    for name in names:
        if name.lower() in taken:
            raise ColumnError(
                "two columns with one name",
                column=name,
                next_step="ask the provider which one holds",
                **where,
            )
        taken.add(name.lower())


def _reader(path: Path, kind: Kind) -> str:
    if kind == "geopackage":
        return "gdal"
    if kind == "geojson":
        return "pages" if path.stat().st_size <= PAGE_MAX_BYTES else "gdal"
    return kind


def _nothing(columns: Iterable[str]) -> str:
    names = [f"CAST(NULL AS VARCHAR) AS {identifier(name)}" for name in columns]
    house = "CAST(NULL AS GEOMETRY) AS geom, CAST(NULL AS VARCHAR) AS defect"
    return f"SELECT {', '.join([*names, house])} WHERE false"


def _as_text(columns: Sequence[str], geometry: str, source: str) -> str:
    values = [f"CAST({identifier(name)} AS VARCHAR) AS {identifier(name)}" for name in columns]
    house = f"{geometry} AS geom, CAST(NULL AS VARCHAR) AS defect"
    return f"SELECT {', '.join([*values, house])} FROM {source}"


def _parquet_query(con: duckdb.DuckDBPyConnection, snapshot: Snapshot, part: str, path: Path) -> str:
    from pyproj.exceptions import ProjError

    where = place(snapshot, part, path)
    source = f"read_parquet({literal(path)})"
    try:
        described = dict(con.execute(f"SELECT column_name, column_type FROM (DESCRIBE FROM {source})").fetchall())
        facts = con.execute(
            "SELECT name, meta -> ('$.columns.\"' || name || '\".crs') FROM ("
            " SELECT decode(value)::JSON AS meta, meta ->> '$.primary_column' AS name"
            f" FROM parquet_kv_metadata({literal(path)}) WHERE decode(key) = 'geo')"
        ).fetchone()
    except duckdb.Error as error:
        raise _damaged(error, **where) from error
    # Without metadata DuckDB still knows Parquet's own GEOMETRY type; a plain blob needs a name to go by.
    guessed = [
        n for n, t in described.items() if t.startswith("GEOMETRY") or (t == "BLOB" and n in ("geometry", "geom"))
    ]
    name = facts[0] if facts else (guessed[0] if guessed else None)
    if name is None:
        raise UnreadableSnapshotError("the file has no geometry column", next_step="it must be GeoParquet", **where)
    # GeoParquet: no `crs` means longitude and latitude; `null` means that nobody knows.
    try:
        declared = parquet_crs(facts[1]) if facts else None
    except ProjError as error:
        raise _damaged(error, **where) from error
    hold_to_crs(snapshot, declared, "EPSG:4326" if facts and facts[1] is None else None, **where)
    # GeoParquet 1.1 may carry each row's extent, which is no column of the provider's.
    others = [n for n, t in described.items() if n != name and not (n == "bbox" and t.startswith("STRUCT"))]
    hold_apart(others, **where)
    is_blob = described[name] == "BLOB"
    return _as_text(others, f"{'ST_GeomFromWKB' if is_blob else ''}({identifier(name)})::GEOMETRY", source)


def parquet_crs(projjson: str | None) -> str | None:
    """CRS of GeoParquet metadata as `EPSG:code`, or its name if it has no code; None where none is given."""
    from pyproj import CRS

    if projjson is None or projjson == "null":
        return None
    crs = CRS.from_json(projjson)
    code = crs.to_epsg()
    return f"EPSG:{code}" if code else crs.name


def _gdal_query(con: duckdb.DuckDBPyConnection, snapshot: Snapshot, part: str, path: Path) -> str:
    where = place(snapshot, part, path)
    layer = _gdal_layer(snapshot, part, path)
    if may_hold_curves(path, layer):
        table = f"straight_{snapshot.feed.name}_{part}_{path.name[:8]}"
        names, wkb = straighten(con, path, layer, table)
        hold_apart(names, **where)
        return _as_text(names, f"ST_GeomFromWKB({identifier(wkb)})::GEOMETRY", identifier(table))
    source = f"ST_Read({literal(path)}, layer := {literal(layer)})"
    try:
        described = con.execute(f"SELECT column_name, column_type FROM (DESCRIBE FROM {source})").fetchall()
    except duckdb.Error as error:
        raise _damaged(error, **where) from error
    geometry = next(name for name, kind in described if kind.startswith("GEOMETRY"))
    # The feature number of a GeoPackage (`fid`, `OGC_FID`) is the file's own, not the provider's.
    others = [name for name, _ in described if name != geometry and name.lower() not in ("fid", "ogc_fid")]
    hold_apart(others, **where)
    return _as_text(others, f"{identifier(geometry)}::GEOMETRY", source)


def _gdal_layer(snapshot: Snapshot, part: str, path: Path) -> str:
    """Name of the layer to read, held to the feed's CRS: the one named as the part, or the only one."""
    # pyogrio says what it cannot open; DuckDB's ST_Read_Meta takes the whole process down on a damaged file.
    import pyogrio
    from pyogrio.errors import DataLayerError, DataSourceError

    gdal: Any = pyogrio  # carries no types

    where = place(snapshot, part, path)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)  # that a stored file has no extension is our doing
            layers = [str(name) for name, shape in gdal.list_layers(path) if shape is not None]
            crs_of = {name: gdal.read_info(path, layer=name)["crs"] for name in layers}
        chosen = [name for name in layers if name.lower() == part] or layers
        if len(chosen) != 1:
            raise UnreadableSnapshotError(
                f"the file has {len(chosen)} layers with geometry and none is called {part}",
                value=", ".join(chosen),
                next_step="give a file with one layer",
                **where,
            )
    except (DataSourceError, DataLayerError) as error:
        raise _damaged(error, **where) from error
    hold_to_crs(snapshot, crs_of[chosen[0]], None, **where)
    return chosen[0]


def _damaged(error: Exception, **where: object) -> UnreadableSnapshotError:
    shown = " ".join(str(error).split())[:200]
    return UnreadableSnapshotError("the file cannot be read", value=shown, next_step="ask the provider again", **where)
