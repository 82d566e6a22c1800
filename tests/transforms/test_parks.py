"""Parks, their parcels and buildings against brute force with shapely, on random small parks and on real parcels."""

from __future__ import annotations

from typing import Any

import duckdb
import geopandas
import numpy as np
import pytest
import shapely
import shapely.affinity
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from tests.conftest import SHARED
from tests.transforms.park_world import RULE, park_world

# A case that fails is small enough as it is; to make it smaller takes minutes.
PHASES = (Phase.explicit, Phase.reuse, Phase.generate)
HALF, SLIVER = RULE["assigned_share_min"], RULE["sliver_share"]


@st.composite
def shapes(draw: st.DrawFn, most: int, side: int = 40) -> list[shapely.Polygon]:
    """Rectangles and triangles on whole metres of a small field, so that they touch, hold and cut one another."""
    found = []
    for _ in range(draw(st.integers(0, most))):
        x, y = draw(st.integers(0, 120)), draw(st.integers(0, 120))
        width, height = draw(st.integers(2, side)), draw(st.integers(2, side))
        corners = [(x, y), (x + width, y), (x + width, y + height), (x, y + height)]
        found.append(shapely.Polygon(corners[: draw(st.sampled_from([3, 4]))]))
    return found


def rows(con: duckdb.DuckDBPyConnection, query: str) -> list[tuple[Any, ...]]:
    return con.execute(query).fetchall()


def shares(things: list[shapely.Polygon], parks: list[shapely.Polygon]) -> np.ndarray[Any, Any]:
    """Share of each thing in each park, shape (things, parks)."""
    table = np.zeros((len(things), len(parks)))
    for i, thing in enumerate(things):
        for k, park in enumerate(parks):
            # The house's own tolerance: less than half a square metre of common extent counts as none.
            a, b = thing.bounds, park.bounds
            extent = (min(a[2], b[2]) - max(a[0], b[0])) * (min(a[3], b[3]) - max(a[1], b[1]))
            table[i, k] = thing.intersection(park).area / thing.area if extent >= 0.5 else 0
    return table


@settings(max_examples=25, deadline=None, phases=PHASES)
@given(
    parks=shapes(4, 90),
    parcels=shapes(5),
    buildings=shapes(8, 15),
    named=st.lists(st.integers(-2, 4), min_size=5, max_size=5),
)
def test_parcels_and_buildings_find_the_park_that_brute_force_finds(
    parks: list[shapely.Polygon], parcels: list[shapely.Polygon], buildings: list[shapely.Polygon], named: list[int]
) -> None:
    areas: list[dict[str, Any]] = [
        {"area_id": f"p{k}", "theme": "business_park", "class": "x", "geom": shape.wkt} for k, shape in enumerate(parks)
    ]
    areas += [
        {
            "area_id": f"c{k}", "theme": "park_parcel", "class": "x", "geom": shape.wkt,
            "attributes": {"park_id": f"p{named[k]}", "use": "inGebruik"} if named[k] >= 0 else {"use": "nietInGebruik"},
        }
        for k, shape in enumerate(parcels)
    ]  # fmt: skip
    con = park_world(areas, buildings=[{"building_id": f"b{k}", "geom": one.wkt} for k, one in enumerate(buildings)])
    of_parcel, wanted = shares(parcels, parks), {}
    for k in range(len(parcels)):
        if 0 <= named[k] < len(parks):
            wanted[f"c{k}"] = (f"p{named[k]}", "id")
        elif len(parks) and of_parcel[k].max() >= HALF:
            wanted[f"c{k}"] = (f"p{int(of_parcel[k].argmax())}", "area")
    found = {row[0]: row[1:] for row in rows(con, "SELECT parcel_id, park_id, method FROM core.park_parcel")}
    assert found == wanted
    assert rows(con, "SELECT count(*) FROM refused_park_parcel") == [(len(parcels) - len(wanted),)]

    of_building, on_parcel = shares(buildings, parks), shares(buildings, parcels)
    held: dict[str, tuple[Any, ...]] = {}
    cut = 0
    for k in range(len(buildings)):
        best = int(of_building[k].argmax()) if len(parks) else -1
        if best < 0 or of_building[k][best] < SLIVER:
            continue
        if of_building[k][best] < HALF:
            cut += 1
            continue
        own = [(on_parcel[k][c] if wanted.get(f"c{c}", ("", ""))[0] == f"p{best}" else 0) for c in range(len(parcels))]
        parcel = int(np.argmax(own)) if own and max(own) >= SLIVER else -1
        held[f"b{k}"] = (f"p{best}", f"c{parcel}" if parcel >= 0 else None, of_building[k][best])
    got = {
        row[0]: row[1:] for row in rows(con, "SELECT building_id, park_id, parcel_id, share FROM core.park_building")
    }
    assert {key: value[:2] for key, value in got.items()} == {key: value[:2] for key, value in held.items()}
    assert all(abs(got[key][2] - min(1, held[key][2])) < 1e-9 for key in held)
    assert rows(con, "SELECT count(*) FROM refused_park_building") == [(cut,)]


@settings(max_examples=20, deadline=None, phases=PHASES)
@given(pieces=shapes(9, 30))
def test_land_use_within_the_gap_is_one_park_of_at_least_the_least_area(pieces: list[shapely.Polygon]) -> None:
    # In a field ten times as large, so that parks reach the least area.
    large = [shapely.affinity.scale(piece, 10, 10, origin=(0, 0)) for piece in pieces]
    uses = ["industrial", "commercial", "residential"]
    con = park_world(
        land_uses=[
            {"land_use_id": f"osm:w{k}", "land_use": uses[k % 3], "geom": one.wkt} for k, one in enumerate(large)
        ]
    )
    ground = [k for k in range(len(large)) if k % 3 < 2]
    group = {k: k for k in ground}
    for _ in ground:
        for a in ground:
            for b in ground:
                if large[a].distance(large[b]) <= RULE["ground_gap_m"]:
                    group[a] = group[b] = min(group[a], group[b])
    wanted = {}
    for first in set(group.values()):
        whole = shapely.union_all([large[k] for k in ground if group[k] == first])
        if whole.area >= RULE["ground_m2_min"]:
            wanted[f"osm:park:w{first}"] = pytest.approx(whole.area)
    assert dict(rows(con, "SELECT park_id, area_m2 FROM core.business_park")) == wanted


@pytest.mark.parametrize(("gap", "found"), [(29.9, ["osm:park:w1"]), (30.1, [])])
def test_a_street_between_two_pieces_joins_them_and_a_field_does_not(gap: float, found: list[str]) -> None:
    pieces = [shapely.box(0, 0, 100, 100), shapely.box(100 + gap, 0, 200 + gap, 100)]
    con = park_world(
        land_uses=[
            {"land_use_id": f"osm:w{k}", "land_use": "industrial", "geom": one.wkt} for k, one in enumerate(pieces, 1)
        ]
    )
    assert [row[0] for row in rows(con, "SELECT park_id FROM core.business_park")] == found


def test_an_authority_s_parks_leave_no_ground_to_land_use_and_the_boundary_says_how_much_is_inside() -> None:
    box = "POLYGON ((0 0, 400 0, 400 400, 0 400, 0 0))"
    half = "POLYGON ((-100 -10, 200 -10, 200 900, -100 900, -100 -10))"
    con = park_world(
        [
            {"area_id": "a", "theme": "business_park", "class": "x", "geom": box},
            {"area_id": "far", "theme": "business_park", "class": "x", "geom": "POLYGON ((9000 0, 9400 0, 9400 9, 9000 0))"},
        ],
        land_uses=[{"land_use_id": "osm:w1", "land_use": "industrial", "geom": box}],
        boundary=half,
    )  # fmt: skip
    assert rows(con, "SELECT park_id, source, inside_share FROM core.business_park") == [("a", "authority", 0.5)]
    assert rows(con, "SELECT park_id, reject_reason FROM refused_business_park") == [
        ("far", "outside the boundary of the city")
    ]


def test_words_become_codes_and_what_no_list_has_is_unknown_and_told() -> None:
    box = "POLYGON ((0 0, 400 0, 400 400, 0 400, 0 0))"
    said = {"use": "nietInGebruik", "building": "Bebouwd ", "availability": "misschien", "restriction": "reservegrond"}
    con = park_world(
        [
            {"area_id": "a", "theme": "business_park", "class": "x", "geom": box},
            {"area_id": "c", "theme": "park_parcel", "class": "x", "geom": box, "attributes": said},
            {"area_id": "d", "theme": "park_parcel", "class": "x", "geom": box, "attributes": {"use": "inGebruik"}},
        ]
    )  # fmt: skip
    names = "in_use, built, availability, parcel_function, restriction, unread"
    assert rows(con, f"SELECT {names} FROM core.park_parcel ORDER BY parcel_id") == [
        ("not_in_use", "built", None, None, "reserve", "availability: misschien"),
        ("in_use", None, None, None, None, None),
    ]


@pytest.mark.skipif(not (SHARED / "leuven").exists(), reason=f"no real data: {SHARED / 'leuven'} is absent")
def test_cadastral_parcels_of_leuven_stand_in_where_no_usage_parcel_is_known() -> None:
    frame = geopandas.read_parquet(SHARED / "leuven" / "parcels.parquet").to_crs(31370)
    polygons = frame.geometry[frame.geometry.notna() & frame.geometry.is_valid & (frame.geometry.area > 1)]
    middle = polygons.iloc[len(polygons) // 2].centroid
    near = polygons[polygons.intersects(middle.buffer(700))].reset_index(drop=True)
    park = shapely.box(middle.x - 431.3, middle.y - 287.7, middle.x + 390.1, middle.y + 402.9)
    con = park_world(
        [{"area_id": "park", "theme": "business_park", "class": "x", "geom": park.wkt}],
        parcels=[{"parcel_id": f"c{k:05}", "geom": shape.wkt} for k, shape in enumerate(near)],
    )
    share = near.intersection(park).area / near.area
    wanted = {f"c{k:05}": pytest.approx(share[k]) for k in np.flatnonzero(share >= HALF)}
    assert len(wanted) > 100
    assert dict(rows(con, "SELECT parcel_id, share FROM core.park_parcel")) == wanted
    assert rows(con, "SELECT DISTINCT source, in_use, built, availability FROM core.park_parcel") == [
        ("cadastre", None, None, None)
    ]
