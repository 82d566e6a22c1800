"""Adverts in JSON: a list, an object with `adverts`, or a feature collection; every value as text, one row per advert."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import duckdb

from sources._kit.duck import identifier, literal
from sources._kit.errors import ColumnError, UnreadableSnapshotError
from sources._kit.hostile import is_too_deep
from sources._kit.snapshot import Snapshot
from sources._read.content import place
from sources._read.crs import hold_to_crs

BYTES_MAX = 256 << 20
"""Half a million adverts; a document is held in memory whole."""
_ITEMS, _DOCUMENTS = "advert_item", "advert_document"
_HEAD = ("adverts", "schema", "schema_file", "made_on")
_COLLECTION = (
    "type",
    "features",
    "crs",
    "name",
    "bbox",
    "links",
    "numberMatched",
    "numberReturned",
    "timeStamp",
    "schema",
    "made_on",
)
_FEATURE = ("type", "id", "geometry", "properties", "bbox")


@dataclass(frozen=True)
class Adverts:
    """A query over the adverts (`_row` counts them from 1), all keys they have, and the day the file says it was made on."""

    query: str
    keys: list[str]
    made_on: date | None


def json_adverts(
    con: duckdb.DuckDBPyConnection, snapshot: Snapshot, paths: Sequence[Path], columns: Sequence[str]
) -> Adverts:
    """Make the query over all documents; working tables stay until the connection's temporary ones are dropped.

    Raises:
        UnreadableSnapshotError: damaged, too large, no list of adverts, or a collection in another CRS than the feed's.
        ColumnError: the object around the list holds something else.
    """
    made_on: list[date] = []
    con.execute(f"CREATE OR REPLACE TEMP TABLE {_DOCUMENTS} (part INTEGER, is_feature BOOLEAN, adverts JSON)")
    for part, path in enumerate(paths):
        where = place(snapshot, "data", path)
        day = _read_document(con, snapshot, part, path, where)
        made_on += [day] if day else []
    con.execute(f"""
        CREATE OR REPLACE TEMP TABLE {_ITEMS} AS
        SELECT row_number() OVER (ORDER BY part, place) AS _row, is_feature, item FROM (
            SELECT part, is_feature, unnest(from_json(adverts, '["JSON"]')) AS item, generate_subscripts(from_json(adverts, '["JSON"]'), 1) AS place
            FROM {_DOCUMENTS})
    """)
    # All values at once: each asked for by itself, an advert would be read again for each.
    paths_of = ", ".join(literal(f"$.{name}") for name in columns)
    flat = f"""
        SELECT _row, is_feature, json_type(item) AS kind, CASE WHEN is_feature THEN item -> '$.properties' ELSE item END AS advert,
            CASE WHEN is_feature THEN item -> '$.geometry' END AS shape, CASE WHEN is_feature THEN item -> '$.id' END AS feature_id,
            CASE WHEN json_type(item) = 'OBJECT' THEN json_keys(item) ELSE [] END AS own_keys,
            json_extract(CASE WHEN is_feature THEN item -> '$.properties' ELSE item END, [{paths_of}]) AS v
        FROM {_ITEMS}"""
    keys = "CASE WHEN json_type(advert) = 'OBJECT' THEN json_keys(advert) ELSE [] END"
    others = f"list_filter(own_keys, lambda k: k NOT IN ({', '.join(map(literal, _FEATURE))}))"
    found = con.execute(
        f"SELECT DISTINCT unnest(list_concat({keys}, CASE WHEN is_feature THEN {others} ELSE [] END)) AS k FROM ({flat}) ORDER BY k"
    ).fetchall()
    cells = [f"{_cell(name, number)} AS {identifier(name)}" for number, name in enumerate(columns, 1)]
    defect = f"""CASE WHEN kind IS DISTINCT FROM 'OBJECT' OR json_type(advert) IS DISTINCT FROM 'OBJECT' THEN 'no advert, but another value'
        WHEN len({keys}) <> len(list_distinct({keys})) THEN 'a key is there twice'
        WHEN is_feature AND json_type(shape) <> 'NULL' AND (advert -> '$.area') IS NOT NULL THEN 'several places: area' END"""
    return Adverts(
        f"SELECT {', '.join(cells)}, _row, {defect} AS defect FROM ({flat})",
        [row[0] for row in found],
        max(made_on, default=None),
    )


def _cell(name: str, number: int) -> str:
    """A value as text: lists between `|`, an empty list `[]`, nothing and null as null."""
    value = f"v[{number}]"
    if name == "id":
        value = f"coalesce({value}, feature_id)"
    elif name == "area":
        value = f"coalesce(CASE WHEN json_type(shape) <> 'NULL' THEN shape END, {value})"
    return (
        f"CASE json_type({value}) WHEN 'NULL' THEN NULL WHEN 'VARCHAR' THEN nullif(trim({value} ->> '$'), '') "
        f"WHEN 'ARRAY' THEN CASE WHEN json_array_length({value}) = 0 THEN '[]' "
        f"ELSE array_to_string(CAST({value} ->> '$[*]' AS VARCHAR[]), '|') END ELSE CAST({value} AS VARCHAR) END"
    )


def _read_document(
    con: duckdb.DuckDBPyConnection, snapshot: Snapshot, part: int, path: Path, where: dict[str, object]
) -> date | None:
    if path.stat().st_size > BYTES_MAX:
        raise UnreadableSnapshotError(
            "no list of adverts is that large",
            value=f"{path.stat().st_size} bytes",
            next_step="look what it holds",
            **where,
        )
    if is_too_deep(path):
        raise UnreadableSnapshotError(
            "the JSON is nested deeper than any data is", next_step="ask the platform what it sent", **where
        )
    content = f"(SELECT CAST(ltrim(content, chr(65279)) AS JSON) AS j FROM read_text({literal(path)}))"
    try:
        con.execute(f"CREATE OR REPLACE TEMP TABLE advert_content AS FROM {content}")
        head: Any = con.execute(
            "SELECT json_type(j), CASE WHEN json_type(j) = 'OBJECT' THEN json_keys(j) END, json_type(j -> '$.adverts'), j ->> '$.type', "
            "json_type(j -> '$.features'), j ->> '$.crs.properties.name', j ->> '$.made_on' FROM advert_content"
        ).fetchone()
    except duckdb.Error as error:
        # Not the message itself: it quotes what the file holds.
        byte = re.search(r"at byte (\d+)", str(error))
        raise UnreadableSnapshotError(
            "the JSON cannot be read: it is damaged or stops short",
            value=f"at byte {byte[1]}" if byte else None,
            next_step="ask the platform for it again",
            **where,
        ) from None
    kind, keys, adverts, said, features, crs, day = head
    is_feature = said == "FeatureCollection" and features == "ARRAY"
    if is_feature:
        hold_to_crs(snapshot, crs, "EPSG:4326", **where)
    elif kind != "ARRAY" and adverts != "ARRAY":
        raise UnreadableSnapshotError(
            "no list of adverts", next_step='give a list, {"adverts": [...]} or a FeatureCollection', **where
        )
    if kind == "OBJECT" and (other := sorted(set(keys) - set(_COLLECTION if is_feature else _HEAD))):
        raise ColumnError(
            "the object around the adverts holds something else",
            column=", ".join(name[:40] for name in other[:10]),
            next_step=f"it may hold {', '.join(_COLLECTION if is_feature else _HEAD)}",
            **where,
        )
    place_of = "j -> '$.features'" if is_feature else "j" if kind == "ARRAY" else "j -> '$.adverts'"
    con.execute(f"INSERT INTO {_DOCUMENTS} SELECT {part}, {is_feature}, {place_of} FROM advert_content")
    try:
        return date.fromisoformat(day) if day else None
    except ValueError:
        return None
