"""The made-up city: the same every time, readable by the usual tools, and true to its own truth."""

from __future__ import annotations

import csv
import hashlib
import json
import re
import tomllib
from collections import Counter
from pathlib import Path
from typing import Any

import duckdb
import geopandas
import numpy as np
import openpyxl
import osmium
import pandas as pd
import pytest
import shapely
import shapely.geometry
from pyproj import Transformer

from sources.voorbeeldstad import HARD_CASES, REGISTER_CASES, Generation, make_city
from sources.voorbeeldstad.typology import INDEX

SIZE = 2000
geopandas_any: Any = geopandas  # its functions carry no types
BROKEN = ["osm_two_point_ring", "osm_unclosed_way", "osm_missing_member"]


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_city(tmp_path_factory.mktemp("city"), SIZE).parent


@pytest.fixture(scope="module")
def truth(city: Path) -> pd.DataFrame:
    return duckdb.sql(f"from '{city / 'truth.parquet'}'").df()


@pytest.fixture(scope="module")
def register_truth(city: Path) -> pd.DataFrame:
    return duckdb.sql(f"from '{city / 'register_truth.parquet'}'").df()


@pytest.fixture(scope="module")
def osm(city: Path) -> dict[str, dict[str, str]]:
    return {f"osm:{e.type_str()}{e.id}": dict(e.tags) for e in elements(city) if not e.is_node()}


def elements(city: Path) -> Any:
    return osmium.FileProcessor(str(city / "osm.osm.pbf"))


def pages(city: Path, name: str) -> list[dict[str, Any]]:
    return [json.loads(page.read_text()) for page in sorted((city / "grb").glob(f"{name}_*.json"))]


def features(city: Path, name: str) -> list[dict[str, Any]]:
    return [feature for page in pages(city, name) for feature in page["features"]]


def digests(folder: Path) -> dict[str, str]:
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {str(f.relative_to(folder)): hashlib.sha256(f.read_bytes()).hexdigest() for f in files}


def test_same_arguments_give_the_same_bytes_and_another_seed_gives_others(city: Path, tmp_path: Path) -> None:
    make_city(tmp_path / "again", SIZE)
    make_city(tmp_path / "other", SIZE, seed=2)
    first, again, other = digests(city), digests(tmp_path / "again"), digests(tmp_path / "other")
    assert first == again
    # The city file is the same for every seed: it names feeds, not buildings.
    assert {name for name in first if first[name] == other[name]} == {"voorbeeldstad.toml"}


def test_adverts_move_nothing_else_of_the_city(city: Path, tmp_path: Path) -> None:
    """Every other file is the same bytes with and without them; the city file differs by their feed."""
    make_city(tmp_path, SIZE, settings=Generation(without=frozenset({"platform"})))
    alone, both = digests(tmp_path), digests(city)
    assert {name for name in both if alone.get(name) != both[name]} == {
        "adverts.json",
        "adverts_truth.parquet",
        "voorbeeldstad.toml",
    }
    feeds = tomllib.loads((city / "voorbeeldstad.toml").read_text())["feeds"]
    without = tomllib.loads((tmp_path / "voorbeeldstad.toml").read_text())["feeds"]
    assert {name: feed for name, feed in feeds.items() if name != "platform"} == without


@pytest.mark.parametrize("seed", [3, 4, 5])
def test_any_seed_holds_every_hard_case(seed: int, tmp_path: Path) -> None:
    make_city(tmp_path, SIZE, seed=seed)
    cases = duckdb.sql(f"select distinct hard_case from '{tmp_path / 'truth.parquet'}'").df()["hard_case"]
    assert set(cases.dropna()) == set(HARD_CASES)


def test_every_hard_case_occurs_more_than_once(truth: pd.DataFrame) -> None:
    counts = truth["hard_case"].value_counts()
    assert set(counts.index) == set(HARD_CASES)
    assert counts.min() >= 2


def test_one_truth_row_per_real_building_and_a_realistic_mix(truth: pd.DataFrame) -> None:
    assert len(truth) == SIZE
    assert truth["truth_id"].is_unique
    share = truth["type"].value_counts() / SIZE
    assert 0.45 < share["dwelling"] < 0.6
    assert 0.2 < share["shed"] + share["garage_box"] < 0.3
    assert set(share.index) == set(INDEX)
    assert truth["probability"].between(0, 1).all()
    assert not truth.loc[truth["is_gone"], "is_out_of_use"].any()
    assert (truth.loc[truth["is_out_of_use"], "vacant_share"] >= 0.5).all()


def test_truth_joins_to_grb_both_ways(city: Path, truth: pd.DataFrame) -> None:
    written = {
        f"{prefix}{feature['properties']['OIDN']}"
        for name, prefix in (("gbg", "grb:"), ("knw", "grb:knw:"))
        for feature in features(city, name)
    }
    told = truth["grb_id"].dropna()
    assert told.is_unique
    assert set(told) <= written
    # Only features that must be rejected lack a truth row.
    broken = truth["hard_case"].isin(["lambert_2008", "empty_geometry"]).sum()
    assert len(written) - len(told) == broken
    capakeys = [feature["properties"]["CAPAKEY"] for feature in features(city, "adp")]
    assert len(capakeys) == len(set(capakeys))
    assert set(truth["capakey"]) <= set(capakeys)
    assert all(re.fullmatch(r"\d{5}[A-Z]\d{4}/\d{2}[A-Z_]\d{3}", key) for key in capakeys)


def test_equal_oidn_in_two_collections(truth: pd.DataFrame) -> None:
    planted = truth.loc[truth["hard_case"] == "same_oidn", "grb_id"]
    numbers = planted.str.rsplit(":", n=1).str[-1]
    assert set(Counter(numbers).values()) == {2}


def test_truth_joins_to_osm_both_ways(truth: pd.DataFrame, osm: dict[str, dict[str, str]]) -> None:
    told = [element for drawn in truth["osm_ids"] for element in drawn]
    assert set(told) <= set(osm)
    lifecycle = ("razed:building", "demolished:building", "abandoned:building")
    drawn = {name for name, tags in osm.items() if "building" in tags or any(key in tags for key in lifecycle)}
    broken = truth["hard_case"].isin(BROKEN).sum()
    assert len(drawn - set(told)) == broken
    first = truth.loc[truth["osm_id"].notna()]
    assert (first["osm_id"] == first["osm_ids"].str[0]).all()


def test_grb_references_in_osm_point_at_the_true_building(truth: pd.DataFrame, osm: dict[str, dict[str, str]]) -> None:
    linked = truth.loc[truth["osm_id"].notna() & truth["grb_id"].notna()]
    references = [osm[name].get("source:geometry:ref") for name in linked["osm_id"]]
    expected = "Gbg/" + linked["grb_id"].str.rsplit(":", n=1).str[-1]
    stale = linked["hard_case"] == "stale_reference"
    told = [(is_, should, wrong) for is_, should, wrong in zip(references, expected, stale, strict=True) if is_]
    assert all((is_ == should) != wrong for is_, should, wrong in told)
    # A stale one names a building that there is.
    assert stale.any()
    assert {is_ for is_, _, wrong in told if wrong} <= set(expected)
    assert 0.75 < len(told) / len(linked) < 0.95


def test_osm_draws_every_linked_building_near_its_grb_outline(city: Path, truth: pd.DataFrame) -> None:
    points = {}
    for element in elements(city).with_locations():
        if element.is_way() and element.id >= 900_000_000:
            points[f"osm:w{element.id}"] = (element.nodes[0].lon, element.nodes[0].lat)
    whole = truth.loc[truth["osm_id"].isin(points) & truth["hard_case"].isna()]
    lon_lat = np.array([points[name] for name in whole["osm_id"]])
    spot = whole[["x", "y"]].to_numpy()
    x, y = Transformer.from_crs(4326, 31370, always_xy=True).transform(lon_lat[:, 0], lon_lat[:, 1])
    assert np.hypot(x - spot[:, 0], y - spot[:, 1]).max() < 100


def test_osm_areas_can_be_built_except_the_broken_ones(city: Path, truth: pd.DataFrame) -> None:
    built = set()
    for element in elements(city).with_areas():
        if element.is_area():
            built.add(f"osm:{'w' if element.from_way() else 'r'}{element.orig_id()}")
    assert {element for drawn in truth["osm_ids"] for element in drawn} <= built


def test_grb_pages_are_shaped_as_the_service_answers(city: Path) -> None:
    life = ["UIDN", "OIDN", "VERSIE", "BEGINDATUM", "VERSDATUM"]
    building = [*life, "TYPE", "LBLTYPE", "OPNDATUM", "BGNINV", "LBLBGNINV"]
    parcel = [*life, "CAPAKEY", "CANU", "NISCODE", "FISCDATUM", "BHRDR", "LBLBHRDR", "BGNINV", "LBLBGNINV"]
    for name, columns in (("adp", parcel), ("gbg", building), ("knw", building)):
        page = pages(city, name)[0]
        assert list(page) == ["type", "features", "numberReturned", "timeStamp", "links", "crs"]
        assert page["numberReturned"] == len(page["features"])
        assert page["crs"]["properties"]["name"] == "urn:ogc:def:crs:EPSG::31370"
        assert all(link["href"].startswith("https://example.org/") for link in page["links"])
        for feature in page["features"]:
            assert feature["id"] == f"{name.upper()}.{feature['properties']['OIDN']}"
            assert feature["geometry_name"] == "SHAPE"
            assert list(feature["properties"]) == columns
    labels = {feature["properties"]["LBLBGNINV"] for feature in features(city, "adp")}
    assert any(label.endswith("\r\n") for label in labels)


def test_more_than_a_page_goes_on_the_next_page(tmp_path: Path) -> None:
    make_city(tmp_path, 14_000)
    first, second = pages(tmp_path, "gbg")
    assert first["numberReturned"] == 10_000
    assert [link["rel"] for link in first["links"]].count("next") == 1
    assert "next" not in [link["rel"] for link in second["links"]]
    oidn = [feature["properties"]["OIDN"] for page in (first, second) for feature in page["features"]]
    assert oidn == sorted(set(oidn))


def test_grb_geometry_is_valid_inside_lambert_72_and_does_not_overlap(city: Path) -> None:
    for name in ("adp", "gbg", "knw"):
        whole = [feature for feature in features(city, name) if feature["geometry"] is not None]
        shapes = np.array([shapely.geometry.shape(feature["geometry"]) for feature in whole])
        assert shapely.is_valid(shapes).all()
        boxes = shapely.bounds(shapes)
        assert np.allclose(boxes, [feature["bbox"] for feature in whole])
        inside = (boxes[:, 0] > 22_000) & (boxes[:, 2] < 295_000) & (boxes[:, 1] > 153_000)
        inside &= boxes[:, 3] < 244_000
        moved = shapes[~inside]
        assert (shapely.bounds(moved)[:, :2] > 600_000).all()
        here = shapes[inside]
        left, right = shapely.STRtree(here).query(here, predicate="intersects")
        pair = left < right
        shared = shapely.area(shapely.intersection(here[left[pair]], here[right[pair]]))
        assert shared.max(initial=0) < 0.01


def test_buildings_are_not_only_rectangles(city: Path) -> None:
    rings = [f["geometry"]["coordinates"] for f in features(city, "gbg") if f["geometry"]]
    assert len({len(polygon[0]) for polygon in rings}) > 5
    assert sum(len(polygon) > 1 for polygon in rings) > 5


def test_register_has_the_quirks_of_the_real_one(city: Path, register_truth: pd.DataFrame) -> None:
    raw = (city / "register.csv").read_bytes()
    assert raw.startswith(b"\xef\xbb\xbfOBJECTID,pnd_id,pva_straat,")
    with (city / "register.csv").open(encoding="utf-8-sig", newline="") as lines:
        rows = list(csv.DictReader(lines))
    assert all(row["pva_straat"] == row["pva_straat"].upper() for row in rows)
    shifted = [row for row in rows if not row["reg_opnamedatum"]]
    assert len(shifted) == 1
    assert shifted[0]["reg_entiteit"] in ("woning", "gebouw")
    assert shifted[0]["reg_aard"] == ""
    dates = [row["reg_opnamedatum"] for row in rows if row not in shifted]
    assert all(re.fullmatch(r"\d{4}/\d\d/\d\d 00:00:00\+00", text) for text in dates)
    told = register_truth.loc[register_truth["file"] == "register.csv"]
    assert told["register_id"].tolist() == [row["OBJECTID"] for row in rows]
    assert told["row"].tolist() == list(range(1, len(rows) + 1))
    doubled = told.loc[told["register_id"].duplicated(keep=False), "why"]
    assert set(doubled) == {"duplicate_register_key"}


def test_vip_file_has_ranges_eaten_by_excel_and_two_spellings_of_capakey(
    city: Path, register_truth: pd.DataFrame
) -> None:
    sheet: Any = openpyxl.load_workbook(city / "vip.xlsx").active
    head, *rows = sheet.iter_rows(values_only=True)
    assert head[0] == "CapaKey"
    assert head[-2:] == ("Huisnummer", "Busnummer")
    told = register_truth.loc[register_truth["file"] == "vip.xlsx"].reset_index(drop=True)
    assert told["register_id"].tolist() == [str(row[head.index("InternNummer")]) for row in rows]
    eaten = [not isinstance(row[-2], str | int) for row in rows]
    assert told.loc[eaten, "why"].tolist() == ["excel_date_range"] * 2
    assert any("-" in row[0] for row in rows)
    live = {feature["properties"]["CAPAKEY"] for feature in features(city, "adp")}
    dead = [row[0].replace("-", "/") not in live for row in rows]
    assert set(told.loc[dead, "why"]) == {"split_parcel"}


def test_register_truth_says_where_every_row_belongs(truth: pd.DataFrame, register_truth: pd.DataFrame) -> None:
    assert set(register_truth["why"]) <= set(HARD_CASES) | set(REGISTER_CASES)
    known = register_truth["truth_id"].dropna()
    assert set(known) <= set(truth["truth_id"])
    nowhere = register_truth.loc[register_truth["truth_id"].isna(), "why"]
    assert {"refuse_no_such_address", "refuse_ambiguous_street", "street_without_addresses"} <= set(nowhere)
    other = truth.loc[truth["hard_case"] == "same_street_other_district", "truth_id"]
    assert not set(other) & set(known)
    nine = register_truth.loc[register_truth["why"] == "nine_units", "truth_id"]
    assert set(nine.value_counts()) == {9}


def test_addresses_lie_in_their_building_and_lack_the_planted_streets(city: Path, truth: pd.DataFrame) -> None:
    frame = geopandas_any.read_parquet(city / "addresses.parquet")
    assert list(frame.columns) == ["STRAATNM", "HUISNR", "HNRLABEL", "APPTNR", "BUSNR", "geometry"]
    assert frame.crs == "EPSG:4326"
    points = frame.geometry.to_crs(31370)
    spots = shapely.points(truth[["x", "y"]].to_numpy())
    tree: Any = shapely.STRtree(np.asarray(spots))
    _, distance = tree.query_nearest(points.to_numpy(), return_distance=True)
    assert distance.max() < 0.1
    missing = truth.loc[truth["hard_case"] == "street_without_addresses", "street"]
    assert not set(missing) & set(frame["STRAATNM"])
    assert {"Kerkstraat", "Statiestraat"} <= set(frame["STRAATNM"])


def test_heritage_answers_as_the_feature_service(city: Path) -> None:
    page = json.loads((city / "heritage.geojson").read_text())
    assert page["numberMatched"] == page["numberReturned"] == len(page["features"]) > 10
    for feature in page["features"]:
        assert feature["geometry"]["type"] == "MultiPolygon"
        assert shapely.geometry.shape(feature["geometry"]).is_valid
        assert {"aanduid_id", "naam", "type_naam", "locatie", "geld_start", "uri"} <= set(feature["properties"])


def test_city_file_names_only_files_that_exist(city: Path) -> None:
    told = tomllib.loads((city / "voorbeeldstad.toml").read_text())
    assert told["crs"] == "EPSG:31370"
    for feed in told["feeds"].values():
        paths = feed["path"].values() if isinstance(feed["path"], dict) else [feed["path"]]
        assert all(list(city.glob(path)) for path in paths)
    with (city / "register.csv").open(encoding="utf-8-sig") as lines:
        head = next(csv.reader(lines))
    feed = told["feeds"]["vacancy_register"]
    assert sorted([*feed["columns"].values(), *feed["ignore"]]) == sorted(head)


def test_hosts_are_made_up(city: Path) -> None:
    text = "".join(path.read_text() for path in city.rglob("*json"))
    assert set(re.findall(r"https?://([^/\"]+)", text)) == {"example.org"}


def test_settings_leave_out_feeds_and_write_xml(tmp_path: Path) -> None:
    settings = Generation(without=frozenset({"heritage", "vip_register"}), osm_format="xml")
    told = tomllib.loads(make_city(tmp_path, SIZE, settings=settings).read_text())
    assert not (tmp_path / "heritage.geojson").exists()
    assert "heritage" not in told["feeds"]
    assert sum(1 for _ in osmium.FileProcessor(str(tmp_path / "osm.osm"))) > SIZE


def test_probability_is_calibrated_on_drawn_buildings(tmp_path: Path) -> None:
    make_city(tmp_path, 60_000)
    sums = duckdb.sql(
        f"""select sum(probability) as told, count(*) filter (is_out_of_use) as real
        from '{tmp_path / "truth.parquet"}' where hard_case is null and not is_gone"""
    ).fetchone()
    assert sums is not None
    told, real = sums
    assert told == pytest.approx(real, rel=0.06)


def test_a_city_too_small_says_so(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="hard cases"):
        make_city(tmp_path, 500)


def test_an_unknown_feed_to_leave_out_is_named(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="tram"):
        make_city(tmp_path, SIZE, settings=Generation(without=frozenset({"tram"})))
