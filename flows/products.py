"""The second half of a run: from the raw floor to the products, with what it did written into the outcome."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import duckdb

from flows.outcome import Outcome
from flows.table_steps import Plan, build_tables
from flows.workspace import Workspace
from transforms._kit.header import FLOORS
from transforms._kit.runner import Built, stored_fingerprints

Progress = Callable[[str, str], None]
"""Called with a floor and what happens on it."""


def build_and_publish(
    con: duckdb.DuckDBPyConnection,
    crs: str,
    space: Workspace,
    table_plan: Plan,
    prints: dict[str, str],
    outcome: Outcome,
    seconds: dict[str, float],
    progress: Progress,
) -> None:
    """Build what changed, publish it under the outcome's name, and note tables, seconds and products."""

    def on_table(table: Built) -> None:
        floor = table.name.split(".")[0]
        seconds[floor] = seconds.get(floor, 0.0) + table.seconds
        progress(floor, table.name)

    built = build_tables(con, table_plan, prints, on_table)
    outcome.rebuilt = [table.name for table in built if table.was_built]
    with timed(seconds, "publish"):
        _publish(con, crs, space, table_plan, prints, outcome, progress)
    con.execute("CHECKPOINT")
    outcome.floors = {floor: round(seconds[floor], 3) for floor in ("raw", *FLOORS, "publish") if floor in seconds}


@contextmanager
def timed(seconds: dict[str, float], floor: str) -> Iterator[None]:
    """Add the seconds the block takes to its floor's."""
    start = time.perf_counter()
    yield
    seconds[floor] = seconds.get(floor, 0.0) + time.perf_counter() - start


def _publish(
    con: duckdb.DuckDBPyConnection,
    crs: str,
    space: Workspace,
    table_plan: Plan,
    prints: dict[str, str],
    outcome: Outcome,
    progress: Progress,
) -> None:
    """Write the products unless the very same layer is out already."""
    layer = "".join(prints[spec.full_name] for spec in table_plan.specs if spec.schema == "layer")
    wanted = hashlib.sha256(f"{layer}{_product_code(space)}".encode()).hexdigest()
    folder = space.outputs / outcome.city
    has_buildings = con.execute("SELECT count(*) FROM core.building").fetchone() != (0,)
    if not has_buildings:
        reason = "no feed gave a building outline: add be_grb with gbg, or osm_extract or osm_overpass"
        outcome.not_made = dict.fromkeys(("buildings and pins (GeoPackage)", "GeoParquet", "pins (GeoJSON)"), reason)
    if stored_fingerprints(con).get("publish") == wanted and folder.exists():
        outcome.products = {path.name: path for path in sorted(folder.iterdir()) if path.is_file()}
        return
    progress("publish", "products")
    # Here, because a night in which nothing changed need not load what draws and writes.
    from transforms.publish.context import publish_context
    from transforms.publish.publish import publish_city

    write = publish_city if has_buildings else publish_context
    outcome.products = write(con, outcome.city, crs, space.outputs)
    con.execute("INSERT OR REPLACE INTO meta.build VALUES ('publish', ?, ?, 0, 0)", [wanted, len(outcome.products)])


def _product_code(space: Workspace) -> str:
    digest = hashlib.sha256()
    for path in sorted((space.tables / "publish").rglob("*.*")):
        if path.is_file() and "__pycache__" not in path.parts:
            digest.update(path.read_bytes())
    return digest.hexdigest()
