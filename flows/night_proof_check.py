"""What `make night` looks at when the night is over."""

from __future__ import annotations

import json
from collections.abc import Sequence

from flows.workspace import Workspace

Check = tuple[str, bool, str]
"""What should be, whether it is, what was found."""


def check_night(space: Workspace, names: Sequence[str], artifact: str | None, log: str) -> list[Check]:
    """Hold a night to what it should be.

    Args:
        space: the night's own.
        names: all its cities.
        artifact: the summary as Prefect holds it.
        log: what the worker wrote.
    """
    lines = [json.loads(line) for path in space.nights.glob("*.jsonl") for line in path.read_text().splitlines()]
    cities = {line["city"]: line for line in lines if line["what"] == "city"}
    heritage = {line["city"]: line for line in lines if line["what"] == "feed" and line["feed"] == "heritage"}
    found: list[Check] = []
    for slug in ("eenstad", "tweestad"):
        state = cities.get(slug, {}).get("state")
        found.append((f"{slug} is done", state == "new", str(state)))
    note = str(heritage.get("doodstad", {}).get("note"))
    found.append(
        ("doodstad stands on its last good snapshot", heritage.get("doodstad", {}).get("state") == "fallback", note)
    )
    why = cities.get("leegstad", {})
    found.append(("leegstad failed alone", why.get("state") == "failed", str(why.get("why"))))
    found.append(("a failed city publishes nothing", not (space.outputs / "leegstad").exists(), "no products"))
    found.append(("summary as JSON lines", len(cities) == len(names), f"{len(lines)} lines"))
    found.append(
        ("summary as Markdown in Prefect", bool(artifact and "leegstad" in artifact), f"{len(artifact or '')} letters")
    )
    printed = [line for line in log.splitlines() if "Night of" in line and "leegstad" in line]
    found.append(("summary as a table in the log", bool(printed), f"{len(printed)} lines of log hold it"))
    began = next((line["began_at"] for line in lines if line["what"] == "night"), "")
    fired = {slug: str(cities.get(slug, {}).get("tried_at")) for slug in names[:2]}
    own = all(moment < began for moment in fired.values())
    found.append(("their own schedules fired, before the summary's did", own, f"{fired}, then {began}"))
    return found
