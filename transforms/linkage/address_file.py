"""`onbenut match addresses`: a register against an address file, both of any usual kind, into two files."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import pyogrio
import shapely
from geopandas.geodataframe import GeoDataFrame

from sources._kit.duck import connect
from sources._kit.errors import OnbenutError
from sources._kit.whole import put_in_place
from transforms.linkage.address import DEFAULT, Settings, match_addresses
from transforms.linkage.address_read import POINTS, ROWS, read_addresses, read_register

gdal: Any = pyogrio  # carries no types
EXTENSIONS = (".csv", ".parquet", ".gpkg", ".geojson")


@dataclass(frozen=True)
class MatchCounts:
    """What came of it.

    Attributes:
        rows: rows of the register; answered + refused.
        answered, refused: rows.
        methods: method -> rows answered by it.
        reasons: reason -> rows refused for it.
        crs: metric CRS of x and y in the matches.
        matches, refusals: the files written.
    """

    rows: int
    answered: int
    refused: int
    methods: dict[str, int]
    reasons: dict[str, int]
    crs: str
    matches: Path
    refusals: Path


def match_address_files(
    register: Path,
    against: Path,
    out: Path,
    *,
    register_columns: Mapping[str, str] | None = None,
    address_columns: Mapping[str, str] | None = None,
    address_crs: str | None = None,
    sheet: str | None = None,
    settings: Settings = DEFAULT,
) -> MatchCounts:
    """Match a register (CSV, Excel, Parquet) with addresses (GeoParquet, GeoPackage, GeoJSON, CSV).

    Args:
        register: file with a street and a house number; postcode and district help.
        against: file with a street, a house number and a position.
        out: matches, by extension csv, parquet, gpkg or geojson; refusals go to `<stem>_refused` beside it.
        register_columns: role -> column where the names do not say it: row_id, street, house_number,
            house_number_to, box_number, postcode, municipality.
        address_columns: the same for the addresses, with address_id, x and y.
        address_crs: CRS of a file that does not say it.
        sheet: of an Excel register with several.
        settings: thresholds of the method.

    Raises:
        OnbenutError: a file, column or CRS that is missing or ambiguous; it names file, column and next step.
    """
    if out.suffix.lower() not in EXTENSIONS:
        raise OnbenutError(
            "matches are not written in this format", file=out, next_step=f"end the name in {', '.join(EXTENSIONS)}"
        )
    with connect() as con:
        read_register(con, register, register_columns or {}, sheet)
        crs = read_addresses(con, against, address_columns or {}, address_crs)
        match_addresses(con, ROWS, POINTS, settings=settings)
        matches = con.execute("SELECT * FROM address_match ORDER BY row_id, rank").df()
        refusals = con.execute("SELECT * FROM address_refusal ORDER BY row_id").df()
        methods = _counts(
            con, "SELECT method, count(*) FROM address_match WHERE rank = 1 GROUP BY method ORDER BY method"
        )
        reasons = _counts(con, "SELECT reason, count(*) FROM address_refusal GROUP BY reason ORDER BY reason")
    beside = out.with_name(f"{out.stem}_refused{out.suffix}")
    points = GeoDataFrame(matches, geometry=shapely.points(matches["x"], matches["y"]), crs=crs)
    _write(points, out)
    _write(refusals, beside)
    answered, refused = sum(methods.values()), sum(reasons.values())
    return MatchCounts(answered + refused, answered, refused, methods, reasons, crs, out, beside)


def _counts(con: duckdb.DuckDBPyConnection, query: str) -> dict[str, int]:
    return {str(name): int(count) for name, count in con.execute(query).fetchall()}


def _write(frame: pd.DataFrame, path: Path) -> None:
    """Write beside and rename, so that nobody reads half a file."""
    part = path.with_name(f".{path.stem}.part{path.suffix}")
    part.unlink(missing_ok=True)
    kind = path.suffix.lower()
    if kind == ".csv":
        frame.drop(columns="geometry", errors="ignore").to_csv(part, index=False)
    elif kind == ".parquet":
        frame.to_parquet(part, index=False)
    else:
        if kind == ".geojson" and isinstance(frame, GeoDataFrame):
            frame = frame.to_crs("EPSG:4326")
        gdal.write_dataframe(frame, part, layer=path.stem, driver="GPKG" if kind == ".gpkg" else "GeoJSON")
    put_in_place(part, path)
