"""Only what reaches into a box: told from the text of an element, before anything is made of it.

An element reaches as far as the box around what is known of its place. What has no known place is kept: nobody can say
that it lies elsewhere.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import duckdb
import numpy as np
import pandas as pd

from sources._kit.snapshot import Box
from sources._osm.elements import WANTED

# `n1x4.43y51.19,n2x4.44y51.20`; a node without a known place is `n3xy`.
MACROS = """
CREATE OR REPLACE TEMP MACRO opl_lons(body) AS list_transform(string_split(body, 'x')[2:], lambda part:
    TRY_CAST(split_part(part, 'y', 1) AS DOUBLE));
CREATE OR REPLACE TEMP MACRO opl_lats(body) AS list_transform(string_split(body, 'y')[2:], lambda part:
    TRY_CAST(split_part(part, ',', 1) AS DOUBLE));
CREATE OR REPLACE TEMP MACRO osm_overlaps(west, south, east, north) AS
    coalesce(west <= {east} AND east >= {west} AND south <= {north} AND north >= {south}, true);
CREATE OR REPLACE TEMP MACRO osm_way_overlaps(body) AS coalesce(list_min(opl_lons(body)) <= {east}, true)
    AND coalesce(list_max(opl_lons(body)) >= {west}, true) AND coalesce(list_min(opl_lats(body)) <= {north}, true)
    AND coalesce(list_max(opl_lats(body)) >= {south}, true);
CREATE OR REPLACE TEMP MACRO osm_node_overlaps(lon, lat) AS
    osm_overlaps(TRY_CAST(lon AS DOUBLE), TRY_CAST(lat AS DOUBLE), TRY_CAST(lon AS DOUBLE), TRY_CAST(lat AS DOUBLE));
"""
# Over the columns of the text; of a relation the text says nothing.
INSIDE = """CASE id[1] WHEN 'w' THEN osm_way_overlaps(substr(body, 2)) WHEN 'r' THEN true
    ELSE osm_node_overlaps(substr(body, 2), substr(lat, 2)) END"""
# A way that an old-style relation may give another outline is looked at when it has it.
SEEN = """
CREATE OR REPLACE TEMP TABLE osm_seen AS
SELECT id, NOT (id[1] = 'r' AND regexp_full_match(substr(tags, 2), {untagged})) AS is_element,
    id[1] <> 'n' AND regexp_matches(tags, '[T,]building=') AS is_building, {inside} AS is_inside
FROM {opl} WHERE {wanted};
UPDATE osm_seen SET is_inside = true WHERE NOT is_inside AND id IN (SELECT osm_id FROM osm_old_way);
UPDATE osm_seen SET is_inside = false WHERE id IN (SELECT osm_id FROM osm_outside);
"""
# As a value and not as a condition: else DuckDB may turn the join round, and hold the whole text in memory.
CHOSEN = "WHERE coalesce(id IN (SELECT id FROM osm_seen WHERE is_inside), false)"
# A join keeps no order.
PLACE = "(SELECT s.rowid FROM osm_seen AS s WHERE s.id = osm_line.id)"

RELATIONS = """
INSERT INTO osm_clipped SELECT osm_id FROM (
    SELECT osm_id, unnest([list_min(opl_lons(substr(body, 2))), list_max(opl_lons(substr(body, 2)))]) AS lon,
        unnest([list_min(opl_lats(substr(body, 2))), list_max(opl_lats(substr(body, 2)))]) AS lat
    FROM osm_member JOIN {members} ON way = id
) GROUP BY osm_id HAVING NOT osm_overlaps(min(lon), min(lat), max(lon), max(lat));
"""
OLD_WAYS = """
INSERT INTO osm_clipped SELECT osm_id FROM osm_shape AS s JOIN osm_line AS l ON s.osm_id = l.id
WHERE s.osm_id IN (SELECT osm_id FROM osm_old_way) AND NOT osm_way_overlaps(body)
    AND (geom IS NULL OR NOT osm_overlaps(ST_XMin(geom), ST_YMin(geom), ST_XMax(geom), ST_YMax(geom)));
"""


@dataclass(frozen=True)
class Clip:
    """A box: west, south, east, north, in degrees (EPSG:4326)."""

    box: Box

    def are_inside(self, wkb_hex: Sequence[str]) -> list[bool]:
        """Which of these outlines reach into the box."""
        import shapely

        west, south, east, north = self.box
        bounds = shapely.bounds(shapely.from_wkb(np.array(wkb_hex, dtype=object))).reshape(-1, 4)
        found = (bounds[:, 0] <= east) & (bounds[:, 2] >= west) & (bounds[:, 1] <= north) & (bounds[:, 3] >= south)
        return [bool(one) for one in found]

    def begin(
        self,
        con: duckdb.DuckDBPyConnection,
        opl: str,
        wanted: str,
        untagged: str,
        outside: Sequence[str],
        old_ways: Sequence[str],
    ) -> None:
        """Make the temp table osm_seen (id, is_element, is_building, is_inside) of all that is wanted of a text.

        Args:
            con: any connection.
            opl: SQL that reads the text.
            wanted: SQL literal, regular expression over a tag list that an element must match.
            untagged: the same for relations that say nothing about themselves.
            outside: relations that libosmium put together, outside the box.
            old_ways: outer ways of relations that leave their meaning to them.
        """
        west, south, east, north = map(repr, self.box)
        con.execute(MACROS.format(west=west, south=south, east=east, north=north))
        for name, ids in (("osm_outside", outside), ("osm_old_way", old_ways)):
            con.register("osm_ids", pd.DataFrame({"osm_id": sorted(set(ids))}, dtype="str"))
            con.execute(f"CREATE OR REPLACE TEMP TABLE {name} AS FROM osm_ids")
            con.unregister("osm_ids")
        con.execute("CREATE OR REPLACE TEMP TABLE osm_clipped (osm_id VARCHAR)")
        chosen = WANTED.format(wanted=wanted, untagged=untagged)
        con.execute(SEEN.format(opl=opl, wanted=chosen, untagged=untagged, inside=INSIDE))

    def clip_relations(self, con: duckdb.DuckDBPyConnection, members: str) -> None:
        """Note the relations of osm_member whose ways, as far as they are known, lie outside; `members` is their text."""
        con.execute(RELATIONS.format(members=members))

    def clip_old_ways(self, con: duckdb.DuckDBPyConnection) -> None:
        """Note the ways that lie outside with the outline that an old-style relation gave them."""
        con.execute(OLD_WAYS)

    def end(self, con: duckdb.DuckDBPyConnection) -> tuple[int, int]:
        """Take what was noted out of osm_element; returns how many elements lie outside, and how many with key building."""
        con.execute("UPDATE osm_seen SET is_inside = false WHERE id IN (SELECT osm_id FROM osm_clipped)")
        con.execute("DELETE FROM osm_element WHERE osm_id IN (SELECT osm_id FROM osm_clipped)")
        row = con.execute(
            "SELECT count(*) FILTER (is_element), count(*) FILTER (is_building) FROM osm_seen WHERE NOT is_inside"
        ).fetchone()
        assert row is not None
        return int(row[0]), int(row[1])
