"""What `onbenut doctor` asks of the cities: files that hold, warehouses that open, runs that went well."""

from __future__ import annotations

import json
from collections.abc import Iterator

import duckdb

from flows.cities import list_cities
from flows.query import known_slugs
from flows.workspace import Workspace
from sources._kit.duck import connect
from transforms._kit.reference import read_reference

_READ = ("layer.building", "layer.run", "score.building", "evidence.item", "reference.feed")


def check_cities(space: Workspace) -> Iterator[tuple[str, str, str, str]]:
    """City files are valid; what the last run of each that was ever run came to."""
    entries = list_cities(space)
    wrong = [entry for entry in entries if entry.problem]
    for entry in wrong:
        yield f"city {entry.slug}", "fault", (entry.problem or "")[:300], f"onbenut cities --check; {entry.file}"
    yield "city files", "good", f"{len(entries) - len(wrong)} valid", ""
    for entry in entries:
        if not entry.has_warehouse:
            continue
        log, failure = space.run_log(entry.slug), space.failure_log(entry.slug)
        if failure.exists():
            said = json.loads(failure.read_text(encoding="utf-8"))
            yield (
                f"last run of {entry.slug}",
                "warning",
                f"failed {said['at']}: {said['error']}",
                said["next_step"] or f"onbenut status {entry.slug}",
            )
        elif log.exists():
            yield f"last run of {entry.slug}", "good", json.loads(log.read_text(encoding="utf-8"))["started_at"], ""
        else:
            yield f"last run of {entry.slug}", "warning", "no record", f"onbenut run {entry.slug}"


def check_warehouses(space: Workspace) -> Iterator[tuple[str, str, str, str]]:
    """Each file opens for reading, has the tables that commands read, and says with which numbers it was made."""
    version = read_reference(space.reference).version
    for slug in known_slugs(space):
        path = space.warehouse(slug)
        try:
            with connect(path, read_only=True, spatial=False) as con:
                there = {
                    row[0]
                    for row in con.execute("SELECT schema_name || '.' || table_name FROM duckdb_tables()").fetchall()
                }
                missing = [name for name in _READ if name not in there]
                row = (
                    None
                    if missing
                    else con.execute("SELECT max(value) FROM layer.run WHERE name = 'version'").fetchone()
                )
        except duckdb.Error as error:
            said = " ".join(str(error).split())[:200]
            yield (
                f"warehouse {slug}",
                "fault",
                said,
                f"see who holds {path} open; if it is damaged, remove it and run the city again",
            )
            continue
        made = row[0] if row else None
        if missing:
            yield f"warehouse {slug}", "fault", f"lacks {', '.join(missing)}", f"onbenut run {slug}"
        elif made != version:
            yield (
                f"warehouse {slug}",
                "warning",
                f"made with the numbers of {made}, these are {version}",
                f"onbenut run {slug}",
            )
        else:
            yield f"warehouse {slug}", "good", f"numbers of {made}", ""
