"""The feed of business parks, held to its schema by a validator that knows nothing of us, and to what the layer says."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pytest
import shapely
from pyproj import Transformer
from shapely import MultiPolygon

from sources._kit.errors import PublishError
from tests.conftest import RunCity
from tests.transforms.publish.conftest import make_layer
from tests.transforms.publish.park_layer import INDICATORS, add_parks, without_parks
from tests.transforms.publish.test_feed_schemas import faults, read
from transforms.publish.deliverable import Made
from transforms.publish.park_feed import PARKS
from transforms.publish.rows import Product
from transforms.publish.schemas import read_schema, write_schemas


@pytest.fixture(scope="module")
def parks() -> Iterator[tuple[duckdb.DuckDBPyConnection, Product]]:
    """A layer of few buildings and three parks; tests that change it put it back."""
    con = make_layer(20)
    yield con, add_parks(con, 3)
    con.close()


@pytest.fixture(scope="module")
def written(parks: tuple[duckdb.DuckDBPyConnection, Product], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Their feed, with its schema beside it."""
    con, product = parks
    path = tmp_path_factory.mktemp("feed") / PARKS.file_name(product)
    assert PARKS.is_wanted(product)
    PARKS.write(con, product, (), path)
    PARKS.check(con, product, (), path)
    write_schemas(con, [Made(PARKS, product, con, path)], path.parent)
    return path


def test_every_park_is_what_the_schema_says_with_every_indicator(written: Path) -> None:
    data = read(written)
    assert written.name == "gent_parks.geojson"
    assert faults("parks", written.parent, data) == []
    schema = read_schema("parks")
    assert list(data) == list(schema["properties"]) == schema["required"]
    for name, found in (
        ("park", [one["properties"] for one in data["features"]]),
        ("indicator", data["features"][0]["properties"]["indicators"]),
    ):
        shape = schema["$defs"][name]
        assert {tuple(item) for item in found} == {tuple(shape["properties"])} == {tuple(shape["required"])}
    assert [len(one["properties"]["indicators"]) for one in data["features"]] == [INDICATORS] * 3
    assert (data["count"], data["features"][0]["properties"]["name"]) == (3, None)
    assert data["features"][1]["properties"]["name"] == 'Park "Zuid" & <b> 1'
    for one in data["features"][0]["properties"]["indicators"]:
        assert (one["value"] is None) == (one["unknown_because"] is not None)
    assert "© OpenStreetMap contributors" in data["features"][0]["properties"]["attribution"]


def test_outlines_are_those_of_the_layer_to_a_centimetre(
    written: Path, parks: tuple[duckdb.DuckDBPyConnection, Product]
) -> None:
    to_metres = Transformer.from_crs(4326, 31370, always_xy=True)
    wanted = dict(
        parks[0]
        .execute("SELECT park_id, CAST(ST_AsWKB(geom) AS BLOB) FROM layer.business_park WHERE audience = 'public'")
        .fetchall()
    )
    text = written.read_text(encoding="utf-8")
    for one in json.loads(text, parse_float=str)["features"]:
        numbers = [
            number for part in one["geometry"]["coordinates"] for ring in part for point in ring for number in point
        ]
        assert max(len(number.split(".")[1]) for number in numbers) == 7
    for one in read(written)["features"]:
        found, original = shapely.geometry.shape(one["geometry"]), shapely.from_wkb(bytes(wanted[one["id"]]))
        assert isinstance(found, MultiPolygon)
        metres = shapely.transform(found, lambda points: np.column_stack(to_metres.transform(*points.T)))
        assert found.is_valid
        assert metres.symmetric_difference(original).area < 0.02 * original.length
        # RFC 7946: the outer ring counter-clockwise, holes the other way.
        assert all(part.exterior.is_ccw and not any(hole.is_ccw for hole in part.interiors) for part in found.geoms)
    assert [len(one["geometry"]["coordinates"]) for one in read(written)["features"]] == [2, 1, 1]


def test_the_made_up_city_has_the_feed_its_schema_and_its_place_in_the_catalogue(voorbeeldstad: RunCity) -> None:
    products = voorbeeldstad.outcome.products
    path = products["voorbeeldstad_parks.geojson"]
    data = read(path)
    assert faults("parks", path.parent, data) == []
    rows = voorbeeldstad.rows(
        "SELECT park_id, indicator, value, low, high, unit, coverage FROM layer.park_indicator WHERE audience = 'public'"
    )
    told: dict[tuple[str, str], dict[str, Any]] = {
        (one["id"], item["indicator"]): item for one in data["features"] for item in one["properties"]["indicators"]
    }
    assert len(told) == len(rows) > 0
    for park, indicator, value, low, high, unit, coverage in rows:
        item = told[park, indicator]
        assert [item["value"], item["low"], item["high"], item["coverage"]] == [
            None if number is None else pytest.approx(number, abs=1e-4) for number in (value, low, high, coverage)
        ]
        assert item["unit"] == unit
    record = products["dcat.jsonld"].read_text(encoding="utf-8")
    assert '"voorbeeldstad_parks.geojson"' in record
    assert '"parks.schema.json"' in record
    assert "parks.geojson" not in products["dcat_city.jsonld"].read_text(encoding="utf-8")


def test_a_city_without_parks_has_neither_feed_nor_schema(published: Path) -> None:
    assert [path.name for path in published.iterdir() if "park" in path.name] == []


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('"seen_share":', '"seen":', "keys of features"),
        ('"city": "gent", ', "", "keys of the head"),
        ("osm:park:001", "osm:park:002", "different park_id"),
        ("[[[[", "[[[[199.0,9.0],[199.1,9.0],[199.1,9.1],[199.0,9.0]]],[[[", "outside longitude and latitude"),
    ],
)
def test_a_feed_that_reads_back_wrong_is_refused(
    parks: tuple[duckdb.DuckDBPyConnection, Product], written: Path, tmp_path: Path, old: str, new: str, message: str
) -> None:
    text = written.read_text(encoding="utf-8")
    assert old in text
    (tmp_path / written.name).write_text(text.replace(old, new), encoding="utf-8")
    with pytest.raises(PublishError, match=message):
        PARKS.check(*parks, (), tmp_path / written.name)


def test_a_park_without_area_is_named(parks: tuple[duckdb.DuckDBPyConnection, Product], tmp_path: Path) -> None:
    con, product = parks
    con.execute("BEGIN")
    con.execute("UPDATE layer.business_park SET geom = ST_GeomFromText('POLYGON EMPTY') WHERE park_id = 'osm:park:002'")
    with pytest.raises(PublishError, match="no area on earth") as refused:
        PARKS.write(con, product, (), tmp_path / "x.geojson")
    con.execute("ROLLBACK")
    assert "osm:park:002" in str(refused.value)
    assert not PARKS.is_wanted(without_parks(product))
