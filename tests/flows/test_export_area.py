"""export --area: the buildings that touch the polygons of a file; and FlatGeobuf and GeoParquet as others read them."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import geopandas
import pyarrow.parquet as pq
import pyogrio
import pytest
import shapely

from flows.export import export_layer
from flows.export_place import ExportError
from tests.flows.conftest import NAME, Home

SUFFIXES = (".geojson", ".gpkg", ".shp", ".parquet", ".fgb")


@pytest.fixture(scope="module")
def layer(demo: object, request: pytest.FixtureRequest) -> geopandas.GeoDataFrame:
    home = request.getfixturevalue("demo").home
    return pyogrio.read_dataframe(home.space.outputs / NAME / f"{NAME}.gpkg", layer="buildings")


@pytest.fixture(scope="module")
def shapes(layer: geopandas.GeoDataFrame) -> geopandas.GeoDataFrame:
    """Two overlapping circles around the middle and, far from them, a ring with a hole; in the city's CRS."""
    low_x, low_y, high_x, high_y = layer.total_bounds
    middle = shapely.Point((low_x + high_x) / 2, (low_y + high_y) / 2)
    reach = (high_x - low_x) / 4
    ring = shapely.Point(high_x, high_y).buffer(2 * reach) - shapely.Point(high_x, high_y).buffer(reach)
    circles = [middle.buffer(reach), shapely.affinity.translate(middle, reach / 2).buffer(reach)]
    return geopandas.GeoDataFrame({"name": ["a", "b", "c"]}, geometry=[*circles, ring], crs=31370)


def write(frame: geopandas.GeoDataFrame, path: Path) -> Path:
    if path.suffix == ".parquet":
        frame.to_parquet(path)
    else:
        frame.to_file(path)
    return path


def exported(home: Home, area: Path, to: Path, **more: object) -> list[str]:
    count = export_layer(NAME, to, home.space, area=area, **more)  # type: ignore[arg-type]
    found = pyogrio.read_dataframe(to, layer="buildings")
    assert len(found) == count
    return sorted(found["building_id"])


@pytest.mark.parametrize(
    ("suffix", "epsg"), [*((suffix, 4326) for suffix in SUFFIXES), (".gpkg", 31370), (".gpkg", 3035)]
)
def test_an_area_gives_what_touches_it(
    home: Home, tmp_path: Path, layer: geopandas.GeoDataFrame, shapes: geopandas.GeoDataFrame, suffix: str, epsg: int
) -> None:
    area = write(shapes.to_crs(epsg), tmp_path / f"gebied{suffix}")
    # Back through the CRS of the file, whose rounding may decide a building on the edge.
    wanted = shapely.union_all(shapes.to_crs(epsg).to_crs(31370).geometry.to_numpy())
    meant = sorted(layer["building_id"][layer.intersects(wanted)])
    assert 10 < len(meant) < len(layer)
    assert exported(home, area, tmp_path / "x.fgb") == meant


def test_an_area_and_the_other_selections_hold_together(
    home: Home, tmp_path: Path, layer: geopandas.GeoDataFrame, shapes: geopandas.GeoDataFrame
) -> None:
    area = write(shapes, tmp_path / "gebied.gpkg")
    middle = shapes.geometry[0].bounds
    rows = layer.intersects(shapes.union_all()) & layer.intersects(shapely.box(*middle)) & (layer["evidence_count"] > 0)
    done = home.onbenut(
        "export", NAME, "--to", tmp_path / "x.fgb", "--area", area, "--bbox", ",".join(map(str, middle)), "--where", "evidence_count > 0"
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert sorted(pyogrio.read_dataframe(tmp_path / "x.fgb")["building_id"]) == sorted(layer["building_id"][rows]) != []


def test_flatgeobuf_is_the_layer_with_an_index(home: Home, tmp_path: Path, layer: geopandas.GeoDataFrame) -> None:
    target = tmp_path / "x.fgb"
    export_layer(NAME, target, home.space)
    info = pyogrio.read_info(target)
    assert info["geometry_type"] == "MultiPolygon"
    assert info["capabilities"]["fast_spatial_filter"]
    assert "Voorbeeldstad: made-up data" in info["layer_metadata"]["DESCRIPTION"]
    read = pyogrio.read_dataframe(target)
    assert read.crs.to_epsg() == 31370
    assert list(read.columns) == list(layer.columns)
    read, wanted = (frame.set_index("building_id").sort_index() for frame in (read, layer))
    assert read.geometry.geom_equals(wanted.geometry).all()
    box = tuple(layer.geometry[0].bounds)
    assert len(pyogrio.read_dataframe(target, bbox=box)) == layer.intersects(shapely.box(*box)).sum()


def test_geoparquet_is_read_by_its_covering(home: Home, tmp_path: Path, layer: geopandas.GeoDataFrame) -> None:
    target = tmp_path / "x.parquet"
    export_layer(NAME, target, home.space, where="true")
    box = tuple(layer.geometry[0].buffer(300).bounds)
    read = geopandas.read_parquet(target, bbox=box)
    assert sorted(read["building_id"]) == sorted(layer["building_id"][layer.intersects(shapely.box(*box))])
    assert 0 < len(read) < len(layer)
    assert pq.read_schema(target).metadata[b"onbenut"]


def test_an_export_for_the_public_holds_nothing_of_the_city(home: Home, tmp_path: Path) -> None:
    export_layer(NAME, tmp_path / "x.gpkg", home.space)
    public = pyogrio.read_dataframe(tmp_path / "x.gpkg", layer="buildings", read_geometry=False)
    city = pyogrio.read_dataframe(
        home.space.outputs / NAME / f"{NAME}_city.gpkg", layer="buildings", read_geometry=False
    )
    only = set(city["building_id"]) - set(public["building_id"])
    assert only
    with closing(sqlite3.connect(tmp_path / "x.gpkg")) as db:
        dump = "\n".join(db.iterdump())
    assert not [one for one in only if f"'{one}'" in dump]


BOWTIE = shapely.Polygon([(180000, 198000), (181000, 199000), (181000, 198000), (180000, 199000)])


@pytest.mark.parametrize(
    ("name", "geometry", "crs", "words"),
    [
        ("x.geojson", [shapely.Point(4.8, 51.0)], 4326, "not made of polygons"),
        ("x.geojson", [shapely.Point(4.8, 51.0).buffer(0.1), shapely.Point(4.8, 51.0)], 4326, "point, polygon"),
        ("x.gpkg", [shapely.Polygon()], 31370, "not made of polygons"),
        ("x.gpkg", [], 31370, "not made of polygons"),
        ("x.shp", [shapely.box(180000, 198000, 181000, 199000)], None, "in which CRS"),
        ("x.parquet", [shapely.box(180000, 198000, 181000, 199000)], None, "in which CRS"),
        ("x.gpkg", [BOWTIE], 31370, "Self-intersection"),
        ("x.gpkg", [shapely.box(100, 100, 200, 200)], 31370, "km away"),
        ("x.gpkg", [shapely.box(50, 4.7, 51.2, 4.9)], 4326, "nowhere near"),
        ("x.gpkg", [shapely.box(180000, 198000, 181000, 199000)], 4326, "outside the CRS"),
    ],
)
def test_a_wrong_area_is_named_and_leaves_the_old_file(
    home: Home, tmp_path: Path, name: str, geometry: list[shapely.Geometry], crs: int | None, words: str
) -> None:
    frame = geopandas.GeoDataFrame({"a": range(len(geometry))}, geometry=geometry, crs=crs)
    area = write(frame, tmp_path / name)
    target = tmp_path / "uit.csv"
    target.write_text("old", encoding="utf-8")
    with pytest.raises(ExportError, match=words) as refused:
        export_layer(NAME, target, home.space, area=area)
    assert refused.value.next_step
    assert refused.value.where["city"] == NAME
    assert target.read_text(encoding="utf-8") == "old"


def test_an_area_that_is_no_file_or_several_layers_is_named(
    home: Home, tmp_path: Path, shapes: geopandas.GeoDataFrame
) -> None:
    target = tmp_path / "uit.fgb"
    (tmp_path / "kapot.geojson").write_text('{"type": "FeatureCollection", "fea', encoding="utf-8")
    (tmp_path / "leeg.gpkg").write_bytes(b"")
    (tmp_path / "kapot.parquet").write_bytes(b"PAR1")
    for layer in ("een", "twee"):
        shapes.to_file(tmp_path / "lagen.gpkg", layer=layer)
    for name, words in {
        "nergens.gpkg": "no such file",
        ".": "no such file",
        "kapot.geojson": "cannot be read",
        "leeg.gpkg": "cannot be read",
        "kapot.parquet": "cannot be read",
        "lagen.gpkg": "several layers",
    }.items():
        with pytest.raises(ExportError, match=words):
            export_layer(NAME, target, home.space, area=tmp_path / name)
    done = home.onbenut("export", NAME, "--to", target, "--area", tmp_path / "nergens.gpkg")
    assert done.returncode == 1
    assert done.stderr.startswith("error: no such file")
    assert not target.exists()
