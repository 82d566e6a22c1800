"""Boundaries of the Flemish municipalities (VRBG, `Refgem`): the area of interest of a city whose file says `boundary = "feed:..."`.

Files: WFS GeoJSON, GeoPackage or Parquet, in EPSG:31370 unless the city file says
otherwise. The file may hold all municipalities: which one is the city is for its `nis`.
"""

from __future__ import annotations

from datetime import date

import duckdb

from sources._kit.city import Feed
from sources._kit.contract import Table, write_raw
from sources._kit.snapshot import Snapshot
from sources._read.layers import LayerSettings as Settings
from sources._read.layers import layer_query, part_tables

__all__ = ["Settings", "parse", "tables"]


def tables(feed: Feed) -> dict[str, Table]:
    """The one raw table, `refgem`.

    Raises:
        CityFileError: the feed has parts.
    """
    return part_tables(feed, "refgem")


def parse(snapshot: Snapshot, con: duckdb.DuckDBPyConnection) -> date | None:
    """Make the raw table; returns the day the oldest page was served.

    Raises:
        UnreadableSnapshotError: a file that is not whole, or is in another CRS than the feed.
        ColumnError: a column is missing, or an undeclared one came.
    """
    (table,) = tables(snapshot.feed).values()
    (part,) = snapshot.feed.locations
    query, ignore, data_on = layer_query(con, snapshot, part, table)
    write_raw(con, snapshot, "refgem", query, ignore)
    return data_on
