"""Two footprint files in, a file of pairs and a file of refusals out."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import duckdb
import geopandas as gpd
import pyarrow as pa
import pyogrio
import shapely
from pyproj import CRS

from sources._kit.duck import connect
from sources._kit.errors import OnbenutError

_READABLE = (".parquet", ".geoparquet", ".gpkg", ".geojson", ".json")
_WRITABLE = (".parquet", ".gpkg", ".geojson", ".csv")


@dataclass(frozen=True)
class MatchCounts:
    """What a match of two files came to: buildings read, pairs written, buildings refused, rows without usable outline."""

    left: int
    right: int
    pairs: int
    refused: int
    unusable: int


def read_footprints(path: Path, id_column: str | None) -> gpd.GeoDataFrame:
    """Read a file as columns id (text) and geometry, in the file's own CRS.

    Raises:
        OnbenutError: the file cannot be read, has no CRS, no id-like column, or an id is missing or twice there.
    """
    if not path.exists():
        raise OnbenutError("there is no such file", file=path, next_step="check the path")
    if path.suffix.lower() not in _READABLE:
        raise OnbenutError(
            "cannot read this format", file=path, value=path.suffix, next_step=f"use one of {', '.join(_READABLE)}"
        )
    try:
        frame = gpd.read_parquet(path) if "parquet" in path.suffix else gpd.read_file(path)
    except (OSError, ValueError, pa.ArrowException, pyogrio.errors.DataSourceError) as error:
        raise OnbenutError(
            "cannot read the footprints", file=path, value=error, next_step="open the file in QGIS and save it anew"
        ) from error
    if not isinstance(frame, gpd.GeoDataFrame):
        raise OnbenutError("the file has no geometry", file=path, next_step="give a file of polygons")
    if frame.crs is None:
        raise OnbenutError(
            "the file does not say its CRS", file=path, column=frame.geometry.name, next_step="save it with a CRS"
        )
    name = id_column or _id_like([str(column) for column in frame.columns if column != frame.geometry.name])
    if name is None or name not in frame.columns:
        raise OnbenutError(
            "no id column",
            file=path,
            column=id_column,
            value=", ".join(map(str, frame.columns)),
            next_step="name it with --left-id or --right-id",
        )
    ids = frame[name]
    if ids.isna().any() or ids.duplicated().any():
        value = "empty" if ids.isna().any() else ids[ids.duplicated()].iloc[0]
        raise OnbenutError(
            "an id is missing or occurs twice",
            file=path,
            column=name,
            value=value,
            next_step="name a column with one id per building",
        )
    return gpd.GeoDataFrame({"id": ids.astype(str).to_numpy()}, geometry=frame.geometry.to_numpy(), crs=frame.crs)


def _id_like(columns: list[str]) -> str | None:
    named = [
        c for c in columns if c.lower() in ("id", "oidn", "fid", "identificatie") or c.lower().endswith(("_id", "id"))
    ]
    return named[0] if named else None


def metric_crs(left: gpd.GeoDataFrame, right: gpd.GeoDataFrame) -> CRS:
    """The left's CRS if projected in metres, else the right's, else the UTM zone, else (wider than a zone) EPSG:3035."""
    for frame in (left, right):
        crs = CRS(frame.crs)
        if crs.is_projected and all(axis.unit_name == "metre" for axis in crs.axis_info[:2]):
            return crs
    west, _, east, _ = left.to_crs(4326).total_bounds
    return CRS(3035) if not len(left) or east - west > 6 else CRS(left.estimate_utm_crs())


def load_side(con: duckdb.DuckDBPyConnection, name: str, frame: gpd.GeoDataFrame, crs: CRS) -> list[str]:
    """Make temp table `name`(id, geom) of the usable outlines in `crs`; returns the ids of the others, sorted."""
    shapes = shapely.force_2d(shapely.make_valid(frame.to_crs(crs).geometry.to_numpy()))
    parts, owner = shapely.get_parts(shapes, return_index=True)
    # make_valid may leave lines beside the polygons, and a collection of both: only what has an area is a footprint.
    nested, inner = shapely.get_parts(parts, return_index=True)
    wide = shapely.area(nested) > 0
    nested, owner = nested[wide], owner[inner][wide]
    merged = gpd.GeoSeries(nested).groupby(owner).agg(lambda part: shapely.union_all(part.to_numpy()))
    ids = frame["id"].to_numpy()
    table = pa.table(
        {
            "id": pa.array(ids[merged.index], pa.string()),
            "wkb": pa.array(shapely.to_wkb(merged.to_numpy()), pa.binary()),
        }
    )
    con.register("footprint_file", table)
    con.execute(f"CREATE OR REPLACE TEMP TABLE {name} AS SELECT id, ST_GeomFromWKB(wkb) AS geom FROM footprint_file")
    con.unregister("footprint_file")
    return sorted(set(ids) - set(ids[merged.index]))


def match_footprint_files(
    left: Path, right: Path, out: Path, *, left_id: str | None = None, right_id: str | None = None
) -> MatchCounts:
    """Match two files; writes `out` and, beside it, `<stem>_refused` with the same suffix.

    Args:
        left: Parquet, GeoPackage or GeoJSON of polygons, in any CRS the file names.
        right: likewise.
        out: .parquet, .gpkg, .geojson or .csv. GeoPackage and GeoJSON show a pair as the left building's outline.
        left_id: column of ids; by default the first that looks like one.
        right_id: likewise.

    Raises:
        OnbenutError: a file cannot be read or written; says file, column, value and the next step.
    """
    from transforms.match.footprint import match_footprints

    if out.suffix.lower() not in _WRITABLE or not out.parent.exists():
        raise OnbenutError(
            "cannot write there",
            file=out,
            value=out.suffix,
            next_step=f"name an existing folder and one of {', '.join(_WRITABLE)}",
        )
    sides = {"left": read_footprints(left, left_id), "right": read_footprints(right, right_id)}
    crs = metric_crs(sides["left"], sides["right"])
    with connect() as con:
        unusable = {side: load_side(con, f"side_{side}", frame, crs) for side, frame in sides.items()}
        match_footprints(con, "side_left", "side_right")
        pairs = con.execute("FROM footprint_pair ORDER BY left_id, right_id").df()
        for side, ids in unusable.items():
            con.executemany(
                "INSERT INTO footprint_refusal VALUES (?, ?, 'no usable outline', NULL, NULL)", [[side, i] for i in ids]
            ) if ids else None
        refused = con.execute("FROM footprint_refusal ORDER BY side, id").df()
    outlines = {side: dict(zip(frame["id"], frame.geometry.to_crs(crs), strict=True)) for side, frame in sides.items()}
    _write(pairs, [outlines["left"][i] for i in pairs["left_id"]], crs, out)
    beside = out.with_name(f"{out.stem}_refused{out.suffix}")
    _write(refused, [outlines[s][i] for s, i in zip(refused["side"], refused["id"], strict=True)], crs, beside)
    return MatchCounts(
        len(sides["left"]), len(sides["right"]), len(pairs), len(refused), sum(map(len, unusable.values()))
    )


def _write(rows: object, shapes: list[object], crs: CRS, path: Path) -> None:
    frame = gpd.GeoDataFrame(rows, geometry=shapes, crs=crs)
    suffix = path.suffix.lower()
    if suffix in (".parquet", ".csv"):
        plain = frame.drop(columns="geometry")
        plain.to_csv(path, index=False) if suffix == ".csv" else plain.to_parquet(path, index=False)
    elif suffix == ".gpkg":
        path.unlink(missing_ok=True)
        frame.to_file(path, layer=path.stem, driver="GPKG")
    else:
        # RFC 7946: GeoJSON is WGS 84.
        frame.to_crs(4326).to_file(path, driver="GeoJSON")
