"""A municipality's register of vacant, neglected or unfit premises, with the city's own column names."""

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
    """How a city's list maps to the role `register_row`."""

    source: ClassVar[str] = "vacancy_register"
    role: ClassVar[str] = "register_row"


def tables(feed: Feed) -> dict[str, Table]:
    """The one raw table, `register`."""
    return list_tables(feed, Settings, "register", "The register as handed over", "register_id")


def parse(snapshot: Snapshot, con: duckdb.DuckDBPyConnection) -> date | None:
    """Make the raw table `register`; as many rows as the list has lines.

    Raises:
        UnreadableSnapshotError: several files, or one that is damaged, empty or a page of HTML.
        ColumnError: a mapped column is missing, a column is neither mapped nor ignored, or two share a name.
    """
    return parse_list(snapshot, con, "register")
