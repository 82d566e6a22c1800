"""Adverts of the made-up city held to their truth, the published schema held to the tables, and adverts held to be no evidence."""

from __future__ import annotations

import json
import struct
import tomllib
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from flows.workspace import CHECKOUT
from sources.space_request import columns
from sources.voorbeeldstad import ADVERT_FAULTS
from sources.voorbeeldstad.advert_sites import HALLS
from tests.conftest import RunCity
from transforms._kit.header import read_specs
from transforms.publish.schemas import read_schema
from transforms.staging._space_request_rules import NUMBERS, WORDS

TABLE = "staging.space_request"


@pytest.fixture(scope="module")
def files(voorbeeldstad_files: Path) -> Path:
    return voorbeeldstad_files.parent


@pytest.fixture(scope="module")
def adverts(files: Path) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads((files / "adverts.json").read_text(encoding="utf-8"))["adverts"]
    return found


def test_every_bad_advert_is_refused_for_what_is_wrong_with_it_and_no_good_one_is(
    voorbeeldstad: RunCity, files: Path
) -> None:
    different = voorbeeldstad.rows(f"""
        SELECT t.row, t.reason, r.reason FROM '{files / "adverts_truth.parquet"}' AS t
        FULL JOIN (FROM staging.reject WHERE table_name = '{TABLE}') AS r ON r.source_row = 'advert:' || t.row
        WHERE t.reason IS DISTINCT FROM r.reason""")
    assert different == []
    good, bad, total = voorbeeldstad.rows(f"""
        SELECT (SELECT count(*) FROM {TABLE}), (SELECT count(*) FROM staging.reject WHERE table_name = '{TABLE}'),
            (SELECT count(*) FROM raw.space_request)""")[0]
    assert good >= 300
    assert good + bad == total
    assert bad == len(ADVERT_FAULTS)
    said = voorbeeldstad.rows(f"SELECT row_id, column_name, value FROM staging.reject WHERE table_name = '{TABLE}'")
    assert all(column is not None for _, column, _ in said)
    assert not [row for row in said if "@" in str(row) or "atelier" in str(row) or "0470" in str(row)]
    assert ("platform:x-area-infinite-1", "area_min_m2", "1e999") in said


def test_good_adverts_are_what_the_platform_said(voorbeeldstad: RunCity, adverts: list[dict[str, Any]]) -> None:
    """Against the file itself, read by Python; places by pyproj."""
    from pyproj import Transformer

    given = {f"platform:{one['id']}": one for one in adverts if one.get("id") and one.get("updated_on") != "2024-01-01"}
    to_metres = Transformer.from_crs(4326, 31370, always_xy=True)
    found = voorbeeldstad.rows(f"""
        SELECT request_id, kind, uses, area_min_m2, area_max_m2, duration, extent, shares_with, budget_eur_m2_year::DOUBLE, radius_m,
            ST_X(point), ST_Y(point), ST_Area(geom), brings, seeks, building_id, CAST(valid_until AS VARCHAR), atypical, years
        FROM {TABLE}""")
    for row in found:
        one = given[row[0]]
        assert row[1] == one["kind"]
        assert row[2] == sorted(one["uses"])
        assert row[3:10] == tuple(
            one.get(name)
            for name in (
                "area_min_m2",
                "area_max_m2",
                "duration",
                "extent",
                "shares_with",
                "budget_eur_m2_year",
                "radius_m",
            )
        )
        if "lon" in one:
            assert row[10:12] == pytest.approx(to_metres.transform(one["lon"], one["lat"]), abs=0.05)
        assert row[13:] == tuple(
            one.get(name) for name in ("brings", "seeks", "building_id", "valid_until", "atypical", "years")
        )
        if "radius_m" in one:  # a 64-gon: 0.16% less than the circle
            assert row[12] == pytest.approx(3.14159 * one["radius_m"] ** 2, rel=0.002)
        elif "area" in one:
            assert row[12] > 100_000
        else:
            assert row[12] in (None, 0.0)
    assert {row[1] for row in found} == {"space", "partner", "offer"}
    assert sum(row[1] != "space" for row in found) >= 0.2 * len(found)


def test_planted_coalitions_fill_their_building_and_every_plant_is_live(voorbeeldstad: RunCity, files: Path) -> None:
    """Truth against truth: parts that fill 80 to 95% of the usable floor, which is 0.8 of footprint times storeys of a hall or the whole."""
    found = voorbeeldstad.rows(f"""
        SELECT coalition, count(*), sum(area_min_m2) / any_value(b.footprint_m2), any_value(t.levels), any_value(t.type), bool_and(t.is_out_of_use)
        FROM '{files / "adverts_truth.parquet"}' AS p JOIN {TABLE} AS s USING (request_id)
        JOIN truth AS t ON t.building_id = p.building_id JOIN core.building AS b ON b.building_id = p.building_id
        WHERE plant = 'coalition' GROUP BY coalition""")
    assert len(found) >= 15
    for _number, members, filled, levels, kind, is_out in found:
        floors = 1 if kind in HALLS else levels
        assert 3 <= members <= 6
        assert 0.80 <= filled / floors / 0.8 <= 0.96
        assert is_out
    matched = voorbeeldstad.rows(
        f"SELECT count(*), count(s.request_id) FROM '{files / 'adverts_truth.parquet'}' AS p LEFT JOIN {TABLE} AS s USING (request_id) "
        "WHERE plant <> 'fault'"
    )[0]
    assert matched[0] == matched[1]


def test_the_published_schema_takes_every_good_advert_and_says_what_the_tables_say(
    voorbeeldstad: RunCity, adverts: list[dict[str, Any]]
) -> None:
    schema = read_schema("adverts")
    Draft202012Validator.check_schema(schema)
    validator = Draft202012Validator(schema, format_checker=Draft202012Validator.FORMAT_CHECKER)
    live = {row[0].partition(":")[2] for row in voorbeeldstad.rows(f"SELECT request_id FROM {TABLE}")}
    good = [one for one in adverts if one.get("id") in live and one.get("updated_on") != "2024-01-01"]
    assert len(good) == len(live)
    assert list(validator.iter_errors(good)) == []
    assert (
        list(validator.iter_errors({"schema": "urn:onbenut:adverts:1", "made_on": "2025-05-31", "adverts": good})) == []
    )
    for name in ("phone", "title", "note"):
        assert not validator.is_valid([{**good[0], name: "x"}])
    keys = schema["$defs"]["advert"]["properties"]
    assert list(keys) == columns()
    uses = [row[0] for row in voorbeeldstad.rows("SELECT use FROM reference.reuse_use")]
    codes = [row[0] for row in voorbeeldstad.rows("SELECT code FROM reference.advert_code")]
    assert sorted(keys["uses"]["items"]["enum"]) == sorted(uses)
    assert sorted(keys["shares_with"]["items"]["enum"]) == sorted([*uses, "*"])
    assert keys["brings"]["items"]["enum"] == keys["seeks"]["items"]["enum"] == codes
    for name, words in WORDS.items():
        assert tuple(word for word in keys[name]["enum"] if word) == words
    for name, (low, high) in NUMBERS.items():
        assert keys[name].get("minimum", keys[name].get("exclusiveMinimum")) == low
        assert keys[name]["maximum"] == high


def test_the_published_schema_lies_beside_the_products(voorbeeldstad: RunCity) -> None:
    path = voorbeeldstad.outcome.products["dcat.jsonld"].parent / "adverts.schema.json"
    assert path.read_bytes() == (CHECKOUT / "sources" / "space_request.schema.json").read_bytes()


def test_no_score_and_no_evidence_reads_an_advert() -> None:
    """By what tables declare as inputs, through all floors: adverts can move nothing below `match`."""
    specs = {spec.full_name: spec for spec in read_specs(CHECKOUT / "transforms")}
    reached, before = {"raw.space_request"}, 0
    while len(reached) > before:
        before = len(reached)
        reached |= {name for name, spec in specs.items() if reached & set(spec.inputs)}
    floors = {name.split(".")[0] for name in reached}
    assert TABLE in reached
    assert not floors & {"core", "evidence", "score"}


def test_where_a_seeker_looks_is_in_no_public_product(voorbeeldstad: RunCity, adverts: list[dict[str, Any]]) -> None:
    """Neither as degrees in text nor as metres in a packed shape; one number alone may be a building's by chance."""
    folder = voorbeeldstad.outcome.products["dcat.jsonld"].parent
    seekers = [one for one in adverts if "radius_m" in one and "lon" in one and "lat" in one and one["lon"] != 51.0]
    sought = [f"{one['lon']}{between}{one['lat']}".encode() for one in seekers for between in (",", ", ", " ")]
    metres = voorbeeldstad.rows(
        f"SELECT ST_X(point), ST_Y(point) FROM {TABLE} WHERE point IS NOT NULL AND kind <> 'offer'"
    )
    sought += [struct.pack("<dd", x, y) for x, y in metres]
    assert len(sought) > 600
    for path in folder.iterdir():
        content = path.read_bytes()
        assert not [text for text in sought if text in content], path.name


def test_every_code_has_words_and_an_origin() -> None:
    rows = tomllib.loads((CHECKOUT / "data" / "reference" / "advert.toml").read_text(encoding="utf-8"))["advert_code"]
    assert {row["kind"] for row in rows} >= {"skills", "capital", "works", "network"}
    assert all(set(row) == {"code", "kind", "label_nl", "label_en", "origin"} for row in rows)
