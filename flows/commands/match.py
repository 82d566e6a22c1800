"""`onbenut match`: the two matchers on any two files."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from flows.commands.terminal import console, table
from sources._kit.errors import OnbenutError


def footprints(left: Path, right: Path, out: Path, left_id: str | None, right_id: str | None) -> int:
    """Match two files of footprints and report; returns the exit status.

    Raises:
        OnbenutError: a file, column or CRS is missing or wrong; nothing was written.
    """
    from transforms.linkage.footprint_files import match_footprint_files

    counts = match_footprint_files(left, right, out, left_id=left_id, right_id=right_id)
    screen = console()
    screen.print(f"{counts.left:,} left, {counts.right:,} right: {counts.pairs:,} pairs, {counts.refused:,} refused")
    screen.print(f"\n  {out}\n  {out.with_name(f'{out.stem}_refused{out.suffix}')}", soft_wrap=True)
    if counts.unusable:
        console(sys.stderr).print(
            f"warning: {counts.unusable:,} rows have no usable outline; they are among the refused"
        )
    return 0


def addresses(
    register: Path,
    against: Path,
    out: Path,
    columns: Sequence[str],
    address_columns: Sequence[str],
    crs: str | None,
    sheet: str | None,
) -> int:
    """Match a register with a file of addresses and report; returns the exit status.

    Raises:
        OnbenutError: a file, column or CRS is missing or wrong; nothing was written.
    """
    from transforms.linkage.address_file import match_address_files

    counts = match_address_files(
        register,
        against,
        out,
        register_columns=_mapping(columns, "--column"),
        address_columns=_mapping(address_columns, "--address-column"),
        address_crs=crs,
        sheet=sheet,
    )
    screen = console()
    screen.print(f"{counts.rows:,} rows: {counts.answered:,} answered, {counts.refused:,} refused ({counts.crs})")
    screen.print(table("\nAnswered", ("method", "rows"), sorted(counts.methods.items()), right=("rows",)))
    screen.print(table("\nRefused", ("reason", "rows"), sorted(counts.reasons.items()), right=("rows",)))
    screen.print(f"\n  {counts.matches}\n  {counts.refusals}", soft_wrap=True)
    if counts.rows == 0:
        console(sys.stderr).print("warning: the register has no rows")
    return 0


def _mapping(pairs: Sequence[str], option: str) -> Mapping[str, str]:
    """`street=pva_straat` and the like as a mapping."""
    found = {}
    for pair in pairs:
        name, equals, column = pair.partition("=")
        if not equals or not name or not column:
            raise OnbenutError("not a mapping", column=option, value=pair, next_step=f"{option} street=pva_straat")
        found[name] = column
    return found
