"""The feeds held to their schemas by a validator that knows nothing of us, and the schemas held to their versions."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pytest
from jsonschema import Draft202012Validator

from sources._kit.errors import PublishError
from tests.conftest import RunCity
from tests.transforms.publish.conftest import make_layer
from transforms.publish.publish import publish_city
from transforms.publish.schemas import FOLDER, TAKEN_IN, VERSIONS, read_schema, schema_file, schema_id

CRS = "EPSG:31370"
RECORD = Path(__file__).with_name("recorded_schemas.toml")
FEEDS = {"pins": "{}_pins.geojson", "changes": "{}_changes.json", "matches": "{}_matches.json"}
TOMBSTONES = """
    INSERT INTO layer.change VALUES ('public', 'old:5', 'replaced', 'grb:0000002; grb:0000004', DATE '2026-02-01'),
        ('public', 'old:7', 'withdrawn', NULL, DATE '2026-03-01'), ('city', 'old:8', 'withdrawn', NULL, DATE '2026-03-01')"""


def read(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found


def faults(feed: str, folder: Path, data: dict[str, Any]) -> list[str]:
    """What jsonschema finds wrong, by the schema beside the file."""
    schema = read(folder / schema_file(feed))
    Draft202012Validator.check_schema(schema)
    validator = Draft202012Validator(schema, format_checker=Draft202012Validator.FORMAT_CHECKER)
    return [error.json_path for error in validator.iter_errors(data)]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    con = make_layer(200)
    con.execute(TOMBSTONES)
    outputs = tmp_path_factory.mktemp("feeds")
    publish_city(con, "gent", CRS, outputs)
    con.close()
    return outputs / "gent"


@pytest.mark.parametrize("feed", FEEDS)
def test_every_item_of_the_made_up_layer_is_what_its_schema_says(folder: Path, feed: str) -> None:
    data = read(folder / FEEDS[feed].format("gent"))
    assert faults(feed, folder, data) == []
    counts = {"pins": 180, "changes": 2, "matches": 0}
    assert data["advert_count" if feed == "matches" else "count"] == counts[feed]
    assert data["schema"] == schema_id(feed) == read_schema(feed)["$id"]
    assert (folder / data["schema_file"]).read_bytes() == (FOLDER / f"{feed}-{VERSIONS[feed]}.schema.json").read_bytes()


@pytest.mark.parametrize("feed", FEEDS)
def test_every_item_of_the_demo_city_is_what_its_schema_says(voorbeeldstad: RunCity, feed: str) -> None:
    path = voorbeeldstad.outcome.products[FEEDS[feed].format("voorbeeldstad")]
    assert faults(feed, path.parent, read(path)) == []


@pytest.mark.parametrize(
    ("harm", "where"),
    [
        (lambda pin: pin["properties"].update(underuse_band="leeg"), "underuse_band"),
        (lambda pin: pin["properties"].update(underuse_probability=1.2), "underuse_probability"),
        (lambda pin: pin["properties"].update(reasons=["a", "b", "c", "d"]), "reasons"),
        (lambda pin: pin["properties"].update(last_verified_on="3 maart"), "last_verified_on"),
        (lambda pin: pin["properties"].update(owner="somebody"), "properties"),
        (lambda pin: pin["properties"].pop("volume_m3"), "properties"),
        (lambda pin: pin["properties"]["best_uses"][0].pop("low"), "best_uses"),
        (
            lambda pin: pin["geometry"]["coordinates"].reverse() or pin["geometry"]["coordinates"].append(1),
            "coordinates",
        ),
    ],
)
def test_a_broken_pin_is_seen(folder: Path, harm: Callable[[dict[str, Any]], object], where: str) -> None:
    data = read(folder / "gent_pins.geojson")
    harm(next(pin for pin in data["features"] if pin["properties"]["best_uses"]))
    found = faults("pins", folder, data)
    assert len(found) == 1
    assert where in found[0]


def test_file_and_schema_name_the_same_keys_both_ways(folder: Path) -> None:
    """`additionalProperties` sees one way and `required` the other; here neither can be forgotten."""
    pins, changes = read(folder / "gent_pins.geojson"), read(folder / "gent_changes.json")
    of_pins, of_changes = read_schema("pins"), read_schema("changes")
    items = {
        "pin": [pin["properties"] for pin in pins["features"]],
        "use": [use for pin in pins["features"] for use in pin["properties"]["best_uses"] or []],
        "feature": pins["features"],
        "change": changes["changes"],
    }
    for name, found in items.items():
        shape = (of_changes if name == "change" else of_pins)["$defs"][name]
        assert {tuple(item) for item in found} == {tuple(shape["properties"])}, name
        assert shape["required"] == list(shape["properties"])
        assert shape["additionalProperties"] is False
    assert list(pins) == list(of_pins["properties"]) == of_pins["required"]
    assert list(changes) == list(of_changes["properties"]) == of_changes["required"]


def test_every_key_has_a_title_in_dutch_and_english() -> None:
    for feed in VERSIONS:
        schema = read_schema(feed)
        for shape in (schema, *schema["$defs"].values()):
            for name, key in shape.get("properties", {}).items():
                if (
                    name not in ("type", "features", "changes", "adverts", "buildings", "properties", "coordinates")
                    or "title" in key
                ):
                    assert len(key["title"].split(" / ")) == 2, name
                    assert len(key.get("description", " / ").split(" / ")) == 2, name


def shape_of(value: Any) -> Any:
    """A schema without the words that explain it."""
    if isinstance(value, dict):
        return {key: shape_of(one) for key, one in sorted(value.items()) if key not in ("title", "description")}
    return [shape_of(one) for one in value] if isinstance(value, list) else value


def test_a_schema_changes_only_with_its_version() -> None:
    """What platforms were promised is recorded: words may change, a key or a bound makes a new version."""
    recorded = tomllib.loads(RECORD.read_text(encoding="utf-8"))
    found = {path.name.removesuffix(".schema.json"): read(path) for path in FOLDER.glob("*.schema.json")}
    found |= {f"{feed}-{VERSIONS[feed]}": read(path) for feed, path in TAKEN_IN.items()}
    assert set(found) == set(recorded)
    for name, schema in found.items():
        feed, version = name.rsplit("-", 1)
        assert schema["$id"] == f"urn:onbenut:{feed}:{version}"
        assert int(version) <= VERSIONS[feed]
        keys = {
            where: shape["properties"]
            for where, shape in (("", schema), *schema["$defs"].items())
            if "properties" in shape
        }
        said = {
            f"{where}.{key}": json.dumps(shape_of(one)) for where, shape in keys.items() for key, one in shape.items()
        }
        said |= {
            f"${where}": json.dumps(shape_of(one)) for where, one in schema["$defs"].items() if "properties" not in one
        }
        assert said == recorded[name], (
            f"{name} promises something else than it did. A key that goes or comes to mean something else: make {feed}-{int(version) + 1}, "
            f"and leave this one. A new key: put it in {RECORD.name} too"
        )


def test_changes_have_the_newest_first_and_tell_the_public_nothing_of_the_citys(folder: Path) -> None:
    assert read(folder / "gent_changes.json")["changes"] == [
        {"building_id": "old:7", "change": "withdrawn", "replaced_by": [], "changed_on": "2026-03-01"},
        {
            "building_id": "old:5",
            "change": "replaced",
            "replaced_by": ["grb:0000002", "grb:0000004"],
            "changed_on": "2026-02-01",
        },
    ]
    assert not list(folder.glob("*city_changes*"))


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("('public', 'grb:0000002', 'withdrawn', NULL, DATE '2026-03-01')", "gone and shown"),
        ("('public', 'old:5', 'replaced', 'grb:0000009', DATE '2026-03-01')", "one that is not shown"),
        ("('public', 'old:5', 'replaced', NULL, DATE '2026-03-01')", "replaced by none"),
        (
            "('public', 'old:5', 'withdrawn', NULL, DATE '2026-03-01'), ('public', 'old:5', 'withdrawn', NULL, NULL)",
            "gone twice",
        ),
    ],
)
def test_tombstones_that_contradict_the_layer_are_not_published(
    layer: duckdb.DuckDBPyConnection, tmp_path: Path, row: str, message: str
) -> None:
    layer.execute(f"INSERT INTO layer.change VALUES {row}")
    with pytest.raises(PublishError, match=message):
        publish_city(layer, "gent", CRS, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == [".gent"]


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('"height_m":', '"height":', "keys of features"),
        ('"city": "gent", ', "", "keys of the head"),
        ('"count": 180', '"count": 181', "number of features"),
    ],
)
def test_pins_that_are_not_what_their_schema_says_are_not_published(
    layer: duckdb.DuckDBPyConnection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, old: str, new: str, message: str
) -> None:
    from dataclasses import replace

    from transforms.publish.pins import PINS, write_pins

    def write_otherwise(con: Any, product: Any, entries: Any, path: Path) -> None:
        write_pins(con, product, entries, path)
        text = path.read_text(encoding="utf-8")
        assert old in text
        path.write_text(text.replace(old, new, 1), encoding="utf-8")

    monkeypatch.setattr("transforms.publish.publish.DELIVERABLES", (replace(PINS, write=write_otherwise),))
    with pytest.raises(PublishError, match=message):
        publish_city(layer, "gent", CRS, tmp_path)
