"""Relations that libosmium did not put together: why, told from the ends of their member ways."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import duckdb

from sources._osm.clip import Clip
from sources._osm.elements import opl_table

# Relations that libosmium did not assemble are few: only for them are the members looked up.
UNASSEMBLED = """
CREATE OR REPLACE TEMP TABLE osm_unassembled AS
SELECT id AS osm_id, regexp_extract(tags, '(?:^|,)type=([^,]*)', 1) AS kind,
    list_filter(string_split(body, ','), lambda m: m[1] = 'w') AS members
FROM osm_line WHERE id[1] = 'r' AND id NOT IN (SELECT osm_id FROM osm_assembled);
CREATE OR REPLACE TEMP TABLE osm_member AS
SELECT osm_id, split_part(unnest(members), '@', 1) AS way
FROM osm_unassembled WHERE {is_looked_up};
"""

# A ring closes when every end of a way meets another end; what closes and still fails, crosses or overlaps.
BROKEN = """
CREATE OR REPLACE TEMP TABLE osm_broken AS
WITH ends AS (
    SELECT osm_id, way, id IS NULL AS is_missing, contains(body, 'xy') AS is_cut,
        unnest([regexp_extract(body, 'n(-?[0-9]+)', 1), regexp_extract(body, 'n(-?[0-9]+)[^n]*$', 1)]) AS node
    FROM osm_member LEFT JOIN {opl} ON way = id
), loose AS (
    SELECT DISTINCT osm_id FROM (SELECT osm_id, node FROM ends GROUP BY ALL HAVING count(*) % 2 = 1)
), told AS (
    SELECT osm_id, bool_or(is_missing) AS is_incomplete, bool_or(is_cut) AS is_cut FROM ends GROUP BY osm_id
)
SELECT u.osm_id,
    CASE WHEN kind = '' THEN 'relation without a type has no outline'
        WHEN kind NOT IN ('multipolygon', 'boundary') THEN 'relation of type ' || kind || ' has no outline'
        WHEN len(members) = 0 THEN 'no member ways'
        WHEN is_incomplete THEN 'member ways missing'
        WHEN is_cut THEN 'nodes of member ways missing'
        WHEN u.osm_id IN (FROM loose) THEN 'ring not closed'
        ELSE 'rings cross or overlap' END AS defect,
    kind IN ('multipolygon', 'boundary') AS is_area
FROM osm_unassembled AS u LEFT JOIN told USING (osm_id);
"""


def find_broken(con: duckdb.DuckDBPyConnection, find_ways: Callable[[list[int]], Path], clip: Clip | None) -> None:
    """Make the temp table osm_broken (osm_id, defect, is_area) for relations of `osm_line` without an outline.

    Args:
        con: with osm_line and osm_assembled.
        find_ways: given way numbers, writes those ways as OPL.
        clip: note those that lie outside of this; for that, members are looked up of relations of every type.
    """
    con.execute(UNASSEMBLED.format(is_looked_up="true" if clip else "kind IN ('multipolygon', 'boundary')"))
    ids = con.execute("SELECT DISTINCT CAST(substr(way, 2) AS BIGINT) FROM osm_member ORDER BY 1").fetchall()
    members = opl_table(find_ways([number for (number,) in ids]))
    con.execute(BROKEN.format(opl=members))
    if clip is not None:
        clip.clip_relations(con, members)
