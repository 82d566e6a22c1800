"""`onbenut cities`: list and validate; with --check, hold every file to all that can be known without a network."""

from __future__ import annotations

import sys

from flows.cities import CityEntry, city_paths, list_cities
from flows.city_check import Checked, check_files
from flows.commands.terminal import console, print_json, table
from flows.workspace import Workspace


def cities(space: Workspace, as_json: bool, check: bool) -> int:
    """Print all cities; 1 when a city file is not valid."""
    if check:
        return _check(space, as_json)
    entries = list_cities(space)
    if as_json:
        print_json(entries)
    elif not entries:
        console().print(f"no cities yet: put a city file in {space.cities}, or try `onbenut demo`", soft_wrap=True)
    else:
        columns = ("city", "name", "NIS", "local feeds", "remote feeds", "was run", "file")
        console().print(table("", columns, [_line(entry) for entry in entries]))
    for entry in entries:
        if entry.problem:
            print(f"error: {entry.slug}: {' '.join(entry.problem.split())}", file=sys.stderr)
    return 1 if any(entry.problem for entry in entries) else 0


def _line(entry: CityEntry) -> tuple[str | None, ...]:
    state = "not valid" if entry.problem else "valid" if entry.file else "file elsewhere"
    was_run = "yes" if entry.has_warehouse else "no"
    return entry.slug, entry.name, entry.nis, ", ".join(entry.local), ", ".join(entry.remote), was_run, state


def _check(space: Workspace, as_json: bool) -> int:
    from transforms._kit.reference import read_reference

    found = check_files(city_paths(space).values(), space.cities, read_reference(space.reference).tables)
    if as_json:
        print_json(found)
    else:
        _print(found)
    return 1 if any(one.faults for one in found) else 0


def _print(found: list[Checked]) -> None:
    out = console()
    lines = [
        (one.slug, one.name, one.nis, ", ".join(one.feeds), f"faults: {len(one.faults)}" if one.faults else "valid")
        for one in found
    ]
    out.print(table("", ("city", "name", "NIS", "feeds", "file"), lines))
    for one in found:
        rows: list[tuple[str, ...]] = []
        if one.known:
            rows += [("can know", *word.rsplit(": ", 1)) for word in one.known.can]
            rows += [("cannot know", gap.what, gap.why) for gap in one.known.cannot]
        rows += [("waits for", *place.split(": ", 1)) for place in one.waits_for]
        if rows:
            out.print()
            out.print(table(one.slug, ("", "what", "from, or why not"), rows))
        for fault in one.faults:
            said = f"{fault.what} (file {fault.file}, key {fault.key or '-'}, value {fault.value or '-'})"
            print(f"error: {one.slug}: {' '.join(said.split())}. Next step: {fault.next_step}", file=sys.stderr)
