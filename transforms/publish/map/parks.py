"""What the map knows of business parks: outlines and the main indicators, as columns; nothing where the city has none."""

from __future__ import annotations

import json
from typing import Any

import duckdb

from sources._kit.duck import identifier, literal
from transforms.publish.map.places import read_places
from transforms.publish.park_terms import UNITS, has_parks
from transforms.publish.rows import Product

MAIN = (
    "built_share", "floor_area_ratio", "idle_parcel_share", "reserve_m2", "offered_m2", "idle_volume_m3", "solar_kwp", "parking_places",
    "stops_500m", "departures_500m", "activity_sections", "establishments", "amenities_500m", "sealed_share", "green_share", "flood_share",
)  # fmt: skip
"""Indicators in the panel of a park, in this order; the sheet of `onbenut park` and the GeoPackage have all."""
_SIMPLIFY_M = 1.0  # an outline of hundreds of metres, never looked at as closely as a house
_SHOWN = "temp.publish_map_park"
_ABOUT = {
    "id": "park_id",
    "name": "name",
    "type": "park_type",
    "origin": "park_source",
    "area": "CAST(round(area_m2) AS BIGINT)",
    "seen": "round(seen_share, 2)",
    "buildings": "building_count",
    "parcels": "parcel_count",
    "sources": "sources",
    "licence": "licence",
}


def read_parks(con: duckdb.DuckDBPyConnection, product: Product) -> dict[str, str]:
    """The parks of an edition as JSON texts, or nothing.

    `park` has equally long lists, one entry a park; `value`, `low`, `high`, `coverage` and `why` (a place in `reasons`) have those of all
    `indicators` of the first park, then of the second. Places are packed as those of the buildings are: see `map.places`.

    Raises:
        PublishError: a park cannot be placed on earth.
    """
    if not has_parks(product):
        return {}
    audience = literal(product.audience)
    con.execute(f"""
        CREATE OR REPLACE TEMP TABLE publish_map_park AS
        SELECT CAST(row_number() OVER (ORDER BY park_id) - 1 AS INTEGER) AS n, *, ST_PointOnSurface(geom) AS point
        FROM layer.business_park WHERE audience = {audience}
    """)
    try:
        about = ", ".join(f"'{name}', list({value} ORDER BY n)" for name, value in _ABOUT.items())
        columns = json.loads(_one(con, f"SELECT CAST(json_object({about}) AS VARCHAR) FROM {_SHOWN}"))
        columns |= _measures(con, audience)
        places = read_places(con, product, _SHOWN, _SIMPLIFY_M)
    finally:
        con.execute(f"DROP TABLE {_SHOWN}")
    parts = {"park": columns, "park_pin": places["pin"], "park_ring": places["ring"]}
    return {name: json.dumps(value, ensure_ascii=False, separators=(",", ":")) for name, value in parts.items()}


def _measures(con: duckdb.DuckDBPyConnection, audience: str) -> dict[str, Any]:
    """Values of the main indicators, and the words for them and for what is not known."""
    known = ", ".join(f"({place}, {literal(name)})" for place, name in enumerate(MAIN))
    rows = f"(SELECT * FROM layer.park_indicator JOIN (VALUES {known}) AS k(place, indicator) USING (indicator) WHERE audience = {audience})"
    indicators = con.execute(f"SELECT place, label, label_en, unit FROM {rows} GROUP BY ALL ORDER BY place").fetchall()
    reasons = con.execute(
        f"SELECT DISTINCT unknown_because, unknown_because_en FROM {rows} WHERE unknown_because IS NOT NULL ORDER BY ALL"
    ).fetchall()
    numbered = ", ".join(f"({place}, {literal(row[0])})" for place, row in enumerate(reasons)) or "(0, NULL)"
    columns = {name: f"round(f.{identifier(name)}, 3)" for name in ("value", "low", "high", "coverage")} | {
        "why": "r.place"
    }
    lists = ", ".join(f"'{name}', list({value} ORDER BY p.n, k.place)" for name, value in columns.items())
    told: dict[str, Any] = json.loads(_one(con, f"""
        SELECT CAST(json_object({lists}) AS VARCHAR) FROM {_SHOWN} AS p
        CROSS JOIN (SELECT DISTINCT place, indicator FROM {rows}) AS k
        LEFT JOIN {rows} AS f ON f.park_id = p.park_id AND f.indicator = k.indicator
        LEFT JOIN (VALUES {numbered}) AS r(place, reason) ON r.reason = f.unknown_because
    """))  # fmt: skip
    return told | {
        "indicators": [
            {"nl": row[1], "en": row[2], "unit": row[3], "sign": UNITS.get(row[3], "")} for row in indicators
        ],
        "reasons": [list(row) for row in reasons],
    }


def _one(con: duckdb.DuckDBPyConnection, query: str) -> str:
    row = con.execute(query).fetchone()
    assert row is not None
    return str(row[0])
