"""The rules of the type vote on single buildings written by hand, and what holds whatever is said of a building."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from typing import Any

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flows.workspace import CHECKOUT
from sources._kit.duck import connect
from transforms._kit.header import read_spec
from transforms._kit.reference import read_reference, write_table
from transforms._kit.runner import define_macros

REFERENCE = read_reference(CHECKOUT / "data" / "reference")
SPECS = [read_spec(CHECKOUT / "transforms" / "score" / f"{name}.sql") for name in ("type_word", "type_vote", "type")]
Tag = tuple[str, ...]
"""Origin, key=value, and `former` where the use is over."""


@pytest.fixture(scope="module")
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    with connect() as connection:
        connection.execute("CREATE SCHEMA core; CREATE SCHEMA score; CREATE SCHEMA staging; CREATE SCHEMA reference")
        for name, rows in REFERENCE.tables.items():
            write_table(connection, name, rows)
        define_macros(connection)
        connection.execute(
            "CREATE TABLE core.building (building_id VARCHAR, footprint_m2 DOUBLE, floors DOUBLE, official_type VARCHAR);"
            "CREATE TABLE core.tag (building_id VARCHAR, element_id VARCHAR, origin VARCHAR, score DOUBLE, prefix VARCHAR, key VARCHAR, "
            "value VARCHAR, is_ended BOOLEAN);"
            "CREATE TABLE core.link_designation (building_id VARCHAR, designation_id VARCHAR, score DOUBLE);"
            "CREATE TABLE staging.designation (designation_id VARCHAR, name VARCHAR);"
            "CREATE TABLE core.link_land_use (building_id VARCHAR, land_use VARCHAR)"
        )
        yield connection


def judge(
    con: duckdb.DuckDBPyConnection,
    tags: Sequence[Tag],
    *,
    m2: float = 200,
    floors: float | None = None,
    land_use: str | None = None,
) -> dict[str, Any]:
    """Type of one building by the project's own SQL."""
    con.execute("DELETE FROM core.building; DELETE FROM core.tag; DELETE FROM core.link_land_use")
    con.execute("INSERT INTO core.building VALUES ('b', ?, ?, NULL)", [m2, floors])
    for number, (origin, tag, *former) in enumerate(tags):
        key, value = tag.split("=", 1)
        element = "b" if origin == "outline" else f"n{number}"
        score = {"outline": 1.0, "place": 0.95, "grounds": 0.7}[origin]
        row = ["b", element, origin, score, "disused" if former else "", key, value, bool(former)]
        con.execute("INSERT INTO core.tag VALUES (?, ?, ?, ?, ?, ?, ?, ?)", row)
    if land_use:
        con.execute("INSERT INTO core.link_land_use VALUES ('b', ?)", [land_use])
    for spec in SPECS:
        con.execute(f"CREATE OR REPLACE TABLE {spec.full_name} AS {spec.sql}")
    found = con.execute("SELECT * FROM score.type")
    names = [column[0] for column in found.description or []]
    (row_found,) = found.fetchall()
    return dict(zip(names, row_found, strict=True))


def outline(*tags: str) -> list[Tag]:
    return [("outline", tag) for tag in tags]


@pytest.mark.parametrize(
    ("tags", "kind"),
    [
        (outline("building=industrial", "man_made=storage_tank"), "silo"),
        (outline("building=industrial", "craft=brewery"), "brewery"),
        (outline("building=industrial", "amenity=police"), "police_station"),
        (outline("building=industrial"), "factory"),
        (outline("building=civic", "office=telecommunication", "name=Bibliotheek"), "library"),
        (outline("building=retail", "shop=car_repair"), "garage_workshop"),
        (outline("amenity=place_of_worship", "building=civic", "historic=wayside_shrine"), "chapel"),
        (outline("amenity=place_of_worship", "religion=muslim"), "religious_other"),
        (outline("amenity=place_of_worship", "religion=christian"), "church"),
        (outline("building=yes", "name=Zwembad Watermolen"), "swimming_pool"),
        (outline("building=yes", "name=Taverne Brouwerij"), "cafe_restaurant"),
        (outline("building=yes", "name=Städtische Feuerwehr"), "fire_station"),
        (outline("building=yes", "name=Hasičská zbrojnice"), "fire_station"),
        (outline("building=yes", "name=École communale"), "school"),
        (outline("building=yes", "name=Kerkstraat 5"), "unknown"),
        (outline("building=yes"), "unknown"),
    ],
)
def test_what_is_said_gives_the_type(con: duckdb.DuckDBPyConnection, tags: list[Tag], kind: str) -> None:
    assert judge(con, tags)["type"] == kind


def test_a_general_word_that_fits_agrees_instead_of_disagreeing(con: duckdb.DuckDBPyConnection) -> None:
    found = judge(con, outline("building=industrial", "craft=brewery"), land_use="industrial")
    assert found["disagreement"] == 0
    assert "building=industrial" in found["agreeing"]
    assert found["disagreeing"] is None


def test_a_shop_speaks_for_a_small_building_and_not_for_a_tower(con: duckdb.DuckDBPyConnection) -> None:
    shop: list[Tag] = [("outline", "building=yes"), ("place", "shop=bakery")]
    assert judge(con, shop, m2=90)["type"] == "shop"
    assert judge(con, shop, m2=5000)["type"] == "unknown"
    tower: list[Tag] = [("outline", "building=office"), ("place", "amenity=cafe")]
    assert judge(con, tower, m2=2000)["type"] == "office"
    # A school fills what it is in.
    assert judge(con, [("outline", "building=yes"), ("place", "amenity=school")], m2=5000)["type"] == "school"


@pytest.mark.parametrize(
    ("tags", "kind", "former"),
    [
        (outline("name=Voormalige brouwerij"), "brewery", "brewery"),
        (outline("name=Oude Jongensschool", "amenity=public_building"), "government", "school"),
        (outline("description=Politiebureau, nu bibliotheek"), "library", "police_station"),
        (outline("name=Kapel Oude-God"), "chapel", None),
        (outline("old_name=Kerk", "amenity=place_of_worship"), "church", None),
        ([("outline", "amenity=school", "former"), ("outline", "amenity=library")], "library", "school"),
        ([("outline", "amenity=school", "former")], "school", "school"),
    ],
)
def test_former_and_present_use_are_kept_apart(
    con: duckdb.DuckDBPyConnection, tags: list[Tag], kind: str, former: str | None
) -> None:
    found = judge(con, tags)
    assert (found["type"], found["former_type"]) == (kind, former)


def test_a_counter_in_a_large_empty_school_does_not_make_the_school_history(con: duckdb.DuckDBPyConnection) -> None:
    tags: list[Tag] = [("outline", "amenity=school", "former"), ("place", "shop=books")]
    assert judge(con, tags, m2=4000)["type"] == "school"


def test_surroundings_decide_for_a_large_hall_on_industrial_ground_only(con: duckdb.DuckDBPyConnection) -> None:
    bare = outline("building=yes")
    assert judge(con, bare, m2=5000, land_use="industrial")["type"] == "factory"
    assert judge(con, bare, m2=300, land_use="industrial")["type"] == "unknown"
    assert judge(con, bare, m2=5000, land_use="residential")["type"] == "unknown"
    assert judge(con, bare, m2=5000)["type"] == "unknown"


def test_a_high_or_wide_residential_building_holds_apartments(con: duckdb.DuckDBPyConnection) -> None:
    assert judge(con, outline("building=residential"), m2=90)["type"] == "dwelling"
    assert judge(con, outline("building=residential"), m2=90, floors=8)["type"] == "apartments"
    assert judge(con, outline("building=residential"), m2=700)["type"] == "apartments"


SAYINGS = [
    "building=yes", "building=industrial", "building=civic", "building=house", "building=church", "building=retail", "amenity=school", "amenity=library",
    "amenity=place_of_worship", "shop=clothes", "office=company", "man_made=works", "name=Hoeve Station", "description=Voorheen kapel, nu hotel",
]  # fmt: skip
said = st.lists(
    st.tuples(st.sampled_from(["outline", "place", "grounds"]), st.sampled_from(SAYINGS)),
    max_size=6,
    unique_by=lambda tag: (tag[0], tag[1].split("=")[0]),
)


@settings(max_examples=40, deadline=None)
@given(said, st.integers(0, 1000), st.sampled_from([None, "industrial", "residential", "religious"]))
def test_the_order_of_rows_changes_nothing(
    con: duckdb.DuckDBPyConnection, tags: list[Tag], seed: int, land_use: str | None
) -> None:
    tags = [tag for tag in tags if not (tag[0] != "outline" and tag[1].startswith("building"))]
    # Points are told apart by their place in the list: shuffle only what is on the outline.
    outlines = [tag for tag in tags if tag[0] == "outline"]
    others = [tag for tag in tags if tag[0] != "outline"]
    first = judge(con, [*others, *outlines], land_use=land_use)
    random.Random(seed).shuffle(outlines)
    assert judge(con, [*others, *outlines], land_use=land_use) == first


@settings(max_examples=40, deadline=None)
@given(said, st.floats(20, 20_000))
def test_unknown_has_no_confidence_and_a_known_type_is_named_by_something(
    con: duckdb.DuckDBPyConnection, tags: list[Tag], m2: float
) -> None:
    found = judge(con, tags, m2=m2)
    assert (found["type"] == "unknown") == (found["confidence"] is None) == (found["is_residential"] is None)
    if found["type"] != "unknown":
        assert found["agreeing"]
        assert 0 < found["confidence"] < 1
        assert 0 <= found["disagreement"] < 1


@settings(max_examples=40, deadline=None)
@given(said)
def test_one_fact_told_twice_counts_once(con: duckdb.DuckDBPyConnection, tags: list[Tag]) -> None:
    once = judge(con, tags)
    places = [tag for tag in tags if tag[0] == "place"]
    twice = judge(con, [*tags, *places])
    assert (twice["type"], twice["confidence"]) == (once["type"], once["confidence"])
