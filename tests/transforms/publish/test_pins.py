"""The pins, read as the platform reads them: as JSON, and against an independent transformation."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import duckdb
import geopandas
import pytest
from pyproj import Transformer

from transforms.publish import pins as pins_module
from transforms.publish.publish import publish_city

CRS = "EPSG:31370"


@pytest.fixture(scope="module")
def pins(published: Path) -> dict[str, Any]:
    data: dict[str, Any] = json.loads((published / "gent_pins.geojson").read_text(encoding="utf-8"))
    return data


def test_collection_names_run_and_attribution(pins: dict[str, Any]) -> None:
    assert pins["type"] == "FeatureCollection"
    assert pins["run_id"] == "run-7"
    assert pins["attribution"] == "Bron: GRB, Digitaal Vlaanderen; © OpenStreetMap contributors"
    assert "crs" not in pins  # RFC 7946 forbids it
    assert len(pins["features"]) == 180


def test_ids_are_the_buildings_and_unique(pins: dict[str, Any]) -> None:
    ids = [feature["id"] for feature in pins["features"]]
    assert len(set(ids)) == 180
    assert ids == [feature["properties"]["building_id"] for feature in pins["features"]]


def test_coordinates_are_longitude_latitude_with_seven_decimals(pins: dict[str, Any], published: Path) -> None:
    frame = geopandas.read_file(published / "gent.gpkg", layer="pins").set_index("building_id")
    to_degrees = Transformer.from_crs(31370, 4326, always_xy=True)
    for feature in pins["features"]:
        point = frame.geometry[feature["id"]]
        found = feature["geometry"]["coordinates"]
        assert feature["geometry"]["type"] == "Point"
        assert found == pytest.approx(to_degrees.transform(point.x, point.y), abs=6e-8)
        assert found == [round(value, 7) for value in found]
        assert 3.6 < found[0] < 3.8
        assert 50.9 < found[1] < 51.2


def test_null_stays_null(pins: dict[str, Any]) -> None:
    by_id = {feature["id"]: feature["properties"] for feature in pins["features"]}
    unknown = by_id["grb:0000105"]  # a multiple of 7, 5 and 3, and odd
    assert (
        {unknown[name] for name in ("priority_score", "priority_rank", "underuse_probability", "reasons")} == {None}
        if unknown["reasons"] is None
        else False
    )
    assert [unknown[name] for name in ("name", "address", "volume_m3", "last_verified_on")] == [None] * 4
    assert by_id["grb:0000002"]["name"] == 'Sint-Jan & "Zoon" é 2'
    assert by_id["grb:0000002"]["last_verified_on"] == "2026-02-03"


def test_reasons_are_a_list_of_at_most_three(pins: dict[str, Any]) -> None:
    by_id = {feature["id"]: feature["properties"] for feature in pins["features"]}
    assert by_id["grb:0000002"]["reasons"] == [
        "Register: volledig pand; 1e",
        "OSM: disused=yes",
        "Geen onderneming",
    ]
    assert by_id["grb:0000002"]["reasons_en"] == ["Register: whole building; 1st", "OSM: disused=yes", "No enterprise"]


def test_best_uses_come_with_their_bounds_and_what_to_check(pins: dict[str, Any]) -> None:
    by_id = {feature["id"]: feature["properties"] for feature in pins["features"]}
    assert by_id["grb:0000004"]["best_uses"] is None
    culture, housing = by_id["grb:0000002"]["best_uses"]
    assert (culture["use"], culture["label"], culture["to_check"], culture["to_check_en"]) == (
        "culture",
        "cultuur",
        ["bestemming"],
        ["zoning"],
    )
    assert (culture["low"], culture["high"], culture["known_share"]) == (10.0, 90.0, 0.5)
    assert culture["score"] == pytest.approx(2 * housing["score"], abs=0.02)


def test_sizes_have_their_bounds_and_labels_two_languages(pins: dict[str, Any]) -> None:
    known = next(f["properties"] for f in pins["features"] if f["id"] == "grb:0000002")
    assert known["volume_low_m3"] < known["volume_m3"] < known["volume_high_m3"]
    assert known["floor_area_low_m2"] <= known["floor_area_m2"] <= known["floor_area_high_m2"]
    assert (known["type"], known["type_label"], known["type_label_en"]) == ("school", "School", "School")
    assert next(f["properties"]["type_label_en"] for f in pins["features"] if f["id"] == "grb:0000004") == "Church"


def test_separators_are_those_the_layer_is_joined_with() -> None:
    sql = (Path(pins_module.__file__).parents[1] / "layer" / "building.sql").read_text(encoding="utf-8")
    assert f"string_agg(text_nl, '{pins_module.REASON_SEPARATOR}'" in sql
    assert f"string_agg(DISTINCT f.title, '{pins_module.SOURCE_SEPARATOR}'" in sql


def test_a_building_is_attributed_to_its_own_sources(pins: dict[str, Any]) -> None:
    by_id = {feature["id"]: feature["properties"]["attribution"] for feature in pins["features"]}
    assert by_id["grb:0000003"] == "Bron: GRB, Digitaal Vlaanderen"
    assert by_id["grb:0000011"] == pins["attribution"]  # names none: all of them, rather than nobody
    assert by_id["grb:0000002"] == "Bron: GRB, Digitaal Vlaanderen; © OpenStreetMap contributors"


def test_a_layer_without_buildings_gives_an_empty_collection(layer: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    layer.execute("DELETE FROM layer.building; DELETE FROM layer.evidence")
    paths = publish_city(layer, "gent", CRS, tmp_path)
    assert json.loads(paths["gent_pins.geojson"].read_text(encoding="utf-8"))["features"] == []
    assert len(geopandas.read_file(paths["gent.gpkg"], layer="buildings")) == 0
    assert len(geopandas.read_parquet(paths["gent.parquet"])) == 0
