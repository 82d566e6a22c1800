"""What kinds of files `onbenut match footprints` reads, and how it says what it cannot."""

from __future__ import annotations

import itertools
import re
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import geopandas as gpd
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pyogrio
import pytest
from pyproj import CRS
from shapely import GeometryCollection, LineString, MultiPolygon, Point, Polygon, box

from sources._kit.duck import connect
from sources._kit.errors import OnbenutError
from transforms.linkage.footprint import match_footprint_files
from transforms.linkage.footprint_read import metric_crs, place_outlines, read_footprints

LAMBERT = CRS(31370)
HOUSE = box(150_000, 200_000, 150_010, 200_010)
gdal: Any = pyogrio  # carries no types


@pytest.fixture
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    with connect() as connection:
        yield connection


def write(path: Path, shapes: list[Any], ids: list[Any] | None = None, crs: CRS | None = LAMBERT) -> Path:
    names = list(range(1, len(shapes) + 1)) if ids is None else ids
    frame = gpd.GeoDataFrame({"OIDN": names}, geometry=shapes, crs=crs)
    frame.to_parquet(path) if path.suffix == ".parquet" else frame.to_file(path)
    return path


def usable(con: duckdb.DuckDBPyConnection, path: Path, crs: CRS = LAMBERT) -> dict[str, float]:
    """Area of each outline that can be matched."""
    own = read_footprints(con, "left", path, None)
    place_outlines(con, "left", own, crs)
    query = "SELECT id, ST_Area(geom) FROM usable_left WHERE ST_IsValid(geom) AND NOT ST_HasZ(geom) ORDER BY id"
    return {str(name): float(m2) for name, m2 in con.execute(query).fetchall()}


@pytest.mark.parametrize("suffix", [".parquet", ".gpkg", ".geojson", ".fgb", ".shp"])
def test_every_format_gives_the_same_outlines(con: duckdb.DuckDBPyConnection, tmp_path: Path, suffix: str) -> None:
    crs = CRS(4326) if suffix == ".geojson" else LAMBERT
    shapes = list(gpd.GeoSeries([HOUSE, HOUSE.buffer(5)], crs=LAMBERT).to_crs(crs))
    found = usable(con, write(tmp_path / f"a{suffix}", shapes, crs=crs))
    # A number stays the number it was: 1, not 1.0.
    assert found == {"1": pytest.approx(100, rel=1e-4), "2": pytest.approx(HOUSE.buffer(5).area, rel=1e-4)}


def test_every_row_is_either_usable_or_counted(con: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    shapes: dict[str, tuple[Any, float | None]] = {
        "flat": (HOUSE, 100.0),
        "with height": (Polygon([(0, 0, 5), (10, 0, 5), (10, 10, 5)]), 50.0),
        "bow tie": (Polygon([(0, 0), (10, 10), (10, 0), (0, 10)]), 50.0),
        # United, not cut out of each other.
        "overlapping parts": (MultiPolygon([box(0, 0, 10, 10), box(5, 0, 15, 10)]), 150.0),
        "collection": (GeometryCollection([LineString([(0, 0), (1, 1)]), box(0, 0, 2, 2), box(2, 0, 4, 2)]), 8.0),
        "line": (LineString([(0, 0), (1, 1)]), None),
        "point": (Point(0, 0), None),
        "empty": (Polygon(), None),
        "folded": (Polygon([(0, 0), (1, 0), (0, 0)]), None),
        "nothing": (None, None),
    }
    path = write(tmp_path / "a.parquet", [shape for shape, _ in shapes.values()], list(shapes))
    assert usable(con, path) == {name: pytest.approx(m2) for name, (_, m2) in shapes.items() if m2 is not None}
    counts = match_footprint_files(path, write(tmp_path / "b.parquet", [HOUSE]), tmp_path / "pairs.gpkg")
    assert (counts.left, counts.unusable, counts.pairs) == (10, 5, 1)
    refused = gpd.read_file(tmp_path / "pairs_refused.gpkg").set_index("id")
    assert set(refused[refused["reason"] == "no usable outline"].index) == {
        "line",
        "point",
        "empty",
        "folded",
        "nothing",
    }
    assert refused.geometry["line"].equals(shapes["line"][0])


@pytest.mark.parametrize("suffix", [".csv", ".parquet", ".gpkg", ".geojson"])
def test_an_outline_outside_the_crs_is_refused_not_fatal(tmp_path: Path, suffix: str) -> None:
    away = gpd.GeoSeries([HOUSE], crs=LAMBERT).to_crs(4326).iloc[0]
    left = write(tmp_path / "left.parquet", [away, Polygon([(4, 51), (5, 51), (5, 91)])], crs=CRS(4326))
    counts = match_footprint_files(left, write(tmp_path / "right.parquet", [HOUSE]), tmp_path / f"pairs{suffix}")
    assert (counts.pairs, counts.refused, counts.unusable) == (1, 1, 1)


def test_arcs_are_read_as_short_lines(con: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    round_points = [(0, 0), (5, 5), (10, 0), (5, -5), (0, 0)]
    arc = struct.pack("<BII", 1, 8, 5) + b"".join(struct.pack("<dd", *point) for point in round_points)
    rows = pa.table({"OIDN": ["tank"], "geom": pa.array([struct.pack("<BII", 1, 10, 1) + arc], pa.binary())})
    path = tmp_path / "arcs.gpkg"
    gdal.write_arrow(rows, path, driver="GPKG", geometry_name="geom", geometry_type="Unknown", crs="EPSG:31370")
    assert usable(con, path) == {"tank": pytest.approx(3.14159 * 25, rel=0.01)}


@pytest.mark.parametrize("suffix", [".parquet", ".gpkg", ".fgb", ".shp"])
@pytest.mark.filterwarnings("ignore::UserWarning")
def test_a_file_without_crs_is_named(con: duckdb.DuckDBPyConnection, tmp_path: Path, suffix: str) -> None:
    path = write(tmp_path / f"a{suffix}", [HOUSE], crs=None)
    with pytest.raises(OnbenutError, match=r"does not say its CRS.*Next step: save it with a CRS"):
        read_footprints(con, "left", path, None)


@pytest.mark.parametrize("suffix", [".parquet", ".gpkg"])
@pytest.mark.parametrize("ids", [["a", None], [1.0, float("nan")], ["a", "nan"], ["a", " "]])
def test_a_row_without_id_is_named(
    con: duckdb.DuckDBPyConnection, tmp_path: Path, suffix: str, ids: list[object]
) -> None:
    path = write(tmp_path / f"a{suffix}", [HOUSE, HOUSE], ids)
    with pytest.raises(OnbenutError, match=r"an id is missing or occurs twice.*column OIDN, value empty"):
        read_footprints(con, "left", path, None)


@pytest.mark.parametrize(
    ("suffix", "content"),
    [
        *itertools.product((".parquet", ".gpkg", ".geojson", ".fgb", ".shp"), ("none", "words")),
        *itertools.product((".parquet", ".gpkg", ".geojson", ".fgb"), ("half",)),
    ],
)
def test_a_damaged_file_is_an_error_that_names_it(
    con: duckdb.DuckDBPyConnection, tmp_path: Path, suffix: str, content: str
) -> None:
    path = write(tmp_path / f"a{suffix}", [HOUSE] * 500, crs=CRS(4326) if suffix == ".geojson" else LAMBERT)
    whole = path.read_bytes()
    path.write_bytes({"none": b"", "words": b"not what it seems", "half": whole[: len(whole) // 2]}[content])
    with pytest.raises(OnbenutError, match=f"{re.escape(str(path))}.*Next step: "):
        read_footprints(con, "left", path, None)


def test_a_shapefile_cut_short_keeps_its_rows(con: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    path = write(tmp_path / "a.shp", [HOUSE] * 10)
    path.write_bytes(path.read_bytes()[:-136])
    assert len(usable(con, path)) == 9
    assert con.execute("SELECT count(*) FROM outline_left").fetchall() == [(10,)]


def test_a_parquet_file_without_geometry_and_one_of_points_in_columns_are_named(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    pd.DataFrame({"OIDN": [1]}).to_parquet(tmp_path / "plain.parquet")
    with pytest.raises(OnbenutError, match="the file has no geometry"):
        read_footprints(con, "left", tmp_path / "plain.parquet", None)
    pq.write_table(pa.table({"OIDN": [1], "geometry": [HOUSE.wkb]}), tmp_path / "bare.parquet")
    with pytest.raises(OnbenutError, match=r"does not say its CRS.*column geometry"):
        read_footprints(con, "left", tmp_path / "bare.parquet", None)
    frame = gpd.GeoDataFrame({"OIDN": [1]}, geometry=[HOUSE], crs=LAMBERT)
    frame.to_parquet(tmp_path / "arrow.parquet", geometry_encoding="geoarrow")
    with pytest.raises(OnbenutError, match=r"not written as WKB.*column geometry"):
        read_footprints(con, "left", tmp_path / "arrow.parquet", None)


def test_two_layers_are_no_answer(con: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    path = tmp_path / "a.gpkg"
    for layer in ("one", "two"):
        gpd.GeoDataFrame({"OIDN": [1]}, geometry=[HOUSE], crs=LAMBERT).to_file(path, layer=layer)
    with pytest.raises(OnbenutError, match=r"2 layers with geometry.*one, two"):
        read_footprints(con, "left", path, None)


@pytest.mark.parametrize(
    ("left", "right", "shape", "expected"),
    [
        (31370, 3812, HOUSE, 31370),
        (4326, 3812, box(4, 51, 4.1, 51.1), 3812),
        (4326, 4326, box(4, 51, 4.1, 51.1), 32631),
        (4326, 4326, box(-70, -34, -69.9, -33.9), 32719),
        (2263, 4326, box(980_000, 190_000, 981_000, 191_000), 32618),
        (4326, 4326, box(-5, 40, 10, 50), 3035),
        (4326, 4326, None, 3035),
    ],
)
def test_lengths_are_measured_in_metres(
    con: duckdb.DuckDBPyConnection, tmp_path: Path, left: int, right: int, shape: Any, expected: int
) -> None:
    own = read_footprints(con, "left", write(tmp_path / "a.parquet", [shape], crs=CRS(left)), None)
    assert metric_crs(con, own, CRS(right)).to_epsg() == expected


def test_a_crs_without_a_code_is_still_a_crs(con: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    own = CRS("+proj=tmerc +lat_0=50 +lon_0=4 +k=1 +x_0=1000 +y_0=2000 +ellps=GRS80 +units=m +type=crs")
    for name in ("a.parquet", "a.gpkg"):
        path = write(tmp_path / name, [box(1000, 2000, 1010, 2010)], crs=own)
        assert usable(con, path, CRS(3812)) == {"1": pytest.approx(100, rel=1e-2)}
