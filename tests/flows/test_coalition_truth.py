"""Coalitions of the made-up city against those that were planted in it."""

from __future__ import annotations

import duckdb

from sources._kit.duck import literal
from tests.flows.conftest import NAME, Demo

# A planted set counts as found when the layer finds sets that fill the building as far, or further: the same, or better ones.
_PLANTED = """
WITH planted AS (
    SELECT t.building_id, t.coalition, count(*) AS members, sum(r.area_min_m2) AS area_m2,
        -- What the planted set takes, where every member is in the use that gives most room.
        sum(r.area_min_m2 / (SELECT max(u.usable_m2) FROM match.supply_use AS u
            WHERE u.supply_kind = 'building' AND u.supply_id = t.building_id AND list_contains(r.uses, u.use))) AS share
    FROM {truth} AS t JOIN staging.space_request AS r USING (request_id) WHERE t.plant = 'coalition' GROUP BY ALL
),
best AS (SELECT building_id, max(fill_share) AS filled FROM match.coalition GROUP BY building_id)
SELECT p.building_id, p.coalition, b.reason, p.share, f.filled
FROM planted AS p JOIN match.coalition_building AS b USING (building_id) LEFT JOIN best AS f USING (building_id) ORDER BY p.coalition
"""


def _truth(demo: Demo) -> str:
    return literal(str(demo.home.space.sample / NAME / "adverts_truth.parquet"))


def test_planted_coalitions_are_found_where_the_layer_knows_the_room(
    demo: Demo, con: duckdb.DuckDBPyConnection
) -> None:
    rows = con.execute(_PLANTED.format(truth=_truth(demo))).fetchall()
    assert rows
    fits = [row for row in rows if row[2] is None and row[3] is not None and 0.6 <= row[3] <= 1]
    found = [row for row in fits if row[4] is not None and row[4] >= min(row[3], 0.99) - 0.01]
    assert len(found) == len(fits) >= 2
    # The others stand in buildings whose area nobody knows, or that the layer takes to be smaller than they are.
    assert all(row[2] is not None or row[3] is None or row[3] > 1 or row[3] < 0.6 for row in rows if row not in fits)


def test_decoys_that_share_with_nobody_look_elsewhere_or_need_more_are_in_no_coalition_of_the_building(
    demo: Demo, con: duckdb.DuckDBPyConnection
) -> None:
    decoys = con.execute(
        f"SELECT m.request_id FROM {_truth(demo)} AS t JOIN match.coalition AS c USING (building_id) "
        "JOIN match.coalition_member AS m ON m.coalition_id = c.coalition_id AND m.request_id = t.request_id WHERE t.plant = 'decoy'"
    ).fetchall()
    assert decoys == []


def test_every_building_with_a_sign_of_underuse_has_coalitions_or_a_reason(con: duckdb.DuckDBPyConnection) -> None:
    untold = con.execute(
        "SELECT building_id FROM match.supply AS s LEFT JOIN match.coalition_building AS b USING (building_id) "
        "LEFT JOIN (SELECT * FROM match.coalition_try WHERE place = 0) AS t USING (building_id) "
        "WHERE s.supply_kind = 'building' AND (b.building_id IS NULL OR (b.reason IS NULL) <> (t.building_id IS NOT NULL))"
    ).fetchall()
    assert untold == []
