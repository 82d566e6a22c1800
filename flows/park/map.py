"""The map of a business park: its outline, its parcels and buildings, and which of them are out of use by what sources say."""

from __future__ import annotations

from collections.abc import Iterable

import duckdb

from flows.explain import Row
from flows.query import rows
from flows.window_map import SEEN, WindowMap, draw_window
from sources._kit.duck import literal

LAYERS = ("park", "other", "parcel_used", "parcel_idle", "own", "hint", "idle", "border")
"""From the bottom up."""
LOOK = {
    "ground": "#f6f4ef",
    "fill": {"park": "#ffffff", "other": "#dcd8ce", "parcel_used": "none", "parcel_idle": "#f5d9a8", "own": "#a9b3bd", "hint": "#e88f4f", "idle": "#8f2d04", "border": "none"},
    "line": {"park": "none", "other": "#c9c4b8", "parcel_used": "#b9b2a2", "parcel_idle": "#9c6a10", "own": "#6c7782", "hint": "#7a3d10", "idle": "#3d0626", "border": "#1d4f91"},
    "width": {"park": 0, "other": 0.08, "parcel_used": 0.08, "parcel_idle": 0.25, "own": 0.1, "hint": 0.2, "idle": 0.35, "border": 0.45},
}  # fmt: skip
LEGEND = tuple({"text": layer, "layers": (layer,)} for layer in reversed(LAYERS) if layer != "park")
IDLE, HINT = "('confirmed', 'likely')", "('signal')"
"""Bands of a building that counts as idle, as in score.park_space; and of one that shows a sign."""
_ROOM = 1.08

_DRAWN = f"""
    SELECT park_id AS id, geom, unnest(['park', 'border']) AS layer FROM layer.business_park WHERE park_id = $id AND audience = $audience
    UNION ALL
    SELECT parcel_id, geom, CASE WHEN in_use = 'not_in_use' THEN 'parcel_idle' ELSE 'parcel_used' END
    FROM layer.business_park_parcel WHERE park_id = $id AND audience = $audience
    UNION ALL
    SELECT b.building_id, b.geom, CASE WHEN k.building_id IS NULL THEN 'other'
        WHEN l.underuse_band IN {IDLE} THEN 'idle' WHEN l.underuse_band IN {HINT} THEN 'hint' ELSE 'own' END
    FROM core.building AS b SEMI JOIN core.standing USING (building_id)
    LEFT JOIN core.park_building AS k ON k.building_id = b.building_id AND k.park_id = $id
    -- A building somebody objected to is one of the others in the park: a gap would give it away.
    LEFT JOIN layer.building AS l ON l.building_id = b.building_id AND l.audience = $audience AND l.building_id NOT IN ($hidden)
    WHERE ST_Intersects(b.geom, $box) AND b.feed IN ({SEEN})
"""
_COUNTS = """
    WITH own AS (
        SELECT underuse_band FROM layer.building SEMI JOIN (SELECT building_id FROM core.park_building WHERE park_id = {park}) USING (building_id)
        WHERE audience = {audience} AND building_id NOT IN ({hidden})
    )
    SELECT (SELECT count(*) FROM own WHERE underuse_band IN {idle}) AS idle, (SELECT count(*) FROM own WHERE underuse_band IN {hint}) AS hint,
        count(*) FILTER (in_use = 'not_in_use') AS parcels_idle, count(*) FILTER (availability = 'offered') AS parcels_offered,
        count(*) FILTER (in_use IS NULL) AS parcels_unknown
    FROM layer.business_park_parcel WHERE park_id = {park} AND audience = {audience}
"""


def ids(hidden: Iterable[str]) -> str:
    """Ids as a list for SQL; of none a list that holds no id."""
    return ", ".join(literal(one) for one in sorted(hidden)) or "''"


def read_park_map(con: duckdb.DuckDBPyConnection, park_id: str, audience: str, hidden: frozenset[str]) -> WindowMap:
    """Draw a park and what stands around it; buildings in `hidden` show no sign of anything."""
    own = f"layer.business_park WHERE park_id = {literal(park_id)} AND audience = {literal(audience)}"
    gaps = {"$id": literal(park_id), "$hidden": ids(hidden)}
    return draw_window(con, own, LAYERS, _DRAWN, gaps, audience, room=_ROOM)


def count_drawn(con: duckdb.DuckDBPyConnection, park_id: str, audience: str, hidden: frozenset[str]) -> Row:
    """How many buildings of a park show a sign, and how many parcels are out of use, on offer, or of unknown use."""
    seen = {"park": literal(park_id), "audience": literal(audience), "hidden": ids(hidden)}
    return rows(con, _COUNTS.format(idle=IDLE, hint=HINT, **seen))[0]
