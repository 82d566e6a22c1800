"""A whole city by way of its services is the very city that its files make."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pytest
import shapely

from flows.outcome import Outcome
from flows.run import run_city
from flows.workspace import Workspace
from sources._kit import fetch, http
from sources._kit.city import load_city
from sources._kit.duck import connect
from sources.voorbeeldstad import make_city
from tests.conftest import LEAN
from tests.flows.city_services import CityServices
from tests.servers.running import Grb, running_pygeoapi
from tests.sources.test_http import Hurried

BUILDINGS = 1500
BOUNDARY = """
[feeds.limits]
source = "be_boundary"
path = "refgem.json"
snapshot_on = 2025-05-25
licence = "made up, free of rights"
"""


@dataclass
class Night:
    """What came of a run."""

    outcome: Outcome
    con: duckdb.DuckDBPyConnection


@dataclass
class Both:
    """One city twice: of files, and of services on two nights."""

    files: Night
    first: Night
    second: Night
    asked: list[str]


def settings(services: str, pygeoapi: str) -> dict[str, str]:
    """Each feed's way to its data: what takes the place of `path` in the city file."""
    parts = {part: f"{pygeoapi}/collections/{part}/items" for part in ("adp", "gbg", "knw")}
    urls = ", ".join(f'{part} = "{url}"' for part, url in parts.items())
    wcs = f'{{ dsm = "{services}/elevation", dtm = "{services}/elevation" }}'
    return {
        "osm": f'url = "{services}/overpass"\nservice = {{ kind = "overpass", bbox = "boundary" }}',
        "grb": f'url = {{ {urls} }}\nservice = {{ kind = "ogc_features", page_size = 500 }}',
        "addresses": f'url = "{services}/files/addresses.parquet"',
        "vacancy_register": f'url = "{services}/register/MapServer/201"\nservice = {{ kind = "arcgis", sort_by = "OBJECTID" }}',
        "vip_register": f'url = "{services}/files/vip.xlsx"',
        "heritage": f'url = "{services}/heritage/wfs"\n'
        'service = { kind = "wfs", typename = "ps:ps_aandobj", sort_by = "aanduid_id", bbox = "boundary" }',
        "premises": f'url = "{services}/premises"\nservice = {{ kind = "opendatasoft", format = "csv" }}',
        "observations": f'url = "{services}/observations"\nservice = {{ kind = "opendatasoft", format = "csv" }}',
        "elevation": f"url = {wcs}\n"
        'service = { kind = "wcs", bbox = "boundary", tile_px = 300, coverage = { dsm = "DSM", dtm = "DTM" } }',
    }


def pointed(text: str, ways: dict[str, str]) -> str:
    """The city file with every `path` replaced."""
    lines, feed = [], ""
    for line in text.splitlines():
        if line.startswith("[feeds."):
            feed = line.removeprefix("[feeds.").rstrip("]")
        if line.startswith("path = ") and feed in ways:
            line = ways[feed]
        if feed == "osm" and line.startswith("source = "):
            line = 'source = "osm_overpass"'
        lines.append(line)
    return "\n".join(lines) + "\n"


def write_boundary(folder: Path) -> str:
    """The municipality around all that GRB has, as a feed; returns what the city file says of it."""
    pages = [json.loads(path.read_bytes()) for path in (folder / "grb").glob("*.json")]
    shapes = [shapely.geometry.shape(one["geometry"]) for page in pages for one in page["features"] if one["geometry"]]
    near = [shape for shape in shapes if shape.is_valid and shape.bounds[0] > 100_000]
    area = shapely.box(*shapely.total_bounds(near)).buffer(300, join_style="mitre")
    properties = {"UIDN": 1, "OIDN": 1, "TERRID": 1, "NISCODE": "99001", "NAAM": "Voorbeeldstad"}
    crs = {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::31370"}}
    feature = {"type": "Feature", "id": "1", "properties": properties, "geometry": shapely.geometry.mapping(area)}
    (folder / "refgem.json").write_text(json.dumps({"type": "FeatureCollection", "crs": crs, "features": [feature]}))
    return BOUNDARY


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Both]:
    home = tmp_path_factory.mktemp("services")
    of_files = make_city(home / "city", BUILDINGS, settings=LEAN)
    folder = of_files.parent
    text = of_files.read_text().replace("[feeds.osm]", 'boundary = "feed:limits"\n\n[feeds.osm]', 1) + write_boundary(
        folder
    )
    of_files.write_text(text)
    parts = {}
    (home / "geoapi").mkdir()
    for part in ("gbg", "adp", "knw"):
        pages = sorted((folder / "grb").glob(f"{part}_*.json"))
        parts[part] = [one for page in pages for one in json.loads(page.read_bytes())["features"]]
        body = {"type": "FeatureCollection", "features": parts[part]}
        (home / "geoapi" / f"{part}.geojson").write_text(json.dumps(body))
    services = CityServices(folder)
    patch = pytest.MonkeyPatch()
    patch.setattr(fetch, "RETRIES", fetch.RETRIES.new(backoff_factor=0))
    patch.setattr(http, "PACE", Hurried())
    nights: list[Night] = []
    try:
        with running_pygeoapi(Grb(home / "geoapi", parts)) as pygeoapi:
            of_services = folder / "diensten.toml"
            of_services.write_text(pointed(text, settings(services.url, pygeoapi)))
            for file, place in ((of_files, "a"), (of_services, "b"), (of_services, "b")):
                space = Workspace(home / place)
                outcome = run_city(load_city(file, space.cities), space)
                assert not outcome.warnings, outcome.warnings
                copy = home / f"{len(nights)}.duckdb"
                copy.write_bytes(outcome.warehouse.read_bytes())
                nights.append(Night(outcome, connect(copy, read_only=True)))
                services.nights += 1
    finally:
        services.close()
        patch.undo()
    yield Both(nights[0], nights[1], nights[2], [request.path for request in services.server.seen])
    for night in nights:
        night.con.close()


def layer(night: Night) -> list[tuple[Any, ...]]:
    """The layer of both audiences; coordinates and sums to the last digit that a way through text keeps."""
    kinds = dict(night.con.execute("SELECT column_name, column_type FROM (DESCRIBE layer.building)").fetchall())
    columns = [
        "ST_AsText(ST_ReducePrecision(geom, 1e-3))"
        if name == "geom"
        else f"round({name}, 6)"
        if kind == "DOUBLE"
        else name
        for name, kind in kinds.items()
        if name not in ("run_id", "licence")  # the licence names the module: osm_overpass is not osm_extract
    ]
    return night.con.execute(
        f"SELECT {', '.join(columns)} FROM layer.building ORDER BY audience, building_id"
    ).fetchall()


def test_every_feed_comes_from_a_service(both: Both) -> None:
    starts = {path.split("/")[1] for path in both.asked}
    assert starts == {"overpass", "heritage", "register", "premises", "observations", "elevation", "files"}


def test_services_make_the_layer_that_the_files_make(both: Both) -> None:
    expected, found = layer(both.files), layer(both.first)
    assert len(expected) > 50
    assert len(found) == len(expected)
    for one, other in zip(expected, found, strict=True):
        assert other == one


def test_what_is_rejected_is_the_same(both: Both) -> None:
    query = "SELECT table_name, feed, reason, count(*) FROM staging.reject GROUP BY ALL ORDER BY ALL"
    assert both.first.con.execute(query).fetchall() == both.files.con.execute(query).fetchall()


def test_a_second_night_of_the_same_rows_builds_no_floor_again(both: Both) -> None:
    query = "SELECT table_name, fingerprint FROM meta.build"
    before = dict(both.first.con.execute(query).fetchall())
    after = dict(both.second.con.execute(query).fetchall())
    changed = {name for name in after if after[name] != before.get(name)}
    assert {name.split(".")[0] for name in changed} == set()
