"""The map of a dossier: a building, its parcel and site, and what stands around it."""

from __future__ import annotations

import duckdb

from flows.window_map import SEEN, WindowMap, draw_window
from sources._kit.duck import literal
from transforms.publish.symbols import PRIORITY_CLASSES

# What is drawn, from the bottom up; priority_0 is the lightest class.
LAYERS = (
    "other",
    "unscored",
    *(f"priority_{place}" for place in range(len(PRIORITY_CLASSES))),
    "site",
    "parcel",
    "self",
)


def read_map(con: duckdb.DuckDBPyConnection, building_id: str, audience: str) -> WindowMap:
    """Draw the surroundings of a building from what an audience may see.

    Args:
        con: warehouse with the spatial extension; coordinates in metres.
        building_id: an existing building; it is drawn whatever its state.
        audience: whose layer is coloured; outlines and parcels of feeds that are for the city alone are the city's.
    """
    own = f"core.building WHERE building_id = {literal(building_id)}"
    return draw_window(con, own, LAYERS, _DRAWN, {"$id": literal(building_id), "$class": _class()}, audience)


def _class() -> str:
    """SQL that names the class of a priority score."""
    limits = [
        f"WHEN l.priority_score < {item.high} THEN 'priority_{place}'"
        for place, item in enumerate(PRIORITY_CLASSES)
        if item.high
    ]
    return f"CASE WHEN l.underuse_band = 'unknown' OR l.priority_score IS NULL THEN 'unscored' {' '.join(limits)} ELSE 'priority_{len(PRIORITY_CLASSES) - 1}' END"


_SITE = """
    SELECT m.building_id FROM score.site_member AS m JOIN score.site_member AS own USING (audience, site_id)
    WHERE own.building_id = $id AND m.audience = $audience
"""
_DRAWN = f"""
        SELECT b.building_id AS id, b.geom, unnest(list_filter([
            CASE WHEN b.building_id = $id THEN 'self' WHEN l.building_id IS NULL THEN 'other' ELSE $class END,
            CASE WHEN b.building_id <> $id AND b.building_id IN ({_SITE}) THEN 'site' END
        ], lambda layer: layer IS NOT NULL)) AS layer
        FROM core.building AS b
        LEFT JOIN layer.building AS l ON l.building_id = b.building_id AND l.audience = $audience
        WHERE ST_Intersects(b.geom, $box) AND (b.building_id = $id OR (
            -- A building withdrawn from the layer is one of the others: a gap would give it away.
            b.building_id IN (SELECT building_id FROM core.standing) AND b.feed IN ({SEEN})))
        UNION ALL
        SELECT p.parcel_id, p.geom, 'parcel' FROM core.link_parcel AS k JOIN staging.parcel AS p USING (parcel_id)
        WHERE k.building_id = $id AND p.feed IN ({SEEN}) AND ST_Intersects(p.geom, $box)
"""
