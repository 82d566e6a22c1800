"""Flemish addresses: the CRAB address list and the Adressenregister; GeoParquet, GeoPackage, GeoJSON or CSV.

The two write the same things under other names; which a file has is told by its columns. CSV carries its
position in an x and a y column in the feed's CRS: EPSG:31370, or what the city file says.
"""

from __future__ import annotations

from datetime import date

import duckdb

from sources._kit.contract import load_source, write_raw
from sources._kit.duck import identifier
from sources._kit.errors import ColumnError, UnreadableSnapshotError
from sources._kit.snapshot import Snapshot
from sources._read.content import kind_of, place
from sources._read.features import read_features

STREETS = ("STRAATNM", "Straatnaam")
HOUSE_NUMBERS = ("HUISNR", "Huisnummer")
POSITIONS = (("x", "y"), ("x_lambert72", "y_lambert72"), ("lon", "lat"))
_CSV = "address_rows"


def parse(snapshot: Snapshot, con: duckdb.DuckDBPyConnection) -> date | None:
    """Make the raw table of address points; returns the day the oldest GeoJSON page was served, if any.

    Raises:
        UnreadableSnapshotError: a file that is not whole, or is in another CRS than the feed.
        ColumnError: no street, house number or position, or an undeclared column.
    """
    columns = load_source("be_address").info.tables["address"].columns
    paths = snapshot.paths()
    kinds = {kind_of(path, **place(snapshot, "data", path)) for path in paths}
    if kinds != {"text"}:
        features = read_features(con, snapshot, "data", columns)
        _hold_to_names(con, snapshot, features.query)
        write_raw(con, snapshot, "address", features.query)
        return features.data_on
    where = place(snapshot, "data", paths[0])
    if len(paths) > 1:
        raise UnreadableSnapshotError(
            "more than one CSV file", value=len(paths), next_step="give one file, or GeoParquet", **where
        )
    # Arrow is loaded where a file is read: an unchanged night only asks what the table is called.
    from sources._read.rows import read_rows

    con.register(_CSV, read_rows(paths[0], where).table)
    try:
        found = _hold_to_names(con, snapshot, f"SELECT * FROM {_CSV}")
        x, y = next(((a, b) for a, b in POSITIONS if a in found and b in found), (None, None))
        if x is None or y is None:
            raise ColumnError(
                "no columns with a position",
                value=f"the file has {', '.join(sorted(found))}",
                next_step=f"one of these pairs is read: {', '.join('/'.join(pair) for pair in POSITIONS)}",
                **where,
            )
        # A decimal comma is what Excel makes of a coordinate in this country.
        numbers = [f"TRY_CAST(replace({identifier(found[name])}, ',', '.') AS DOUBLE)" for name in (x, y)]
        write_raw(con, snapshot, "address", f"SELECT *, ST_Point({', '.join(numbers)}) AS geom FROM {_CSV}")
    finally:
        con.unregister(_CSV)
    return None


def _hold_to_names(con: duckdb.DuckDBPyConnection, snapshot: Snapshot, query: str) -> dict[str, str]:
    """Columns of a query by lower-case name, once street and house number are there in either spelling."""
    found = {row[0].lower(): row[0] for row in con.execute(f"DESCRIBE {query}").fetchall()}
    for names in (STREETS, HOUSE_NUMBERS):
        if not any(name.lower() in found for name in names):
            raise ColumnError(
                "a column is missing",
                column=" or ".join(names),
                value=f"the file has {', '.join(sorted(found.values()))}",
                next_step="the file is neither the CRAB address list nor the Adressenregister",
                **place(snapshot, "data"),
            )
    return found
