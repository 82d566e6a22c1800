"""Flemish immovable heritage: designations (`ps_aandobj`) and inventoried objects (`lu_wet_erfgobj_pub`).

A feed with one location holds designations; with the parts `designation` and `object` it holds what they say.
Files: WFS GeoJSON, GeoPackage or Parquet, in EPSG:31370 unless the city file says otherwise.
"""

from __future__ import annotations

from datetime import date

import duckdb

from sources._kit.city import Feed
from sources._kit.contract import Table, load_source, write_raw
from sources._kit.errors import CityFileError
from sources._kit.snapshot import Snapshot
from sources._read.features import read_features


def tables(feed: Feed) -> dict[str, Table]:
    """The raw tables of the parts this feed has.

    Raises:
        CityFileError: a part that is neither of the two.
    """
    known = load_source("be_heritage").info.tables
    wanted = [_table_of(part) for part in feed.locations]
    for name in wanted:
        if name not in known:
            raise CityFileError(
                "no such part of the heritage inventory",
                source="be_heritage",
                feed=feed.name,
                value=name,
                next_step=f"name the files by part: {', '.join(known)}",
            )
    return {name: known[name] for name in known if name in wanted}


def parse(snapshot: Snapshot, con: duckdb.DuckDBPyConnection) -> date | None:
    """Make one raw table per part; returns the day the oldest page was served.

    Raises:
        UnreadableSnapshotError: a file that is not whole, or is in another CRS than the feed.
        ColumnError: a column is missing, or an undeclared one came.
    """
    known, dates = tables(snapshot.feed), []
    for part in snapshot.feed.locations:
        name = _table_of(part)
        features = read_features(con, snapshot, part, known[name].columns)
        write_raw(con, snapshot, name, features.query)
        dates += [features.data_on] if features.data_on else []
    return min(dates, default=None)


def _table_of(part: str) -> str:
    return "designation" if part == "data" else part
