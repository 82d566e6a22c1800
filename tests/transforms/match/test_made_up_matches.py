"""Matches of the made-up city against what was planted, and what of them may leave the house."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conftest import RunCity


@pytest.fixture(scope="module")
def planted(voorbeeldstad: RunCity, voorbeeldstad_files: Path) -> RunCity:
    voorbeeldstad.con.execute(
        f"CREATE OR REPLACE TEMP VIEW planted AS FROM '{voorbeeldstad_files.parent / 'adverts_truth.parquet'}'"
    )
    return voorbeeldstad


def test_the_planted_building_is_among_the_first_five(planted: RunCity) -> None:
    ((count, first, five),) = planted.rows(
        "SELECT count(*), count(*) FILTER (request_place = 1), count(*) FILTER (request_place <= 5) FROM planted AS t "
        "LEFT JOIN match.request_building AS m USING (request_id, building_id) WHERE t.plant IN ('match', 'coalition')"
    )
    assert count > 100
    assert five / count >= 0.95
    assert first / count >= 0.8


def test_every_supply_is_counted_for_every_advert(planted: RunCity) -> None:
    for kind in ("building", "offer"):
        total = planted.one(f"SELECT count(*) FROM match.supply WHERE supply_kind = '{kind}'")
        wrong = planted.rows(
            f"SELECT request_id FROM match.request_exclusion WHERE supply_kind = '{kind}' "
            f"GROUP BY request_id HAVING sum(supply_count) <> {total}"
        )
        assert total > 0
        assert wrong == []
        assert planted.one("SELECT count(DISTINCT request_id) FROM match.request_exclusion") == planted.one(
            "SELECT count(*) FROM match.request"
        )


def test_supplies_are_public_buildings_with_a_sign(planted: RunCity) -> None:
    wrong = planted.rows(
        "SELECT supply_id FROM match.supply WHERE supply_kind = 'building' AND supply_id NOT IN "
        "(SELECT building_id FROM layer.building WHERE audience = 'public' AND underuse_band <> 'unknown')"
    )
    assert wrong == []


def test_what_nobody_says_of_a_building_is_not_known_of_its_supply(planted: RunCity) -> None:
    # DuckDB's least() and greatest() pass over NULL: an unknown share must not become all of it, nor an unknown height none.
    wrong = planted.rows(
        "SELECT s.supply_id FROM match.supply AS s JOIN layer.building AS b ON b.building_id = s.supply_id AND b.audience = 'public' "
        "WHERE (b.vacant_share_low IS NULL) <> (s.free_low IS NULL) OR (b.height_m IS NULL AND b.floors IS NULL AND s.height_low_m IS NOT NULL)"
    )
    assert wrong == []
    assert planted.one("SELECT count(*) FROM match.supply WHERE supply_kind = 'building' AND free_low IS NULL") > 0


def test_what_leaves_the_house_does_not_tell_where_an_advert_looks(planted: RunCity) -> None:
    columns = {row[0] for row in planted.rows("DESCRIBE layer.match")}
    assert not {name for name in columns if "distance" in name or "place_part" in name or "radius" in name}
    assert planted.one("SELECT bool_and(score = round(score) AND score_low = round(score_low)) FROM layer.match")
    assert planted.one("SELECT count(*) FROM layer.match WHERE geom NOT IN (SELECT point FROM core.building)") == 0


def test_every_match_says_why_and_for_whom_in_both_languages(planted: RunCity) -> None:
    assert planted.one("SELECT count(*) FROM layer.match") > 100
    lacking = planted.rows(
        "SELECT request_id FROM layer.match WHERE least(len(why_building), len(why_building_en), len(who), len(who_en)) < 20 "
        "OR why_building IS NULL OR why_building_en IS NULL OR who IS NULL OR who_en IS NULL"
    )
    assert lacking == []


def test_partners_bring_what_is_sought(planted: RunCity) -> None:
    assert planted.one("SELECT count(*) FROM match.request_partner") > 0
    wrong = planted.rows(
        "SELECT m.request_id FROM match.request_partner AS m JOIN staging.space_request AS a USING (request_id) "
        "JOIN staging.space_request AS b ON b.request_id = m.partner_id "
        "WHERE NOT list_has_all(a.seeks, m.brings) OR NOT list_has_all(b.brings, m.brings) OR a.kind <> 'partner'"
    )
    assert wrong == []
