"""Feeds of GRB from pygeoapi and MapServer: complete, once, and equal to the provider's file."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from sources._kit import fetch, http
from sources._kit.contract import raw_name
from sources._kit.duck import identifier
from sources._kit.errors import FetchRefusedError, UnreadableSnapshotError
from sources._kit.fetch import fetch_files
from sources._kit.snapshot import Snapshot, Store
from sources.be_grb import parse
from tests.servers.mapserver import MapServer
from tests.servers.running import Grb
from tests.sources.conftest import Con, make_city
from tests.sources.test_http import Hurried

Get = Callable[..., Snapshot]
WFS = {"kind": "wfs", "typename": {"gbg": "gbg", "adp": "adp"}, "sort_by": "OIDN", "page_size": 10_000}
WFS_JSON = {**WFS, "format": "geojson"}
OGC = {"kind": "ogc_features", "page_size": 10_000}


@pytest.fixture
def get(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Get:
    """Fetch a feed of GRB: `get(url by part, service)`."""
    monkeypatch.setattr(fetch, "RETRIES", fetch.RETRIES.new(backoff_factor=0))
    monkeypatch.setattr(http, "PACE", Hurried())

    def run(url: dict[str, str], service: object, **keys: object) -> Snapshot:
        city = make_city(tmp_path, {"name": "feed", "source": "be_grb", "url": url, "service": service, **keys})
        return fetch_files(city, city.feeds["feed"], Store(tmp_path / "store"))

    return run


def items(url: str, *parts: str) -> dict[str, str]:
    return {part: f"{url}/collections/{part}/items" for part in parts or ("gbg",)}


def numbers(snapshot: Snapshot, part: str = "gbg") -> list[int]:
    """OIDN of every feature of every page, as they came."""
    pages = [json.loads(path.read_bytes()) for path in snapshot.paths(part)]
    return [int(feature["properties"]["OIDN"]) for page in pages for feature in page["features"]]


def oidns(features: list[dict[str, Any]]) -> set[int]:
    return {feature["properties"]["OIDN"] for feature in features}


def within(features: list[dict[str, Any]], box: tuple[float, ...]) -> set[int]:
    """Those whose own extent reaches into a box."""
    west, south, east, north = box
    found = [f for f in features if f["geometry"] is not None]
    return oidns([
        f for f in found if f["bbox"][0] <= east and f["bbox"][2] >= west and f["bbox"][1] <= north and f["bbox"][3] >= south
    ])  # fmt: skip


def table(con: Con, snapshot: Snapshot, part: str, where: str = "true") -> list[tuple[Any, ...]]:
    """A raw table as text, in the order of the OIDN; the shape rounded to a hundredth of a millimetre."""
    columns = [name for (name, *_) in con.execute(f"DESCRIBE {raw_name(snapshot.feed, part)}").fetchall()]
    kept = [identifier(name) for name in columns if name not in ("geom", "_row", "id")]
    shape = "ST_AsText(ST_ReducePrecision(geom, 1e-5))"
    query = f"SELECT {', '.join(kept)}, {shape} FROM {raw_name(snapshot.feed, part)} WHERE {where} ORDER BY OIDN"
    return con.execute(query).fetchall()


@pytest.fixture
def as_file(grb: Grb, tmp_path: Path, con: Con) -> Callable[..., list[tuple[Any, ...]]]:
    """The raw table of the provider's own pages from disk."""

    def read(part: str, where: str = "true") -> list[tuple[Any, ...]]:
        paths = {part: str(grb.folder / "city" / "grb" / f"{part}_*.json")}
        city = make_city(tmp_path, {"name": "file", "source": "be_grb", "path": paths})
        snapshot = fetch_files(city, city.feeds["file"], Store(tmp_path / "store"))
        parse(snapshot, con)
        return table(con, snapshot, part, where)

    return read


def test_every_feature_arrives_once_through_pygeoapi(
    grb: Grb, pygeoapi: str, get: Get, con: Con, as_file: Callable[..., Any]
) -> None:
    snapshot = get(items(pygeoapi, "gbg", "adp"), OGC)
    assert len(snapshot.paths("gbg")) == 3  # it gives 5,000 however many are asked
    for part in ("gbg", "adp"):
        assert len(numbers(snapshot, part)) == len(grb.parts[part])
        assert set(numbers(snapshot, part)) == oidns(grb.parts[part])
    assert len(grb.parts["gbg"]) > 12_000
    parse(snapshot, con)  # GeoJSON names no CRS here: the header does
    for part in ("gbg", "adp"):
        assert table(con, snapshot, part) == as_file(part)


def test_every_feature_arrives_once_through_mapserver(
    grb: Grb, mapserver: MapServer, get: Get, con: Con, as_file: Callable[..., Any]
) -> None:
    snapshot = get({"gbg": mapserver.url, "adp": mapserver.url}, WFS_JSON)
    assert next(part.features for part in snapshot.parts if part.name == "gbg") == 10_000
    for part in ("gbg", "adp"):
        assert len(numbers(snapshot, part)) == len(grb.placed(part))
        assert set(numbers(snapshot, part)) == oidns(grb.placed(part))
    parse(snapshot, con)
    for part in ("gbg", "adp"):
        assert table(con, snapshot, part) == as_file(part, "geom IS NOT NULL")


BOX = (178_500.0, 197_000.0, 180_500.0, 199_500.0)


@pytest.mark.parametrize("tile_m", [None, 1300])
@pytest.mark.parametrize("kind", ["pygeoapi", "mapserver"])
def test_a_box_and_its_tiles_give_what_lies_in_it(
    grb: Grb, get: Get, request: pytest.FixtureRequest, kind: str, tile_m: int | None
) -> None:
    server = request.getfixturevalue(kind)
    wanted = within(grb.parts["gbg"], BOX)
    assert 1000 < len(wanted) < len(grb.parts["gbg"])
    asked = {"bbox": BOX, "tile_m": tile_m}
    snapshot = (
        get(items(server), {**OGC, **asked}) if kind == "pygeoapi" else get({"gbg": server.url}, {**WFS_JSON, **asked})
    )
    came = numbers(snapshot)
    # A feature without a geometry is in every box, says pygeoapi.
    nowhere = oidns(grb.parts["gbg"]) - oidns(grb.placed("gbg"))
    assert set(came) - nowhere == wanted
    if tile_m is None:
        assert len(came) == len(set(came))
    else:
        assert len(came) > len(set(came))  # on the edge of two tiles; staging keeps one


def test_a_box_in_longitude_and_latitude(grb: Grb, pygeoapi: str, mapserver: MapServer, get: Get) -> None:
    from pyproj import Transformer

    box = Transformer.from_crs(31370, 4326, always_xy=True).transform_bounds(*BOX)
    # The box is turned in the service's own CRS; MapServer loses up to a datum shift (110 m) of it on the way.
    inner, outer = [within(grb.parts["gbg"], (BOX[0] - m, BOX[1] - m, BOX[2] + m, BOX[3] + m)) for m in (-150, 100)]
    nowhere = oidns(grb.parts["gbg"]) - oidns(grb.placed("gbg"))
    for url, service in ((items(pygeoapi), OGC), ({"gbg": mapserver.url}, WFS_JSON)):
        snapshot = get(url, {**service, "bbox": box}, crs="EPSG:4326")
        assert inner <= set(numbers(snapshot)) - nowhere <= outer
        first = json.loads(snapshot.paths("gbg")[0].read_bytes())["features"][0]["geometry"]["coordinates"][0][0]
        assert 2 < first[0] < 7 < 49 < first[1] < 52


def test_a_service_in_another_crs_than_the_feed_is_refused(pygeoapi: str, get: Get, con: Con) -> None:
    """pygeoapi names no CRS in the body; the header of the answer does, and the city file cannot overrule it."""
    lambert_2008 = {"crs": "http://www.opengis.net/def/crs/EPSG/0/3812"}
    snapshot = get(items(pygeoapi), {**OGC, "params": lambert_2008})
    for crs in (None, "EPSG:31370"):
        with pytest.raises(UnreadableSnapshotError, match="EPSG/0/3812 instead of EPSG:31370"):
            parse(replace(snapshot, feed=snapshot.feed.model_copy(update={"crs": crs})), con)


def test_an_answer_in_gml_is_refused_by_name(mapserver: MapServer, get: Get) -> None:
    with pytest.raises(FetchRefusedError, match="no GeoJSON"):
        get({"gbg": mapserver.url}, {**WFS, "format": "application/gml+xml; version=3.2"})


def test_what_the_servers_refuse_is_refused_with_their_words(pygeoapi: str, mapserver: MapServer, get: Get) -> None:
    with pytest.raises(FetchRefusedError, match="error and a good status") as caught:
        get({"gbg": mapserver.url}, {**WFS_JSON, "typename": "absent"})
    assert "absent" in str(caught.value.where["value"])
    with pytest.raises(FetchRefusedError, match="404") as caught:
        get({"gbg": f"{pygeoapi}/collections/absent/items"}, OGC)
    assert "not found" in str(caught.value.where["value"])
