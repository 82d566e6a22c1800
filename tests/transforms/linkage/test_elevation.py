"""Heights within outlines: what must hold for any raster, and a brute-force oracle on a real pair."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pytest
import rasterio
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from rasterio.transform import from_origin

from sources._kit.duck import connect
from sources._kit.errors import OnbenutError
from sources._kit.snapshot import Store
from tests.conftest import SHARED
from transforms.linkage import elevation
from transforms.linkage.elevation import measure_heights, summarise_cells

WEST, NORTH, SIDE = 100_000.0, 200_000.0, 60
Measure = Callable[..., dict[str, dict[str, float]]]
Box = tuple[float, float, float, float]


@pytest.fixture(scope="module")
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    with connect() as connection:
        connection.execute("CREATE SCHEMA raw; CREATE SCHEMA core")
        yield connection


@pytest.fixture(scope="module")
def measure(con: duckdb.DuckDBPyConnection, tmp_path_factory: pytest.TempPathFactory) -> Measure:
    """Measure outlines over tiles `(kind, cells, west, north, cell size)`; statistics by name, per outline."""

    def run(
        outlines: Sequence[Any], tiles: Sequence[tuple[str, Any, float, float, float]], crs: str = "EPSG:31370"
    ) -> Any:
        folder = tmp_path_factory.mktemp("store")
        store, path = Store(folder), folder / "tile.tif"
        con.execute(
            "CREATE OR REPLACE TABLE raw.elevation (feed VARCHAR, kind VARCHAR, sha256 VARCHAR, crs VARCHAR, west DOUBLE, "
            "south DOUBLE, east DOUBLE, north DOUBLE, cell_m DOUBLE, nodata DOUBLE)"
        )
        for kind, cells, west, north, cell in tiles:
            with rasterio.open(
                path, "w", driver="GTiff", width=cells.shape[1], height=cells.shape[0], count=1, dtype="float32",
                nodata=-9999, crs="EPSG:31370", transform=from_origin(west, north, cell, cell),
            ) as file:  # fmt: skip
                file.write(np.where(np.isnan(cells), -9999, cells).astype(np.float32), 1)
            with path.open("rb") as stream:
                sha256, _ = store.put(stream)
            assert sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
            east, south = west + cells.shape[1] * cell, north - cells.shape[0] * cell
            con.execute(
                f"INSERT INTO raw.elevation VALUES ('f', '{kind}', '{sha256}', 'EPSG:31370', {west}, {south}, {east}, {north}, {cell}, -9999)"
            )
        con.execute("CREATE OR REPLACE TABLE core.building (building_id VARCHAR, geom GEOMETRY)")
        wkb = [bytes(one) for one in shapely.to_wkb(np.asarray(outlines, dtype=object))]
        con.executemany(
            "INSERT INTO core.building VALUES (?, ST_GeomFromWKB(?))", [[f"b{i}", one] for i, one in enumerate(wkb)]
        )
        con.execute(f"SET VARIABLE crs = '{crs}'")
        names = ("cells", "mean", "spread", "low", "middle", "top")
        con.execute(
            f"CREATE OR REPLACE TEMP TABLE found (building_id VARCHAR, feed VARCHAR, {' DOUBLE, '.join(names)} DOUBLE)"
        )
        measure_heights(con, "core.building", "raw.elevation", store, "found")
        rows = con.execute(f"SELECT building_id, {', '.join(names)} FROM found").fetchall()
        assert len(rows) == len({row[0] for row in rows})
        return {row[0]: dict(zip(names, row[1:], strict=True)) for row in rows}

    return run


def box(west: float, south: float, east: float, north: float) -> Any:
    return shapely.box(WEST + west, NORTH - SIDE + south, WEST + east, NORTH - SIDE + north)


def pair(above: Any, ground: float = 20.0) -> list[tuple[str, Any, float, float, float]]:
    return [("dsm", above + ground, WEST, NORTH, 1.0), ("dtm", np.full((SIDE, SIDE), ground), WEST, NORTH, 1.0)]


def close(left: dict[str, Any], right: dict[str, Any], tolerance: float = 1e-4) -> bool:
    return left.keys() == right.keys() and all(
        left[one] == pytest.approx(right[one], abs=tolerance, nan_ok=False) for one in left
    )


BOXES = st.builds(
    lambda west, south, width, depth: (west, south, min(west + width, SIDE), min(south + depth, SIDE)),
    st.floats(0, 45), st.floats(0, 45), st.floats(0.3, 30), st.floats(0.3, 30),
)  # fmt: skip
UNEVEN = np.random.default_rng(4).random((SIDE, SIDE)).round(2) * 12


@settings(max_examples=25, deadline=None)
@given(spot=BOXES, height=st.floats(0.5, 90))
def test_a_constant_height_is_recovered_over_the_whole_outline(measure: Measure, spot: Box, height: float) -> None:
    found = measure([box(*spot)], pair(np.full((SIDE, SIDE), height)))["b0"]
    for name in ("mean", "low", "middle", "top"):
        assert found[name] == pytest.approx(height, abs=1e-4)
    assert found["cells"] == pytest.approx(box(*spot).area, rel=1e-6)


def test_cells_without_data_have_no_say_and_never_become_zero(measure: Measure) -> None:
    above = np.full((SIDE, SIDE), 9.0)
    above[:, 20:] = np.nan
    found = measure([box(10, 10, 30, 20), box(30, 30, 40, 40), box(18.5, 1, 20.25, 2)], pair(above))
    assert "b1" not in found
    assert found["b0"]["cells"] == pytest.approx(100)
    assert found["b2"]["cells"] == pytest.approx(1.5)
    assert {found[one][name] for one in ("b0", "b2") for name in ("low", "mean", "top")} == {9.0}
    # No terrain is no height either, though the surface is known.
    ground = np.full((SIDE, SIDE), 20.0)
    ground[:, :20] = np.nan
    tiles = [("dsm", np.full((SIDE, SIDE), 29.0), WEST, NORTH, 1.0), ("dtm", ground, WEST, NORTH, 1.0)]
    found = measure([box(10, 10, 30, 20), box(1, 1, 9, 9)], tiles)
    assert found.keys() == {"b0"}
    assert found["b0"]["cells"] == pytest.approx(100, abs=10)  # bilinear: half a cell more or less along the edge


def test_an_outline_partly_or_wholly_outside(measure: Measure) -> None:
    found = measure([box(-10, 10, 10, 20), box(-40, 0, -20, 10), box(300, 0, 400, 9)], pair(np.full((SIDE, SIDE), 7.0)))
    assert found.keys() == {"b0"}
    assert found["b0"]["cells"] == pytest.approx(100)
    assert found["b0"]["top"] == 7.0


def test_a_pit_is_below_zero_and_a_tree_does_not_lift_the_roof(measure: Measure) -> None:
    above = np.full((SIDE, SIDE), 6.0)
    above[0:10, 0:10] = -3
    above[30:31, 30:39] = 18  # 9 of 100 cells
    found = measure([box(0, 50, 10, 60), box(30, 20, 40, 30)], pair(above))
    assert (found["b0"]["top"], found["b0"]["mean"]) == (-3.0, -3.0)
    assert (found["b1"]["middle"], found["b1"]["top"]) == (6.0, 6.0)
    assert found["b1"]["mean"] == pytest.approx(6 + 12 * 0.09, abs=1e-4)


@settings(max_examples=15, deadline=None)
@given(spots=st.lists(BOXES, min_size=1, max_size=6), cuts=st.tuples(st.integers(1, 59), st.integers(1, 59)))
def test_how_a_model_is_cut_and_in_which_windows_it_is_read_changes_nothing(
    measure: Measure, spots: list[Box], cuts: tuple[int, int]
) -> None:
    outlines = [box(*spot) for spot in spots]
    whole = measure(outlines, pair(UNEVEN))
    row, column = cuts
    parts = [
        (kind, cells[rows, columns], WEST + (columns.start or 0), NORTH - (rows.start or 0), 1.0)
        for kind, cells, *_ in pair(UNEVEN)
        for rows in (slice(0, row), slice(row, SIDE))
        for columns in (slice(0, column), slice(column, SIDE))
    ]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(elevation, "WINDOW_CELLS", 16)
        assert close(
            measure(outlines[::-1], parts[::-1]), {f"b{len(spots) - 1 - int(k[1:])}": v for k, v in whole.items()}
        )


@settings(max_examples=15, deadline=None)
@given(spot=BOXES, east=st.integers(-500, 500), north=st.integers(-500, 500))
def test_moving_rasters_and_outline_together_changes_nothing(
    measure: Measure, spot: Box, east: int, north: int
) -> None:
    here = measure([box(*spot)], pair(UNEVEN))
    moved = [(kind, cells, west + east, top + north, cell) for kind, cells, west, top, cell in pair(UNEVEN)]
    there = measure([shapely.transform(box(*spot), lambda xy: xy + np.array([east, north]))], moved)
    assert close(here, there, 0.02 if min(spot[2] - spot[0], spot[3] - spot[1]) < 0.5 else 1e-3)


def test_terrain_of_coarser_cells_is_laid_on_the_surface(measure: Measure) -> None:
    x, y = np.meshgrid(np.arange(SIDE) + 0.5, SIDE - np.arange(SIDE) - 0.5)
    surface = 20 + 0.05 * x + 0.02 * y + 8
    coarse = (20 + 0.05 * x + 0.02 * y).reshape(12, 5, 12, 5).mean(axis=(1, 3))
    found = measure([box(12, 12, 31, 26)], [("dsm", surface, WEST, NORTH, 1.0), ("dtm", coarse, WEST, NORTH, 5.0)])[
        "b0"
    ]
    assert found["low"] == pytest.approx(8, abs=0.02)
    assert found["top"] == pytest.approx(8, abs=0.02)


def test_a_city_in_another_crs_measures_the_same_cells(measure: Measure, con: duckdb.DuckDBPyConnection) -> None:
    here = box(10, 12, 31, 26)
    moved = con.execute(
        f"SELECT ST_AsWKB(ST_Transform(ST_GeomFromText('{here.wkt}'), 'EPSG:31370', 'EPSG:3812', always_xy := true))"
    ).fetchall()[0][0]
    there = shapely.from_wkb(bytes(moved))
    assert shapely.bounds(there)[0] > 500_000
    found = measure([there], pair(UNEVEN), crs="EPSG:3812")["b0"]
    assert found["mean"] == pytest.approx(measure([here], pair(UNEVEN))["b0"]["mean"], abs=0.02)


def test_a_file_that_left_the_store_is_named(con: duckdb.DuckDBPyConnection, measure: Measure, tmp_path: Path) -> None:
    measure([box(1, 1, 9, 9)], pair(UNEVEN))
    with pytest.raises(OnbenutError, match="no longer has a raster"):
        measure_heights(con, "core.building", "raw.elevation", Store(tmp_path / "elsewhere"), "found")


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.lists(st.tuples(st.integers(-2, 4), st.floats(0.01, 1)), min_size=1, max_size=12), min_size=1, max_size=5
    )
)
def test_quantiles_are_numpys_also_where_values_are_equal(cells: list[list[tuple[int, float]]]) -> None:
    values = [np.array([v for v, _ in one], np.float32) for one in cells]
    weights = [np.array([w for _, w in one]) for one in cells]
    found = summarise_cells([np.append(v, np.nan) for v in values], [np.append(w, 1.0) for w in weights])
    for i, (value, weight) in enumerate(zip(values, weights, strict=True)):
        for name, q in (("low", 0.1), ("middle", 0.5), ("top", 0.9)):
            near = {float(np.quantile(value, q + d, weights=weight, method="inverted_cdf")) for d in (-1e-5, 0, 1e-5)}
            assert found[name][i] in near
        assert found["mean"][i] == pytest.approx(np.average(value, weights=weight))


def test_the_real_pair_agrees_with_brute_force(measure: Measure) -> None:
    folder = SHARED / "elevation"
    if not folder.exists():
        pytest.skip(f"no real data: {folder} is absent (ONBENUT_SHARED)")
    tiles, cells = [], {}
    for kind in ("dsm", "dtm"):
        with rasterio.open(folder / f"{kind}_1m.tif") as file:
            cells[kind] = file.read(1)
            tiles.append((kind, cells[kind], file.bounds.left, file.bounds.top, 1.0))
    west, north = tiles[0][2], tiles[0][3]
    rng = np.random.default_rng(2)
    corners = np.column_stack([west + rng.random(40) * 380, north - 25 - rng.random(40) * 370])
    outlines = [
        shapely.convex_hull(shapely.MultiPoint(corner + rng.random((7, 2)) * rng.uniform(2, 22))) for corner in corners
    ]
    found = measure(outlines, tiles)
    assert len(found) == 40
    column, row = np.meshgrid(np.arange(401), np.arange(401))
    squares = shapely.box(west + column, north - row - 1, west + column + 1, north - row)
    heights = (cells["dsm"] - cells["dtm"]).astype(float)
    for i, outline in enumerate(outlines):
        near = shapely.intersects(squares, outline)
        weight = shapely.area(shapely.intersection(squares[near], outline))
        value = heights[near]
        assert found[f"b{i}"]["cells"] == pytest.approx(weight.sum(), rel=1e-6)
        assert found[f"b{i}"]["mean"] == pytest.approx(np.average(value, weights=weight), abs=1e-3)
        for name, q in (("low", 0.1), ("middle", 0.5), ("top", 0.9)):
            some = [
                np.quantile(value[weight > 0], q + d, weights=weight[weight > 0], method="inverted_cdf")
                for d in (-1e-4, 1e-4)
            ]
            assert min(some) - 1e-3 <= found[f"b{i}"][name] <= max(some) + 1e-3
