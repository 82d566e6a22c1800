"""serve: the published layer over HTTP, as GIS tools and the platform read it; a real server, started by the installed command."""

from __future__ import annotations

import json
import random
import re
import shutil
import signal
import socket
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.parse import quote, urlencode
from urllib.request import Request, urlopen

import duckdb
import geopandas
import pyogrio
import pytest
import shapely

from sources._kit.duck import connect
from tests.flows.conftest import NAME, ONBENUT, Home
from transforms.publish.publish import publish_city
from transforms.publish.rows import PIN_COLUMNS

LAMBERT = "http://www.opengis.net/def/crs/EPSG/0/31370"
LATITUDE_FIRST = "http://www.opengis.net/def/crs/EPSG/0/4326"


@contextmanager
def serving(home: Home, *more: object, log: Path | None = None) -> Iterator[str]:
    """Address of the server of a home, while the block lasts; it must stop by itself when asked to."""
    command = [str(ONBENUT), "serve", NAME, "--port", "0", *map(str, more)]
    errors = log.open("w", encoding="utf-8") if log else subprocess.DEVNULL
    with subprocess.Popen(command, env=home.env, stdout=subprocess.PIPE, stderr=errors, text=True) as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        try:
            assert line, "no server"
            yield line.split("/ ")[0]
        finally:
            process.send_signal(signal.SIGTERM)
            code = process.wait(20)
    assert code == 0


@pytest.fixture(scope="session")
def url(demo: Any) -> Iterator[str]:
    with serving(demo.home) as address:
        yield address


@pytest.fixture(scope="session")
def layer(demo: Any) -> geopandas.GeoDataFrame:
    """The GeoPackage's buildings, which must be what is served."""
    return pyogrio.read_dataframe(demo.home.space.outputs / NAME / f"{NAME}.gpkg", layer="buildings")


def get(url: str, collection: str = "buildings", item: str = "", **params: object) -> dict[str, Any]:
    query = urlencode({name.replace("_crs", "-crs"): value for name, value in params.items()})
    with urlopen(f"{url}/collections/{collection}/items{item}?{query}", timeout=30) as answer:
        body: dict[str, Any] = json.load(answer)
        return body


def status(request: str | Request) -> int:
    try:
        with urlopen(request, timeout=30) as answer:
            return int(answer.status)
    except HTTPError as error:
        with error:
            return error.code


def ids(body: dict[str, Any]) -> list[str]:
    return [feature["id"] for feature in body["features"]]


def pages(url: str, body: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """This page and all further ones, by the links alone."""
    while True:
        yield body
        following = [link["href"] for link in body["links"] if link["rel"] == "next"]
        if not following:
            return
        with urlopen(following[0], timeout=30) as answer:
            body = json.load(answer)


@pytest.mark.parametrize("crs", ["OGC:CRS84", "EPSG:31370"])
def test_gdal_reads_what_stands_in_the_geopackage(url: str, layer: geopandas.GeoDataFrame, crs: str) -> None:
    read = pyogrio.read_dataframe(f"OAPIF:{url}", layer="buildings", PAGE_SIZE=50, CRS=crs)
    read, wanted = (frame.set_index("building_id").sort_index() for frame in (read, layer))
    assert list(read.index) == list(wanted.index)
    assert read.crs == crs
    in_metres = read.geometry.to_crs(31370)
    assert shapely.hausdorff_distance(in_metres.array, wanted.geometry.array).max() < 0.02
    for name in wanted.columns.drop("geometry"):
        if wanted[name].isna().all():
            continue
        assert (read[name].isna() == wanted[name].isna()).all(), name
        known = wanted[name].notna()
        got, meant = read[name][known], wanted[name][known]
        if meant.dtype.kind == "f":
            # GDAL learns types from the first page: a number that is unknown all over it comes as text.
            assert ((got.astype(float) - meant).abs() < 1e-9).all(), name
        else:
            assert list(got.astype(str)) == list(meant.astype(str)), name


def test_owslib_reads_it(url: str, layer: geopandas.GeoDataFrame) -> None:
    from owslib.ogcapi.features import Features  # type: ignore[import-untyped]

    service = Features(url)
    assert service.feature_collections() == ["buildings", "pins"]
    about = service.collection("buildings")
    assert about["storageCrs"] == LAMBERT
    assert "Bronnen: " in about["description"]
    # The made-up city is under no licence that has an address; where a source's has one, it is linked.
    assert not [link["href"] for link in about["links"] if link["rel"] == "license"]
    west, south, east, north = about["extent"]["spatial"]["bbox"][0]
    inside = layer.to_crs(4326).total_bounds
    assert west < inside[0] < inside[2] < east
    assert south < inside[1] < inside[3] < north
    body = service.collection_items("buildings", limit=5)
    assert ids(body) == list(layer["building_id"][:5])
    assert body["numberMatched"] == len(layer)
    assert service.collection_item("buildings", layer["building_id"][7])["id"] == layer["building_id"][7]
    described = service.collection_queryables("buildings")["properties"]
    assert set(described) == set(layer.columns) - {"geometry"} | {"geometry"}


def test_pins_are_the_pins_of_the_set(url: str, demo: Any) -> None:
    file = json.loads((demo.home.space.outputs / NAME / f"{NAME}_pins.geojson").read_text(encoding="utf-8"))
    body = get(url, "pins", limit=10_000)
    assert body["attribution"] == file["attribution"]
    assert body["run_id"] == file["run_id"]
    assert ids(body) == [feature["id"] for feature in file["features"]]
    for got, meant in zip(body["features"], file["features"], strict=True):
        assert list(got["properties"]) == list(PIN_COLUMNS)
        assert got["geometry"]["coordinates"] == pytest.approx(meant["geometry"]["coordinates"], abs=2e-7)


@pytest.mark.parametrize("collection", ["buildings", "pins"])
@pytest.mark.parametrize("crs", [None, LAMBERT, LATITUDE_FIRST])
def test_a_box_gives_what_touches_it(url: str, layer: geopandas.GeoDataFrame, collection: str, crs: str | None) -> None:
    dice = random.Random(6)
    frame = layer if crs == LAMBERT else layer.to_crs(4326)
    if collection == "pins":
        frame = geopandas.GeoDataFrame(geometry=layer.representative_point(), crs=31370).to_crs(frame.crs)
    low_x, low_y, high_x, high_y = layer.to_crs(frame.crs).total_bounds
    found = 0
    for _ in range(12):
        xs = sorted(dice.uniform(low_x, high_x) for _ in range(2))
        ys = sorted(dice.uniform(low_y, high_y) for _ in range(2))
        meant = layer["building_id"][frame.intersects(shapely.box(xs[0], ys[0], xs[1], ys[1])).to_numpy()]
        box = (ys[0], xs[0], ys[1], xs[1]) if crs == LATITUDE_FIRST else (xs[0], ys[0], xs[1], ys[1])
        more = {"bbox_crs": crs} if crs else {}
        body = get(url, collection, bbox=",".join(map(str, box)), limit=10_000, **more)
        assert ids(body) == list(meant)
        assert body["numberMatched"] == len(meant)
        found += len(meant)
    assert found


@pytest.mark.parametrize(
    ("box", "all_of_it"),
    [
        ("-180,-90,180,90", True),
        ("-180,-90,-50,180,90,8000", True),
        ("170,40,-10,60", False),
        ("3,40,-170,60", True),
        ("20,20,30,30", False),
        ("4,51,4,51", False),
    ],
)
def test_a_box_may_be_as_wide_as_the_world_or_none(
    url: str, layer: geopandas.GeoDataFrame, box: str, all_of_it: bool
) -> None:
    assert get(url, bbox=box, resulttype="hits")["numberMatched"] == (len(layer) if all_of_it else 0)


def test_a_box_without_area_is_a_point(url: str, layer: geopandas.GeoDataFrame) -> None:
    inside = layer.geometry[0].point_on_surface()
    box = f"{inside.x},{inside.y},{inside.x},{inside.y}"
    assert ids(get(url, bbox=box, bbox_crs=LAMBERT)) == [layer["building_id"][0]]


def test_pages_are_complete_and_hold_each_building_once(url: str, layer: geopandas.GeoDataFrame) -> None:
    read = [one for page in pages(url, get(url, limit=23, sortby="underuse_band")) for one in ids(page)]
    assert sorted(read) == sorted(layer["building_id"])
    assert len(ids(get(url))) == min(100, len(layer))
    assert ids(get(url, offset=10**30)) == []


def test_a_selection_is_that_of_the_layer(url: str, layer: geopandas.GeoDataFrame) -> None:
    def meant(rows: Any) -> list[str]:
        found = list(layer["building_id"][rows])
        assert found
        return found

    assert ids(get(url, type="church")) == meant(layer["type"] == "church")
    assert ids(get(url, type="church", priority_rank=1)) == meant(
        (layer["type"] == "church") & (layer["priority_rank"] == 1)
    )
    assert ids(get(url, priority_rank_is_stable="true", limit=1000)) == meant(layer["priority_rank_is_stable"] == True)  # noqa: E712
    day = layer["newest_evidence_on"].dropna().iloc[0]
    assert ids(get(url, newest_evidence_on=str(day)[:10])) == meant(layer["newest_evidence_on"] == day)
    shape = layer.geometry[0].buffer(100).simplify(10)
    asked = f"type IN ('church','school') AND footprint_m2 > 200 OR name ILIKE '%sint%' OR INTERSECTS(geometry, {shape.wkt})"
    rows = layer["type"].isin(["church", "school"]) & (layer["footprint_m2"] > 200)
    rows |= layer["name"].str.contains("sint", case=False, na=False) | layer.intersects(shape)
    assert ids(get(url, filter=asked, filter_crs=LAMBERT, limit=1000)) == meant(rows)
    body = get(url, properties="name,type", skipGeometry="true", sortby="-footprint_m2", limit=3)
    assert ids(body) == list(layer.sort_values("footprint_m2", ascending=False)["building_id"][:3])
    assert [(list(one["properties"]), one["geometry"]) for one in body["features"]] == [(["name", "type"], None)] * 3


@pytest.mark.parametrize(
    "query",
    [
        "bbox=1,2,3", "bbox=a,b,c,d", "bbox=nan,0,1,1", "bbox=0,inf,1,inf", "bbox=0,9,1,1", "bbox=3,51,4,52&bbox-crs=EPSG:31370",
        f"bbox=9,0,1,1&bbox-crs={LAMBERT}", "crs=EPSG:1", "limit=0", "limit=x", "offset=-1", "sortby=", "sortby=nothing",
        "properties=nothing", "priority_rank=eerste", "newest_evidence_on=gisteren", "filter=nothing%3D1", "filter=name%3D",
        "filter=read_text('/etc/passwd')%3D'x'", "filter=footprint_m2%3D'x'", "filter=a%3D1" + "%20OR%20a%3D1" * 3000,
        "filter=BBOX(geometry,1,2,3,4)",
    ],
)  # fmt: skip
def test_a_wrong_question_is_status_400(url: str, query: str) -> None:
    assert status(f"{url}/collections/buildings/items?{query}") == 400


INJECTIONS = [
    "x' OR '1'='1", "x'; DROP VIEW layer; --", "x' UNION SELECT * FROM read_text('/etc/passwd') --", "\\' OR 1=1 --",
    "x\x00' OR '1'='1", "church' --", "%' ESCAPE '' OR true --",
]  # fmt: skip


@pytest.mark.parametrize("text", INJECTIONS)
def test_nothing_from_outside_is_executed(url: str, layer: geopandas.GeoDataFrame, text: str) -> None:
    doubled = text.replace("'", "''")
    asked: list[dict[str, object]] = [
        {"type": text},
        {"filter": f"type = '{doubled}'"},
        {"filter": f"type LIKE '{doubled}'"},
        {"filter": f'"{text}" = 1'},
        {"sortby": text},
        {"properties": text},
        {"bbox": text},
        {"limit": text},
        {"offset": text},
        {"crs": text},
        {"set": text, "type": "geen"},
        {"priority_rank": text},
    ]
    for params in asked:
        address = f"{url}/collections/buildings/items?{urlencode(params)}"
        if status(address) != 400:
            with urlopen(address, timeout=30) as answer:
                assert json.load(answer)["features"] == [], address
    assert status(f"{url}/collections/buildings/items/{quote(text)}") == (400 if "\x00" in text else 404)
    assert get(url, resulttype="hits")["numberMatched"] == len(layer)


@pytest.mark.parametrize("text", INJECTIONS)
def test_a_filter_quotes_whatever_its_parser_lets_through(text: str) -> None:
    from pygeofilter import ast  # type: ignore[import-untyped]

    from flows.serve import cql

    quoted = "'" + text.replace("'", "''") + "'"
    name = ast.Attribute("name")
    assert cql.where(ast.Equal(name, text), ["name"], "geom") == f'("name" = {quoted})'
    assert quoted in cql.where(ast.Like(name, text, False, "%", "_", text, False), ["name"], "geom")
    assert cql.where(ast.In(name, [text], False), ["name"], "geom") == f'("name" IN ({quoted}))'
    for tree in (ast.Equal(ast.Attribute(text), 1), ast.Equal(name, ast.Function("read_text", [text]))):
        with pytest.raises(cql.FilterError):
            cql.where(tree, ["name"], "geom")


def test_one_building_by_its_id(url: str, layer: geopandas.GeoDataFrame) -> None:
    wanted = layer["building_id"][3]
    body = get(url, item=f"/{wanted}")
    assert body["id"] == body["properties"]["building_id"] == wanted
    own = next(link["href"] for link in body["links"] if link["rel"] == "self")
    assert status(own) == 200
    for unknown in ("grb:nee", "a/b//c", "%27", "%2e%2e%2f", "50%25"):
        assert status(f"{url}/collections/buildings/items/{unknown}") == 404


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
def test_nothing_can_be_written(url: str, method: str) -> None:
    for path in ("", "/grb:1"):
        request = Request(f"{url}/collections/buildings/items{path}", b"{}", method=method)
        request.add_header("Content-Type", "application/geo+json")
        assert status(request) == 405
    with urlopen(f"{url}/conformance", timeout=30) as answer:
        assert not [uri for uri in json.load(answer)["conformsTo"] if "features-4" in uri]
    for path in ("processes", "jobs", "admin/config", "stac", "static/../app.py", "static/..%2f..%2fapp.py"):
        assert status(f"{url}/{path}") == 404


def test_every_link_leads_somewhere(url: str) -> None:
    todo, seen = [f"{url}/"], set()
    while todo:
        address = todo.pop()
        if address in seen or not address.startswith(url) or "offset" in address:
            continue
        seen.add(address)
        with urlopen(address, timeout=30) as answer:
            assert answer.headers["Access-Control-Allow-Origin"] == "*"
            body = answer.read()
            if "json" in answer.headers["Content-Type"] and len(seen) < 60:
                todo += re.findall(r'"href": ?"([^"]+)"', body.decode())
    assert len(seen) > 20


def test_the_log_tells_neither_who_nor_what_for(home: Home, tmp_path: Path) -> None:
    with serving(home, log=tmp_path / "log") as address:
        get(address, address="Kerkstraat 1")
        status(f"{address}/collections/buildings/items?filter=address%3D'Kerkstraat")
        status(f"{address}/%0d%0anext%20line")
    log = (tmp_path / "log").read_text(encoding="utf-8").splitlines()
    assert [line.split("Z ")[1] for line in log] == [
        "GET /collections/buildings/items 200",
        "GET /collections/buildings/items 400",
        "GET /%0d%0anext%20line 404",
    ]


def test_links_carry_the_public_address(home: Home) -> None:
    with serving(home, "--host", "127.0.0.1", "--url", "https://geo.example.org/laag/") as address:
        assert address == "https://geo.example.org/laag"
        # What it listens at stands nowhere: who has a proxy before it knows.


def test_the_city_sees_its_own_layer_on_its_own_machine(home: Home) -> None:
    rows = pyogrio.read_info(home.space.outputs / NAME / f"{NAME}_city.gpkg", layer="buildings")["features"]
    with serving(home, "--audience", "city") as address:
        assert get(address, resulttype="hits")["numberMatched"] == rows
        with urlopen(f"{address}/", timeout=30) as answer:
            assert "Access-Control-Allow-Origin" not in answer.headers
        other = Request(f"{address}/", headers={"Host": "elders.example.org"})
        assert status(other) == 400


@pytest.mark.parametrize(
    ("more", "words"),
    [
        (("--audience", "city", "--host", "0.0.0.0"), "not for publication"),
        (("--audience", "city", "--url", "https://geo.example.org"), "not for publication"),
        (("--host", "0.0.0.0"), "no link can carry"),
        (("--host", "203.0.113.7"), "no listening there"),
    ],
)
def test_a_wrong_place_is_refused(home: Home, more: tuple[str, ...], words: str) -> None:
    done = home.onbenut("serve", NAME, "--port", "0", *more)
    assert done.returncode == 1
    assert words in done.stderr


def test_a_taken_port_and_a_city_without_a_layer_are_named(home: Home, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        done = home.onbenut("serve", NAME, "--port", taken.getsockname()[1])
    assert done.returncode == 1
    assert "the port is taken" in done.stderr
    done = home.onbenut("serve", "nergens")
    assert done.returncode == 1
    assert f"published: {NAME}" in done.stderr
    other = Home(tmp_path)
    (other.space.outputs / NAME).mkdir(parents=True)
    done = other.onbenut("serve", NAME)
    assert done.returncode == 1
    assert "no layer of buildings" in done.stderr


class Nights:
    """Publishes a copy of the city again and again, each time another number of buildings under another run."""

    def __init__(self, home: Home, folder: Path) -> None:
        copy = shutil.copy(home.space.warehouse(NAME), folder / "copy.duckdb")
        self.con = connect(Path(copy))
        self.outputs = home.space.outputs
        self.count: dict[str, int] = {}

    def publish(self, number: int) -> None:
        run = f"nacht-{number % 3}"  # names of runs, and so of folders, come back
        self.con.execute(
            "DELETE FROM layer.building WHERE audience = 'public' AND priority_rank = (SELECT max(priority_rank) FROM layer.building WHERE audience = 'public')"
        )
        self.con.execute(f"UPDATE layer.building SET run_id = '{run}-{number}'")
        self.con.execute(f"UPDATE layer.run SET value = '{run}' WHERE name = 'run_id'")
        publish_city(self.con, NAME, "EPSG:31370", self.outputs, ("public",))
        rows = self.con.execute("SELECT count(*) FROM layer.building WHERE audience = 'public'").fetchone()
        assert rows
        self.count[f"{run}-{number}"] = rows[0]


@pytest.fixture
def nights(own_home: Home, tmp_path: Path) -> Iterator[Nights]:
    made = Nights(own_home, tmp_path)
    try:
        yield made
    finally:
        made.con.close()


@pytest.mark.night
def test_a_night_swaps_the_layer_under_its_readers(own_home: Home, nights: Nights) -> None:
    nights.publish(0)
    seen: list[tuple[str, int]] = []
    failed: list[BaseException] = []
    done = threading.Event()

    def read(address: str, collection: str) -> None:
        try:
            while not done.is_set():
                body = get(address, "buildings", limit=10_000)
                runs = {feature["properties"]["run_id"] for feature in body["features"]}
                assert len(runs) == 1
                assert len(body["features"]) == body["numberMatched"]
                seen.append((runs.pop(), body["numberMatched"]))
                get(address, collection, bbox="3,50,6,52", resulttype="hits")
        except BaseException as error:  # noqa: BLE001 - a thread's failure is the test's
            failed.append(error)

    with serving(own_home) as address:
        readers = [threading.Thread(target=read, args=(address, name)) for name in ("buildings", "pins")]
        for reader in readers:
            reader.start()
        for number in range(1, 11):
            nights.publish(number)
        done.set()
        for reader in readers:
            reader.join()
        assert get(address, resulttype="hits")["numberMatched"] == nights.count["nacht-1-10"]
    assert not failed
    assert all(nights.count[run] == number for run, number in seen)
    assert len(set(seen)) > 3


def test_who_pages_keeps_the_set_he_began_with(own_home: Home, nights: Nights) -> None:
    nights.publish(1)
    with serving(own_home) as address:
        first = get(address, limit=40)
        nights.publish(2)
        later = [one for page in pages(address, first) for one in page["features"]]
        assert {one["properties"]["run_id"] for one in later} == {"nacht-1-1"}
        assert len({one["id"] for one in later}) == len(later) == nights.count["nacht-1-1"]
        assert get(address, limit=1)["features"][0]["properties"]["run_id"] == "nacht-2-2"
        # The night after, that set is gone from the disk: the pages go on with what is there.
        nights.publish(3)
        after = [one for page in pages(address, first) for one in page["features"]]
        assert {one["properties"]["run_id"] for one in after[40:]} == {"nacht-0-3"}


def test_two_nights_that_nobody_saw_are_no_error_either(own_home: Home, nights: Nights) -> None:
    nights.publish(1)
    with serving(own_home) as address:
        first = get(address, limit=40)
        nights.publish(2)
        nights.publish(3)
        after = [one for page in pages(address, first) for one in page["features"]]
        assert {one["properties"]["run_id"] for one in after[40:]} == {"nacht-0-3"}


def test_rows_of_a_set_that_was_replaced_are_not_given_out(own_home: Home) -> None:
    from flows.serve.published import SetGoneError, open_set

    published = open_set(own_home.space.outputs / NAME, NAME)
    path = Path(published.identity[0])
    shutil.copy(path, path.with_suffix(".other"))
    path.with_suffix(".other").replace(path)  # another file under the same name, as when a run's name comes back
    with pytest.raises(SetGoneError):
        published.ask("SELECT count(*) FROM layer")
    path.unlink()
    with pytest.raises(SetGoneError):
        published.ask("SELECT count(*) FROM layer")


def test_a_set_without_buildings_is_said_and_passes(own_home: Home, nights: Nights) -> None:
    with serving(own_home) as address:
        link = own_home.space.outputs / NAME
        kept = link.readlink()
        empty = link.parent / f".{NAME}" / "leeg"
        empty.mkdir()
        link.unlink()
        link.symlink_to(empty)
        assert status(f"{address}/collections") == 503
        link.unlink()
        link.symlink_to(kept)
        assert status(f"{address}/collections") == 200


def test_a_published_set_opens_nothing_but_its_own_layer(own_home: Home) -> None:
    from flows.serve.published import open_set

    folder = own_home.space.outputs / NAME
    published = open_set(folder, NAME)
    assert published.ask("SELECT count(*) FROM layer")[0][0] > 0
    for question in (
        f"SELECT * FROM read_parquet('{(folder / f'{NAME}_city.parquet').resolve()}')",
        "SELECT * FROM read_text('/etc/hostname')",
        "COPY (SELECT 1) TO '/tmp/onbenut-must-not-be'",
        "SET enable_external_access = true",
    ):
        with pytest.raises(duckdb.Error):
            published.ask(question)
