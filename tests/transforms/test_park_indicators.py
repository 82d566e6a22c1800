"""Indicators of the two parks of the made-up city against its truth; what is not known, and who may see what."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import geopandas
import pytest
import shapely

from flows.park_history import keep_park_history
from flows.workspace import CHECKOUT
from sources._kit.duck import connect
from tests.conftest import RunCity
from tests.transforms.park_world import REFERENCE
from transforms._kit.header import read_spec
from transforms._kit.reference import write_table

SCORE = CHECKOUT / "transforms" / "score"
PARTS = ("space", "energy", "mobility", "people", "environment")
FIRST, SECOND = "vlaio:park:99001_01", "vlaio:park:99001_02"
RULES = {row["name"]: row for row in REFERENCE["park_rule"]}


def known(city: RunCity, park: str, audience: str = "public") -> dict[str, tuple[Any, ...]]:
    found = city.rows(
        "SELECT indicator, value, low, high, coverage, reason FROM score.park_indicator "
        f"WHERE park_id = '{park}' AND audience = '{audience}'"
    )
    return {row[0]: row[1:] for row in found}


@pytest.fixture(scope="module")
def parcels(voorbeeldstad: RunCity, voorbeeldstad_files: Path) -> list[tuple[Any, ...]]:
    """What is so of each parcel, and what core.park_parcel says; parcels that were refused have no second half."""
    truth = voorbeeldstad_files.with_name("park_truth.parquet")
    return voorbeeldstad.rows(
        "SELECT t.park_id, t.is_not_in_use, t.is_built, t.is_offered, t.is_reserve, t.is_refused, p.park_id, p.in_use, p.built, p.availability, "
        f"p.restriction, p.area_m2 FROM '{truth}' AS t LEFT JOIN core.park_parcel AS p USING (parcel_id) ORDER BY t.parcel_id"
    )


def test_every_parcel_is_of_its_park_with_its_codes_and_the_planted_one_is_refused(
    parcels: list[tuple[Any, ...]],
) -> None:
    assert {row[0] for row in parcels} == {FIRST, SECOND}
    for park, idle, built, offered, reserve, refused, found, use, said, offer, limit, _area in parcels:
        if refused:
            assert found is None
            continue
        assert (found, use, said) == (park, "not_in_use" if idle else "in_use", "built" if built else "unbuilt")
        assert (offer == "offered") == (offered is True)
        assert (offer is None) == (offered is None)
        assert (limit is None) == (reserve is None)
        assert (limit == "reserve") == (reserve is True)
    assert sum(row[5] for row in parcels) == 1
    assert {row[1] for row in parcels if row[2]} >= {True, False}


def test_shares_of_parcels_bounds_and_coverage_follow_from_the_truth(
    voorbeeldstad: RunCity, parcels: list[tuple[Any, ...]]
) -> None:
    for park in (FIRST, SECOND):
        mine = [row for row in parcels if row[6] == park]
        area = sum(row[-1] for row in mine)
        found = known(voorbeeldstad, park)
        idle = sum(row[-1] for row in mine if row[1]) / area
        assert found["idle_parcel_share"][:4] == pytest.approx((idle, idle, idle, 1))
        said = sum(row[-1] for row in mine if row[4] is not None)
        reserve = sum(row[-1] for row in mine if row[4])
        assert found["reserve_m2"][:4] == pytest.approx(
            (reserve, reserve, reserve + area - said, said / area), rel=1e-6, abs=1e-3
        )
        assert said < area
        offer = sum(row[-1] for row in mine if row[3] is not None)
        assert found["offered_m2"][3] == pytest.approx(offer / area)


def test_built_share_and_roofs_equal_brute_force(voorbeeldstad: RunCity) -> None:
    con = voorbeeldstad.con

    def frame(query: str) -> Any:
        table = con.execute(query).df()
        return geopandas.GeoDataFrame(table.drop(columns="g"), geometry=shapely.from_wkb(table["g"].map(bytes)))

    parks = frame("SELECT park_id, ST_AsWKB(geom) AS g FROM core.business_park")
    buildings = frame(
        "SELECT building_id, ST_AsWKB(geom) AS g FROM core.building SEMI JOIN core.standing USING (building_id)"
    )
    points = frame("SELECT building_id, ST_AsWKB(point) AS g FROM core.building")
    hull = shapely.convex_hull(shapely.multipoints(points.geometry.to_numpy()))
    for park, shape in zip(parks["park_id"], parks.geometry, strict=True):
        near = buildings[buildings.intersects(shape)]
        share = near.intersection(shape).area / near.area
        inside = near[share >= 0.5]
        m2 = (inside.area * share[share >= 0.5]).sum()
        assert {
            row[0]
            for row in con.execute(f"SELECT building_id FROM core.park_building WHERE park_id = '{park}'").fetchall()
        } == set(inside["building_id"])
        found = known(voorbeeldstad, park)
        seen = hull.intersection(shape).area / shape.area
        assert found["built_share"][0] == pytest.approx(m2 / (shape.area * seen))
        assert found["built_share"][1:4] == pytest.approx((m2 / shape.area, m2 / shape.area + 1 - seen, seen))
        assert found["roof_m2"][0] == pytest.approx(m2, rel=1e-6)
        unknown = next(row for row in REFERENCE["park_roof"] if row["orientation"] == "unknown")
        # No raster shows these roofs: only what judgement allows is told.
        assert found["solar_kwp"][0] is None
        assert found["solar_kwp"][1] == pytest.approx(m2 * unknown["low"] * RULES["kwp_per_m2"]["low"], rel=1e-6)
        most = pytest.approx(m2 * unknown["high"] * RULES["kwp_per_m2"]["high"], rel=1e-6) if seen == 1 else None
        assert found["solar_kwp"][2] == most


def test_every_indicator_has_a_row_and_one_without_a_value_says_why(voorbeeldstad: RunCity) -> None:
    wanted = {row["indicator"] for row in REFERENCE["park_indicator"]}
    for park in (FIRST, SECOND):
        for audience in ("public", "city"):
            found = known(voorbeeldstad, park, audience)
            assert set(found) == wanted
            assert all((row[0] is None) == (row[4] is not None) for row in found.values())
        found = known(voorbeeldstad, park)
        nothing = ("heat", "cycling_access", "flood_share", "establishments", "departures_500m")
        assert [found[name][:4] for name in nothing] == [(None, None, None, 0.0)] * len(nothing)
        assert [found[name][4] for name in nothing] == ["no_source", "not_read", "no_source", "no_source", "no_source"]
        assert found["sealed_share"][0] is None
        assert found["sealed_share"][1] == pytest.approx(found["built_share"][1])
    ranked = voorbeeldstad.rows(
        "SELECT indicator, list(park_rank ORDER BY value DESC), any_value(parks_compared) FROM layer.park_indicator WHERE audience = 'public' "
        "AND indicator IN ('idle_parcel_share', 'solar_kwp') GROUP BY ALL ORDER BY ALL"
    )
    assert ranked == [("idle_parcel_share", [1, 2], 2), ("solar_kwp", [None, None], None)]
    headline = voorbeeldstad.rows(
        "SELECT count(*), bool_and(b.idle_parcel_share = i.value) FROM layer.business_park AS b JOIN layer.park_indicator AS i USING (audience, park_id) "
        "WHERE i.indicator = 'idle_parcel_share'"
    )
    assert headline == [(4, True)]


def test_the_port_of_brugge_is_a_park_and_what_lies_beyond_the_tile_is_not_known(
    recorded: Callable[..., RunCity],
) -> None:
    city = recorded("brugge", "2020-06-01")
    found = city.rows("SELECT park_id, source, name, seen_share FROM core.business_park ORDER BY area_m2 DESC")
    assert [row[:3] for row in found] == [
        ("osm:park:r6656440", "osm", "Nijverheidsdok (Z12)"),
        ("osm:park:w100857560", "osm", "Genencor International"),
    ]
    # The docks reach kilometres past the last building of the tile.
    assert 0.4 < found[0][3] < 0.7
    port = known(city, found[0][0])
    assert port["built_share"][1] < 0.2 < port["built_share"][0] < port["built_share"][2]
    assert port["built_share"][3] == pytest.approx(found[0][3])
    assert port["roof_m2"][2] is port["solar_kwp"][2] is port["idle_volume_m3"][2] is None
    assert port["parking_places"][0] > 500
    assert port["idle_parcel_share"] == (None, None, None, 0.0, "no_usage_parcels")


@pytest.fixture
def made() -> duckdb.DuckDBPyConnection:
    """One park of which nothing is known but what a test puts into score.park_people."""
    con = connect()
    con.execute(
        "CREATE SCHEMA core; CREATE SCHEMA score; CREATE SCHEMA reference; CREATE SCHEMA layer;"
        "CREATE TABLE core.business_park AS SELECT 'p' AS park_id, 'parks' AS feed;"
        "CREATE TABLE reference.feed AS FROM (VALUES ('parks', 'public'), ('kbo', 'city'), ('open', 'public')) AS v(feed, visibility);"
        "CREATE TABLE score.park_activity (park_id VARCHAR, section VARCHAR, establishment_count BIGINT, feeds VARCHAR[])"
    )
    for name in ("park_indicator", "park_rule"):
        write_table(con, name, REFERENCE[name])
    for part in PARTS:
        spec = read_spec(SCORE / f"park_{part}.sql")
        con.execute(f"CREATE TABLE {spec.full_name} ({', '.join(f'{c.name} {c.type}' for c in spec.columns)})")
    return con


@pytest.mark.parametrize(
    ("feed", "count", "public", "city"),
    [
        ("kbo", 9, (None, 0.0, "not_public"), (9.0, 1.0, None)),
        ("open", 9, (9.0, 1.0, None), (9.0, 1.0, None)),
        ("open", 2, (None, 0.0, "too_few"), (2.0, 1.0, None)),
    ],
)
def test_a_list_of_the_city_and_a_handful_of_firms_stay_with_the_city(
    made: duckdb.DuckDBPyConnection, feed: str, count: int, public: tuple[Any, ...], city: tuple[Any, ...]
) -> None:
    made.execute(f"INSERT INTO score.park_activity VALUES ('p', '*', {count}, ['{feed}'])")
    for name in ("establishments", "activity_sections"):
        made.execute(
            f"INSERT INTO score.park_people VALUES ('p', '{name}', {count}, {count}, NULL, 1, NULL, 'wie', 'who', ['parks', '{feed}'])"
        )
    query = read_spec(SCORE / "park_indicator.sql").sql
    for name in ("establishments", "activity_sections"):
        found = made.execute(
            f"SELECT audience, value, coverage, reason FROM ({query}) WHERE indicator = '{name}' ORDER BY audience DESC"
        ).fetchall()
        assert found == [("public", *public), ("city", *city)]
    told = made.execute(
        f"SELECT detail_nl, low, feeds FROM ({query}) WHERE indicator = 'activity_sections' AND audience = 'public'"
    ).fetchone()
    assert told is not None
    assert (told == (None, None, [])) is (public[0] is None)


def test_history_keeps_only_what_changed(made: duckdb.DuckDBPyConnection) -> None:
    columns = "audience, park_id, indicator, value, low, high, coverage"
    made.execute(
        "CREATE SCHEMA history; CREATE TABLE history.run (number BIGINT); "
        "CREATE TABLE layer.run (name VARCHAR, value VARCHAR); CREATE TABLE score.park_indicator AS "
        f"SELECT * FROM (VALUES ('public', 'p', 'a', 1.0::DOUBLE, 1.0::DOUBLE, NULL::DOUBLE, 1.0::DOUBLE), ('public', 'p', 'b', NULL, NULL, NULL, 0)) AS v({columns})"
    )
    for day, change in (
        ("01", ""),
        ("02", ""),
        ("03", "value = 2"),
        ("04", "value = NULL"),
        ("05", "value = NULL, low = 1.0000000001"),
    ):
        made.execute(f"DELETE FROM layer.run; INSERT INTO layer.run VALUES ('as_of', '2025-01-{day}')")
        if change:
            made.execute(f"UPDATE score.park_indicator SET {change} WHERE indicator = 'a'")
        assert keep_park_history(made) == {"history.park_indicator": ""}
    kept = made.execute(
        "SELECT indicator, value, strftime(since_on, '%d') FROM history.park_indicator ORDER BY ALL"
    ).fetchall()
    assert kept == [("a", 1.0, "01"), ("a", 2.0, "03"), ("a", None, "04"), ("b", None, "01")]
