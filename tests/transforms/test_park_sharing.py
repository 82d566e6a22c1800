"""What is shared in business parks: the ranking against shapely and NumPy, what unknown does to it, who sees what, and matches in parks."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import duckdb
import numpy as np
import pytest
import shapely

from flows.workspace import CHECKOUT
from sources._kit.duck import connect
from tests.conftest import RunCity
from tests.transforms.park_world import REFERENCE
from tests.transforms.sharing_world import STEPS, World, by_hand, draw_world, make
from transforms._kit.header import read_spec
from transforms._kit.reference import write_table
from transforms._kit.runner import define_macros

LAYER = CHECKOUT / "transforms" / "layer"
RULE = {row["name"]: row["value"] for row in REFERENCE["park_rule"]}
KEY = "subject_kind, subject_id, shared_use"
MEASURES = sorted({row["measure"] for row in REFERENCE["park_sharing_part"]})


def scores(world: World, audience: str = "city") -> dict[tuple[str, str, str], tuple[Any, ...]]:
    rows = world.con.execute(
        f"SELECT {KEY}, score, low, high, place FROM score.park_sharing WHERE audience = '{audience}'"
    ).fetchall()
    return {row[:3]: row[3:] for row in rows}


@pytest.mark.parametrize("seed", [3, 4, 5, 6])
def test_scores_bounds_and_places_equal_those_by_hand(seed: int) -> None:
    world = draw_world(seed)
    found, wanted = scores(world), by_hand(world)
    assert (world.seen == 1, world.seen > RULE["known_share_min"]) == (seed % 3 == 0, seed % 3 < 2)
    assert set(found) == set(wanted)
    for key, row in wanted.items():
        assert found[key][:3] == pytest.approx(row, abs=1e-3), key
    for kind in ("parcel", "building"):
        for use in {row["shared_use"] for row in REFERENCE["park_shared_use"]}:
            mine = sorted(
                (row[3], key) for key, row in found.items() if (key[0], key[2]) == (kind, use) and row[0] is not None
            )
            assert [place for place, _ in mine] == list(range(1, len(mine) + 1))
            middles = np.array([sum(wanted[key][1:]) / 2 for _, key in mine])
            assert (np.diff(middles) <= 1e-3).all()
    assert all((row[0] is None) == (row[3] is None) for row in found.values())


def test_what_is_not_known_widens_the_bounds_and_is_never_nothing() -> None:
    world = draw_world(4)
    before = scores(world)
    for measure in MEASURES:
        world.con.execute("BEGIN")
        for step in ("place", "thing", "pattern"):
            world.con.execute(f"DELETE FROM score.park_sharing_{step} WHERE measure = '{measure}'")
        make(world.con, "park_sharing_part")
        make(world.con, "park_sharing")
        uses = {
            (row["subject_kind"], row["shared_use"])
            for row in REFERENCE["park_sharing_part"]
            if row["measure"] == measure
        }
        wider = 0
        for key, (score, low, high, _place) in scores(world).items():
            assert low <= before[key][1] + 1e-9, (measure, key)
            assert high >= before[key][2] - 1e-9, (measure, key)
            assert score is not None or (low, high) == (0, 100)
            wider += high - low > before[key][2] - before[key][1] + 1e-9
            assert (key[0], key[2]) in uses or (score, low, high) == before[key][:3]
        assert wider > 0, measure
        world.con.execute("ROLLBACK")


def test_the_public_sees_no_dwelling_no_objection_and_nothing_a_source_of_the_city_says() -> None:
    world = draw_world(3)
    con = world.con
    con.execute(
        "INSERT INTO core.objected VALUES ('b00'); UPDATE score.type SET is_residential = true WHERE building_id = 'b01';"
        "INSERT INTO reference.feed VALUES ('hidden', 'city', DATE '2025-01-01');"
        "UPDATE core.building SET feed = 'hidden' WHERE building_id = 'b02'; UPDATE core.park_parcel SET feed = 'hidden' WHERE parcel_id = 'c03';"
        "UPDATE score.park_stock SET band_feeds = ['hidden'], band = 'likely' WHERE building_id = 'b04'"
    )
    for step in STEPS:
        make(con, step)
    public, city = scores(world, "public"), scores(world)
    gone = {key[1] for key in city} - {key[1] for key in public}
    assert gone == {"b00", "b01", "b02", "c03"}
    told = con.execute(
        "SELECT audience, fit IS NULL, fit_low, fit_high, feeds FROM score.park_sharing_part "
        "WHERE subject_id = 'b04' AND measure = 'idle' AND shared_use = 'storage' ORDER BY audience"
    ).fetchall()
    assert told == [("city", False, 0.3, 1.0, ["hidden"]), ("public", True, 0.0, 1.0, [])]
    hidden = con.execute(
        "SELECT count(*) FROM score.park_sharing_part WHERE audience = 'public' AND list_contains(feeds, 'hidden')"
    ).fetchone()
    assert hidden == (0,)


def test_the_layer_holds_the_first_ten_of_each_and_says_what_is_not_known(voorbeeldstad: RunCity) -> None:
    sizes = voorbeeldstad.rows(
        "SELECT s.n, l.n, l.last FROM (SELECT audience, park_id, subject_kind, shared_use, count(place) AS n FROM score.park_sharing GROUP BY ALL) AS s "
        "LEFT JOIN (SELECT audience, park_id, subject_kind, shared_use, count(*) AS n, max(place) AS last FROM layer.park_sharing GROUP BY ALL) AS l "
        "USING (audience, park_id, subject_kind, shared_use)"
    )
    assert len(sizes) == 2 * 2 * 11
    assert all((kept or 0, last or 0) == (min(n, 10), min(n, 10)) for n, kept, last in sizes)
    assert sum(kept == 10 for _, kept, _ in sizes) > 20
    assert voorbeeldstad.rows(
        "SELECT count(*) FROM layer.park_sharing WHERE NOT (score_low <= score AND score <= score_high) OR why IS NULL OR sources IS NULL OR licence IS NULL"
    ) == [(0,)]
    # No flood map, no word of how full they are: said, not counted as none.
    unknown = voorbeeldstad.rows(
        "SELECT DISTINCT unknown_en FROM layer.park_sharing WHERE shared_use = 'water' AND subject_kind = 'building'"
    )
    assert unknown == [("ground that can flood",)]
    # What the public layer does not judge stands there with its size and place alone.
    judged = voorbeeldstad.rows(
        "SELECT count(*) FROM layer.park_sharing AS s LEFT JOIN score.shown AS w ON w.audience = 'public' AND w.building_id = s.subject_id "
        "WHERE subject_kind = 'building' AND (s.why LIKE '%signalen%' OR s.why LIKE '%geschikt%') AND w.building_id IS NULL"
    )
    assert judged == [(0,)]


Shapes = dict[str, Any]


def read_shapes(con: duckdb.DuckDBPyConnection, query: str) -> Shapes:
    rows = con.execute(query).fetchall()
    return {row[0]: shapely.from_wkb(bytes(row[1])) if row[1] is not None else None for row in rows}


def matches_by_hand(con: duckdb.DuckDBPyConnection) -> dict[tuple[str, str, str], tuple[str, str]]:
    """Park and scope of every pair of match.pair, one at a time."""
    parks = read_shapes(con, "SELECT park_id, ST_AsWKB(geom) FROM core.business_park ORDER BY park_id")
    areas = read_shapes(con, "SELECT request_id, ST_AsWKB(geom) FROM staging.space_request")
    points = read_shapes(con, "SELECT request_id, ST_AsWKB(point) FROM staging.space_request")
    buildings = read_shapes(
        con, "SELECT building_id, ST_AsWKB(geom) FROM core.building SEMI JOIN match.supply USING (building_id)"
    )
    stands = dict(con.execute("SELECT supply_kind || supply_id, building_id FROM match.supply").fetchall())
    wanted = {}
    for request, kind, supply in con.execute(
        "SELECT request_id, supply_kind, supply_id FROM match.pair WHERE supply_id IS NOT NULL"
    ).fetchall():
        building, area, point = buildings.get(stands[kind + supply]), areas[request], points[request]
        for park, ground in parks.items():
            if building is None:
                lies = points[supply] is not None and ground.intersects(points[supply])
            else:
                lies = building.intersection(ground).area >= 0.5 * building.area
            if not lies or area is None:
                continue
            homes = [
                name
                for name, other in parks.items()
                if (other.intersects(point) if point is not None else other.intersection(area).area >= 0.5 * area.area)
            ]
            if park in homes:
                wanted[request, kind, supply] = (park, "inside")
            elif area.intersects(ground) or any(parks[home].distance(ground) <= RULE["neighbour_m"] for home in homes):
                wanted[request, kind, supply] = (park, "neighbour")
    return wanted


def test_matches_of_parks_are_those_of_the_matcher_that_lie_there(voorbeeldstad: RunCity) -> None:
    found = voorbeeldstad.rows(
        "SELECT m.request_id, m.supply_kind, m.supply_id, supply_park_id, scope, m.middle, m.use, m.score = p.score FROM match.park_match AS m "
        "JOIN match.pair AS p USING (request_id, supply_kind, supply_id) ORDER BY supply_park_id, scope, place"
    )
    assert {row[:3]: row[3:5] for row in found} == matches_by_hand(voorbeeldstad.con)
    assert {row[4] for row in found} == {"inside", "neighbour"}
    assert all(row[-1] for row in found)
    for one, other in pairwise(found):
        assert one[3:5] != other[3:5] or one[5] >= other[5]
    # Nothing was far down both lists here: all that can be is in the table.
    assert voorbeeldstad.one("SELECT bool_and(is_complete) FROM match.park_match")


def test_random_offers_and_adverts_lie_in_parks_as_by_hand(market: duckdb.DuckDBPyConnection) -> None:
    found = market.execute(
        "SELECT request_id, supply_kind, supply_id, supply_park_id, scope, offer_feed, is_complete FROM made"
    ).fetchall()
    assert {row[:3]: row[3:5] for row in found} == matches_by_hand(market)
    assert {(row[1], row[4]) for row in found} == {
        (kind, scope) for kind in ("building", "offer") for scope in ("inside", "neighbour")
    }
    assert all((row[5] == "g") == (row[1] == "offer") for row in found)
    # More can serve the first five adverts than a list holds.
    assert all(row[6] == (row[0] >= "r05") for row in found)


@pytest.fixture
def market() -> duckdb.DuckDBPyConnection:
    """Three parks, forty adverts and twenty supplies at random; who can be where is drawn too, as match.pair decides it."""
    rng = np.random.default_rng(8)
    con = connect()
    con.execute(
        "CREATE SCHEMA core; CREATE SCHEMA match; CREATE SCHEMA staging; CREATE SCHEMA reference;"
        "CREATE TABLE core.business_park (park_id VARCHAR, geom GEOMETRY); CREATE TABLE core.building (building_id VARCHAR, geom GEOMETRY);"
        "CREATE TABLE core.park_building (building_id VARCHAR, park_id VARCHAR);"
        "CREATE TABLE staging.space_request (request_id VARCHAR, feed VARCHAR, geom GEOMETRY, point GEOMETRY);"
        "CREATE TABLE match.supply (supply_kind VARCHAR, supply_id VARCHAR, building_id VARCHAR, x DOUBLE, y DOUBLE);"
        "CREATE TABLE match.pair (request_id VARCHAR, supply_kind VARCHAR, supply_id VARCHAR, use VARCHAR, middle DECIMAL(9, 6), score DOUBLE, low DOUBLE, high DOUBLE, "
        "use_part DOUBLE, budget_part DOUBLE, reason VARCHAR, supply_count BIGINT)"
    )
    for name in ("parameter", "park_survey", "park_rule", "match_limit"):
        write_table(con, name, REFERENCE[name])
    define_macros(con)

    def put(table: str, *values: Any) -> None:
        marks = ", ".join("ST_GeomFromText(?)" if isinstance(value, shapely.Geometry) else "?" for value in values)
        con.execute(
            f"INSERT INTO {table} VALUES ({marks})",
            [shapely.to_wkt(v, -1) if isinstance(v, shapely.Geometry) else v for v in values],
        )

    parks = [shapely.box(0, 0, 800, 600), shapely.box(1000, 0, 1500, 600), shapely.box(4000, 0, 4500, 500)]
    for number, ground in enumerate(parks):
        put("core.business_park", f"p{number}", ground)
    for number in range(20):
        x, y = rng.uniform(-100, 1700), rng.uniform(-50, 650)
        shape = shapely.box(x - 20, y - 20, x + 20, y + 20)
        kind = "building" if number < 10 else "offer"
        if number < 14:
            put("core.building", f"b{number:02d}", shape)
            for place, ground in enumerate(parks):
                if shape.intersection(ground).area >= 0.5 * shape.area:
                    put("core.park_building", f"b{number:02d}", f"p{place}")
        name = f"b{number:02d}" if kind == "building" else f"o{number:02d}"
        put("match.supply", kind, name, f"b{number:02d}" if number < 14 else None, x, y)
        if kind == "offer":
            put("staging.space_request", name, "g", shapely.Point(x, y), shapely.Point(x, y))
    kept = next(int(row["value"]) for row in REFERENCE["match_limit"] if row["name"] == "per_request")
    for number in range(40):
        point, name = (
            shapely.Point(rng.uniform(-100, 1700) + 2800 * (number % 8 == 0), rng.uniform(-100, 700)),
            f"r{number:02d}",
        )
        way = number % 4
        area = (
            point.buffer(rng.uniform(100, 900))
            if way < 2
            else shapely.box(*point.buffer(300).bounds)
            if way == 2
            else None
        )
        put("staging.space_request", name, "f", area, point if way < 2 else None)
        for kind in ("building", "offer"):
            count = kept + 1 if number < 5 else kept
            put("match.pair", name, kind, None, None, None, None, None, None, None, None, "can be", count)
        for kind, supply in con.execute("SELECT supply_kind, supply_id FROM match.supply ORDER BY ALL").fetchall():
            if rng.random() < 0.5:
                put(
                    "match.pair",
                    name,
                    kind,
                    supply,
                    "office",
                    float(rng.uniform(0, 100)),
                    50,
                    0,
                    100,
                    None,
                    None,
                    None,
                    None,
                )
    con.execute(f"CREATE TABLE made AS {read_spec(LAYER.parent / 'match' / 'park_match.sql').sql}")
    return con


def test_matches_of_a_platform_that_did_not_agree_stay_with_the_city_and_no_column_tells_a_place(
    voorbeeldstad: RunCity,
) -> None:
    spec = read_spec(LAYER / "park_match.sql")
    con = voorbeeldstad.con.cursor()
    con.execute("SET VARIABLE run_id = 'r'")
    for feed, public in (("nobody", True), ("platform", False), ("business_parks", False)):
        con.execute(
            f"CREATE OR REPLACE TEMP TABLE said AS SELECT * REPLACE (CASE WHEN feed = '{feed}' THEN 'city' ELSE visibility END AS visibility) FROM reference.feed"
        )
        rows = con.execute(
            f"SELECT audience, count(*) FROM ({spec.sql.replace('reference.feed', 'said')}) GROUP BY ALL"
        ).fetchall()
        counted = dict(rows)
        assert counted["city"] >= 100
        assert counted.get("public", 0) == (counted["city"] if public else 0)
    con.execute("DROP TABLE said")
    names = {column.name for column in spec.columns}
    assert not names & {"geom", "point", "distance_m", "place_part", "middle", "radius_m"}
    assert voorbeeldstad.rows(
        "SELECT count(*) FROM layer.park_match WHERE score <> round(score) OR score_low <> round(score_low)"
    ) == [(0,)]
