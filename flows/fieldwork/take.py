"""Taking a filled-in list back: good rows into the log and the evidence of the next run, bad ones out with their faults."""

from __future__ import annotations

import csv
from contextlib import closing
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import duckdb

from flows.alone import alone
from flows.fieldwork.columns import LIST_ID
from flows.fieldwork.log import NEW, add_checks
from flows.fieldwork.read import ROWS, read_filled
from flows.fieldwork.rules import JUDGED, SOUND, WRONG, judge
from flows.fieldwork.sheet import safe
from flows.objections import add_objections
from flows.workspace import Workspace
from sources._kit.duck import connect, literal
from sources._kit.errors import OnbenutError


@dataclass
class Taken:
    """What came of an import, in rows; `faults` has an entry per fault, `objections` the buildings that were new to the list."""

    city: str
    rows: int = 0
    empty: int = 0
    taken: int = 0
    known: int = 0
    wrong: int = 0
    gone: list[str] = field(default_factory=list)
    objections: list[str] = field(default_factory=list)
    faults: list[dict[str, Any]] = field(default_factory=list)
    errors: Path | None = None


def take_checks(path: Path, space: Workspace, today: date, city: str | None = None) -> Taken:
    """Import a list; a second import of it adds nothing.

    Rows with a fault are left out and written to `<file>.errors.csv`; an objection of theirs is heard all the same, if it is
    sure which building it is about.

    Args:
        path: GeoPackage, CSV or Excel.
        space: where lists and checks are kept.
        today: the last day that somebody can have seen anything.
        city: slug; the file's own lists say it if not given.

    Raises:
        OnbenutError: no list can be read from the file, or it is of several cities; nothing was taken.
    """
    try:
        with closing(connect(spatial=False)) as con:
            return _take(con, path, space, today, city)
    except OSError as error:
        raise OnbenutError(
            "the file system refused",
            file=error.filename or path,
            value=error.strerror,
            next_step="make room or mend the rights, then import again: what was taken already is not taken twice",
        ) from error


def _take(con: duckdb.DuckDBPyConnection, path: Path, space: Workspace, today: date, city: str | None) -> Taken:
    rows = read_filled(con, path)
    slug = city or _city(con, path)
    folder = space.fieldwork(slug)
    if not folder.is_dir():
        raise OnbenutError(
            "no list was drawn for this city", city=slug, file=path, next_step=f"draw one: onbenut fieldlist {slug}"
        )
    taken = Taken(slug, rows)
    with alone(folder):
        judge(con, _lists(folder), slug, today)
        # Who objects is heard first: whatever befalls the rest must not undo it.
        heard = con.execute(f"SELECT DISTINCT building_id FROM {SOUND} WHERE is_objection ORDER BY 1").fetchall()
        taken.objections = add_objections(slug, space, [row[0] for row in heard], today)
        con.execute(f"""
            CREATE OR REPLACE TEMP TABLE {NEW} AS
            SELECT DISTINCT ON (list_id, row_id) list_id, row_id, building_id, CAST(day AS VARCHAR) AS seen_on, seen_use,
                CAST(share AS VARCHAR) AS share_empty, access, note, photo
            FROM {SOUND} WHERE NOT is_wrong AND seen_use IS NOT NULL ORDER BY list_id, row_id, _row
        """)
        taken.taken = add_checks(con, folder, today)
    counted = con.execute(f"""
        SELECT (SELECT count(*) FROM {ROWS}) - (SELECT count(*) FROM {JUDGED}), (SELECT count(*) FROM {NEW}),
            (SELECT count(DISTINCT _row) FROM {WRONG}),
            (SELECT list(DISTINCT building_id ORDER BY building_id) FROM {NEW} WHERE seen_use = 'gone')
    """).fetchone()
    assert counted is not None
    taken.empty, taken.known, taken.wrong, taken.gone = (
        counted[0], counted[1] - taken.taken, counted[2], counted[3] or [],
    )  # fmt: skip
    names = ("row", "column", "value", "what", "next_step")
    found = con.execute(f"SELECT _row, column_name, value, what, next_step FROM {WRONG} ORDER BY 1, 2").fetchall()
    taken.faults = [dict(zip(names, row, strict=True)) for row in found]
    taken.errors = _write_faults(path, taken.faults)
    return taken


def _city(con: duckdb.DuckDBPyConnection, path: Path) -> str:
    whole = f"regexp_full_match(list_id, {literal(LIST_ID)})"
    query = f"SELECT DISTINCT split_part(list_id, '-', 1) FROM {ROWS} WHERE {whole} ORDER BY 1"
    found = [row[0] for row in con.execute(query).fetchall()]
    if len(found) != 1:
        raise OnbenutError(
            "the file is of several cities" if found else "the file does not say of which city it is",
            file=path,
            value=", ".join(found[:5]) or None,
            next_step="say it: --city",
        )
    return str(found[0])


def _lists(folder: Path) -> str:
    """All rows that were ever drawn for the city."""
    if not any((folder / "lists").glob("*.csv")):
        return "SELECT NULL::VARCHAR AS list_id, NULL::VARCHAR AS row_id, NULL::VARCHAR AS building_id WHERE false"
    source = f"read_csv({literal(folder / 'lists' / '*.csv')}, all_varchar = true, header = true, delim = ',')"
    return f"SELECT list_id, row_id, building_id FROM {source}"


def _write_faults(path: Path, faults: list[dict[str, Any]]) -> Path | None:
    target = path.with_name(f"{path.name}.errors.csv")
    if not faults:
        target.unlink(missing_ok=True)
        return None
    with target.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file, delimiter=";")
        writer.writerow(faults[0])
        writer.writerows([safe(cell) for cell in fault.values()] for fault in faults)
    return target
