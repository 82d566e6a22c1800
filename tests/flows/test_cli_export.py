"""export: the same buildings in every format, whole or not at all."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pyogrio
import pytest
import shapely

from flows.query import ask
from tests.flows.conftest import NAME, Done, Home

FORMATS = (".gpkg", ".parquet", ".fgb", ".geojson", ".csv")


def ids(home: Home, where: str, audience: str = "public") -> list[str]:
    query = f"SELECT building_id FROM layer.building WHERE audience = '{audience}' AND ({where}) ORDER BY priority_rank"
    return [row[0] for batch in ask(NAME, home.space, query).batches for row in batch]


def written(path: Path) -> list[str]:
    if path.suffix == ".csv":
        with path.open(encoding="utf-8", newline="") as file:
            return [row["building_id"] for row in csv.DictReader(file)]
    if path.suffix == ".geojson":
        return [feature["id"] for feature in json.loads(path.read_text(encoding="utf-8"))["features"]]
    if path.suffix == ".parquet":
        import pyarrow.parquet as pq

        table = pq.read_table(path, columns=["building_id", "priority_rank"]).sort_by("priority_rank")
        return list(table["building_id"].to_pylist())
    frame = pyogrio.read_dataframe(path, layer="buildings", read_geometry=False)
    return list((frame.sort_values("priority_rank") if path.suffix == ".fgb" else frame)["building_id"])


def export(home: Home, to: Path, *more: object) -> Done:
    return home.onbenut("export", NAME, "--to", to, *more)


@pytest.mark.parametrize("suffix", FORMATS)
def test_a_format_holds_the_buildings_that_were_asked_for(home: Home, tmp_path: Path, suffix: str) -> None:
    where = "type IN ('church', 'school') -- kerken en scholen"
    done = export(home, tmp_path / f"deel{suffix}", "--where", where)
    assert done.returncode == 0, done.stderr
    assert written(tmp_path / f"deel{suffix}") == ids(home, "type IN ('church', 'school')") != []
    assert [path.name for path in tmp_path.iterdir()] == [f"deel{suffix}"]


@pytest.mark.parametrize("suffix", FORMATS)
def test_an_empty_selection_is_an_empty_file_and_a_warning(home: Home, tmp_path: Path, suffix: str) -> None:
    done = export(home, tmp_path / f"leeg{suffix}", "--where", "false")
    assert done.returncode == 0, done.stderr
    assert "warning: no building" in done.stderr
    assert written(tmp_path / f"leeg{suffix}") == []


def test_an_audience_gets_its_own_layer(home: Home, tmp_path: Path) -> None:
    assert export(home, tmp_path / "stad.csv", "--audience", "city").returncode == 0
    assert export(home, tmp_path / "publiek.csv").returncode == 0
    city, public = written(tmp_path / "stad.csv"), written(tmp_path / "publiek.csv")
    assert city == ids(home, "true", "city")
    assert public == ids(home, "true")
    assert len(city) > len(public)


def test_where_cannot_reach_another_audience(home: Home, tmp_path: Path) -> None:
    assert export(home, tmp_path / "x.csv", "--where", "audience = 'city' OR true").returncode == 0
    assert written(tmp_path / "x.csv") == ids(home, "true")


def test_a_box_holds_the_buildings_that_touch_it(home: Home, tmp_path: Path) -> None:
    query = "SELECT building_id, geom FROM layer.building WHERE audience = 'public' ORDER BY priority_rank"
    shapes = {row[0]: shapely.from_wkt(row[1]) for batch in ask(NAME, home.space, query).batches for row in batch}
    low_x, low_y, high_x, high_y = shapely.total_bounds(list(shapes.values()))
    box = (low_x, low_y, (low_x + high_x) / 2, (low_y + high_y) / 2)
    assert export(home, tmp_path / "vak.csv", "--bbox", ",".join(map(str, box))).returncode == 0
    inside = [name for name, shape in shapes.items() if shape.intersects(shapely.box(*box))]
    assert written(tmp_path / "vak.csv") == inside
    assert 0 < len(inside) < len(shapes)


def test_geojson_is_longitude_latitude_and_the_same_outlines(home: Home, tmp_path: Path) -> None:
    export(home, tmp_path / "x.geojson")
    export(home, tmp_path / "x.gpkg")
    wanted = pyogrio.read_dataframe(tmp_path / "x.gpkg", layer="buildings").set_index("building_id").to_crs(4326)
    body: dict[str, Any] = json.loads((tmp_path / "x.geojson").read_text(encoding="utf-8"))
    assert body["attribution"]
    for feature in body["features"]:
        shape = shapely.geometry.shape(feature["geometry"])
        assert shape.is_valid
        assert all(part.exterior.is_ccw for part in shapely.get_parts(shape))
        # Two centimetres: the coordinates are rounded to one.
        assert shape.hausdorff_distance(wanted.geometry[feature["id"]]) < 2e-7


def test_a_geopackage_holds_the_evidence_of_its_own_buildings_only(home: Home, tmp_path: Path) -> None:
    assert export(home, tmp_path / "x.gpkg", "--where", "evidence_count > 1").returncode == 0
    evidence = pyogrio.read_dataframe(tmp_path / "x.gpkg", layer="evidence", read_geometry=False)
    assert set(evidence["building_id"]) <= set(written(tmp_path / "x.gpkg"))
    assert len(evidence) == pyogrio.read_info(tmp_path / "x.gpkg", layer="evidence")["features"] > 0


@pytest.mark.parametrize(
    ("more", "words"),
    [
        (("--where", "true; DROP TABLE layer.building"), "one SQL expression"),
        (("--where", "1 = 1) OR (1 = 1"), "no expression"),
        (("--where", "true UNION SELECT 1"), "no expression"),
        (("--where", "nothing = 1"), "no expression"),
        (("--where", ""), "no expression"),
        (("--bbox", "1,2,3"), "four numbers"),
        (("--bbox", "3,3,1,1"), "from low to high"),
        (("--bbox", "nan,0,1,1"), "from low to high"),
    ],
)
def test_a_wrong_selection_is_refused_and_leaves_the_old_file(
    home: Home, tmp_path: Path, more: tuple[str, ...], words: str
) -> None:
    target = tmp_path / "x.csv"
    target.write_text("old", encoding="utf-8")
    done = export(home, target, *more)
    assert done.returncode == 1
    assert done.stderr.startswith("error: ")
    assert words in done.stderr
    assert target.read_text(encoding="utf-8") == "old"
    assert len(list(tmp_path.iterdir())) == 1


@pytest.mark.parametrize("name", ["x.shp", "x", "nergens/x.csv"])
def test_a_wrong_place_is_refused(home: Home, tmp_path: Path, name: str) -> None:
    done = export(home, tmp_path / name)
    assert done.returncode == 1
    assert done.stderr.startswith("error: no such")
