"""A municipality's register of vacant, neglected or unfit premises, with the city's own column names.

One file: CSV, Excel (.xlsx), or GeoJSON as ArcGIS and Opendatasoft serve it. The city file says which column
is what (`columns`), what the city's words mean (`values`) and which columns nobody needs (`ignore`). A row
that cannot be trusted keeps its place in raw and carries a `defect`.
"""

from __future__ import annotations

from datetime import date

import duckdb

from sources._kit.city import Feed
from sources._kit.contract import Column, Table, raw_name, roles, settings_of, write_raw
from sources._kit.duck import literal
from sources._kit.errors import ColumnError, UnreadableSnapshotError
from sources._kit.snapshot import Snapshot
from sources._read.cells import check_date, check_number, check_word, number, translated, trimmed
from sources._read.content import kind_of, place
from sources._read.features import read_features
from sources._read.register import Settings, is_personal, vocabulary

__all__ = ["Settings", "parse", "tables"]

_ROWS = "register_rows"
NUMBERS = ("house_number", "house_number_to", "box_number")


def tables(feed: Feed) -> dict[str, Table]:
    """The one raw table: the columns the city file names, all text, and how they become a register row."""
    settings = Settings.model_validate(feed.settings)
    meanings = roles()["register_row"].columns
    columns = {
        column: Column(type="VARCHAR", meaning=meanings[name].meaning) for name, column in settings.columns.items()
    }
    intake = {name: _intake(name, column, settings) for name, column in settings.columns.items()}
    intake |= {name: literal(value) for name, value in settings.constants.items()}
    # A list without ids: the line of the file is not stable, but it is a key.
    intake.setdefault("register_id", "'row ' || _row")
    return {
        "register": Table(role="register_row", meaning="The register as handed over", columns=columns, intake=intake)
    }


def parse(snapshot: Snapshot, con: duckdb.DuckDBPyConnection) -> date | None:
    """Make the raw table `register`; as many rows as the list has lines.

    Raises:
        UnreadableSnapshotError: several files, or one that is damaged, empty or a page of HTML.
        ColumnError: a mapped column is missing, a column is neither mapped nor ignored, or two share a name.
    """
    settings: Settings = settings_of(snapshot.city, snapshot.feed)
    paths = snapshot.paths()
    where = place(snapshot, "data", paths[0] if paths else None)
    if len(paths) != 1:
        raise UnreadableSnapshotError(
            f"a register is one file, not {len(paths)}", next_step="make one feed of each file", **where
        )
    if kind_of(paths[0], **where) == "geojson":
        features = read_features(con, snapshot, "data", settings.columns.values())
        _write(con, snapshot, settings, features.query)
        return features.data_on
    # Arrow is loaded where a file is read: an unchanged night only asks what the table is called.
    from sources._read.rows import read_rows

    rows = read_rows(paths[0], where, encoding=settings.encoding, delimiter=settings.delimiter, sheet=settings.sheet)
    con.register(_ROWS, rows.table)
    try:
        _write(con, snapshot, settings, f"SELECT * FROM {_ROWS}")
    finally:
        con.unregister(_ROWS)
    said = f"{tables(snapshot.feed)['register'].meaning}; {rows.remark}"
    con.execute(f"COMMENT ON TABLE {raw_name(snapshot.feed, 'register')} IS {literal(said)}")
    return None


def _write(con: duckdb.DuckDBPyConnection, snapshot: Snapshot, settings: Settings, query: str) -> None:
    found = {row[0].lower(): row[0] for row in con.execute(f"DESCRIBE {query}").fetchall()}
    for name, column in settings.columns.items():
        if column.lower() not in found:
            raise ColumnError(
                f"the column mapped to {name} is missing",
                column=column,
                value=f"the file has {', '.join(sorted(set(found.values()) - {'_row', 'defect', 'geom'}))}",
                next_step="the city renamed it, or the city file maps it wrongly",
                **place(snapshot, "data"),
            )
    checks = ", ".join(["defect", *_checks(settings)])
    checked = f"SELECT * REPLACE (nullif(concat_ws('; ', {checks}), '') AS defect) FROM ({query})"
    personal = {name for name in found.values() if is_personal(name)}
    write_raw(con, snapshot, "register", checked, frozenset(settings.ignore) | personal)


def _checks(settings: Settings) -> list[str]:
    words = vocabulary()
    checks = []
    for name, column in settings.columns.items():
        if name in words:
            checks.append(check_word(column, settings.values.get(name, words[name])))
        elif name in NUMBERS:
            checks.append(check_number(column, settings.columns.get("capakey")))
        elif name == "listed_on":
            checks.append(check_date(column))
    return checks


def _intake(name: str, column: str, settings: Settings) -> str:
    if name not in settings.values:
        return number(column) if name in NUMBERS else trimmed(column)
    return translated(column, settings.values[name], keep_others=name not in vocabulary())
