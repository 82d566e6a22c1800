"""Layers of areas with the provider's own columns: one raw table per part of a feed, under the names of the source's TOML.

Providers rename columns between editions. The city file may say which of the layer's columns is which (`columns`) and
which it gives that nobody needs (`ignore`); everything else that is not declared stays an error.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

import duckdb
from pydantic import BaseModel, ConfigDict, Field

from sources._kit.city import Feed
from sources._kit.contract import Table, load_source, raw_name, settings_of, write_raw
from sources._kit.duck import identifier
from sources._kit.errors import CityFileError, ColumnError
from sources._kit.snapshot import Snapshot
from sources._read.content import place
from sources._read.features import read_features


class LayerSettings(BaseModel):
    """How a layer's own columns map to those of the source's TOML."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    columns: dict[str, str] = Field(default_factory=dict, description="declared column = the layer's column")
    ignore: tuple[str, ...] = Field((), description="columns of the layer that are dropped unread")


def part_tables(feed: Feed, only: str | None = None) -> dict[str, Table]:
    """The raw tables of the parts a feed has, in the order of the TOML.

    Args:
        feed: the feed.
        only: table of a feed with one location and no parts; None where the parts must be named.

    Raises:
        CityFileError: a part that the source does not know.
    """
    known = load_source(feed.source).info.tables
    wanted = {only if part == "data" and only else part for part in feed.locations}
    for name in sorted(wanted - set(known)):
        raise CityFileError(
            "no such part of this source",
            source=feed.source,
            feed=feed.name,
            value=name,
            next_step=f"name the files by part: {', '.join(known)}",
        )
    return {name: table for name, table in known.items() if name in wanted}


def write_layers(
    snapshot: Snapshot, con: duckdb.DuckDBPyConnection, picked: Mapping[str, tuple[str, str]] | None = None
) -> date | None:
    """Make one raw table per part; returns the day the oldest page was served.

    Args:
        snapshot: files of the parts.
        con: the warehouse.
        picked: for a part, a second table and the SQL condition of the part's rows that are in it too.

    Raises:
        UnreadableSnapshotError: a file that is not whole, or is in another CRS than the feed.
        ColumnError: a column is missing, or an undeclared one came.
    """
    dates = []
    for part, table in part_tables(snapshot.feed).items():
        query, ignore, data_on = layer_query(con, snapshot, part, table)
        write_raw(con, snapshot, part, query, ignore)
        if picked and part in picked:
            second, condition = picked[part]
            write_raw(con, snapshot, second, f"SELECT * FROM {raw_name(snapshot.feed, part)} WHERE {condition}")
        dates += [data_on] if data_on else []
    return min(dates, default=None)


def layer_query(
    con: duckdb.DuckDBPyConnection, snapshot: Snapshot, part: str, table: Table
) -> tuple[str, frozenset[str], date | None]:
    """Query over a part under the declared names; columns to drop; the day the oldest page was served.

    Raises:
        UnreadableSnapshotError: a file that is not whole, or is in another CRS than the feed.
        ColumnError: a column that the city file maps is not there.
        CityFileError: it maps to a column that is not declared.
    """
    settings: LayerSettings = settings_of(snapshot.city, snapshot.feed)
    where = place(snapshot, part)
    declared = {name.lower(): name for name in table.columns}
    features = read_features(con, snapshot, part, table.columns)
    found = {row[0].lower(): row[0] for row in con.execute(f"DESCRIBE {features.query}").fetchall()}
    renamed = []
    for ours, theirs in settings.columns.items():
        if ours.lower() not in declared:
            raise CityFileError(
                "the city file maps a column that this source does not have",
                column=ours,
                next_step=f"its columns: {', '.join(table.columns)}",
                **where,
            )
        if theirs.lower() not in found:
            raise ColumnError(
                f"the column mapped to {ours} is missing",
                column=theirs,
                value=f"the file has {', '.join(sorted(set(found.values()) - {'geom', 'defect'}))}",
                next_step="the provider renamed it, or the city file maps it wrongly",
                **where,
            )
        renamed.append(f"{identifier(found[theirs.lower()])} AS {identifier(declared[ours.lower()])}")
    rename = f" RENAME ({', '.join(renamed)})" if renamed else ""
    return f"SELECT *{rename} FROM ({features.query})", frozenset(settings.ignore), features.data_on
