"""Names of the bounds of a figure, and the bounds themselves: likely less or plus how far it moves, never below nothing."""

from __future__ import annotations

import re

from transforms.plan._finance import COUNTS

_UNIT = re.compile(r"(_eur.*|_m2)$")


def end(name: str, side: str) -> str:
    """Name of a bound, before the unit: usable_m2 -> usable_low_m2."""
    place = _UNIT.search(name)
    stem = name[: place.start()] if place else name
    return f"{stem}_{side}{name[len(stem) :]}" if side else name


def bound(name: str, side: str, figure: str, moved: str) -> str:
    """A bound as a column.

    Args:
        name: the figure, one of FIGURES.
        side: low or high.
        figure: SQL of the likely figure.
        moved: SQL of how far it moves to that side.
    """
    moved_to = f"(CAST({figure} AS DOUBLE) {'-' if side == 'low' else '+'} {moved})"
    # Not greatest(): it passes over what is not known.
    value = f"CASE WHEN {moved_to} < 0 THEN 0 ELSE {moved_to} END"
    if name in COUNTS:
        kept = f"CAST({'ceil' if name == 'shares' else 'floor'}({value}) AS BIGINT)"
    else:
        kept = f"CAST(round({value}, 2) AS DECIMAL(18, 2))"
    return f"{kept} AS {end(name, side)}"


def bounded(name: str) -> str:
    """A figure of `f` between its bounds, by its swings in `s`."""
    low, high = (bound(name, side, f"f.{name}", f"s.{name}_{way}") for side, way in (("low", "down"), ("high", "up")))
    return f"{low}, f.{name}, {high}"
