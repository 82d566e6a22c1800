"""`onbenut cities`: list and validate."""

from __future__ import annotations

import sys

from flows.cities import list_cities
from flows.commands.terminal import console, print_json, table
from flows.workspace import Workspace


def cities(space: Workspace, as_json: bool) -> int:
    """Print all cities; 1 when a city file is not valid."""
    entries = list_cities(space)
    if as_json:
        print_json(entries)
    elif not entries:
        console().print(f"no cities yet: put a city file in {space.cities}, or try `onbenut demo`", soft_wrap=True)
    else:
        lines = [
            (
                entry.slug,
                entry.name,
                ", ".join(entry.local),
                ", ".join(entry.remote),
                "yes" if entry.has_warehouse else "no",
                "not valid" if entry.problem else "valid" if entry.file else "file elsewhere",
            )
            for entry in entries
        ]
        console().print(table("", ("city", "name", "local feeds", "remote feeds", "was run", "file"), lines))
    for entry in entries:
        if entry.problem:
            print(f"error: {entry.slug}: {' '.join(entry.problem.split())}", file=sys.stderr)
    return 1 if any(entry.problem for entry in entries) else 0
