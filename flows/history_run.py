"""Which run is which: each accepted run gets a number, and what it was made of is kept, down to the snapshots."""

from __future__ import annotations

import io
import json
from datetime import datetime
from typing import Any

import duckdb

from flows.feed_steps import Loaded
from flows.table_steps import Plan
from flows.workspace import Workspace
from sources._kit.city import City
from sources._kit.duck import literal

_FACTS = ("run_id", "config_version", "version", "reference_hash", "method_hash", "data_hash")


def keep_run(
    con: duckdb.DuckDBPyConnection, city: City, space: Workspace, plan: Plan, loaded: list[Loaded], kept_at: datetime
) -> int | None:
    """Write the run into history.run; None where it is made of the same as the last one, and so is that one.

    `made_of` names, as JSON, the manifest of each feed and the stored bytes of the city file and of the decisions by hand:
    with them the night can be made again. Which buildings were objected to is not kept: who objects is heard for old nights too.

    Args:
        con: the warehouse of the run, its tables built.
        city: the city.
        space: where decisions and snapshots are.
        plan: what the tables were made of.
        loaded: the feeds, as they were read.
        kept_at: now, UTC: when this became known.
    """
    facts = {name: literal(plan.params[name]) for name in _FACTS}
    same = " AND ".join(f"{name} IS NOT DISTINCT FROM {value}" for name, value in facts.items())
    last = con.execute(f"SELECT number, {same} FROM history.run ORDER BY number DESC LIMIT 1").fetchone()
    if last is not None and last[1]:
        return None
    number = 1 if last is None else int(last[0]) + 1
    decisions = space.decisions(city.slug)
    made_of: dict[str, Any] = {
        "feeds": {item.feed: item.manifest for item in loaded},
        "city": space.store.put(io.BytesIO(city.model_dump_json(exclude_unset=True).encode()))[0],
        "decisions": space.store.put(io.BytesIO(decisions.read_bytes()))[0] if decisions.exists() else None,
    }
    # A manifest of its own: bytes to which none refers are swept away.
    made_of["manifest"] = f"{kept_at:%Y%m%dT%H%M%S.%fZ}-{number}.json"
    path = space.store.folder(city.slug, "_run") / made_of["manifest"]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(
        json.dumps({"parts": [{"sha256": made_of[name]} for name in ("city", "decisions") if made_of[name]]})
    )
    values = ", ".join(f"{value} AS {name}" for name, value in facts.items())
    con.execute(f"""
        INSERT INTO history.run BY NAME
        SELECT {number} AS number, CAST({literal(plan.params["as_of"])} AS DATE) AS as_of, {values},
            CAST({literal(kept_at.replace(tzinfo=None))} AS TIMESTAMP) AS kept_at, {literal(json.dumps(made_of))} AS made_of""")
    return number
