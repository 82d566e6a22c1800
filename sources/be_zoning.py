"""Flemish zoning: which plan says what may be done where.

The regional plan (`gwp`), special plans (`bpa`), and implementation plans of region, province and municipality
(`gewrup`, `provrup`, `gemrup`), which replace the older ones where they lie.

Files: WFS GeoJSON, GeoPackage or Parquet of Mercator, in EPSG:3812 unless the city file says otherwise.
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
    """The raw tables of the parts this feed has.

    Raises:
        CityFileError: a part that is no kind of plan.
    """
    return part_tables("be_zoning", feed)


def parse(snapshot: Snapshot, con: duckdb.DuckDBPyConnection) -> date | None:
    """Make one raw table per part; returns the day the oldest page was served.

    Raises:
        UnreadableSnapshotError: a file that is not whole, or is in another CRS than the feed.
        ColumnError: a column is missing, or an undeclared one came.
    """
    dates = []
    for part, table in tables(snapshot.feed).items():
        query, ignore, data_on = layer_query(con, snapshot, part, table)
        write_raw(con, snapshot, part, query, ignore)
        dates += [data_on] if data_on else []
    return min(dates, default=None)
