"""Coalitions of the made-up city against those that were planted in it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conftest import RunCity

# A planted set counts as found when the layer finds sets that fill the building as far, or further: the same, or better ones.
_PLANTED = """
WITH planted AS (
    SELECT t.building_id, t.coalition, count(*) AS members, sum(r.area_min_m2) AS area_m2,
        -- What the planted set takes, where every member is in the use that gives most room.
        sum(r.area_min_m2 / (SELECT max(u.usable_m2) FROM match.supply_use AS u
            WHERE u.supply_kind = 'building' AND u.supply_id = t.building_id AND list_contains(r.uses, u.use))) AS share
    FROM planted AS t JOIN staging.space_request AS r USING (request_id) WHERE t.plant = 'coalition' GROUP BY ALL
),
best AS (SELECT building_id, max(fill_share) AS filled FROM match.coalition GROUP BY building_id)
SELECT p.building_id, p.coalition, b.reason, p.share, f.filled
FROM planted AS p JOIN match.coalition_building AS b USING (building_id) LEFT JOIN best AS f USING (building_id) ORDER BY p.coalition
"""


@pytest.fixture(scope="module")
def planted(voorbeeldstad: RunCity, voorbeeldstad_files: Path) -> RunCity:
    voorbeeldstad.con.execute(
        f"CREATE OR REPLACE TEMP VIEW planted AS FROM '{voorbeeldstad_files.parent / 'adverts_truth.parquet'}'"
    )
    return voorbeeldstad


def test_planted_coalitions_are_found_where_the_layer_knows_the_room(planted: RunCity) -> None:
    rows = planted.rows(_PLANTED)
    fits = [row for row in rows if row[2] is None and row[3] is not None and 0.6 <= row[3] <= 1]
    found = [row for row in fits if row[4] is not None and row[4] >= min(row[3], 0.99) - 0.01]
    assert len(fits) >= len(rows) / 2
    assert len(found) == len(fits)


def test_decoys_that_share_with_nobody_are_in_no_coalition(planted: RunCity) -> None:
    assert planted.one("SELECT count(*) FROM match.coalition_member") > 20
    lonely = planted.rows(
        "SELECT request_id FROM match.coalition_member JOIN staging.space_request USING (request_id) "
        "WHERE shares_with = [] OR extent = 'whole' OR area_min_m2 IS NULL"
    )
    assert lonely == []


def test_members_share_with_each_other(planted: RunCity) -> None:
    at_odds = planted.rows(
        "SELECT a.request_id FROM match.coalition_member AS a JOIN match.coalition_member AS b USING (coalition_id) "
        "JOIN staging.space_request AS r ON r.request_id = a.request_id "
        "WHERE a.request_id <> b.request_id AND NOT coalesce(list_has_any(r.shares_with, [b.\"use\", '*']), true)"
    )
    assert at_odds == []


def test_every_building_with_a_sign_of_underuse_has_a_search_or_a_reason(planted: RunCity) -> None:
    untold = planted.rows(
        "SELECT s.building_id FROM match.supply AS s LEFT JOIN match.coalition_building AS b USING (building_id) "
        "LEFT JOIN (SELECT * FROM match.coalition_try WHERE place = 0) AS t USING (building_id) "
        "WHERE s.supply_kind = 'building' AND (b.building_id IS NULL OR (b.reason IS NULL) <> (t.building_id IS NOT NULL))"
    )
    assert untold == []
