"""A window on a city: outlines around something as paths of a drawing, made in SQL from the warehouse."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import duckdb

from flows.query import rows
from sources._kit.duck import literal

_WIDTH_M, _SHAPE = 300.0, 0.72  # of the window, and its height over its width
_AROUND = 1.6  # a building larger than the window gets this many times its own extent
_ROUND_METRES = (10, 20, 50, 100, 200, 500, 1000)
_STREETS, _ADDRESSES = 5, 4

SEEN = "SELECT feed FROM reference.feed WHERE visibility = 'public' OR $audience = 'city'"
"""Feeds that an audience may see."""
_PATHS = """
    WITH drawn AS ($drawn),
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
        WHERE ST_Within(geom, $box) AND street IS NOT NULL AND feed IN ({SEEN})
    )
    SELECT street AS name, round(avg(x), 1) AS x, round(avg(y), 1) AS y,
        round(degrees(atan2(2 * covar_pop(x, y), var_pop(x) - var_pop(y)) / 2), 1) AS turn
    FROM near GROUP BY street
    -- Whole names only: not across the edge, nor under the scale in the corner.
    HAVING count(*) >= {_ADDRESSES} AND avg(x) BETWEEN $width * 0.15 AND $width * 0.85 AND avg(y) BETWEEN $height * 0.06 AND $height * 0.94
        AND NOT (avg(x) < $width * 0.45 AND avg(y) > $height * 0.83)
    ORDER BY count(*) DESC, street LIMIT {_STREETS}
"""


@dataclass(frozen=True)
class Street:
    """Name of a street, where its addresses lie (metres from the top left corner) and along them (degrees, clockwise)."""

    name: str
    x: float
    y: float
    turn: float


@dataclass(frozen=True)
class WindowMap:
    """A window on the city, north up: metres from its top left corner, y downward as a drawing counts.

    `paths` holds SVG path data by name of its layers, from the bottom up; a layer with nothing in it is absent. `scale_m` is a round length.
    """

    width_m: float
    height_m: float
    scale_m: int
    paths: dict[str, str]
    streets: list[Street]


def draw_window(
    con: duckdb.DuckDBPyConnection,
    around: str,
    layers: Sequence[str],
    drawn: str,
    gaps: Mapping[str, str],
    audience: str,
    room: float = _AROUND,
) -> WindowMap:
    """Draw what lies around something.

    Args:
        con: warehouse with the spatial extension; coordinates in metres.
        around: table and condition that give one row with `geom`, in the middle of the window.
        layers: from the bottom up.
        drawn: SQL with the columns id, geom and layer; `$box` is the window in it, `$audience` who reads, `SEEN` has the feeds they may see.
        gaps: what else to fill in there.
        audience: public or city.
        room: a thing larger than the window gets this many times its own extent.
    """
    low_x, low_y, high_x, high_y = _window(con, around, room)
    box = f"ST_MakeEnvelope({low_x!r}, {low_y!r}, {high_x!r}, {high_y!r})"
    place = {**gaps, "$audience": literal(audience), "$box": box, "$left": repr(low_x), "$top": repr(high_y)}
    place |= {"$width": repr(high_x - low_x), "$height": repr(high_y - low_y)}

    def filled(query: str) -> str:
        # All at once: what fills one gap may itself look like another.
        return re.sub(r"\$\w+", lambda gap: place.get(gap[0], gap[0]), query)

    paths = {row["layer"]: row["path"] for row in rows(con, filled(_PATHS.replace("$drawn", drawn)))}
    width = high_x - low_x
    return WindowMap(
        width_m=width,
        height_m=high_y - low_y,
        scale_m=max(metres for metres in _ROUND_METRES if metres <= max(width / 4, _ROUND_METRES[0])),
        paths={layer: paths[layer] for layer in layers if layer in paths},
        streets=[Street(**row) for row in rows(con, filled(_NAMES))],
    )


def _window(con: duckdb.DuckDBPyConnection, around: str, room: float) -> tuple[float, float, float, float]:
    """Low x, low y, high x, high y in metres around what is shown."""
    found = rows(
        con,
        f"""
        SELECT (ST_XMin(geom) + ST_XMax(geom)) / 2 AS x, (ST_YMin(geom) + ST_YMax(geom)) / 2 AS y,
            ST_XMax(geom) - ST_XMin(geom) AS width, ST_YMax(geom) - ST_YMin(geom) AS height
        FROM {around}
        """,
    )[0]
    width = round(max(_WIDTH_M, room * found["width"], room * found["height"] / _SHAPE), 1)
    left, bottom = round(found["x"] - width / 2, 1), round(found["y"] - width * _SHAPE / 2, 1)
    return left, bottom, left + width, bottom + width * _SHAPE
