"""The second half of a run: from the raw floor to the products, with what it did written into the outcome."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb

from flows.gates.gate import Gates, hold, refuse
from flows.gates.judge import GateResult
from flows.gates.keep import overruled_text
from flows.outcome import Outcome
from flows.table_steps import Plan, build_tables
from flows.workspace import Workspace
from sources._kit.duck import connect
from transforms._kit.header import FLOORS
from transforms._kit.runner import Built, stored_fingerprints

if TYPE_CHECKING:
    from transforms.publish.staging import OnWritten

Progress = Callable[[str, str], None]
"""Called with a floor and what happens on it."""


@dataclass(frozen=True)
class OsmFree:
    """The same city, made without OpenStreetMap, whose layer goes into the city's set."""

    warehouse: Path
    fingerprint: str
    has_buildings: bool
    failed: list[GateResult] = field(default_factory=list)
    """Gates it did not pass: told together with the city's own."""
    number: int | None = None
    """Of its last accepted run, in its own history."""


def build_floors(
    con: duckdb.DuckDBPyConnection,
    table_plan: Plan,
    prints: dict[str, str],
    seconds: dict[str, float],
    progress: Progress,
) -> list[str]:
    """Build what changed and note the seconds of each floor; returns the tables that were built."""

    def on_table(table: Built) -> None:
        floor = table.name.split(".")[0]
        seconds[floor] = seconds.get(floor, 0.0) + table.seconds
        progress(floor, table.name)

    built = build_tables(con, table_plan, prints, on_table)
    return [table.name for table in built if table.was_built]


def layer_fingerprint(table_plan: Plan, prints: dict[str, str]) -> str:
    """What the tables of the layer depend on, in one text."""
    return "".join(prints[spec.full_name] for spec in table_plan.specs if spec.schema == "layer")


def build_and_publish(
    con: duckdb.DuckDBPyConnection,
    crs: str,
    space: Workspace,
    table_plan: Plan,
    prints: dict[str, str],
    outcome: Outcome,
    seconds: dict[str, float],
    progress: Progress,
    gates: Gates,
    osm_free: OsmFree | None = None,
    keep: Callable[[], None] = lambda: None,
) -> None:
    """Build what changed, publish it under the outcome's name, and note tables, seconds and products.

    `keep` is called when the tables have passed the gates and nothing is out yet.

    Raises:
        GateError: it did not pass the gates; nothing was published.
    """
    outcome.rebuilt = build_floors(con, table_plan, prints, seconds, progress)
    with timed(seconds, "gates"):
        failed = hold(con, gates, outcome, bool(outcome.rebuilt))
        refuse(gates.city, [*failed, *(osm_free.failed if osm_free else [])])
    keep()
    with timed(seconds, "publish"):
        _publish(con, crs, space, table_plan, prints, outcome, progress, osm_free)
    con.execute("CHECKPOINT")
    outcome.floors = {
        floor: round(seconds[floor], 3) for floor in ("raw", *FLOORS, "gates", "publish") if floor in seconds
    }


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
    osm_free: OsmFree | None,
) -> None:
    """Write the products unless the very same layer is out already."""
    of_free = osm_free.fingerprint if osm_free else ""
    made_of = f"{layer_fingerprint(table_plan, prints)}{of_free}{_product_code(space)}{overruled_text(con)}"
    wanted = hashlib.sha256(made_of.encode()).hexdigest()
    folder = space.outputs / outcome.city
    has_buildings = con.execute("SELECT count(*) FROM core.building").fetchone() != (0,)
    if not has_buildings:
        reason = "no feed gave a building outline: add be_grb with gbg, or osm_extract or osm_overpass"
        outcome.not_made = dict.fromkeys(
            ("buildings and pins (GeoPackage)", "GeoParquet", "pins (GeoJSON)", "map"), reason
        )
    elif osm_free and not osm_free.has_buildings:
        reason = "no feed but OpenStreetMap gave a building outline: add be_grb with gbg, or leave out osm_free"
        outcome.not_made = {"layer without OpenStreetMap": reason}
    # A run that was killed between its two swaps left its set out and no warehouse that knows of it.
    if folder.exists() and stored_fingerprints(con).get("publish") == f"{wanted} {folder.resolve().name}":
        outcome.products = {path.name: path for path in sorted(folder.iterdir()) if path.is_file()}
        return
    progress("publish", "products")
    with ExitStack() as stack:
        free = None
        if osm_free and osm_free.has_buildings:
            free = stack.enter_context(connect(osm_free.warehouse, read_only=True))
        outcome.products = _write(
            con, outcome.city, crs, space.outputs, has_buildings, free, partial(_close, con, wanted)
        )
    outcome.was_published = True


def _close(con: duckdb.DuckDBPyConnection, wanted: str, name: str, files: int) -> None:
    """Bring the warehouse of a set to the disk before that is seen: where there is no room for one, neither must come."""
    made = [f"{wanted} {name}", files]
    con.execute("INSERT OR REPLACE INTO meta.build VALUES ('publish', ?, ?, 0, 0)", made)
    con.execute("CHECKPOINT")


def _write(
    con: duckdb.DuckDBPyConnection,
    slug: str,
    crs: str,
    outputs: Path,
    has_buildings: bool,
    free: duckdb.DuckDBPyConnection | None,
    on_written: OnWritten,
) -> dict[str, Path]:
    # Here, because a night in which nothing changed need not load what draws and writes.
    from transforms.publish.context import publish_context
    from transforms.publish.publish import publish_city

    return (
        publish_city(con, slug, crs, outputs, osm_free=free, on_written=on_written)
        if has_buildings
        else publish_context(con, slug, crs, outputs, on_written)
    )


def _product_code(space: Workspace) -> str:
    digest = hashlib.sha256()
    for path in sorted((space.tables / "publish").rglob("*.*")):
        if path.is_file() and "__pycache__" not in path.parts:
            digest.update(path.read_bytes())
    return digest.hexdigest()
