"""KBO and GTFS in a whole run: at which buildings a firm is active, and how near a stop is, held to what is read by hand."""

from __future__ import annotations

import math
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import geopandas
import pytest

from flows.run import run_city
from flows.workspace import Workspace
from sources._kit.city import load_city
from sources._kit.duck import connect
from sources.voorbeeldstad import Generation, make_city
from tests.sources.zips import GTFS, META, address, address_csv, packed

FEEDS = """
[feeds.kbo]
source = "be_enterprise"
path = "kbo.zip"

[feeds.trein]
source = "be_transit"
path = "gtfs.zip"
licence = "made up, free of rights"
attribution = "made up"
"""
HERE, ELSEWHERE = "9990", "1000"
Ask = Callable[[str], list[tuple[Any, ...]]]


@dataclass
class World:
    """The same city without and with the two feeds, and the addresses at which firms were put."""

    before: Ask
    after: Ask
    written: list[tuple[str, str]]
    station: tuple[float, float]


def run(city: Path, space: Workspace, copy: Path) -> Ask:
    """Run the city and ask a copy of its file: the next run builds only what the two feeds change."""
    outcome = run_city(load_city(city, space.cities), space, as_of=date(2025, 6, 1))
    con = connect(Path(shutil.copy(outcome.warehouse, copy)), read_only=True)
    return lambda sql: con.execute(sql).fetchall()


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    folder = tmp_path_factory.mktemp("made")
    bare = frozenset({"observations", "premises", "vacancy_register", "vip_register", "heritage", "elevation"})
    bare |= {"platform", "business_parks"}
    city = make_city(folder, 1500, 5, Generation(without=bare))
    points = geopandas.read_parquet(city.parent / "addresses.parquet")
    points["POSTCODE"] = HERE
    points.to_parquet(city.parent / "addresses.parquet")
    space = Workspace(tmp_path_factory.mktemp("home"))
    before = run(city, space, folder / "before.duckdb")

    written = sorted(set(zip(points["STRAATNM"], points["HUISNR"], strict=True)))[::9]
    rows = [address(street.upper(), number.lower(), postcode=HERE) for street, number in written for _ in range(2)]
    rows += [address(street, number, postcode=ELSEWHERE) for street, number in written]
    rows += [address("Nergensstraat", "1", postcode=HERE), address(written[0][0], "99999", postcode=HERE)]
    rows += [address(written[0][0], "", postcode=HERE)]
    # A firm that left, and one whose seat is here: neither may be heard. Both at addresses with nothing else.
    silent = sorted(set(zip(points["STRAATNM"], points["HUISNR"], strict=True)))[4::9]
    rows += [address(street, number, postcode=HERE, off="01-02-2020") for street, number in silent]
    rows += [address(street, number, postcode=HERE, kind="REGO") for street, number in silent]
    (city.parent / "kbo.zip").write_bytes(packed({"address.csv": address_csv(rows), "meta.csv": META}))

    middle = points.geometry.union_all().centroid
    stops = "stop_id,stop_name,stop_lat,stop_lon\n" + "".join(
        f"{name},{name},{lat},{lon}\n"
        for name, lat, lon in [("S1_1", middle.y, middle.x), ("B", middle.y, middle.x + 0.01), ("OUD", middle.y, middle.x),
                               ("S1_2", middle.y - 0.4, middle.x - 0.5), ("ver", 48.88, 2.35)]
    )  # fmt: skip
    (city.parent / "gtfs.zip").write_bytes(packed({**GTFS, "stops.txt": stops}))
    city.write_text(city.read_text(encoding="utf-8") + FEEDS, encoding="utf-8")
    return World(before, run(city, space, folder / "after.duckdb"), written, (middle.x, middle.y))


def test_a_firm_is_heard_at_the_building_of_its_address_and_nowhere_else(world: World) -> None:
    points = world.after("SELECT street, house_number, building_id FROM core.address")
    at: dict[tuple[str, str], set[str]] = {}
    for street, number, building in points:
        at.setdefault((street.lower(), number.lower()), set()).update({building} - {None})
    expected = [next(iter(at[key])) for s, n in world.written if len(at[key := (s.lower(), n.lower())]) == 1]
    heard = world.after(
        "SELECT building_id, detail, match_method, visibility, observed_on FROM evidence.item WHERE kind = 'enterprise_active' ORDER BY 1"
    )
    assert len(expected) > 0.7 * len(world.written) > 30
    assert sorted(row[0] for row in heard) == sorted(expected)
    assert {row[1:] for row in heard} == {("2 actieve vestigingen", "address, normalised", "city", date(2025, 5, 28))}


def test_what_cannot_be_placed_is_refused_with_a_reason_and_what_lies_elsewhere_is_counted(world: World) -> None:
    n = len(world.written)
    reasons: dict[str, int] = dict(
        world.after("SELECT reason, count(*) FROM core.refusal WHERE feed = 'kbo' GROUP BY ALL")
        + world.after("SELECT reason, count(*) FROM staging.reject WHERE feed = 'kbo' GROUP BY ALL")
    )
    assert {
        "the street is not in the address file": 1,
        "the house number is not in the address file": 1,
        "no place given": 1,
    }.items() <= reasons.items()
    assert set(reasons) - {"the street is not in the address file", "the house number is not in the address file", "no place given"} <= {
        "the address lies in several buildings", "the address is known, no building lies there",
    }  # fmt: skip
    linked = world.after("SELECT count(*) FROM core.link_observation WHERE feed = 'kbo'")[0][0]
    assert linked + sum(reasons.values()) == n + 3
    assert world.after("FROM staging.observation_scope") == [("kbo", 2 * n + 3, n + 3, n)]
    assert ("staging.observation_here", n) in world.after(
        "SELECT table_name, row_count FROM staging.reject_count WHERE feed = 'kbo'"
    )


def test_the_public_hears_nothing_of_firms(world: World) -> None:
    query = "SELECT building_id, underuse_probability, underuse_low, underuse_high FROM score.building WHERE audience = 'public' ORDER BY 1"
    assert world.before(query) == world.after(query)
    assert world.after("SELECT count(*) FROM layer.evidence WHERE audience = 'public' AND feed = 'kbo'") == [(0,)]
    moved = query.replace("public", "city")
    assert world.before(moved) != world.after(moved)


def test_a_stop_of_a_timetable_counts_beside_those_of_the_map(world: World) -> None:
    things = world.after(
        "SELECT criterion, thing_id, feed FROM score.measure_thing WHERE criterion IN ('rail', 'stop')"
    )
    assert {thing for _, thing, feed in things if feed == "trein"} == {
        "gtfs:trein:S1_1",
        "gtfs:trein:S1_2",
        "gtfs:trein:B",
    }
    assert {criterion for criterion, thing, _ in things if thing == "gtfs:trein:S1_1"} == {"rail"}
    rejected = world.after("SELECT row_id, reason FROM staging.reject WHERE feed = 'trein'")
    assert rejected == [("gtfs:trein:ver", "coordinate outside the area of the CRS")]
    x, y = world.after(
        f"SELECT ST_X(p), ST_Y(p) FROM (SELECT ST_Transform(ST_Point({world.station[0]}, {world.station[1]}), 'EPSG:4326', 'EPSG:31370', always_xy := true) AS p)"
    )[0]
    rows = world.after(
        "SELECT ST_X(b.point), ST_Y(b.point), m.high FROM score.measure_near AS m JOIN core.building AS b USING (building_id) WHERE measure = 'rail'"
    )
    assert len(rows) > 20
    for bx, by, high in rows:
        away = math.hypot(bx - x, by - y)
        assert high is None or high <= away + 0.01
        assert high is not None or away > 2000


def test_a_timetable_of_the_country_does_not_make_the_map_know_more(world: World) -> None:
    query = "SELECT * FROM score.measure_near WHERE measure NOT IN ('rail', 'stop') ORDER BY ALL"
    assert world.before(query) == world.after(query)
    # One stop more can only bring the nearest nearer; it says nothing of what lies beyond the border of the map.
    near = "SELECT building_id, measure, low, coalesce(high, 'inf'::DOUBLE) FROM score.measure_near WHERE measure IN ('rail', 'stop')"
    before = {row[:2]: row[2:] for row in world.before(near)}
    after = {row[:2]: row[2:] for row in world.after(near)}
    assert before.keys() < after.keys()
    for key, (low, high) in before.items():
        assert after[key][0] <= low
        assert after[key][1] <= high
    # This map has no bus stop at all, so nobody knows whether one of another operator is nearer.
    assert {after[key][0] for key in after.keys() - before.keys()} == {0}
