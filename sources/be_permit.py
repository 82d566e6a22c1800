"""Flemish permits (Omgevingsloket): projects (`project`) and allotments (`allotment`), with the day they were handed in.

That somebody asked for a permit says that somebody is at work there; how long it says so is for the kind of evidence.
Who asked never enters. Files: WFS GeoJSON, GeoPackage or Parquet of Mercator, in EPSG:3812 unless the city file says otherwise.
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
        CityFileError: a part that is neither of the two.
    """
    return part_tables("be_permit", feed)


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
