"""Elevation: GeoTIFFs of a surface model (part `dsm`) and a terrain model (part `dtm`), each in one or more tiles.

They come as files, or from a WCS (DHMV II: docs/decisions/0023-elevation-by-wcs.md).

Only what the files say of themselves becomes a table: the cells stay in the store, where `core.height_measured` reads
them window by window. Tables hold the hash of a file and never its path, so that they are the same on every machine.

A tile must be in the feed's CRS, like every other file. That may be another than the city's: then the outlines are
transformed and not the raster, because resampling would blur the very roof edges that are to be measured.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import duckdb
from pydantic import BaseModel, ConfigDict, Field

from sources._kit.contract import load_source, settings_of, write_raw
from sources._kit.errors import CityFileError, UnreadableSnapshotError
from sources._kit.snapshot import Snapshot
from sources._read.content import place
from sources._read.crs import hold_to_crs, wanted_crs

KINDS = ("dsm", "dtm")
GRID_TOLERANCE = 0.01
"""Share of a cell by which the tiles of one surface model may lie off their common grid."""


class Settings(BaseModel):
    """What a file may not say of itself: the accuracy of its heights (m) and the value of a cell without data."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    vertical_sd_m: float | None = Field(None, gt=0)
    nodata: float | None = None


def parse(snapshot: Snapshot, con: duckdb.DuckDBPyConnection) -> date | None:
    """Make the raw table of tiles.

    Raises:
        CityFileError: the parts are not `dsm` and `dtm`.
        UnreadableSnapshotError: not a raster, several bands, turned or oblong cells, no CRS or another than the feed's,
            no nodata value, tiles off their common grid, a surface tile with no terrain under it.
    """
    parts = {part.name for part in snapshot.parts}
    if parts != set(KINDS):
        raise CityFileError(
            "elevation needs a surface model and a terrain model",
            source="be_elevation",
            feed=snapshot.feed.name,
            value=", ".join(sorted(parts)) or "nothing",
            next_step='name the files by part: path = { dsm = "dsm_*.tif", dtm = "dtm_*.tif" }',
        )
    settings: Settings = settings_of(snapshot.city, snapshot.feed)
    stated = load_source("be_elevation").info.reader["vertical_sd_m"]
    rows = []
    for kind in KINDS:
        for path in snapshot.paths(kind):
            where = place(snapshot, kind, path)
            tile = _describe(snapshot, path, settings, where)
            rows.append({"kind": kind, "sha256": path.name, "where": where, **tile})
    _hold_together(rows)
    import pyarrow as pa

    names = [name for name in rows[0] if name != "where"]
    table = pa.table({name: [row[name] for row in rows] for name in names})
    table = table.set_column(names.index("nodata"), "nodata", pa.array([row["nodata"] for row in rows], pa.float64()))
    con.register("incoming_elevation", table)
    write_raw(
        con,
        snapshot,
        "raster",
        f"SELECT *, CAST({settings.vertical_sd_m or stated} AS DOUBLE) AS vertical_sd_m, row_number() OVER () AS _row, "
        "ST_MakeEnvelope(west, south, east, north) AS geom FROM incoming_elevation",
    )
    con.unregister("incoming_elevation")
    return None


def _describe(snapshot: Snapshot, path: Path, settings: Settings, where: dict[str, object]) -> dict[str, Any]:
    """What one tile says of itself."""
    # Here, because a city without elevation need not load GDAL.
    import rasterio
    from rasterio.enums import MaskFlags
    from rasterio.errors import RasterioIOError

    def refuse(what: str, value: object, next_step: str) -> UnreadableSnapshotError:
        return UnreadableSnapshotError(what, value=value, next_step=next_step, **where)

    try:
        with rasterio.open(path) as tile:
            if tile.count != 1:
                raise refuse(
                    "a raster of several bands", tile.count, "give the band with the heights as a file of its own"
                )
            code = tile.crs.to_epsg() if tile.crs else None
            hold_to_crs(snapshot, _name(tile.crs, code), None, **where)
            t = tile.transform
            if t.b or t.d or t.e >= 0 or abs(t.a + t.e) > 1e-9 * t.a:
                raise refuse("cells that are turned or not square", tuple(t)[:6], "warp the file to a plain grid")
            nodata = tile.nodata if tile.nodata is not None else settings.nodata
            if nodata is None and MaskFlags.per_dataset not in tile.mask_flag_enums[0]:
                raise refuse(
                    "the raster does not say which value means no data",
                    "no nodata value",
                    "set `nodata` of this feed in the city file; -9999 is usual",
                )
            # A file that was cut short opens, and says so only when its last cells are asked for.
            tile.read(1, window=((tile.height - 1, tile.height), (tile.width - 1, tile.width)))
            west, south, east, north = tile.bounds
            return {
                "crs": wanted_crs(snapshot),
                "west": west,
                "south": south,
                "east": east,
                "north": north,
                "cell_m": t.a,
                "row_count": tile.height,
                "column_count": tile.width,
                "nodata": None if nodata is None or nodata != nodata else float(nodata),
            }
    except RasterioIOError as error:
        raise refuse(
            "not a raster, or one that stops short", " ".join(str(error).split())[:200], "give it as GeoTIFF, whole"
        ) from error


def _name(crs: Any, code: int | None) -> str | None:
    """`EPSG:<code>`; a CRS without code by its first words, which no feed's CRS equals; None where there is none."""
    return f"EPSG:{code}" if code else str(crs.to_wkt())[:60] if crs else None


def _hold_together(rows: list[dict[str, Any]]) -> None:
    """Refuse surface tiles that make no one grid, or that have no terrain under them."""
    surface = [row for row in rows if row["kind"] == "dsm"]
    ground = [row for row in rows if row["kind"] == "dtm"]
    first = surface[0]
    for row in surface:
        cell = first["cell_m"]
        steps = [(row[edge] - first[edge]) / cell for edge in ("west", "north")]
        if abs(row["cell_m"] - cell) > 1e-6 * cell or any(abs(s - round(s)) > GRID_TOLERANCE for s in steps):
            raise UnreadableSnapshotError(
                "tiles of the surface model do not lie on one grid",
                value=f"{row['cell_m']} m at {row['west']}, {row['north']}",
                next_step="make each survey a feed of its own",
                **row["where"],
            )
        if not any(_overlap(row, under) for under in ground):
            raise UnreadableSnapshotError(
                "a surface tile has no terrain under it",
                value=f"{row['west']:.0f}, {row['south']:.0f}, {row['east']:.0f}, {row['north']:.0f}",
                next_step="add the tiles of the terrain model for the same area",
                **row["where"],
            )


def _overlap(a: dict[str, Any], b: dict[str, Any]) -> bool:
    return bool(a["west"] < b["east"] and b["west"] < a["east"] and a["south"] < b["north"] and b["south"] < a["north"])
