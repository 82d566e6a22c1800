"""The made-up city against what was planted, and its joins against brute force."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import geopandas
import numpy as np
import pytest
import shapely

from flows.run import run_city
from flows.workspace import Workspace
from sources._kit.city import load_city
from sources._kit.duck import connect
from tests.conftest import RunCity


def frame(city: RunCity, query: str) -> Any:
    table = city.con.execute(query.replace("geom", "ST_AsWKB(geom) AS geom", 1)).df()
    return geopandas.GeoDataFrame(table.drop(columns="geom"), geometry=shapely.from_wkb(table["geom"].map(bytes)))


def test_every_true_building_stands_once_under_its_own_id(voorbeeldstad: RunCity) -> None:
    lost = voorbeeldstad.rows("SELECT truth_id FROM truth ANTI JOIN core.building USING (building_id)")
    assert lost == []
    extra = voorbeeldstad.one("SELECT count(*) FROM core.building ANTI JOIN truth USING (building_id)")
    total = voorbeeldstad.one("SELECT count(*) FROM core.building")
    # What truth does not list are outlines OSM split in two where GRB has none.
    assert extra < 0.01 * total


def test_every_footprint_is_a_building_or_linked_to_one(voorbeeldstad: RunCity) -> None:
    loose = voorbeeldstad.one(
        "SELECT count(*) FROM staging.footprint AS f WHERE f.footprint_id NOT IN (SELECT building_id FROM core.building) "
        "AND f.footprint_id NOT IN (SELECT left_id FROM core.link_footprint)"
    )
    assert loose == 0


def test_a_reference_to_another_building_is_refused_and_the_overlap_holds(voorbeeldstad: RunCity) -> None:
    ((count, is_right, reasons),) = voorbeeldstad.rows(
        "SELECT count(*), bool_and(l.right_id = t.building_id AND l.method = 'overlap'), list(DISTINCT r.reason) FROM truth AS t "
        "JOIN core.link_footprint AS l ON l.left_id = t.osm_id JOIN core.refusal AS r ON starts_with(r.row_id, t.osm_id || '/') "
        "WHERE t.hard_case = 'stale_reference' AND r.table_name = 'core.link_footprint' AND contains(r.value, t.building_id || ' ')"
    )
    assert count == voorbeeldstad.one("SELECT count(*) FROM truth WHERE hard_case = 'stale_reference'") != 0
    assert is_right is True
    assert reasons == ["reference disagrees with overlap"]


def test_every_reference_is_followed_or_refused(voorbeeldstad: RunCity) -> None:
    silent = voorbeeldstad.rows(
        "SELECT footprint_id FROM staging.footprint WHERE official_id IS NOT NULL "
        "AND footprint_id NOT IN (SELECT left_id FROM core.link_footprint WHERE method = 'reference') AND footprint_id NOT IN ("
        "SELECT split_part(row_id, '/', 1) FROM core.refusal WHERE table_name = 'core.link_footprint' AND column_name = 'official_id')"
    )
    assert silent == []


def test_razed_buildings_are_gone_and_only_those(voorbeeldstad: RunCity) -> None:
    wrong = voorbeeldstad.rows(
        "SELECT building_id, is_gone, state FROM truth JOIN core.building USING (building_id) WHERE is_gone <> (state = 'gone')"
    )
    assert wrong == []
    assert voorbeeldstad.one("SELECT count(*) FROM truth WHERE is_gone") != 0
    assert voorbeeldstad.rows("SELECT * FROM layer.building JOIN truth USING (building_id) WHERE is_gone") == []


def test_no_register_row_reaches_a_wrong_building(voorbeeldstad: RunCity) -> None:
    linked = """
        FROM register_truth AS r
        JOIN core.link_register AS l
            -- The header is the first line of the file.
            ON CAST(split_part(l.source_row, ':', 2) AS BIGINT) = r.row + 1
            AND l.feed = CASE r.file WHEN 'register.csv' THEN 'vacancy_register' ELSE 'vip_register' END
        LEFT JOIN truth AS t USING (truth_id)"""
    assert voorbeeldstad.rows(f"SELECT r.* {linked} WHERE l.building_id IS DISTINCT FROM t.building_id") == []
    right = voorbeeldstad.one(f"SELECT count(DISTINCT (r.file, r.row)) {linked}")
    known = voorbeeldstad.one("SELECT count(*) FROM register_truth WHERE truth_id IS NOT NULL")
    assert right >= 0.9 * known


@pytest.mark.parametrize(
    ("case", "expected"),
    [
        ("church_untagged", "bool_and(s.type = 'church')"),
        ("police_tower", "bool_and(s.type = 'police_station')"),
        (
            "police_now_library",
            "bool_and(s.type = 'library' AND s.former_type = 'police_station' AND s.underuse_band = 'unknown')",
        ),
        ("school_contradicted", "bool_and(s.type = 'school' AND s.underuse_band = 'unknown')"),
        ("fire_station_now_house", "bool_and(s.type = 'fire_station')"),
        ("church_deconsecrated", "bool_and(s.type = 'church' AND s.underuse_band <> 'unknown')"),
        ("nine_units", "bool_and(s.underuse_band = 'confirmed')"),
        ("dwelling_in_register", "bool_and(s.underuse_band = 'confirmed')"),
        ("same_street_two_districts", "bool_and(s.underuse_band = 'confirmed')"),
        ("same_street_other_district", "bool_and(s.underuse_band = 'unknown')"),
        ("factory_complex", "bool_and(s.type = 'factory')"),
        ("split_parcel", "bool_and(s.underuse_band = 'confirmed')"),
        ("number_range", "bool_and(s.underuse_band = 'confirmed')"),
    ],
)
def test_hard_cases_come_out_as_planted(voorbeeldstad: RunCity, case: str, expected: str) -> None:
    answer = voorbeeldstad.rows(
        f"SELECT count(*), {expected} FROM truth AS t JOIN score.building AS s USING (building_id) "
        f"WHERE t.hard_case = '{case}' AND s.audience = 'city'"
    )[0]
    assert answer[0] != 0
    assert answer[1] is True


def test_nine_units_are_nine_rows_of_evidence_for_one_building(voorbeeldstad: RunCity) -> None:
    counts = voorbeeldstad.rows(
        "SELECT count(*), sum((p.value <> 0)::INT) FROM score.underuse_part AS p JOIN truth USING (building_id) "
        "WHERE hard_case = 'nine_units' AND audience = 'city' AND kind = 'register_active' GROUP BY building_id"
    )
    assert counts
    assert {tuple(row) for row in counts} == {(9, 1)}


def test_a_storey_of_a_building_of_unknown_height_is_not_all_of_it(voorbeeldstad: RunCity) -> None:
    rows = voorbeeldstad.rows(
        "SELECT i.vacant_low, i.vacant_high, coalesce(b.floors_high, 6) FROM evidence.item AS i JOIN core.size AS b USING (building_id)"
        " WHERE b.floors IS NULL AND i.detail ILIKE '%gelijkvloers%' AND i.detail NOT ILIKE '%links%'"
    )
    assert rows
    assert all(low == pytest.approx(0.5 / most) and high == 1.0 for low, high, most in rows)
    assert any(most == 6 for _, _, most in rows)


def test_dwellings_never_reach_the_public_layer(voorbeeldstad: RunCity) -> None:
    # By the planted truth, not by our own type: a dwelling taken for a shop would show here.
    shown = voorbeeldstad.rows(
        "SELECT building_id FROM layer.building AS l JOIN truth AS t USING (building_id) "
        "WHERE l.audience = 'public' AND t.is_residential AND t.hard_case IS DISTINCT FROM 'fire_station_now_house'"
    )
    total = voorbeeldstad.one("SELECT count(*) FROM layer.building WHERE audience = 'public'")
    assert len(shown) <= 0.01 * total


def test_register_detail_stays_with_the_city(voorbeeldstad: RunCity) -> None:
    query = "SELECT count(*) FROM layer.evidence WHERE kind LIKE 'register%' AND (detail IS NOT NULL OR source_id IS NOT NULL)"
    assert voorbeeldstad.one(f"{query} AND audience = 'city'") != 0
    assert voorbeeldstad.one(f"{query} AND audience = 'public'") == 0
    parts = voorbeeldstad.rows("SELECT DISTINCT part FROM staging.register_row WHERE length(part) > 4")
    assert parts
    reasons = voorbeeldstad.rows(
        "SELECT reasons FROM layer.building WHERE audience = 'public' AND reasons LIKE '%leegstandsregister%'"
    )
    assert reasons
    assert not [one for (one,) in reasons if any(f"({part}" in one for (part,) in parts)]


def test_city_only_sources_leave_no_trace_in_the_public_layer(voorbeeldstad: RunCity) -> None:
    assert voorbeeldstad.one("SELECT count(*) FROM evidence.item WHERE visibility = 'city'") != 0
    assert (
        voorbeeldstad.one(
            "SELECT count(*) FROM layer.evidence JOIN evidence.item USING (item_id) WHERE audience = 'public' AND visibility = 'city'"
        )
        == 0
    )
    # A building that only a city-only source speaks of scores in public as if nobody had.
    leaked = voorbeeldstad.rows(
        "SELECT building_id FROM score.underuse WHERE audience = 'public' AND evidence_count = 0 "
        "AND band <> 'unknown' OR audience = 'public' AND evidence_count = 0 AND vacant_low IS NOT NULL"
    )
    assert leaked == []


@pytest.mark.parametrize(
    ("score", "total"),
    [
        ("c.score = 'atypicality'", "atypicality_score"),
        ("c.score = 'underuse'", "underuse_log_odds"),
        ("c.score = 'priority'", "priority_score"),
        ("c.score = 'reuse:' || b.reuse_best", "reuse_score"),
    ],
)
def test_contributions_add_up_to_the_score_exactly(voorbeeldstad: RunCity, score: str, total: str) -> None:
    wrong = voorbeeldstad.rows(
        f"SELECT b.audience, b.building_id FROM score.building AS b JOIN score.contribution AS c "
        f"ON c.building_id = b.building_id AND c.audience IN (b.audience, 'both') AND {score} "
        f"GROUP BY b.audience, b.building_id, b.{total} HAVING sum(c.value) <> b.{total}"
    )
    assert wrong == []


def test_a_score_is_a_probability_with_its_interval_around_it(voorbeeldstad: RunCity) -> None:
    assert (
        voorbeeldstad.one(
            "SELECT count(*) FROM score.underuse WHERE NOT (0 < low AND low < probability AND probability < high AND high < 1)"
        )
        == 0
    )


def test_address_and_parcel_links_equal_brute_force(voorbeeldstad: RunCity) -> None:
    buildings = frame(voorbeeldstad, "SELECT building_id, geom FROM core.building ORDER BY building_id")
    addresses = frame(
        voorbeeldstad,
        "SELECT address_id, building_id, geom FROM core.address ORDER BY md5(address_id) LIMIT 400",
    )
    outlines = np.asarray(buildings.geometry)
    for address_id, building_id, point in zip(
        addresses["address_id"], addresses["building_id"], addresses.geometry, strict=True
    ):
        distance = shapely.distance(outlines, point)
        if distance.min() > 10:
            assert building_id is None, address_id
        else:
            linked = distance[(buildings["building_id"] == building_id).to_numpy()]
            assert linked.size == 1
            assert linked[0] == pytest.approx(distance.min(), abs=1e-6) or linked[0] == 0
    parcels = frame(voorbeeldstad, "SELECT parcel_id, geom FROM core.parcel ORDER BY parcel_id")
    links = {
        (b, p): s for b, p, s in voorbeeldstad.rows("SELECT building_id, parcel_id, shared_m2 FROM core.link_parcel")
    }
    areas = np.asarray(parcels.geometry)
    for index in range(0, len(buildings), 40):
        building_id, outline = buildings["building_id"][index], outlines[index]
        shared = shapely.area(shapely.intersection(areas, outline))
        expected = {p for p, s in zip(parcels["parcel_id"], shared, strict=True) if s >= 1 and s / outline.area >= 0.05}
        assert {p for b, p in links if b == building_id} == expected


def test_two_runs_give_the_same_tables(voorbeeldstad: RunCity, voorbeeldstad_files: object, tmp_path: object) -> None:

    assert isinstance(tmp_path, Path)
    assert isinstance(voorbeeldstad_files, Path)
    space = Workspace(tmp_path)
    outcome = run_city(load_city(voorbeeldstad_files, space.cities), space)
    # Tables down to the order of their rows; a view has none.
    built = voorbeeldstad.rows("SELECT table_name FROM meta.build WHERE table_name <> 'publish' ORDER BY 1")
    views = voorbeeldstad.rows("SELECT schema_name || '.' || view_name FROM duckdb_views()")
    names = [name for (name,) in built if (name,) not in views]
    assert len(names) > 30
    with connect(outcome.warehouse, read_only=True) as other:
        for name in names:
            query = f"SELECT count(*), md5(string_agg(r::VARCHAR, '|')) FROM (FROM {name}) AS r"
            assert other.execute(query).fetchall() == voorbeeldstad.rows(query), name
