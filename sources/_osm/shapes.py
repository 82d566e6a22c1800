"""Outlines: rings of ways made in SQL, relations as libosmium assembled them, and why some have none."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import duckdb
import pandas as pd
import shapely

from sources._osm.broken import find_broken
from sources._osm.clip import Clip

# Closed means: ends on the same node, or on another node at the very same place.
WAYS = r"""
CREATE OR REPLACE TEMP TABLE osm_way AS
WITH cut AS (
    SELECT id AS osm_id,
        regexp_extract(body, '^n(-?\d+)', 1) = regexp_extract(body, 'n(-?\d+)x[^n]*$', 1) AS ends_meet,
        string_split(regexp_replace(body, 'n-?\d+x([^y,]*)y([^,]*)', '\1 \2', 'g'), ',') AS points
    FROM osm_line WHERE id[1] = 'w'
)
SELECT osm_id, ends_meet OR (points[1] = points[-1] AND points[1] <> ' ') AS is_closed,
    CASE WHEN points = [''] THEN 'way without nodes'
        WHEN list_contains(points, ' ') THEN 'nodes missing'
        WHEN NOT is_closed THEN 'ring not closed'
        WHEN len(list_distinct(points)) = 1 THEN 'ring of one point'
        WHEN len(list_distinct(points)) = 2 THEN 'ring of two points' END AS defect,
    CASE WHEN defect IS NULL
        THEN ST_GeomFromText('POLYGON((' || array_to_string(points, ',') || '))') END AS geom,
    CASE WHEN defect = 'ring not closed' AND len(points) > 1
        THEN ST_GeomFromText('LINESTRING(' || array_to_string(points, ',') || ')') END AS line
FROM cut;
"""

# Old style: the relation has no tags of its own, its outer ways say what it is. libosmium gives the holes;
# the way keeps its id and gets the part of the relation that it bounds. Of open ways the first has it.
OLD_STYLE = """
CREATE OR REPLACE TEMP TABLE osm_part AS
WITH member AS (
    SELECT id AS relation_id, generate_subscripts(string_split(body, ','), 1) AS place,
        unnest(string_split(body, ',')) AS text
    FROM osm_line WHERE id[1] = 'r' AND regexp_full_match(tags, {untagged})
), part AS (
    SELECT osm_id AS relation_id, d.path AS path, d.geom AS geom
    FROM (SELECT osm_id, unnest(ST_Dump(ST_GeomFromHEXWKB(wkb_hex))) AS d FROM osm_assembled
        WHERE osm_id IN (SELECT relation_id FROM member))
)
SELECT w.osm_id, p.geom, first_value(w.osm_id) OVER by_part AS holder,
    w.line IS NULL OR row_number() OVER by_part = 1 AS is_holder
FROM member AS m
JOIN osm_way AS w ON w.osm_id = split_part(text, '@', 1) AND split_part(text, '@', 2) IN ('outer', '')
JOIN part AS p USING (relation_id)
WHERE CASE WHEN w.line IS NULL THEN ST_Equals(ST_MakePolygon(ST_ExteriorRing(p.geom)), w.geom)
    ELSE ST_Covers(ST_ExteriorRing(p.geom), w.line) END
WINDOW by_part AS (PARTITION BY relation_id, p.path ORDER BY place)
QUALIFY row_number() OVER (PARTITION BY w.osm_id ORDER BY relation_id, p.path) = 1;
"""

SHAPES = """
CREATE OR REPLACE TEMP TABLE osm_shape AS
SELECT w.osm_id, is_closed OR coalesce(is_holder, false) AS is_area,
    CASE WHEN is_holder THEN p.geom ELSE w.geom END AS geom,
    CASE WHEN is_holder THEN NULL
        WHEN holder IS NOT NULL THEN 'ring not closed: its area is on ' || holder
        ELSE defect END AS defect, line
FROM osm_way AS w LEFT JOIN osm_part AS p USING (osm_id)
UNION ALL
SELECT osm_id, true, CASE WHEN ST_NGeometries(geom) = 1 THEN ST_Dump(geom)[1].geom ELSE geom END, NULL, NULL
FROM (SELECT osm_id, ST_GeomFromHEXWKB(wkb_hex) AS geom FROM osm_assembled)
UNION ALL
SELECT osm_id, is_area, NULL, defect, NULL FROM osm_broken
UNION ALL
SELECT id, true, ST_Point(CAST(body AS DOUBLE), CAST(substr(lat, 2) AS DOUBLE)), NULL, NULL
FROM osm_line WHERE id[1] = 'n';
"""


def make_shapes(
    con: duckdb.DuckDBPyConnection,
    assembled: pd.DataFrame,
    untagged: str,
    find_ways: Callable[[list[int]], Path],
    clip: Clip | None = None,
) -> None:
    """Make the temp table osm_shape (osm_id, is_area, geom in lon/lat, defect, line of an open way) for every line of `osm_line`.

    Args:
        con: after `load_elements`.
        assembled: relations libosmium made areas of (osm_id, wkb_hex).
        untagged: SQL literal, regular expression for tag lists that say nothing about their relation.
        find_ways: given way numbers, writes those ways as OPL.
        clip: note in osm_clipped what lies outside of this.
    """
    con.register("osm_found", assembled)
    con.execute("CREATE OR REPLACE TEMP TABLE osm_assembled AS FROM osm_found")
    con.unregister("osm_found")
    find_broken(con, find_ways, clip)
    con.execute(WAYS)
    con.execute(OLD_STYLE.format(untagged=untagged))
    con.execute(SHAPES)
    if clip is not None:
        clip.clip_old_ways(con)
    con.execute("DROP TABLE osm_line; DROP TABLE osm_way; DROP TABLE osm_assembled; DROP TABLE osm_part")
    _name_invalid(con)


def _name_invalid(con: duckdb.DuckDBPyConnection) -> None:
    """Say what is wrong with invalid outlines; they keep their geometry, for mending is staging's."""
    query = "SELECT osm_id, ST_AsHEXWKB(geom) AS wkb_hex FROM osm_shape WHERE NOT ST_IsValid(geom)"
    bad = con.execute(query).df().astype("str")
    shapes = shapely.from_wkb(bad["wkb_hex"].to_numpy())
    bad["reason"] = pd.Series(shapely.is_valid_reason(shapes), dtype="str")
    con.register("osm_reason", bad)
    con.execute(
        "UPDATE osm_shape SET defect = 'invalid: ' || lower(split_part(reason, '[', 1)) FROM osm_reason "
        "WHERE osm_shape.osm_id = osm_reason.osm_id"
    )
    con.unregister("osm_reason")
