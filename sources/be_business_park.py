"""Flemish business parks (VLAIO): the parks (`bedrter`) and the usage parcels in them (`bedrperc`).

Usage parcels are not cadastral ones. `inGebruik` means that some part is in use, so it says nothing of a building;
`nietInGebruik` on a built parcel says that all of it stands idle, and is an observation about what stands there.
Files: WFS GeoJSON, GeoPackage (arcs are straightened) or Parquet, in EPSG:31370 unless the city file says otherwise.
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
IDLE = "bedrperc_not_in_use"


def tables(feed: Feed) -> dict[str, Table]:
    """The raw tables of the parts this feed has; `bedrperc` makes a second one, of what is built and not in use.

    Raises:
        CityFileError: a part that is neither of the two.
    """
    found = part_tables(feed)
    if "bedrperc" in found:
        found[IDLE] = load_source("be_business_park").info.tables[IDLE]
    return found


def parse(snapshot: Snapshot, con: duckdb.DuckDBPyConnection) -> date | None:
    """Make the raw tables; returns the day the oldest page was served.

    Raises:
        UnreadableSnapshotError: a file that is not whole, or is in another CRS than the feed.
        ColumnError: a column is missing, or an undeclared one came.
    """
    idle = f"{code('InGebruik')} = 'nietingebruik' AND {code('Bebouwing')} = 'bebouwd' AND defect IS NULL"
    return write_layers(snapshot, con, {"bedrperc": (IDLE, idle)})


def code(column: str) -> str:
    """SQL: a code in small letters, whether the provider writes the word or its URI."""
    return f"lower(regexp_extract(trim({column}), '[^/#]*$'))"
