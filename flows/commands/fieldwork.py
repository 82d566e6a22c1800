"""`onbenut fieldlist`, `onbenut fieldcheck import`, `onbenut object`: to the field and back."""

from __future__ import annotations

import sys
from datetime import date
from pathlib import Path

from flows.cli import DONE_IN_PART
from flows.commands.terminal import console, table, today
from flows.explain_find import UnknownBuildingError, find_building
from flows.export_place import parse_box, read_area
from flows.fieldwork.log import gone_buildings
from flows.objections import add_objections, stand_now
from flows.query import city_slug, open_warehouse, own_city, rows
from flows.workspace import Workspace
from sources._kit.errors import OnbenutError

_SHOWN = 20


def fieldlist(
    city: str,
    space: Workspace,
    n: int,
    share_random: float,
    seed: str | None,
    bbox: str | None,
    area: Path | None,
    audience: str,
    to: Path | None,
) -> int:
    """Draw a list and say where it is.

    Raises:
        OnbenutError: it cannot be drawn or written; nothing was written.
    """
    from flows.fieldwork.draw import Wanted, draw
    from flows.fieldwork.sheet import write_sheet

    if to is not None and to.suffix.lower() != ".gpkg":
        raise OnbenutError(
            "a list is a GeoPackage", file=to, next_step="let --to end in .gpkg; the CSV stands beside it"
        )
    slug = own_city(city_slug(city))
    con = open_warehouse(city, space, spatial=True)
    try:
        run = {row["name"]: row["value"] for row in rows(con, "SELECT name, value FROM layer.run")}
        box = parse_box(bbox) if bbox is not None else None
        shape = read_area(area, slug, run["crs"], None) if area is not None else None
        wanted = Wanted(n, share_random, seed, box, shape, audience)
        folder = space.fieldwork(slug)
        drawn = draw(con, slug, wanted, gone_buildings(folder))
        target = to or folder / f"{drawn.list_id}.gpkg"
        kept = folder / "lists" / f"{drawn.list_id}.csv"
        beside = write_sheet(con, drawn, target, kept, run["crs"], date.fromisoformat(run["as_of"][:10]))
    finally:
        con.close()
    out = console()
    out.print(
        f"{drawn.list_id}: {drawn.top} of the top and {drawn.random} at random of {drawn.shown} shown; seed {drawn.seed}"
    )
    out.print(f"  {target}\n  {beside}", soft_wrap=True)
    out.print(f"Fill it in with QField or a spreadsheet, then: onbenut fieldcheck import {target}", soft_wrap=True)
    return 0


def fieldcheck_import(file: Path, space: Workspace, city: str | None) -> int:
    """Import a list and report every fault; returns the exit status: 0, or 3 when rows were refused.

    Raises:
        OnbenutError: nothing could be read; nothing was taken.
    """
    from flows.fieldwork.take import take_checks

    taken = take_checks(file, space, today(), own_city(city_slug(city)) if city else None)
    out, err = console(), console(sys.stderr)
    out.print(
        f"{taken.city}: {taken.rows} rows: {taken.taken} taken, {taken.known} known already, {taken.wrong} refused, "
        f"{taken.empty} not filled in; {len(taken.objections)} new objections",
        soft_wrap=True,
    )
    if taken.taken:
        out.print(f"They count from the next run on: onbenut run {taken.city} --offline")
    if taken.gone:
        err.print(f"seen to be gone, and no longer drawn: {', '.join(taken.gone[:_SHOWN])}", soft_wrap=True)
    _say_objections(taken.city, taken.objections)
    if not taken.faults:
        return 0
    columns = ("row", "column", "value", "what", "next_step")
    shown = [tuple(fault[name] for name in columns) for fault in taken.faults[:_SHOWN]]
    err.print(table("\nRefused", columns, shown, right=("row",)))
    err.print(
        f"{len(taken.faults)} faults in {taken.errors}; mend them there where they are, and import the file again",
        soft_wrap=True,
    )
    return DONE_IN_PART


def object_to(city: str, building: str, space: Workspace) -> int:
    """Take a building out of everything public.

    Raises:
        OnbenutError: no building goes by this id.
    """
    slug = own_city(city_slug(city))
    con = open_warehouse(city, space)
    try:
        found = {find_building(con, building, slug)}
    except UnknownBuildingError:
        # The id of a letter may be older than the layer.
        found = set(stand_now(slug, space, [building.strip()]))
        if not found:
            raise
    finally:
        con.close()
    if new := add_objections(slug, space, sorted(found), today()):
        _say_objections(slug, new)
    else:
        console().print(f"{', '.join(sorted(found))} is on the list already")
    return 0


def _say_objections(slug: str, ids: list[str]) -> None:
    if ids:
        console().print(
            f"Objection heard: {', '.join(ids[:_SHOWN])}. From now on no export, dossier or answer of `onbenut serve` holds it. "
            f"Files that were published before still do: onbenut run {slug} --offline writes them anew at once",
            soft_wrap=True,
        )
