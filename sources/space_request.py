"""Adverts of a platform: who looks for space, for partners, or offers space; never who it is, only what is wanted.

JSON (a list, or an object with `adverts`), GeoJSON (a feature collection, whose geometry is the place) or CSV (lists between `|`, an
empty list as `[]`, a polygon as WKT). `space_request.schema.json` says what an advert may hold. Every value becomes text in the raw
table, so that a bad one is a row to reject and no crash; what looks like a person's address of mail or telephone is blanked at once.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path

import duckdb

from sources._kit.contract import load_source, write_raw
from sources._kit.duck import identifier, literal
from sources._kit.errors import ColumnError, UnreadableSnapshotError
from sources._kit.snapshot import Snapshot
from sources._read.adverts import json_adverts
from sources._read.content import kind_of, place

__all__ = ["parse"]

TABLE = "advert"
_ROWS = "advert_rows"
# An address of mail anywhere, a national number anywhere; a telephone number only as a whole cell, as ids hold digits too.
_PERSONAL = r"[\w.+-]+@[\w-]+|\b\d{2}\.\d{2}\.\d{2}-\d{3}\.\d{2}\b|^\s*(\+|00?)\d([ ./()-]*\d){7,12}\s*$"
_MAY_BE_LONG = ("area", "lon", "lat", "area_min_m2", "area_max_m2", "budget_eur_m2_year")
"""Numbers and shapes: digits in a row are no telephone there."""


def columns() -> list[str]:
    """Names of what an advert may hold, in their order."""
    return list(load_source("space_request").info.tables[TABLE].columns)


def parse(snapshot: Snapshot, con: duckdb.DuckDBPyConnection) -> date | None:
    """Make the raw table `advert`; as many rows as the file has adverts. Returns the day the file says it was made on, if any.

    Raises:
        UnreadableSnapshotError: damaged, empty, a page of HTML, or no list of adverts.
        ColumnError: a column that no advert has, all of them named; or `id`, `kind` or `uses` is missing.
    """
    paths = snapshot.paths()
    where = place(snapshot, "data", paths[0] if paths else None)
    kinds = {kind_of(path, **place(snapshot, "data", path)) for path in paths}
    if kinds == {"geojson"}:
        adverts = json_adverts(con, snapshot, paths, columns())
        hold_columns(adverts.keys, where)
        _write(con, snapshot, adverts.query, columns())
        return adverts.made_on
    if kinds <= {"text", "excel"} and len(paths) == 1:
        _write_rows(con, snapshot, paths[0], where)
        return None
    raise UnreadableSnapshotError(
        "no list of adverts", value=", ".join(sorted(kinds)), next_step="give one file: JSON, GeoJSON or CSV", **where
    )


def hold_columns(found: list[str], where: dict[str, object]) -> None:
    """Refuse a file with columns that no advert has.

    Raises:
        ColumnError: naming all of them; of names and contacts it says that they are never taken in.
    """
    unknown = [name for name in found if name not in columns()]
    if not unknown:
        return
    words = load_source("space_request").info.reader["personal_words"]
    plain = ["".join(letter for letter in name.lower() if letter.isalnum()) for name in unknown]
    personal = [name for name, bare in zip(unknown, plain, strict=True) if any(word in bare for word in words)]
    shown = ", ".join(name[:40] for name in (personal or unknown)[:10])
    raise ColumnError(
        "no names, addresses or contacts are taken in" if personal else "columns that no advert has",
        column=shown,
        value=f"{len(unknown)} unknown columns" if len(unknown) > 1 else None,
        next_step=(
            "let the platform leave them out: who asks is known to the platform alone, by the advert's id"
            if personal
            else f"an advert has {', '.join(columns())}"
        ),
        **where,
    )


def _write_rows(con: duckdb.DuckDBPyConnection, snapshot: Snapshot, path: Path, where: dict[str, object]) -> None:
    # Arrow is loaded where a file is read: an unchanged night only asks what the table is called.
    from sources._read.rows import read_rows

    rows = read_rows(path, where)
    names = [name for name in rows.table.column_names if name not in ("_row", "defect")]
    by_lower = {name.lower(): name for name in names}
    hold_columns([name if name.lower() not in columns() else name.lower() for name in names], where)
    con.register(_ROWS, rows.table)
    try:
        cells = [
            f"nullif(trim({identifier(by_lower[name])}, E' \\t\\r\\n' || chr(160)), '') AS {identifier(name)}"
            for name in columns()
            if name in by_lower
        ]
        query = f"SELECT {', '.join([*cells, '_row', 'defect'])} FROM {_ROWS}"
        _write(con, snapshot, query, [name for name in columns() if name in by_lower])
    finally:
        con.unregister(_ROWS)


def _write(con: duckdb.DuckDBPyConnection, snapshot: Snapshot, query: str, there: list[str]) -> None:
    """Write the raw table, without the cells that say who somebody is; such a row is rejected, and says in which column."""
    looks = {name: f"regexp_matches({identifier(name)}, {literal(_PERSONAL)})" for name in there}
    looks |= {name: f"contains({identifier(name)}, '@')" for name in there if name in _MAY_BE_LONG}
    blanked = [
        f"CASE WHEN NOT {test} THEN {identifier(name)} END AS {identifier(name)}" for name, test in looks.items()
    ]
    faults = [f"CASE WHEN {test} THEN {literal(name)} END" for name, test in looks.items()]
    said = "'looks like mail, telephone or a national number: ' || nullif(concat_ws(', ', {}), '')".format(
        ", ".join(faults)
    )
    write_raw(
        con, snapshot, TABLE, f"SELECT {', '.join(blanked)}, _row, coalesce(defect, {said}) AS defect FROM ({query})"
    )
