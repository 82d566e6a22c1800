"""GRB: the large-scale reference map of Flanders. Cadastral parcels (ADP), buildings (GBG), structures (KNW).

Each part of the feed (`adp`, `gbg`, `knw`; any of them) is one or many files: GeoJSON pages of the OGC API
Features, GeoPackage or (Geo)Parquet, in EPSG:31370 unless the city file says otherwise. The same OIDN may
come on two pages, and stays twice in raw.
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
        CityFileError: a part that is no GRB collection.
    """
    known = load_source("be_grb").info.tables
    for part in feed.locations:
        if part not in known:
            raise CityFileError(
                "no such part of the GRB",
                source="be_grb",
                feed=feed.name,
                value=part,
                next_step=f"name the files by part: {', '.join(known)}",
            )
    return {part: known[part] for part in known if part in feed.locations}


def parse(snapshot: Snapshot, con: duckdb.DuckDBPyConnection) -> date | None:
    """Make one raw table per part; returns the day the oldest page was served.

    Raises:
        UnreadableSnapshotError: a file that is not whole, not GRB, or in another CRS than the feed.
        ColumnError: a column is missing, or an undeclared one came.
    """
    dates = []
    for part, table in tables(snapshot.feed).items():
        features = read_features(con, snapshot, part, table.columns)
        write_raw(con, snapshot, part, features.query)
        dates += [features.data_on] if features.data_on else []
    return min(dates, default=None)
