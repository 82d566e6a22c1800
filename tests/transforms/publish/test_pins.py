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


def test_properties_are_those_promised_and_null_stays_null(pins: dict[str, Any]) -> None:
    assert list(pins["features"][0]["properties"]) == [
        "building_id", "name", "type", "type_label", "address", "underuse_band", "underuse_probability",
        "atypicality_score", "priority_score", "priority_rank", "footprint_m2", "volume_m3", "reuse_best",
        "reasons", "newest_evidence_on", "attribution",
    ]  # fmt: skip
    by_id = {feature["id"]: feature["properties"] for feature in pins["features"]}
    unknown = by_id["grb:0000105"]  # a multiple of 7, 5 and 3, and odd
    assert (
        {unknown[name] for name in ("priority_score", "priority_rank", "underuse_probability", "reasons")} == {None}
        if unknown["reasons"] is None
        else False
    )
    assert [unknown[name] for name in ("name", "address", "volume_m3", "newest_evidence_on")] == [None] * 4
    assert by_id["grb:0000002"]["name"] == 'Sint-Jan & "Zoon" é 2'
    assert by_id["grb:0000002"]["newest_evidence_on"] == "2026-02-03"


def test_reasons_are_a_list_of_at_most_three(pins: dict[str, Any]) -> None:
    by_id = {feature["id"]: feature["properties"] for feature in pins["features"]}
    assert by_id["grb:0000002"]["reasons"] == [
        "Register: volledig pand; 1e",
        "OSM: disused=yes",
        "Geen onderneming",
    ]


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
