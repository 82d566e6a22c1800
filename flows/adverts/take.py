"""Taking the list of a platform in: good adverts become the house's own list, bad ones are told row by row."""

from __future__ import annotations

import csv
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import duckdb

from flows.adverts.check import BEFORE, TABLE, checked
from flows.adverts.feed import ADVERTS, LIST
from flows.alone import alone
from flows.fieldwork.sheet import safe
from flows.workspace import Workspace
from sources._kit.city import City
from sources._kit.duck import identifier, literal
from sources._kit.errors import OnbenutError
from sources._kit.whole import put_in_place
from sources.space_request import columns

LOST_MAX, LOST_FROM = 0.5, 10
"""More than this share gone, of this many or more, is said by whoever imports: a list that stops short looks just like that."""
_FAULT = ("row", "id", "column", "value", "what")


@dataclass
class Taken:
    """What came of an import, in adverts; `faults` has an entry per refused row, `errors` is where they are written."""

    city: str
    rows: int = 0
    good: int = 0
    new: int = 0
    changed: int = 0
    gone: int = 0
    gone_refused: int = 0
    """Of those that are gone: still in the file, in a row that was refused."""
    faults: list[dict[str, Any]] = field(default_factory=list)
    errors: Path | None = None


def take_adverts(path: Path, city: City, space: Workspace, as_of: date, today: date, *, replace: bool = False) -> Taken:
    """Import a file, which is the whole list of its platform: what is not in it is gone from the next run on.

    Rows with a fault are left out and written to `<file>_errors.csv`. The list is swapped in at once, or not at all.

    Args:
        path: JSON, GeoJSON or CSV; places in EPSG:4326.
        city: the city.
        space: where the list is kept.
        as_of: adverts that ended before this day are expired.
        today: the day the list is from, as long as it does not say another.
        replace: it may be that no advert, or fewer than half of them, is left.

    Raises:
        OnbenutError: no list can be read from the file, or too few adverts would be left; the list is what it was.
    """
    folder = space.adverts(city.slug)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with alone(folder), checked(path, folder / LIST, city, space, as_of) as con:
            taken = _count(con, city.slug)
            taken.errors = _write_faults(path, taken.faults)
            if not replace:
                _hold(con, taken, path)
            _write(con, folder / LIST, today)
            return taken
    except OSError as error:
        raise OnbenutError(
            "the file system refused",
            city=city.slug,
            file=error.filename or path,
            value=error.strerror,
            next_step="make room or mend the rights, then import again; the list is what it was",
        ) from error


def _count(con: duckdb.DuckDBPyConnection, slug: str) -> Taken:
    said = ", ".join(identifier(name) for name in columns() if name not in ("id", "updated_on"))
    con.execute(f"""
        CREATE TEMP TABLE good AS SELECT a.* FROM raw.{ADVERTS}_advert AS a JOIN {TABLE} AS s ON s.source_row = 'advert:' || a._row;
        CREATE TEMP TABLE moved AS SELECT coalesce(g.id, b.id) AS id, b.id IS NULL AS is_new, g.id IS NULL AS is_gone,
            g.said IS DISTINCT FROM b.said AS is_other
        FROM (SELECT id, to_json(row({said})) AS said FROM good) AS g
        FULL JOIN (SELECT id, to_json(row({said})) AS said FROM raw.{BEFORE}_advert) AS b ON b.id = g.id
    """)
    row = con.execute(f"""
        SELECT (SELECT count(*) FROM raw.{ADVERTS}_advert), (SELECT count(*) FROM good), count(*) FILTER (is_new),
            count(*) FILTER (is_other AND NOT is_new AND NOT is_gone), count(*) FILTER (is_gone),
            count(*) FILTER (is_gone AND id IN (SELECT id FROM raw.{ADVERTS}_advert WHERE id IS NOT NULL))
        FROM moved
    """).fetchone()
    assert row is not None
    taken = Taken(slug, *row)
    found = con.execute(f"""
        SELECT CAST(split_part(r.source_row, ':', 2) AS BIGINT) AS row, CASE WHEN r.row_id <> '' THEN a.id END, r.column_name, r.value, r.reason
        FROM staging.reject AS r JOIN raw.{ADVERTS}_advert AS a ON r.source_row = 'advert:' || a._row
        WHERE r.table_name = {literal(TABLE)} ORDER BY 1
    """).fetchall()
    taken.faults = [dict(zip(_FAULT, one, strict=True)) for one in found]
    return taken


def _hold(con: duckdb.DuckDBPyConnection, taken: Taken, path: Path) -> None:
    """Ask for a word before a list shrinks to nothing, or to less than half.

    Raises:
        OnbenutError: it would; nothing was taken.
    """
    row = con.execute(f"SELECT count(*) FROM raw.{BEFORE}_advert").fetchone()
    assert row is not None
    before = int(row[0])
    if taken.good and not (before >= LOST_FROM and taken.gone > before * LOST_MAX):
        return
    raise OnbenutError(
        "most adverts would be gone" if taken.good else "no advert would be left",
        city=taken.city,
        file=path,
        value=f"{taken.good} good of {taken.rows} rows; {taken.gone} of {before} gone, {taken.gone_refused} of them in refused rows",
        next_step="look whether the file is the whole list; if it is so: --replace. Nothing was taken"
        + (f"; the refused rows are in {taken.errors}" if taken.errors else ""),
    )


def _write(con: duckdb.DuckDBPyConnection, target: Path, today: date) -> None:
    """Write the good adverts as they were given, all or none: a run reads the old list or the new one."""
    said = ", ".join(f"{identifier(name)} := {identifier(name)}" for name in columns())
    part = target.with_name(f".{target.name}.part")
    con.execute(f"SELECT CAST(to_json(struct_pack({said})) AS VARCHAR) FROM good ORDER BY id")
    with part.open("w", encoding="utf-8") as file:
        file.write(f'{{"made_on": "{today.isoformat()}", "adverts": [')
        between = "\n"
        while batch := con.fetchmany(2048):
            file.write(between + ",\n".join(line for (line,) in batch))
            between = ",\n"
        file.write("\n]}\n")
    put_in_place(part, target)


def _write_faults(path: Path, faults: list[dict[str, Any]]) -> Path | None:
    target = path.with_name(f"{path.stem}_errors.csv")
    if not faults:
        target.unlink(missing_ok=True)
        return None
    with target.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file, delimiter=";")
        writer.writerow(_FAULT)
        writer.writerows([safe(cell) for cell in fault.values()] for fault in faults)
    return target
