"""What is measured of a building: near things against shapely, and what is not known is not measured."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.transforms.reuse_world import FOLDER, MEASURE, Con, add_building, add_things, open_world, rows, run
from transforms._kit.reference import read_reference

REFERENCE = read_reference(FOLDER)
CORNERS = [(f"corner{i}", {"amenity": "bench"}, f"POINT({x} {y})") for i, (x, y) in enumerate([(-5000, -5000), (5000, -5000), (5000, 5000), (-5000, 5000)])]  # fmt: skip
HOUSE = "POLYGON((-10 -10, 10 -10, 10 10, -10 10, -10 -10))"


@pytest.fixture
def con() -> Iterator[Con]:
    connection = open_world(REFERENCE)
    yield connection
    connection.close()


def measured(con: Con, building: str = "b") -> dict[str, dict[str, Any]]:
    run(con, (*MEASURE, "criterion"))
    found = rows(con, f"SELECT * FROM score.measure WHERE building_id = '{building}'")
    classes = rows(con, f"SELECT * FROM score.criterion WHERE building_id = '{building}'")
    return {row["measure"]: row for row in found} | {"class:" + row["criterion"]: row for row in classes}


places = st.lists(
    st.tuples(st.sampled_from(["supermarket", "bakery", "books"]), st.floats(-900, 900), st.floats(-900, 900)),
    max_size=12,
)
roads = st.lists(st.tuples(*[st.floats(-3000, 3000)] * 4), max_size=4)


@settings(max_examples=40, deadline=None)
@given(places, roads)
def test_counts_and_distances_equal_shapely(
    shops: list[tuple[str, float, float]], lines: list[tuple[float, ...]]
) -> None:
    con = open_world(REFERENCE)
    add_building(con, "b", HOUSE)
    add_things(con, "staging.place", CORNERS)
    add_things(
        con,
        "staging.place",
        [(f"p{i}", {"shop": kind}, f"POINT({x:.6f} {y:.6f})") for i, (kind, x, y) in enumerate(shops)],
    )
    wkt = [f"LINESTRING({a:.6f} {b:.6f}, {c:.6f} {d:.6f}, 0 2999)" for a, b, c, d in lines]
    add_things(con, "staging.facility", [(f"r{i}", {"highway": "primary"}, text) for i, text in enumerate(wkt)])
    found = measured(con)
    con.close()
    daily = [math.hypot(round(x, 6), round(y, 6)) for kind, x, y in shops if kind != "books"]
    if daily:
        assert found["shops"]["low"] == found["shops"]["high"] == sum(distance < 500 for distance in daily)
    else:
        assert "shops" not in found
    if lines:
        nearest = min(shapely.distance(shapely.Point(0, 0), shapely.from_wkt(text)) for text in wkt)
        assert found["road_access"]["low"] == pytest.approx(min(nearest, 500), abs=1e-6)
        assert found["road_access"]["high"] == (pytest.approx(nearest, abs=1e-6) if nearest < 500 else None)


def test_a_thing_of_the_building_itself_or_out_of_use_or_hidden_does_not_count(con: Con) -> None:
    add_building(con, "b", HOUSE)
    add_things(con, "staging.place", CORNERS)
    add_things(con, "staging.footprint", [("b", {"building": "yes", "amenity": "school"}, HOUSE)])
    add_things(
        con,
        "staging.place",
        [("own", {"amenity": "kindergarten"}, "POINT(1 1)"), ("far", {"amenity": "school"}, "POINT(1500 0)")],
    )
    add_things(con, "staging.place", [("shut", {"amenity": "school", "disused": "yes"}, "POINT(50 0)"), ("was", {"disused:amenity": "school"}, "POINT(60 0)")])  # fmt: skip
    add_things(con, "staging.place", [("hidden", {"amenity": "school"}, "POINT(70 0)")], feed="secret")
    con.execute("INSERT INTO core.tag BY NAME SELECT 'b' AS building_id, unnest(['b', 'own']) AS element_id")
    found = measured(con)
    assert found["education"]["high"] == 1500
    assert found["class:education"]["class"] == "reach"


def test_beyond_the_border_of_what_is_known_nothing_is_ruled_out(con: Con) -> None:
    add_building(con, "b", HOUSE)
    add_things(con, "staging.place", [(n, t, s.replace("5000", "400")) for n, t, s in CORNERS])
    add_things(
        con, "staging.place", [("s", {"shop": "bakery"}, "POINT(100 0)"), ("t", {"railway": "station"}, "POINT(0 399)")]
    )
    add_things(con, "staging.facility", [("h", {"highway": "bus_stop"}, "POINT(0 200)")])
    found = measured(con)
    # One bakery seen, more may lie behind the border 400 m away: some or many, but not none.
    assert (found["shops"]["low"], found["shops"]["high"]) == (1, None)
    assert found["class:shops"]["classes"] == "many some"
    assert found["class:shops"]["class"] is None
    # What is seen within the border is sure, whatever lies beyond it.
    assert found["class:stop"]["class"] == "near"
    assert found["class:rail"]["class"] == "near"
    assert "class:care" not in found


def test_a_city_without_places_knows_nothing_of_the_neighbourhood(con: Con) -> None:
    add_building(con, "b", HOUSE)
    found = measured(con)
    # That it is a hall comes from its type: one storey, or two with a gallery.
    plan = ["footprint_m2", "floor_area_m2", "floors", "compactness", "free_height_m"]
    assert sorted(found) == sorted([*plan, "class:footprint", "class:shape", "class:free_height", "class:floor_area"])


def test_size_that_is_not_known_stays_open(con: Con) -> None:
    add_building(con, "b", HOUSE, kind="office")
    found = measured(con)
    assert (found["floor_area_m2"]["low"], found["floor_area_m2"]["high"]) == (400, None)
    assert found["class:floor_area"]["classes"] == "large medium very_large"
    assert "volume_m3" not in found
    assert "free_height_m" not in found


@pytest.mark.parametrize(
    ("height", "classes"),
    [(12.0, "normal"), (11.6, "low normal"), (10.0, "low"), (19.0, "high normal"), (24.0, "high")],
)
def test_free_height_is_less_than_a_storey_and_a_doubt_is_no_veto(con: Con, height: float, classes: str) -> None:
    add_building(con, "b", HOUSE, kind="office", height=height, floors=4)
    assert measured(con)["class:free_height"]["classes"] == classes


def test_storeys_that_do_not_fit_under_the_height_are_no_veto(con: Con) -> None:
    add_building(con, "b", HOUSE, kind="office", height=3, floors=12)
    found = measured(con)
    assert found["free_height_m"]["low"] < 2.6 < 4.5 < found["free_height_m"]["high"]
    assert found["class:free_height"]["classes"] == "high low normal"


def test_a_height_made_from_storeys_says_nothing_of_their_height(con: Con) -> None:
    add_building(con, "b", HOUSE, kind="office", floors=4)
    add_building(con, "c", HOUSE, kind="office", height=17)
    found = measured(con)
    assert found["volume_m3"]["low"] > 400 * 4 * 2.2
    assert "free_height_m" not in found
    run(con, MEASURE)
    assert rows(con, "SELECT * FROM score.measure WHERE building_id = 'c' AND measure = 'free_height_m'") == []


def test_rasters_see_the_roof_which_is_no_room(con: Con) -> None:
    add_building(con, "b", HOUSE, kind="office", floors=2)
    con.execute(
        "INSERT INTO core.height_measured BY NAME SELECT 'b' AS building_id, 'osm' AS feed, 1.0 AS covered_share, 9.0 AS low_m, "
        "9.0 AS middle_m, 9.5 AS top_m, 9.0 AS mean_m, 1.0 AS cell_m, 0.05 AS vertical_sd_m"
    )
    # 9.5 m over two storeys would be a high one of 4.75 m; under a roof of 1.5 m it is one of 4.
    assert measured(con)["class:free_height"]["classes"] == "high normal"


def test_condition_and_surroundings_come_from_rows(con: Con) -> None:
    add_building(con, "b", HOUSE)
    add_things(
        con, "staging.footprint", [("b", {"building": "yes", "building:condition": "good", "ruins": "yes"}, HOUSE)]
    )
    con.execute("INSERT INTO staging.land_use BY NAME SELECT 'l' AS land_use_id, 'osm' AS feed, 'port' AS land_use")
    con.execute(
        "INSERT INTO core.link_land_use BY NAME SELECT 'b' AS building_id, 'l' AS land_use_id, 'port' AS land_use"
    )
    found = measured(con)
    assert found["class:condition"]["class"] == "poor"
    assert found["class:surroundings"]["class"] == "industrial"
    assert "heritage" not in found
