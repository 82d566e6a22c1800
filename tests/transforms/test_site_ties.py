"""What becomes one site, and what does not: rows of houses, estates and parks stay apart."""

from __future__ import annotations

from collections.abc import Iterator

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.transforms.site_place import House, members, open_place, run_place

Con = duckdb.DuckDBPyConnection


@pytest.fixture(scope="module")
def con() -> Iterator[Con]:
    with open_place() as connection:
        yield connection


def refusals(con: Con) -> set[str]:
    return {row[0] for row in con.execute("SELECT refusal FROM score.site_tie WHERE refusal IS NOT NULL").fetchall()}


def test_a_church_has_its_sacristy_and_not_the_houses_that_lean_on_it(con: Con) -> None:
    church = House("church", "church", 0, wide=30, deep=20)
    run_place(con, [
        church,
        House("sacristy", "unknown", 30, wide=8),
        House("house", "dwelling", -10, deep=12),
        House("cafe", "cafe_restaurant", 50),
    ])  # fmt: skip
    assert members(con) == {"site:church": {"church", "sacristy"}}
    # A nameless outline between the church and a row of houses may be the first house of the row; one with a number is a house.
    row = [House(f"row{i}", "unknown", 30 + 8 * i, wide=8) for i in range(5)]
    run_place(con, [church, *row])
    assert members(con) == {}
    assert refusals(con) == {"it leans on another building too"}
    run_place(con, [church, House("numbered", "unknown", 30, wide=8, number="3")])
    assert members(con) == {}


def test_terraced_houses_and_shops_stay_apart(con: Con) -> None:
    houses = [
        House(f"h{i}", ("dwelling", "unknown", "shop")[i % 3], 6 * i, wide=6, number=str(i), parcel=f"p{i}")
        for i in range(12)
    ]
    run_place(con, houses)
    assert members(con) == {}


def test_a_school_on_one_parcel_leaves_the_touching_row_of_houses_out(con: Con) -> None:
    school = [House(f"s{i}", "school", 40 * i, wide=30 + i, parcel="P", number="1") for i in range(3)]
    row = [House(f"h{i}", "dwelling", 112 + 6 * i, wide=6, number=str(i + 3), parcel=f"p{i}") for i in range(6)]
    concierge = House("concierge", "dwelling", 200, parcel="P")
    run_place(con, [*school, House("shed", "shed", 220, wide=4, parcel="P"), concierge, *row])
    assert members(con) == {"site:s2": {"s0", "s1", "s2", "shed"}}


def test_sheds_behind_a_dwelling_with_a_workshop_are_the_dwellings(con: Con) -> None:
    run_place(con, [
        House("home", "dwelling", 0, wide=20, parcel="P"),
        House("workshop", "factory", 30, parcel="P"),
        House("shed", "shed", 50, wide=3, parcel="P"),
    ])  # fmt: skip
    assert members(con) == {}
    assert refusals(con) == {"a larger dwelling stands there"}


def test_without_parcels_grounds_names_and_small_areas_make_a_site(con: Con) -> None:
    run_place(con, [
        House("g1", "school", 0, grounds="g"), House("g2", "unknown", 20, grounds="g", wide=9),
        House("n1", "factory", 1000, name="Brouwerij De Ster"), House("n2", "warehouse", 1010, name="brouwerij de ster", wide=9),
        House("n3", "warehouse", 1200, name="Brouwerij De Ster"),
        House("l1", "factory", 3000, land_use="industrial-1"), House("l2", "factory", 3030, wide=9, land_use="industrial-1"),
    ])  # fmt: skip
    assert members(con) == {"site:g1": {"g1", "g2"}, "site:n1": {"n1", "n2"}, "site:l1": {"l1", "l2"}}
    methods = dict(con.execute("SELECT building_id, methods FROM score.site_member WHERE audience = 'city'").fetchall())
    assert (methods["g2"], methods["n2"], methods["l2"]) == ("grounds", "touching, same name", "land use")


@pytest.mark.parametrize(
    ("houses", "reason"),
    [
        (
            [House(f"f{i}", "factory", 60 * i, number=str(i), parcel="P") for i in range(60)],
            "more premises on the parcel than one site has",
        ),
        ([House(f"f{i}", "factory", 12 * i, parcel="P") for i in range(61)], "more buildings than one site has"),
        (
            [House(f"f{i}", "factory", 30 * i, number=str(i), land_use="industrial-1") for i in range(5)],
            "the area holds several premises",
        ),
        (
            [House(f"f{i}", "factory", 30 * i, land_use="industrial-1") for i in range(14)],
            "the area holds too many buildings",
        ),
        ([House(f"f{i}", "factory", 200 * i, land_use="industrial-1") for i in range(5)], "the area is too large"),
        ([House(f"u{i}", "school", 3000 * i, grounds="campus") for i in range(3)], "the grounds are too large"),
    ],
)
def test_parks_estates_and_spread_campuses_are_refused_and_say_so(con: Con, houses: list[House], reason: str) -> None:
    run_place(con, houses)
    assert members(con) == {}
    assert refusals(con) == {reason}
    told = con.execute("SELECT count(*), count(refusals), count(component_id) FROM score.site_component").fetchone()
    assert told == (len(houses), len(houses), 0)


def test_a_chain_that_grows_too_long_loses_its_weakest_ties(con: Con) -> None:
    # Ten parcels of 120 m, each with two halls, in a chain of names that the next parcel shares.
    houses = []
    for i in range(10):
        houses.append(House(f"a{i}", "factory", 140 * i, wide=50, parcel=f"p{i}", name=f"Firma{'abcdefghijk'[i]}"))
        houses.append(
            House(f"b{i}", "factory", 140 * i + 80, wide=49, parcel=f"p{i}", name=f"Firma{'abcdefghijk'[i + 1]}")
        )
    run_place(con, houses)
    assert {frozenset(group) for group in members(con).values()} == {frozenset({f"a{i}", f"b{i}"}) for i in range(10)}
    found = con.execute("SELECT DISTINCT refusals FROM score.site_component WHERE refusals IS NOT NULL").fetchall()
    assert found == [("near, same name: the site would be too large",)]


def test_who_objects_leaves_the_public_site_and_its_key(con: Con) -> None:
    halls = [House(f"f{i}", "factory", 30 * i, wide=20 - i, parcel="P", floors=1) for i in range(3)]
    run_place(con, halls, objections=["f0"])
    assert members(con, "city") == {"site:f0": {"f0", "f1", "f2"}}
    assert members(con, "public") == {"site:f1": {"f1", "f2"}}
    assert con.execute("SELECT DISTINCT footprint_m2 FROM score.site WHERE audience = 'public'").fetchall() == [
        (370.0,)
    ]
    run_place(con, halls[:2], objections=["f0"])
    assert members(con, "public") == {}


def test_a_new_shed_and_a_redrawn_outline_leave_the_key_as_it_is(con: Con) -> None:
    halls = [House("f1", "factory", 0, wide=40, parcel="P"), House("f2", "factory", 60, wide=30, parcel="P")]
    run_place(con, halls)
    before = set(members(con))
    run_place(
        con, [House("a0", "shed", 120, wide=3, parcel="P"), House("f1", "factory", 0, wide=38, parcel="P"), halls[1]]
    )
    assert set(members(con)) == before


@settings(max_examples=8, deadline=None)
@given(st.permutations(range(9)))
def test_the_order_of_the_buildings_changes_nothing(con: Con, order: list[int]) -> None:
    halls = [
        House(
            f"f{i}",
            "factory",
            30 * i,
            wide=10 + (i % 3),
            parcel="P" if i < 6 else None,
            land_use="industrial-1" if i > 4 else None,
        )
        for i in range(9)
    ]
    run_place(con, halls)
    tables = [con.execute(f"FROM score.{name}").fetchall() for name in ("site_component", "site_member", "site")]
    run_place(con, [halls[i] for i in order])
    assert [
        con.execute(f"FROM score.{name}").fetchall() for name in ("site_component", "site_member", "site")
    ] == tables
    assert members(con) == {"site:f2": {f"f{i}" for i in range(9)}}
