"""A list with the city's own column names, whole, as the raw table of one role: CSV, Excel (.xlsx) or GeoJSON.

The city file says which column is what (`columns`), what the list's words mean (`values`) and which columns nobody
needs (`ignore`). A row that cannot be trusted keeps its place in raw and carries a `defect`.
"""

from __future__ import annotations

from datetime import date

import duckdb

from sources._kit.city import Feed
from sources._kit.contract import Column, Table, load_source, raw_name, roles, settings_of, write_raw
from sources._kit.duck import literal
from sources._kit.errors import ColumnError, UnreadableSnapshotError
from sources._kit.snapshot import Snapshot
from sources._read.cells import check_date, check_decimal, check_number, check_word, number, translated, trimmed
from sources._read.content import kind_of, place
from sources._read.features import read_features
from sources._read.list_settings import POSITION, ListSettings, is_personal, vocabulary

_ROWS = "list_rows"
NUMBERS = ("house_number", "house_number_to", "box_number")
DAYS = ("listed_on", "observed_on")
DECIMALS = (*POSITION, "vacant_low", "vacant_high")


def list_tables(feed: Feed, model: type[ListSettings], table: str, meaning: str, key: str) -> dict[str, Table]:
    """The one raw table: the columns the city file names, all text, and how they become the role's.

    Args:
        feed: the feed.
        model: settings of the source, which name its role.
        table: name of the raw table.
        meaning: what the table is.
        key: column of the role that names a row.
    """
    settings = model.model_validate(feed.settings)
    meanings = roles()[model.role].columns
    columns = {
        column: Column(type="VARCHAR", meaning=meanings[name].meaning if name in meanings else "position")
        for name, column in settings.columns.items()
    }
    intake = {
        name: _intake(name, column, settings) for name, column in settings.columns.items() if name not in POSITION
    }
    intake |= {name: literal(value) for name, value in settings.constants.items()}
    if "x" in settings.columns:
        x, y = (f"try_cast(replace({trimmed(settings.columns[axis])}, ',', '.') AS DOUBLE)" for axis in POSITION)
        intake["geom"] = f"ST_Point({x}, {y})"
    # A list without ids: the line of the file is not stable, but it is a key.
    intake.setdefault(key, "'row ' || _row")
    return {table: Table(role=model.role, meaning=meaning, columns=columns, intake=intake)}


def parse_list(snapshot: Snapshot, con: duckdb.DuckDBPyConnection, table: str) -> date | None:
    """Make the raw table; as many rows as the list has lines.

    Raises:
        UnreadableSnapshotError: several files, or one that is damaged, empty or a page of HTML.
        ColumnError: a mapped column is missing, a column is neither mapped nor ignored, or two share a name.
    """
    settings: ListSettings = settings_of(snapshot.city, snapshot.feed)
    paths = snapshot.paths()
    where = place(snapshot, "data", paths[0] if paths else None)
    are_pages = bool(snapshot.parts) and all(part.features is not None for part in snapshot.parts)
    if len(paths) != 1 and not are_pages:
        raise UnreadableSnapshotError(
            f"a list is one file, not {len(paths)}", next_step="make one feed of each file", **where
        )
    if kind_of(paths[0], **where) == "geojson":
        features = read_features(con, snapshot, "data", settings.columns.values())
        _write(con, snapshot, settings, table, features.query)
        return features.data_on
    # Arrow is loaded where a file is read: an unchanged night only asks what the table is called.
    from sources._read.rows import read_rows

    rows = read_rows(paths[0], where, encoding=settings.encoding, delimiter=settings.delimiter, sheet=settings.sheet)
    con.register(_ROWS, rows.table)
    try:
        _write(con, snapshot, settings, table, f"SELECT * FROM {_ROWS}")
    finally:
        con.unregister(_ROWS)
    said = f"{load_source(snapshot.feed.source).tables(snapshot.feed)[table].meaning}; {rows.remark}"
    con.execute(f"COMMENT ON TABLE {raw_name(snapshot.feed, table)} IS {literal(said)}")
    return None


def _write(con: duckdb.DuckDBPyConnection, snapshot: Snapshot, settings: ListSettings, table: str, query: str) -> None:
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
    write_raw(con, snapshot, table, checked, frozenset(settings.ignore) | personal)


def _checks(settings: ListSettings) -> list[str]:
    words = vocabulary(settings.source)
    checks = []
    for name, column in settings.columns.items():
        if name in words:
            checks.append(check_word(column, settings.values.get(name, words[name])))
        elif name in NUMBERS:
            checks.append(check_number(column, settings.columns.get("capakey", settings.columns.get("building_id"))))
        elif name in DAYS:
            checks.append(check_date(column))
        elif name in DECIMALS:
            checks.append(check_decimal(column))
    return checks


def _intake(name: str, column: str, settings: ListSettings) -> str:
    if name in DECIMALS:
        return f"try_cast(replace({trimmed(column)}, ',', '.') AS DOUBLE)"
    if name not in settings.values:
        return number(column) if name in NUMBERS else trimmed(column)
    return translated(column, settings.values[name], keep_others=name not in vocabulary(settings.source))
