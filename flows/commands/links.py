"""Which rows found a building, and which did not."""

from __future__ import annotations

from rich.console import Console

from flows.commands.terminal import table
from flows.status import CityStatus


def print_matches(status: CityStatus, out: Console) -> None:
    """Print which register rows and outlines found a building and how, and which did not and why."""
    for name, title in (("core.link_register", "Register rows"), ("core.link_footprint", "OSM outlines")):
        lines = [
            ("matched", row["feed"], row["method"], row["rows"]) for row in status.links if row["table_name"] == name
        ]
        lines += [
            ("refused", row["feed"], row["reason"], row["rows"]) for row in status.refusals if row["table_name"] == name
        ]
        if lines:
            out.print(table(f"\n{title}", ("", "feed", "how or why", "rows"), lines, right=("rows",)))
