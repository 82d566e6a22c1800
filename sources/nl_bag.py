"""Dutch buildings and addresses (BAG): `pand`, what stands, and `verblijfsobject`, the units in it with their address.

`Pand buiten gebruik` is a registration by the municipality that keeps the BAG, and becomes an observation about that
very building. Files: GeoJSON pages of the OGC API Features of PDOK, GeoPackage or Parquet, in EPSG:28992 unless the
city file says otherwise.
"""

from __future__ import annotations

from datetime import date

import duckdb

from sources._kit.city import Feed
from sources._kit.contract import Table, load_source
from sources._kit.snapshot import Snapshot
from sources._read.layers import LayerSettings as Settings
from sources._read.layers import part_tables, write_layers

__all__ = ["Settings", "parse", "tables"]
OUT_OF_USE = "pand_out_of_use"


def tables(feed: Feed) -> dict[str, Table]:
    """The raw tables of the parts this feed has; `pand` makes a second one, of what is registered as out of use.

    Raises:
        CityFileError: a part that is neither of the two.
    """
    found = part_tables(feed)
    if "pand" in found:
        found[OUT_OF_USE] = load_source("nl_bag").info.tables[OUT_OF_USE]
    return found


def parse(snapshot: Snapshot, con: duckdb.DuckDBPyConnection) -> date | None:
    """Make the raw tables; returns the day the oldest page was served.

    Raises:
        UnreadableSnapshotError: a file that is not whole, or is in another CRS than the feed.
        ColumnError: a column is missing, or an undeclared one came.
    """
    idle = "trim(status) = 'Pand buiten gebruik' AND defect IS NULL"
    return write_layers(snapshot, con, {"pand": (OUT_OF_USE, idle)})
