"""What the map knows of the buildings: columns made by DuckDB."""

from __future__ import annotations

import json

import duckdb

from sources._kit.duck import literal
from transforms.publish.map.places import read_places
from transforms.publish.rows import ROWS, Product
from transforms.publish.symbols import PRIORITY_CLASSES, UNKNOWN

LIMIT = 50_000
"""Buildings on one page, by priority. A browser holds more, but no reader waits for it: see docs/decisions/0027."""
_SHOWN = "temp.publish_map"

# As the page shows them, so that a filter counts what the reader sees: areas in whole m2. Scores are cut, not rounded:
# 49.96 is no 50 to the colours, and must be none to the filter.
_CLASS = " ".join(f"WHEN priority_score >= {item.low} THEN {n}" for n, item in reversed([*enumerate(PRIORITY_CLASSES)]))
_BUILDING = {
    "id": "building_id",
    "name": "name",
    "type": "type",
    "type_label": "type_label",
    "former_use": "former_use",
    "address": "address",
    "band": f"coalesce(underuse_band, {literal(UNKNOWN.value)})",
    "class": f"CASE WHEN coalesce(underuse_band, {literal(UNKNOWN.value)}) <> {literal(UNKNOWN.value)} THEN "
    f"CASE {_CLASS} WHEN priority_score IS NOT NULL THEN 0 END END",
    "priority": "floor(priority_score * 100) / 100",
    "rank": "priority_rank",
    "rank_low": "priority_rank_low",
    "rank_high": "priority_rank_high",
    "underuse": "round(underuse_probability, 3)",
    "underuse_low": "round(underuse_low, 3)",
    "underuse_high": "round(underuse_high, 3)",
    "atypicality": "round(atypicality_score, 1)",
    "reuse": "round(reuse_score, 1)",
    "reuse_low": "round(reuse_low, 1)",
    "reuse_high": "round(reuse_high, 1)",
    "legal_status": "legal_status",
    "vacant_low": "round(vacant_share_low, 2)",
    "vacant_high": "round(vacant_share_high, 2)",
    "footprint": "CAST(round(footprint_m2) AS BIGINT)",
    "floor_area": "CAST(round(floor_area_m2) AS BIGINT)",
    "floor_area_low": "CAST(round(floor_area_low_m2) AS BIGINT)",
    "floor_area_high": "CAST(round(floor_area_high_m2) AS BIGINT)",
    "volume": "CAST(round(volume_m3) AS BIGINT)",
    "volume_low": "CAST(round(volume_low_m3) AS BIGINT)",
    "volume_high": "CAST(round(volume_high_m3) AS BIGINT)",
    "height": "round(height_m, 1)",
    "floors": "round(floors, 1)",
    "heritage": "heritage",
    "site_name": "site_name",
    "site_buildings": "site_building_count",
    "reasons_nl": "reasons",
    "reasons_en": "reasons_en",
    "sources": "sources",
    "licence": "licence",
    "newest_on": "newest_evidence_on",
}
_REUSE = {
    "use": "use",
    "score": "round(score, 1)",
    "low": "round(low, 1)",
    "high": "round(high, 1)",
    "known": "round(known_share, 2)",
    "check_nl": "to_check",
    "check_en": "to_check_en",
}
_EVIDENCE = {"kind": "kind", "on": "observed_on", "authority": "authority", "feed": "feed", "detail": "detail"}


def read_features(con: duckdb.DuckDBPyConnection, product: Product) -> dict[str, str]:
    """The columns of the page as JSON texts: table -> object of equally long lists.

    `building` is in the order of priority; `reuse` and `evidence` name a building by its place in it and are sorted
    by it. `ring` holds the outlines (rings per building, points per ring, and the points) and `pin` the points, in
    WGS 84, longitude first, in millionths of a degree: a pin from 0, the first point of a ring from its pin, every
    other point from the one before. Rings are not closed.

    Args:
        con: warehouse with `ROWS` prepared for `product`; a temporary table is made and dropped.
        product: whose rows.

    Raises:
        PublishError: a building cannot be placed on earth.
    """
    con.execute(f"""
        CREATE OR REPLACE TEMP TABLE publish_map AS
        SELECT CAST(row_number() OVER (ORDER BY priority_rank NULLS LAST, building_id) - 1 AS INTEGER) AS n, *
        FROM {ROWS} ORDER BY n LIMIT {LIMIT}
    """)
    try:
        return {
            "building": _columns(con, _BUILDING, _SHOWN, "n"),
            "reuse": _columns(con, {"building": "n", **_REUSE}, _of("reuse", product), "n, place"),
            "evidence": _columns(con, {"building": "n", **_EVIDENCE}, _of("evidence", product), _NEWEST_FIRST),
            **{
                name: json.dumps(value, separators=(",", ":"))
                for name, value in read_places(con, product, _SHOWN).items()
            },
        }
    finally:
        con.execute(f"DROP TABLE {_SHOWN}")


_NEWEST_FIRST = "n, observed_on DESC NULLS LAST, kind, authority, feed, detail, item_id"


def _of(table: str, product: Product) -> str:
    audience = literal(product.audience)
    shown = f"(SELECT n, building_id FROM {_SHOWN})"
    return f"(SELECT * FROM layer.{table} JOIN {shown} USING (building_id) WHERE audience = {audience})"


def _columns(con: duckdb.DuckDBPyConnection, columns: dict[str, str], table: str, order: str) -> str:
    lists = ", ".join(f"'{name}', coalesce(list({value} ORDER BY {order}), [])" for name, value in columns.items())
    row = con.execute(f"SELECT CAST(json_object({lists}) AS VARCHAR) FROM {table}").fetchone()
    assert row is not None
    text: str = row[0]
    return text
