"""OpenStreetMap through Overpass: one city without an extract, as the tables and with the lists of `osm_extract`."""

from __future__ import annotations

from datetime import date

import duckdb

from sources._kit.city import City, Feed
from sources._kit.contract import Table, load_source
from sources._kit.errors import CityFileError, UnreadableSnapshotError
from sources._kit.fetch import fetch_files
from sources._kit.hostile import stated_day
from sources._kit.http import Progress
from sources._kit.snapshot import Box, Snapshot, Store
from sources._osm.tables import write_elements


def tables(feed: Feed) -> dict[str, Table]:
    """The raw tables, which are those of an extract.

    Raises:
        CityFileError: the feed's URL is to be asked in another way than Overpass is.
    """
    if feed.url is not None and feed.service.kind != "overpass":
        raise CityFileError(
            "the URL is not asked as an Overpass",
            source=feed.source,
            feed=feed.name,
            column="service",
            value=feed.service.kind,
            next_step='write `service = { kind = "overpass", bbox = "boundary" }`',
        )
    return load_source("osm_extract").tables(feed)


def fetch(
    city: City, feed: Feed, store: Store, progress: Progress | None = None, extent: Box | None = None
) -> Snapshot:
    """Ask for a box in tiles, or copy answers that somebody saved.

    Raises:
        CityFileError: as `tables`; or there is no boundary to ask for.
        FetchRefusedError: an answer is refused, half, empty or no OSM.
    """
    tables(feed)
    return fetch_files(city, feed, store, progress, extent)


def parse(snapshot: Snapshot, con: duckdb.DuckDBPyConnection) -> date | None:
    """Make the raw tables of all answers together; returns the day the oldest of them is of (`osm_base`).

    Raises:
        UnreadableSnapshotError: an answer is not whole, or no OSM.
    """
    from sources._osm.joining import joined
    from sources._osm.opening import header_date

    paths = snapshot.paths()
    try:
        with joined(paths, snapshot.store.scratch) as path:
            newest = write_elements(path, snapshot, con)
        days = [day for path in paths if (day := stated_day(header_date(path)))]
    except UnreadableSnapshotError as error:
        error.where["source"] = snapshot.feed.source
        raise
    return min(days) if days else newest
