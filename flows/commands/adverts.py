"""`onbenut adverts import`: the list of a platform, checked and kept."""

from __future__ import annotations

import sys
from pathlib import Path

from flows.cli import DONE_IN_PART
from flows.commands.terminal import console, table, today
from flows.query import city_slug, own_city
from flows.workspace import Workspace

_SHOWN = 20


def adverts_import(file: Path, city: str, space: Workspace, replace: bool) -> int:
    """Import a list and report every refused row; returns the exit status: 0, or 3 when rows were refused.

    Raises:
        OnbenutError: nothing could be read, or too few would be left; nothing was taken.
    """
    from flows.adverts.take import take_adverts
    from flows.cities import find_city

    found = find_city(city if city.endswith(".toml") else own_city(city_slug(city)), space)
    day = today()
    taken = take_adverts(file, found, space, found.as_of or day, day, replace=replace)
    out, err = console(), console(sys.stderr)
    gone = f" ({taken.gone_refused} of them in refused rows)" if taken.gone_refused else ""
    out.print(
        f"{taken.city}: {taken.rows} adverts: {taken.good} taken, {len(taken.faults)} refused; "
        f"{taken.new} new, {taken.changed} changed, {taken.gone} gone{gone}",
        soft_wrap=True,
    )
    out.print(f"They count from the next run on: onbenut run {city} --offline", soft_wrap=True)
    if not taken.faults:
        return 0
    columns = ("row", "id", "column", "value", "what")
    shown = [tuple(fault[name] for name in columns) for fault in taken.faults[:_SHOWN]]
    err.print(table("\nRefused", columns, shown, right=("row",)))
    err.print(
        f"{len(taken.faults)} refused rows in {taken.errors}; the platform mends them, and sends its list again",
        soft_wrap=True,
    )
    return DONE_IN_PART
