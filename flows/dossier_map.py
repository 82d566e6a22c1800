"""The map of a dossier: outlines around one building as paths of a drawing, made in SQL from the warehouse."""

from __future__ import annotations

from dataclasses import dataclass

import duckdb

from flows.query import rows
from sources._kit.duck import literal
from transforms.publish.symbols import PRIORITY_CLASSES

_WIDTH_M, _SHAPE = 300.0, 0.72  # of the window, and its height over its width
_AROUND = 1.6  # a building larger than the window gets this many times its own extent
_ROUND_METRES = (10, 20, 50, 100, 200, 500, 1000)
_STREETS, _ADDRESSES = 5, 4

# What is drawn, from the bottom up; priority_0 is the lightest class.
LAYERS = (
    "other",
    "unscored",
    *(f"priority_{place}" for place in range(len(PRIORITY_CLASSES))),
    "site",
    "parcel",
    "self",
)


@dataclass(frozen=True)
class Street:
    """Name of a street, where its addresses lie (metres from the top left corner) and along them (degrees, clockwise)."""

    name: str
    x: float
    y: float
    turn: float


@dataclass(frozen=True)
class BuildingMap:
    """A window on the city, north up: metres from its top left corner, y downward as a drawing counts.

    `paths` holds SVG path data by name of `LAYERS`; a layer with nothing in it is absent. `scale_m` is a round length.
    """

    width_m: float
    height_m: float
    scale_m: int
    paths: dict[str, str]
    streets: list[Street]


def read_map(con: duckdb.DuckDBPyConnection, building_id: str, audience: str) -> BuildingMap:
    """Draw the surroundings of a building from what an audience may see.

    Args:
        con: warehouse with the spatial extension; coordinates in metres.
        building_id: an existing building; it is drawn whatever its state.
        audience: whose layer is coloured; outlines and parcels of feeds that are for the city alone are the city's.
    """
    low_x, low_y, high_x, high_y = _window(con, building_id, audience)
    box = f"ST_MakeEnvelope({low_x!r}, {low_y!r}, {high_x!r}, {high_y!r})"
    place = {"$id": literal(building_id), "$audience": literal(audience), "$box": box}
    place |= {"$left": repr(low_x), "$top": repr(high_y), "$class": _class()}
    place |= {"$width": repr(high_x - low_x), "$height": repr(high_y - low_y)}

    def filled(query: str) -> str:
        for gap, text in place.items():
            query = query.replace(gap, text)
        return query

    paths = {row["layer"]: row["path"] for row in rows(con, filled(_PATHS))}
    width = high_x - low_x
    return BuildingMap(
        width_m=width,
        height_m=high_y - low_y,
        scale_m=max(metres for metres in _ROUND_METRES if metres <= max(width / 4, _ROUND_METRES[0])),
        paths={layer: paths[layer] for layer in LAYERS if layer in paths},
        streets=[Street(**row) for row in rows(con, filled(_NAMES))],
    )


def _window(con: duckdb.DuckDBPyConnection, building_id: str, audience: str) -> tuple[float, float, float, float]:
    """Low x, low y, high x, high y in metres around the building."""
    found = rows(
        con,
        f"""
        SELECT (ST_XMin(geom) + ST_XMax(geom)) / 2 AS x, (ST_YMin(geom) + ST_YMax(geom)) / 2 AS y,
            ST_XMax(geom) - ST_XMin(geom) AS width, ST_YMax(geom) - ST_YMin(geom) AS height
        FROM core.building WHERE building_id = {literal(building_id)}
        """,
    )[0]
    width = round(max(_WIDTH_M, _AROUND * found["width"], _AROUND * found["height"] / _SHAPE), 1)
    left, bottom = round(found["x"] - width / 2, 1), round(found["y"] - width * _SHAPE / 2, 1)
    return left, bottom, left + width, bottom + width * _SHAPE


def _class() -> str:
    """SQL that names the class of a priority score."""
    limits = [
        f"WHEN l.priority_score < {item.high} THEN 'priority_{place}'"
        for place, item in enumerate(PRIORITY_CLASSES)
        if item.high
    ]
    return f"CASE WHEN l.underuse_band = 'unknown' OR l.priority_score IS NULL THEN 'unscored' {' '.join(limits)} ELSE 'priority_{len(PRIORITY_CLASSES) - 1}' END"


_SEEN = "SELECT feed FROM reference.feed WHERE visibility = 'public' OR $audience = 'city'"
_PATHS = f"""
    WITH site AS (
        SELECT m.building_id FROM score.site_member AS m JOIN score.site_member AS own USING (audience, site_id)
        WHERE own.building_id = $id AND m.audience = $audience
    ),
    drawn AS (
        SELECT b.building_id AS id, b.geom, unnest(list_filter([
            CASE WHEN b.building_id = $id THEN 'self' WHEN l.building_id IS NULL THEN 'other' ELSE $class END,
            CASE WHEN b.building_id <> $id AND b.building_id IN (FROM site) THEN 'site' END
        ], lambda layer: layer IS NOT NULL)) AS layer
        FROM core.building AS b
        LEFT JOIN layer.building AS l ON l.building_id = b.building_id AND l.audience = $audience
        WHERE ST_Intersects(b.geom, $box) AND (b.building_id = $id OR (
            -- A building withdrawn from the layer is one of the others: a gap would give it away.
            b.building_id IN (SELECT building_id FROM core.standing) AND b.feed IN ({_SEEN})))
        UNION ALL
        SELECT p.parcel_id, p.geom, 'parcel' FROM core.link_parcel AS k JOIN staging.parcel AS p USING (parcel_id)
        WHERE k.building_id = $id AND p.feed IN ({_SEEN}) AND ST_Intersects(p.geom, $box)
    ),
    cut AS (
        SELECT id, layer, CASE WHEN ST_Within(geom, $box) THEN geom ELSE ST_Intersection(geom, $box) END AS geom FROM drawn
    )
    SELECT layer, string_agg(ST_AsSVG(ST_Affine(geom, 1, 0, 0, 1, -($left), -($top)), false, 1), ' ' ORDER BY id) AS path
    FROM cut WHERE NOT ST_IsEmpty(geom) AND ST_Dimension(geom) = 2 GROUP BY layer ORDER BY layer
"""
# The addresses of a street lie along it: their middle is on it, and the longer axis of their scatter runs along it.
_NAMES = f"""
    WITH near AS (
        SELECT street, ST_X(geom) - ($left) AS x, ($top) - ST_Y(geom) AS y FROM core.address
        WHERE ST_Within(geom, $box) AND street IS NOT NULL AND feed IN ({_SEEN})
    )
    SELECT street AS name, round(avg(x), 1) AS x, round(avg(y), 1) AS y,
        round(degrees(atan2(2 * covar_pop(x, y), var_pop(x) - var_pop(y)) / 2), 1) AS turn
    FROM near GROUP BY street
    -- Whole names only: not across the edge, nor under the scale in the corner.
    HAVING count(*) >= {_ADDRESSES} AND avg(x) BETWEEN $width * 0.15 AND $width * 0.85 AND avg(y) BETWEEN $height * 0.06 AND $height * 0.94
        AND NOT (avg(x) < $width * 0.45 AND avg(y) > $height * 0.83)
    ORDER BY count(*) DESC, street LIMIT {_STREETS}
"""
