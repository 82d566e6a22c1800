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
from sources._kit.duck import identifier, literal
from sources._kit.whole import write_whole

FACTS = ("run_id", "config_version", "version", "reference_hash", "method_hash", "data_hash")


def keep_run(con: duckdb.DuckDBPyConnection, plan: Plan, kept_at: datetime) -> int | None:
    """Write the run into history.run; None where it is made of the same as the last one, and so is that one.

    Args:
        con: the warehouse of the run, its tables built.
        plan: what the tables were made of.
        kept_at: now, UTC: when this became known.
    """
    facts = {name: literal(plan.params[name]) for name in FACTS}
    same = " AND ".join(f"{name} IS NOT DISTINCT FROM {value}" for name, value in facts.items())
    last = con.execute(f"SELECT number, {same} FROM history.run ORDER BY number DESC LIMIT 1").fetchone()
    if last is not None and last[1]:
        # A gate overruled in a run that is made of the same is said in the layer, and so part of what was accepted.
        con.execute(f"UPDATE history.run SET layer_hash = {literal(layer_hash(con))} WHERE number = {last[0]}")
        return None
    number = 1 if last is None else int(last[0]) + 1
    values = ", ".join(f"{value} AS {name}" for name, value in facts.items())
    con.execute(f"""
        INSERT INTO history.run BY NAME
        SELECT {number} AS number, CAST({literal(plan.params["as_of"])} AS DATE) AS as_of, {values},
            CAST({literal(kept_at.replace(tzinfo=None))} AS TIMESTAMP) AS kept_at, {literal(layer_hash(con))} AS layer_hash""")
    return number


def keep_ingredients(
    con: duckdb.DuckDBPyConnection,
    number: int,
    city: City,
    space: Workspace,
    loaded: list[Loaded],
    kept_at: datetime,
    osm_free: int | None = None,
) -> None:
    """Write down what a run was made of, so that its night can be made again.

    That is the manifest of each feed, the stored bytes of the city file and of the decisions by hand, and the number of the run of the
    edition without OpenStreetMap. Which buildings were objected to is not kept: who objects is heard for old nights too.
    """
    decisions = space.decisions(city.slug)
    made_of: dict[str, Any] = {
        "feeds": {item.feed: item.manifest for item in loaded},
        "city": space.store.put(io.BytesIO(city.model_dump_json(exclude_unset=True).encode()))[0],
        "decisions": space.store.put(io.BytesIO(decisions.read_bytes()))[0] if decisions.exists() else None,
        "osm_free": osm_free,
    }
    # A manifest of its own: bytes to which none refers are swept away.
    made_of["manifest"] = f"{kept_at:%Y%m%dT%H%M%S.%fZ}-{number}.json"
    path = space.store.folder(city.slug, "_run") / made_of["manifest"]
    parts = [{"sha256": made_of[name]} for name in ("city", "decisions") if made_of[name]]
    # Half of one would be a manifest that cannot be read, and then no bytes are ever swept.
    write_whole(path, json.dumps({"parts": parts}), space.store.scratch / f"{city.slug}-{path.name}.part")
    con.execute(f"UPDATE history.run SET made_of = {literal(json.dumps(made_of))} WHERE number = {number}")


def layer_hash(con: duckdb.DuckDBPyConnection) -> str:
    """Hash of all rows of the layer, after the version of DuckDB that counted it: another may hash otherwise."""
    names = con.execute(
        "SELECT table_name FROM duckdb_tables() WHERE schema_name = 'layer' AND database_name = current_database() ORDER BY ALL"
    ).fetchall()
    # A sum, and no exclusive or: rows that are there twice would leave no trace in that.
    each = " UNION ALL ".join(
        f"SELECT {literal(name)} AS name, count(*) AS n, sum(hash(t)::HUGEINT) AS h FROM layer.{identifier(name)} AS t"
        for (name,) in names
    )
    row = con.execute(
        f"SELECT md5(string_agg(name || ' ' || n || ' ' || coalesce(h, 0), ';' ORDER BY name)) FROM ({each})"
    )
    found = row.fetchone()
    assert found is not None
    return f"{duckdb.__version__}:{found[0]}"
