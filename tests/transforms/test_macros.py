from collections.abc import Iterator
from datetime import date
from typing import Any

import duckdb
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from sources._kit.duck import connect
from transforms._kit.runner import define_macros

Con = duckdb.DuckDBPyConnection
Box = tuple[float, float, float, float, float]


@pytest.fixture(scope="module")
def con() -> Iterator[Con]:
    with connect() as connection:
        connection.execute("CREATE SCHEMA reference; CREATE TABLE reference.parameter (name VARCHAR, value DOUBLE)")
        define_macros(connection)
        for name, value in (("crs_min_x", 0), ("crs_min_y", 0), ("crs_max_x", 300000), ("crs_max_y", 300000)):
            connection.execute(f"SET VARIABLE {name} = {value}::DOUBLE")
        yield connection


def call(con: Con, expression: str, *values: object) -> object:
    row = con.execute(f"SELECT {expression}", list(values)).fetchone()
    assert row is not None
    return row[0]


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("SINT-JOZEFSTRAAT", "St.-Jozefstraat"),
        ("Sint Jozefstraat", "sint-jozefstraat"),
        ("Burg. Nolfstraat", "Burgemeester Nolfstraat"),
        ("ITALIELEI", "Italiëlei"),
        ("IJZERLAAN", "Yzerlaan"),
        ("Kerkstr.", "Kerkstraat"),
        ("Grote Pl.", "Groteplein"),
        ("'s Gravenstraat", "s-Gravenstraat"),
        ("Kerkstraat_BE", "Kerkstraat (Berchem)"),
        ("O.L.V.-plein", "Onze-Lieve-Vrouwplein"),
        ("Mechelse stwg", "Mechelsesteenweg"),
        ("Prof. Pieterslaan", "Professor Pietersln."),
    ],
)
def test_two_spellings_of_one_street_share_a_key(con: Con, left: str, right: str) -> None:
    assert call(con, "street_key(?)", left) == call(con, "street_key(?)", right) != ""


@pytest.mark.parametrize(
    ("left", "right"),
    [("Kerkstraat", "Kerklaan"), ("Lange Straat", "Korte Straat"), ("Steenstraat", "Sint-Eenstraat")],
)
def test_different_streets_keep_different_keys(con: Con, left: str, right: str) -> None:
    assert call(con, "street_key(?)", left) != call(con, "street_key(?)", right)


@pytest.mark.parametrize("name", ["", "-", " . ", "(Berchem)", None])
def test_a_name_of_which_nothing_is_left_has_no_key(con: Con, name: str | None) -> None:
    assert call(con, "street_key(?::VARCHAR)", name) is None


@pytest.mark.parametrize(
    ("label", "value", "suffix"),
    [
        ("12", 12, None),
        ("12A", 12, "a"),
        ("12-14", 12, None),
        ("12 - 14", 12, None),
        ("12_2", 12, "2"),
        ("12 bis", 12, "bis"),
        ("z/n", None, None),
        (None, None, None),
    ],
)
def test_house_numbers_come_apart(con: Con, label: str | None, value: int | None, suffix: str | None) -> None:
    assert call(con, "house_number_value(?::VARCHAR)", label) == value
    assert call(con, "house_number_suffix(?::VARCHAR)", label) == suffix


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        ("24126B0031/00V005", "24126B0031/00V005"),
        ("24126b0031-00v005", "24126B0031/00V005"),
        ("24126B0031/00_000", "24126B0031/00_000"),
        (" 24126B0031/00V005 ", "24126B0031/00V005"),
        ("24126B31/00V005", None),
        ("", None),
    ],
)
def test_capakey_has_one_spelling(con: Con, key: str, expected: str | None) -> None:
    assert call(con, "capakey_key(?)", key) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2014/10/23 00:00:00+00", date(2014, 10, 23)),
        ("2014-10-23", date(2014, 10, 23)),
        ("2014-10-23T00:00:00", date(2014, 10, 23)),
        ("23/10/2014", date(2014, 10, 23)),
        ("1414022400000", date(2014, 10, 23)),
        ("-157766400000", date(1965, 1, 1)),
        ("31/02/2014", None),
        ("onbekend", None),
        (None, None),
    ],
)
def test_register_dates_are_read_or_unknown(con: Con, text: str | None, expected: date | None) -> None:
    assert call(con, "register_date(?::VARCHAR)", text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [("12", 12.0), ("12.5", 12.5), ("12,5 m", 12.5), ("12'", None), ("ca. 12", None), ("", None)],
)
def test_osm_numbers_are_read_or_unknown(con: Con, text: str, expected: float | None) -> None:
    assert call(con, "osm_number(?)", text) == expected


def test_a_bow_tie_becomes_polygons_and_a_line_becomes_nothing(con: Con) -> None:
    wkt = "POLYGON((0 0, 2 2, 2 0, 0 2, 0 0))"
    area = call(con, "ST_Area(only_polygons(ST_GeomFromText(?)))", wkt)
    assert area == pytest.approx(2.0)
    assert call(con, "ST_IsValid(only_polygons(ST_GeomFromText(?)))", wkt) is True
    assert call(con, "ST_Area(only_polygons(ST_GeomFromText(?)))", "LINESTRING(0 0, 1 1)") == 0


@pytest.mark.parametrize(
    ("wkt", "problem"),
    [
        ("POINT(150000 200000)", None),
        ("POINT(650000 700000)", "coordinate outside the area of the CRS"),
        ("POINT(4.4 51.2)", None),
        ("POLYGON EMPTY", "no geometry"),
        (None, "no geometry"),
    ],
)
def test_a_geometry_of_another_crs_is_named(con: Con, wkt: str | None, problem: str | None) -> None:
    assert call(con, "geometry_problem(ST_GeomFromText(?::VARCHAR))", wkt) == problem


box = st.tuples(st.floats(0, 20), st.floats(0, 20), st.floats(1, 20), st.floats(1, 20), st.floats(0, 90))


def polygon(values: Box) -> Any:
    x, y, width, height, angle = values
    return shapely.affinity.rotate(shapely.box(x, y, x + width, y + height), angle)


@settings(max_examples=60, deadline=None)
@given(box, box)
def test_shared_area_is_the_overlay_but_for_slivers(con: Con, left: Box, right: Box) -> None:
    a, b = polygon(left), polygon(right)
    query = "shared_area(ST_GeomFromWKB(?), ST_GeomFromWKB(?))"
    got = call(con, query, a.wkb, b.wkb)
    expected = shapely.intersection(a, b).area
    assert isinstance(got, float)
    assert got == pytest.approx(expected, rel=1e-6, abs=0.5)
    assert got == pytest.approx(call(con, query, b.wkb, a.wkb), rel=1e-6, abs=1e-6)


@settings(max_examples=60, deadline=None)
@given(st.tuples(*[st.integers(0, 40)] * 4), st.booleans())
def test_the_gap_between_two_outlines_is_shapelys_also_in_one_line(
    con: Con, place: tuple[int, ...], is_in_line: bool
) -> None:
    x, y, wide, deep = place
    left, right = (
        shapely.box(0, 0, 10, 10),
        shapely.box(x, 0 if is_in_line else y, x + wide + 1, 10 if is_in_line else y + deep + 1),
    )
    found = call(con, f"gap_m(ST_GeomFromText('{left.wkt}'), ST_GeomFromText('{right.wkt}'))")
    assert found == pytest.approx(left.distance(right))
