"""`onbenut changes`: what appeared, vanished, moved band or was scored anew, and what did it."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import date

from flows.changes import STEPS, find_changes
from flows.commands.terminal import console, table
from flows.workspace import Workspace


def changes(city: str, space: Workspace, since: date, audience: str, kind: str | None, as_json: bool) -> int:
    """Print the changes, one JSON object a line for machines; returns the exit status.

    Raises:
        OnbenutError: there is no history to read.
    """
    found = find_changes(city, space, since, audience, kind)
    if as_json:
        for change in found:
            facts = {name.rstrip("_"): value for name, value in asdict(change).items()}
            print(json.dumps(facts, default=str, ensure_ascii=False))
        return 0
    lines = [(c.known_on, c.kind, c.building_id, c.name, c.from_, c.to, c.true_from, c.cause) for c in found]
    out = console()
    out.print(
        table(
            f"{len(found)} changes since {since}",
            ("night", "kind", "building", "name", "from", "to", "true since", "cause"),
            lines,
        )
    )
    out.print(
        f"{STEPS}; smaller moves add up until they are. Unchanged nights and the first one list nothing.",
        soft_wrap=True,
    )
    return 0
