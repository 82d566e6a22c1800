"""Matches of the made-up city against what was planted, and what of them may leave the house."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest
import shapely

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


def test_partners_are_the_best_of_all_who_bring_what_is_sought(planted: RunCity) -> None:
    most = planted.one("SELECT value FROM reference.match_limit WHERE name = 'per_supply'")
    columns = ("request_id", "kind", "uses", "brings", "seeks", "shares_with", "x", "y", "radius_m", "outline")
    rows = planted.rows(
        "SELECT request_id, a.kind, a.uses, coalesce(brings, []), coalesce(seeks, []), shares_with, r.x, r.y, r.radius_m, ST_AsText(r.outline) "
        "FROM staging.space_request AS a JOIN match.request AS r USING (request_id) ORDER BY 1"
    )
    asked = [dict(zip(columns, row, strict=True)) for row in rows]
    for one in asked:
        one["where"] = one["outline"] and shapely.from_wkt(one["outline"])
    meant = []
    for one in asked:
        if one["kind"] == "partner":
            could = [(_partner_key(one, other), other["request_id"]) for other in asked if _could_join(one, other)]
            best = sorted(could)[: int(most)]
            meant += [(one["request_id"], name, place) for place, (_, name) in enumerate(best, 1)]
    assert len(meant) > 100
    assert planted.rows("SELECT request_id, partner_id, place FROM match.request_partner ORDER BY 1, 3") == meant


def _partner_key(one: dict[str, Any], other: dict[str, Any]) -> tuple[int, int, int]:
    """More of what is sought, then more in return, then more uses that are the same."""
    pairs = (("seeks", "brings"), ("brings", "seeks"), ("uses", "uses"))
    a, b, c = (-len(set(one[mine]) & set(other[theirs])) for mine, theirs in pairs)
    return a, b, c


def _could_join(one: dict[str, Any], other: dict[str, Any]) -> bool:
    if one is other or not set(one["seeks"]) & set(other["brings"]):
        return False
    shares = [
        a["shares_with"] is None or "*" in a["shares_with"] or bool(set(a["shares_with"]) & set(b["uses"]))
        for a, b in ((one, other), (other, one))
    ]
    if not set(one["uses"]) & set(other["uses"]) and not all(shares):
        return False
    if one["radius_m"] and other["radius_m"]:
        return bool(math.hypot(one["x"] - other["x"], one["y"] - other["y"]) <= one["radius_m"] + other["radius_m"])
    for a, b in ((one, other), (other, one)):
        if a["radius_m"] and b["where"]:
            return bool(shapely.distance(b["where"], shapely.Point(a["x"], a["y"])) <= a["radius_m"])
    return not (one["where"] and other["where"]) or bool(shapely.intersects(one["where"], other["where"]))


def test_partners_bring_what_is_sought(planted: RunCity) -> None:
    assert planted.one("SELECT count(*) FROM match.request_partner") > 0
    wrong = planted.rows(
        "SELECT m.request_id FROM match.request_partner AS m JOIN staging.space_request AS a USING (request_id) "
        "JOIN staging.space_request AS b ON b.request_id = m.partner_id "
        "WHERE NOT list_has_all(a.seeks, m.brings) OR NOT list_has_all(b.brings, m.brings) OR a.kind <> 'partner'"
    )
    assert wrong == []
