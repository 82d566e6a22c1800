"""The sites of the made-up city against what was planted."""

from __future__ import annotations

from tests.conftest import RunCity


def test_a_factory_of_nine_footprints_and_a_chimney_is_one_site(voorbeeldstad: RunCity) -> None:
    groups = voorbeeldstad.rows(
        "SELECT t.capakey, count(DISTINCT m.site_id), count(*), count(m.site_id), bool_or(t.is_out_of_use), any_value(s.building_count), "
        "any_value(s.band), any_value(s.type) "
        "FROM truth AS t LEFT JOIN score.site_member AS m ON m.building_id = t.building_id AND m.audience = 'city' "
        "LEFT JOIN score.site AS s ON s.audience = 'city' AND s.site_id = m.site_id "
        "WHERE t.hard_case = 'factory_complex' GROUP BY t.capakey ORDER BY 1"
    )
    assert len(groups) >= 2
    for _, site_count, halls, tied, is_out, members, band, kind in groups:
        assert (site_count, halls, tied, members, kind) == (1, 9, 9, 10, "factory")
        # One tag on one footprint and one row speak for the whole: out of use, though eight halls say nothing.
        assert band in (("likely", "confirmed") if is_out else ("unknown",))
    assert {group[4] for group in groups} == {True, False}


def test_no_dwelling_and_no_building_of_another_parcel_is_in_a_site(voorbeeldstad: RunCity) -> None:
    assert (
        voorbeeldstad.rows("SELECT * FROM score.site_member JOIN score.type USING (building_id) WHERE is_residential")
        == []
    )
    split = voorbeeldstad.rows(
        "SELECT m.site_id FROM score.site_member AS m JOIN truth AS t USING (building_id) "
        "WHERE m.audience = 'city' AND t.capakey IS NOT NULL GROUP BY m.site_id HAVING count(DISTINCT t.capakey) > 1"
    )
    total = voorbeeldstad.one("SELECT count(*) FROM score.site WHERE audience = 'city'")
    assert total >= 8
    assert len(split) <= 0.1 * total


def test_the_layer_shows_of_each_building_its_site_and_of_each_site_its_whole(voorbeeldstad: RunCity) -> None:
    wrong = voorbeeldstad.rows(
        "SELECT b.audience, b.building_id FROM layer.building AS b LEFT JOIN layer.site AS s USING (audience, site_id) "
        "WHERE b.site_id IS NOT NULL AND (s.site_id IS NULL OR b.site_building_count <> s.building_count "
        "OR b.site_floor_area_m2 IS DISTINCT FROM s.floor_area_m2 OR b.site_volume_m3 IS DISTINCT FROM s.volume_m3)"
    )
    assert wrong == []
    assert voorbeeldstad.one("SELECT count(*) FROM layer.building WHERE site_id IS NOT NULL") > 20
    assert voorbeeldstad.one("SELECT count(*) FROM layer.building WHERE site_id IS NULL") > 20
    outlines = voorbeeldstad.rows(
        "SELECT site_id FROM layer.site WHERE abs(ST_Area(geom) - footprint_m2) > 0.01 * footprint_m2 OR NOT ST_IsValid(geom)"
    )
    assert outlines == []


def test_the_parts_of_a_site_add_up_to_its_log_odds_exactly(voorbeeldstad: RunCity) -> None:
    wrong = voorbeeldstad.rows(
        "SELECT s.audience, s.site_id FROM score.site AS s JOIN score.site_underuse_part AS p USING (audience, site_id) "
        "GROUP BY s.audience, s.site_id, s.log_odds HAVING sum(p.value) <> s.log_odds"
    )
    assert wrong == []


def test_city_only_sources_leave_no_trace_in_a_public_site(voorbeeldstad: RunCity) -> None:
    leaked = voorbeeldstad.rows(
        "SELECT p.item FROM score.site_underuse_part AS p JOIN evidence.item AS i ON i.item_id = p.item "
        "WHERE p.audience = 'public' AND i.visibility = 'city'"
    )
    assert leaked == []
    parts = voorbeeldstad.rows("SELECT DISTINCT part FROM staging.register_row WHERE length(part) > 4")
    told = voorbeeldstad.rows(
        "SELECT reasons FROM layer.site WHERE audience = 'public' AND reasons LIKE '%leegstandsregister%'"
    )
    assert told
    assert not [one for (one,) in told if any(f"({part}" in one for (part,) in parts)]


def test_every_tie_that_was_not_made_says_why(voorbeeldstad: RunCity) -> None:
    assert voorbeeldstad.one("SELECT count(*) FROM score.site_tie WHERE refusal IS NOT NULL") > 0
    silent = voorbeeldstad.rows(
        "SELECT building_id FROM score.site_component WHERE component_id IS NULL AND refusals IS NULL"
    )
    assert silent == []
