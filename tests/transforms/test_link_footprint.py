"""Which OSM outline is which official building, where what OSM says and what it draws do not agree."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import duckdb
import pytest

from flows.workspace import CHECKOUT
from sources._kit.duck import connect, literal
from transforms._kit.header import read_spec
from transforms._kit.runner import build, define_macros, prepare

Con = duckdb.DuckDBPyConnection
Box = tuple[float, float, float, float]
HERE, BESIDE, AWAY = (0, 0, 10, 10), (10, 0, 20, 10), (200, 0, 210, 10)


@dataclass(frozen=True)
class Drawn:
    """A box somebody drew; `names` is the official building an OSM outline says it was drawn from."""

    footprint_id: str
    box: Box
    names: str | None = None


@pytest.fixture
def con() -> Iterator[Con]:
    with connect() as connection:
        prepare(connection)
        connection.execute("CREATE TABLE reference.parameter (name VARCHAR, value DOUBLE)")
        define_macros(connection)
        yield connection


def link(con: Con, *drawn: Drawn, decisions: tuple[tuple[str, str, str], ...] = ()) -> None:
    """Make core.link_footprint and its refusals."""
    con.execute(
        "CREATE TABLE staging.footprint (footprint_id VARCHAR, feed VARCHAR, source_row VARCHAR, is_official BOOLEAN, "
        "official_id VARCHAR, footprint_m2 DOUBLE, geom GEOMETRY);"
        "CREATE TABLE reference.decision (left_id VARCHAR, right_id VARCHAR, verdict VARCHAR, decided_by VARCHAR)"
    )
    for one in drawn:
        official = one.footprint_id.startswith("grb:")
        con.execute(
            f"INSERT INTO staging.footprint SELECT {literal(one.footprint_id)}, {literal('grb' if official else 'osm')}, "
            f"{literal(one.footprint_id)}, {official}, {literal(one.names)}, ST_Area(g), g FROM (SELECT ST_MakeEnvelope{one.box} AS g)"
        )
    for left, right, verdict in decisions:
        con.execute(
            f"INSERT INTO reference.decision VALUES ({literal(left)}, {literal(right)}, {literal(verdict)}, 'surveyor')"
        )
    spec = read_spec(CHECKOUT / "transforms" / "core" / "link_footprint.py")
    build(con, [spec], {spec.full_name: "new"}, {})


def links(con: Con) -> list[tuple[str, ...]]:
    return con.execute("SELECT left_id, right_id, method FROM core.link_footprint ORDER BY ALL").fetchall()


def refusals(con: Con) -> list[tuple[str, ...]]:
    return con.execute("SELECT row_id, reason, value FROM core.refusal ORDER BY ALL").fetchall()


OFFICIAL = (Drawn("grb:1", HERE), Drawn("grb:2", BESIDE), Drawn("grb:9", AWAY))


def test_a_reference_to_the_building_under_the_outline_is_followed(con: Con) -> None:
    link(con, *OFFICIAL, Drawn("osm:w1", HERE, "grb:1"))
    assert links(con) == [("osm:w1", "grb:1", "reference")]
    assert refusals(con) == []


def test_a_reference_that_the_overlap_contradicts_is_refused_with_both_candidates(con: Con) -> None:
    # Nine tenths lie on the first building; the second, which it names, is grazed.
    link(con, *OFFICIAL, Drawn("osm:w1", (1, 0, 11, 10), "grb:2"))
    assert links(con) == [("osm:w1", "grb:1", "overlap")]
    assert refusals(con) == [
        ("osm:w1/grb:2", "reference disagrees with overlap", "names grb:2 (0.10), lies on grb:1 (0.90)")
    ]


def test_a_reference_to_a_building_elsewhere_is_refused_with_both_candidates(con: Con) -> None:
    link(con, *OFFICIAL, Drawn("osm:w1", HERE, "grb:9"))
    assert links(con) == [("osm:w1", "grb:1", "overlap")]
    assert refusals(con) == [
        ("osm:w1/grb:9", "reference disagrees with overlap", "names grb:9 (0.00), lies on grb:1 (1.00)")
    ]


def test_a_reference_holds_where_no_other_building_covers_the_outline(con: Con) -> None:
    # Seven tenths are not enough to say that the other is meant.
    link(con, *OFFICIAL, Drawn("osm:w1", (3, 0, 13, 10), "grb:2"))
    assert links(con) == [("osm:w1", "grb:2", "reference")]
    assert refusals(con) == []


def test_a_building_within_the_named_one_does_not_contradict_it(con: Con) -> None:
    tower = Drawn("grb:3", (0, 0, 9, 10))
    link(con, *OFFICIAL, tower, Drawn("osm:w1", HERE, "grb:1"))
    assert links(con) == [("osm:w1", "grb:1", "reference")]
    assert refusals(con) == []


def test_a_reference_to_nothing_is_refused_and_the_outline_kept(con: Con) -> None:
    link(con, *OFFICIAL, Drawn("osm:w1", HERE, "grb:77"), Drawn("osm:w2", (400, 0, 410, 10), "grb:9"))
    assert links(con) == [("osm:w1", "grb:1", "overlap")]
    assert refusals(con) == [
        ("osm:w1/grb:77", "the official building it names is not there", "names grb:77 (0.00), lies on grb:1 (1.00)"),
        ("osm:w2/grb:9", "the official building it names does not lie under it", "names grb:9 (0.00)"),
    ]


@pytest.mark.parametrize(
    ("decision", "expected"),
    [
        (("osm:w1", "grb:2", "same"), ("osm:w1", "grb:2", "decided by hand")),
        (("osm:w1", "grb:1", "different"), ("osm:w1", "grb:2", "reference")),
        (("osm:w1", "grb:2", "different"), ("osm:w1", "grb:1", "overlap")),
    ],
)
def test_a_decision_settles_what_reference_and_overlap_say(
    con: Con, decision: tuple[str, str, str], expected: tuple[str, ...]
) -> None:
    link(con, *OFFICIAL, Drawn("osm:w1", (1, 0, 11, 10), "grb:2"), decisions=(decision,))
    assert links(con) == [expected]
    assert refusals(con) == []


def test_without_official_buildings_a_reference_is_no_refusal(con: Con) -> None:
    link(con, Drawn("osm:w1", HERE, "grb:1"))
    assert links(con) == []
    assert refusals(con) == []
