"""A list of observations about single buildings: field checks, citizens' reports, church plans, enterprises, permits.

Whatever says of a building, by its id or by a position, that it is in or out of use. The city file says which column is
what and what the list's words mean, as for a register; `kind` is a kind of evidence (data/reference/evidence.toml).
"""

from __future__ import annotations

from datetime import date
from typing import ClassVar

import duckdb

from sources._kit.city import Feed
from sources._kit.contract import Table
from sources._kit.snapshot import Snapshot
from sources._read.list_settings import ListSettings
from sources._read.listed import list_tables, parse_list

__all__ = ["Settings", "parse", "tables"]


class Settings(ListSettings):
    """How a list maps to the role `observation`."""

    source: ClassVar[str] = "observation_list"
    role: ClassVar[str] = "observation"


def tables(feed: Feed) -> dict[str, Table]:
    """The one raw table, `observation`."""
    return list_tables(feed, Settings, "observation", "Observations as handed over", "observation_id")


def parse(snapshot: Snapshot, con: duckdb.DuckDBPyConnection) -> date | None:
    """Make the raw table `observation`; as many rows as the list has lines.

    Raises:
        UnreadableSnapshotError: several files, or one that is damaged, empty or a page of HTML.
        ColumnError: a mapped column is missing, a column is neither mapped nor ignored, or two share a name.
    """
    return parse_list(snapshot, con, "observation")
