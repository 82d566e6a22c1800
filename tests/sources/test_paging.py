from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from sources._kit import fetch, http
from sources._kit.city import load_city
from sources._kit.errors import CityFileError, FetchRefusedError
from sources._kit.fetch import fetch_files
from sources._kit.snapshot import Snapshot, Store
from sources.be_grb import parse
from sources.vacancy_register import parse as parse_register
from tests.sources.conftest import Con, make_city, raw, square
from tests.sources.loopback import Answer, Loopback, Request
from tests.sources.test_http import Hurried, kept

GBG = {
    "UIDN": 1,
    "OIDN": 1,
    "VERSIE": 1,
    "BEGINDATUM": "2011-12-08",
    "VERSDATUM": "2018-12-01",
    "TYPE": 1,
    "LBLTYPE": "hoofdgebouw",
    "OPNDATUM": "2009-04-15",
}
URN = "urn:ogc:def:crs:EPSG::31370"
Get = Callable[..., Snapshot]
Features = list[dict[str, Any]]


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Loopback]:
    monkeypatch.setattr(fetch, "RETRIES", fetch.RETRIES.new(backoff_factor=0))
    monkeypatch.setattr(http, "PACE", Hurried())
    made = Loopback(lambda _request: Answer(status=404))
    yield made
    made.close()


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "store")


@pytest.fixture
def get(tmp_path: Path, store: Store, server: Loopback) -> Get:
    def run(service: object, path: str, **keys: object) -> Snapshot:
        feed = {"name": "feed", "source": "be_grb", "url": {"gbg": f"{server.url}{path}"}, "service": service, **keys}
        city = make_city(tmp_path, feed)
        return fetch_files(city, city.feeds["feed"], store)

    return run


@cache
def buildings(count: int) -> Features:
    """So many buildings; the feature id is the service's, the OIDN the provider's."""
    return [
        {
            "type": "Feature",
            "id": f"GBG.{n}",
            "properties": {**GBG, "OIDN": n},
            "geometry": square(150_000 + 20 * (n % 100), 200_000 + 20 * (n // 100)),
        }
        for n in range(count)
    ]


def collection(features: Sequence[Mapping[str, Any]], **members: object) -> Answer:
    crs = {"type": "name", "properties": {"name": URN}}
    body = {"type": "FeatureCollection", "features": features, "numberReturned": len(features), "crs": crs, **members}
    return Answer(json.dumps(body).encode(), headers={"Content-Type": "application/geo+json"})


def ids(snapshot: Snapshot, part: str = "gbg") -> list[str]:
    """Feature ids of all pages, in order."""
    return [f["id"] for path in snapshot.paths(part) for f in json.loads(path.read_bytes())["features"]]


class Ogc:
    """OGC API Features over a list, with faults to switch on."""

    def __init__(self, server: Loopback, features: Features, *, links: bool = True, cap: int = 10_000) -> None:
        self.features, self.links, self.cap = features, links, cap
        self.says_matched: int | None = None
        self.fault: Callable[[int, Features], Features] = lambda _start, found: found
        self.url = server.url
        server.answer = self

    def __call__(self, request: Request) -> Answer:
        start, limit = int(request.query.get("startIndex", 0)), min(int(request.query["limit"]), self.cap)
        found = self.fault(start, self.features[start : start + limit])
        members: dict[str, Any] = {"timeStamp": f"2026-01-01T00:00:{start % 60:02d}Z"}
        if self.says_matched is not None:
            members["numberMatched"] = self.says_matched
        if self.links and start + limit < len(self.features):
            query = "&".join(f"{k}={v}" for k, v in {**request.query, "startIndex": start + limit}.items())
            members["links"] = [{"rel": "next", "href": f"{self.url}{request.path}?{query}"}]
        return collection(found, **members)


ITEMS = "/collections/GBG/items"
OGC = {"kind": "ogc_features", "page_size": 1000}


# --- OGC API Features ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("count", [0, 1, 999, 1000, 2000, 2001])
@pytest.mark.parametrize("links", [True, False])
def test_all_features_arrive_once(server: Loopback, get: Get, count: int, links: bool) -> None:
    Ogc(server, buildings(count), links=links)
    snapshot = get(OGC, ITEMS)
    assert ids(snapshot) == [f"GBG.{n}" for n in range(count)]
    assert sum(part.features or 0 for part in snapshot.parts) == count
    assert {part.name for part in snapshot.parts} == {"gbg"}


def test_pages_are_kept_as_they_came_and_read_as_one_table(server: Loopback, get: Get, con: Con) -> None:
    ogc = Ogc(server, buildings(12_345))
    snapshot = get({**OGC, "page_size": 10_000}, ITEMS)
    assert [part.file for part in snapshot.parts] == ["GBG_1.geojson", "GBG_2.geojson"]
    assert snapshot.paths("gbg")[0].read_bytes() == ogc(server.seen[0]).body
    assert parse(snapshot, con) is not None
    assert [row["OIDN"] for row in raw(con, snapshot, "gbg")] == list(range(12_345))


def test_a_last_page_that_is_full_and_empty_ones_can_be_read(server: Loopback, get: Get, con: Con) -> None:
    Ogc(server, buildings(2000), links=False)
    snapshot = get(OGC, ITEMS)
    assert [part.features for part in snapshot.parts] == [1000, 1000, 0]
    parse(snapshot, con)
    assert len(raw(con, snapshot, "gbg")) == 2000


@pytest.mark.parametrize("cap", [300, 1000])
def test_a_server_that_gives_fewer_than_asked_is_asked_on(server: Loopback, get: Get, cap: int) -> None:
    Ogc(server, buildings(2345), links=False, cap=cap)
    assert len(ids(get({**OGC, "page_size": 10_000}, ITEMS))) == 2345


def test_the_service_is_asked_for_the_feeds_crs_and_box(server: Loopback, get: Get) -> None:
    Ogc(server, buildings(3))
    box = [150_000, 200_000, 151_000, 201_000]
    get({**OGC, "bbox": box, "filter": "TYPE = 1", "params": {"x": "y"}}, "/collections/GBG")
    (request,) = server.seen
    assert request.path == ITEMS
    uri = "http://www.opengis.net/def/crs/EPSG/0/31370"
    wanted = {"crs": uri, "bbox-crs": uri, "bbox": "150000,200000,151000,201000", "filter": "TYPE = 1", "x": "y"}
    assert wanted.items() <= request.query.items()


def test_longitude_comes_first_where_the_service_has_no_other_crs(server: Loopback, get: Get) -> None:
    Ogc(server, buildings(0))
    get({**OGC, "bbox": [4, 51, 5, 52]}, ITEMS, crs="EPSG:4326")
    assert server.seen[0].query["bbox"] == "4,51,5,52"
    assert "crs" not in server.seen[0].query


def refused(get: Get, store: Store, *arguments: Any, match: str) -> FetchRefusedError:
    """A fetch that is refused by name and leaves no manifest."""
    with pytest.raises(FetchRefusedError, match=match) as caught:
        get(*arguments)
    assert not list(store.root.glob("manifests/**/*.json"))
    assert {"source", "city", "feed", "url"} <= set(caught.value.where)
    assert caught.value.next_step
    return caught.value


def test_a_repeated_page_is_refused(server: Loopback, get: Get, store: Store) -> None:
    ogc = Ogc(server, buildings(3000))
    ogc.fault = lambda start, found: ogc.features[:1000] if start == 1000 else found
    refused(get, store, OGC, ITEMS, match="page came twice")


def test_a_server_that_ignores_the_offset_is_refused(server: Loopback, get: Get, store: Store) -> None:
    ogc = Ogc(server, buildings(3000), links=False)
    ogc.fault = lambda _start, _found: ogc.features[:1000]
    refused(get, store, OGC, ITEMS, match="ignores where it should begin")
    assert len(server.seen) == 2


def test_a_server_that_ignores_the_offset_and_makes_up_ids_is_refused(server: Loopback, get: Get, store: Store) -> None:
    turn = iter(range(1_000_000))
    first = buildings(1000)

    def say(_request: Request) -> Answer:
        return collection([{**f, "id": f"GBG.fid-{next(turn):x}"} for f in first])

    server.answer = say
    refused(get, store, OGC, ITEMS, match="page came twice")


def test_pages_without_a_firm_order_are_refused(server: Loopback, get: Get, store: Store) -> None:
    ogc = Ogc(server, buildings(3000))
    ogc.fault = lambda start, found: [ogc.features[999], *found[1:]] if start == 1000 else found
    error = refused(get, store, OGC, ITEMS, match="feature came twice")
    assert error.where["value"] == "GBG.999"


def test_a_missing_page_is_refused(server: Loopback, get: Get, store: Store) -> None:
    ogc = Ogc(server, buildings(3000))
    ogc.says_matched = 3000
    ogc.fault = lambda start, found: [] if start == 1000 else found
    error = refused(get, store, OGC, ITEMS, match="pages are missing")
    assert error.where["value"] == "1000 of 3000 features"


@pytest.mark.parametrize(("says", "match"), [(3001, "pages are missing"), (2999, "more features came")])
def test_a_total_that_disagrees_is_refused(server: Loopback, get: Get, store: Store, says: int, match: str) -> None:
    Ogc(server, buildings(3000)).says_matched = says
    refused(get, store, OGC, ITEMS, match=match)


def test_data_that_change_while_they_are_read_are_refused(server: Loopback, get: Get, store: Store) -> None:
    ogc = Ogc(server, buildings(3000))

    def grow(start: int, found: Features) -> Features:
        ogc.says_matched = 3000 + start
        return found

    ogc.fault = grow
    refused(get, store, OGC, ITEMS, match="changed while they were read")


def test_a_page_that_stops_short_is_refused(server: Loopback, get: Get, store: Store) -> None:
    server.answer = lambda r: collection(buildings(5), numberReturned=7)
    refused(get, store, OGC, ITEMS, match="page stops short")


def test_a_page_that_is_no_geojson_is_refused(server: Loopback, get: Get, store: Store) -> None:
    server.answer = lambda r: Answer(b"OIDN,TYPE\n1,2\n")
    refused(get, store, OGC, ITEMS, match="no GeoJSON")


def test_a_next_link_to_another_host_is_refused(server: Loopback, get: Get, store: Store) -> None:
    Ogc(server, buildings(3000)).url = f"http://localhost:{server.port}"
    refused(get, store, OGC, ITEMS, match="another host")
    assert len(server.seen) == 1


def test_an_error_on_a_later_page_is_refused_and_the_last_good_snapshot_stays(
    server: Loopback, get: Get, store: Store
) -> None:
    ogc = Ogc(server, buildings(3000))
    good = get(OGC, ITEMS)
    store.accept(good, {"gbg": 3000}, None)
    server.answer = lambda r: ogc(r) if "startIndex" not in r.query else Answer(b'{"error":{"code":500}}')
    with pytest.raises(FetchRefusedError, match="error and a good status"):
        get(OGC, ITEMS)
    assert store.last_good(good.city, good.feed) == good
    assert ids(good) == [f"GBG.{n}" for n in range(3000)]
    assert not [path for path in kept(store) if "partial" in path.parts]


def test_pages_without_end_are_refused_at_the_ceiling(
    server: Loopback, get: Get, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tests.sources.test_http import polite

    polite(monkeypatch, bytes_max=1 << 20)
    Ogc(server, buildings(9_000))
    refused(get, store, OGC, ITEMS, match="pages together are larger")


def test_tiles_cover_a_box(server: Loopback, get: Get) -> None:
    every = buildings(2000)

    def say(request: Request) -> Answer:
        west, south, east, north = map(float, request.query["bbox"].split(","))
        corners = [f["geometry"]["coordinates"][0][0] for f in every]
        inside = [
            f
            for f, (x, y) in zip(every, corners, strict=True)
            if x <= east and x + 10 >= west and y <= north and y + 10 >= south
        ]
        start, limit = int(request.query.get("startIndex", 0)), int(request.query["limit"])
        return collection(inside[start : start + limit], numberMatched=len(inside))

    server.answer = say
    snapshot = get({**OGC, "bbox": [150_000, 200_000, 152_000, 200_400], "tile_m": 905}, ITEMS)
    assert {r.query["bbox"] for r in server.seen} == {
        "150000,200000,150905,200400",
        "150905,200000,151810,200400",
        "151810,200000,152000,200400",
    }
    assert set(ids(snapshot)) == {f["id"] for f in every}


# --- WFS -------------------------------------------------------------------------------------------------------------


class Wfs:
    """GeoServer: hits that stop at 10,000, pages of at most so many, unsorted unless it is asked to sort."""

    def __init__(self, server: Loopback, features: Features, cap: int = 10_000) -> None:
        self.features, self.cap, self.hits = features, cap, str(min(len(features), 10_000))
        server.answer = self

    def __call__(self, request: Request) -> Answer:
        if request.query.get("resultType") == "hits":
            return Answer(f'<wfs:FeatureCollection numberMatched="{self.hits}" numberReturned="0"/>'.encode())
        found = self.features if request.query.get("sortBy") == "OIDN" else self.features[::-1]
        start, count = int(request.query["startIndex"]), min(int(request.query["count"]), self.cap)
        return collection(found[start : start + count])


WFS = {"kind": "wfs", "typename": "GRB:GBG", "sort_by": "OIDN", "page_size": 10_000}


@pytest.mark.parametrize("count", [0, 9_999, 10_000, 20_001])
def test_hits_that_saturate_do_not_end_the_pages(server: Loopback, get: Get, count: int) -> None:
    Wfs(server, buildings(count))
    assert ids(get(WFS, "/wfs")) == [f"GBG.{n}" for n in range(count)]


@pytest.mark.parametrize("hits", ["unknown", "2345"])
def test_a_page_cap_below_what_is_asked_does_not_end_the_pages(server: Loopback, get: Get, hits: str) -> None:
    Wfs(server, buildings(2345), cap=500).hits = hits
    assert len(ids(get(WFS, "/wfs"))) == 2345


def test_hits_that_disagree_are_refused(server: Loopback, get: Get, store: Store) -> None:
    Wfs(server, buildings(2345)).hits = "2400"
    refused(get, store, WFS, "/wfs", match="pages are missing")


def test_an_exception_report_is_refused(server: Loopback, get: Get, store: Store) -> None:
    from tests.sources.test_http import EXCEPTION

    server.answer = lambda r: Answer(EXCEPTION, headers={"Content-Type": "text/xml"})
    assert "no such type" in str(refused(get, store, WFS, "/wfs", match="error and a good").where["value"])


@pytest.mark.parametrize(
    ("crs", "box", "wanted"),
    [
        ("EPSG:31370", [1, 2, 3, 4], "1,2,3,4,urn:ogc:def:crs:EPSG::31370"),
        ("EPSG:4326", [4, 51, 5, 52], "51,4,52,5,urn:ogc:def:crs:EPSG::4326"),
        ("EPSG:3035", [1, 2, 3, 4], "2,1,4,3,urn:ogc:def:crs:EPSG::3035"),
    ],
)
def test_a_box_is_in_the_order_of_the_axes(server: Loopback, get: Get, crs: str, box: list[float], wanted: str) -> None:
    Wfs(server, buildings(0))
    get({**WFS, "bbox": box}, "/wfs", crs=crs)
    assert all(request.query["bbox"] == wanted for request in server.seen)
    assert len(server.seen) == 2


def test_a_box_and_a_filter_become_one_filter(server: Loopback, get: Get) -> None:
    Wfs(server, buildings(0))
    get({**WFS, "bbox": [1, 2, 3, 4], "filter": "TYPE = 1", "geometry": "SHAPE"}, "/wfs")
    for request in server.seen:
        assert request.query["CQL_FILTER"] == "BBOX(SHAPE, 1, 2, 3, 4, 'EPSG:31370') AND (TYPE = 1)"
        assert "bbox" not in request.query


# --- ArcGIS ----------------------------------------------------------------------------------------------------------


class ArcGis:
    """A layer with a ceiling per page; it can ignore the offset, or claim for ever that there is more."""

    def __init__(self, server: Loopback, features: Features, *, max_records: int = 1000) -> None:
        self.features, self.max_records = features, max_records
        self.ignores_offset = self.claims_more = False
        server.answer = self

    def __call__(self, request: Request) -> Answer:
        if not request.path.endswith("/query"):
            fields = [{"name": "OBJECTID", "type": "esriFieldTypeOID"}]
            return Answer(json.dumps({"maxRecordCount": self.max_records, "fields": fields}).encode())
        if request.query.get("returnCountOnly") == "true":
            return Answer(json.dumps({"count": len(self.features)}).encode())
        assert request.query["orderByFields"] == "OBJECTID ASC"
        start = 0 if self.ignores_offset else int(request.query["resultOffset"])
        count = min(int(request.query["resultRecordCount"]), self.max_records)
        found = self.features[start : start + count]
        more = self.claims_more or start + count < len(self.features)
        body = {"type": "FeatureCollection", "features": found}
        return Answer(json.dumps({**body, **({"exceededTransferLimit": True} if more else {})}).encode())


LAYER = "/arcgis/rest/services/P/MapServer/201"


def rows(count: int) -> Features:
    return [
        {
            "type": "Feature",
            "id": n,
            "properties": {"OBJECTID": n, "straat": "Kerkstraat", "nr": str(n), "status": "opname"},
            "geometry": square(4.4, 51.2, 0.001),
        }
        for n in range(1, count + 1)
    ]


REGISTER = {
    "source": "vacancy_register",
    "settings": {
        "columns": {"register_id": "OBJECTID", "street": "straat", "house_number": "nr", "status": "status"},
        "values": {"status": {"opname": "active"}},
    },
}


@pytest.mark.parametrize("claims_more", [False, True])
@pytest.mark.parametrize("count", [1045, 2000])
def test_a_layer_comes_whole_and_is_read(server: Loopback, get: Get, con: Con, count: int, claims_more: bool) -> None:
    ArcGis(server, rows(count)).claims_more = claims_more
    snapshot = get("arcgis", "", url=f"{server.url}{LAYER}/query?where=1%3D1", **REGISTER)
    assert len(snapshot.paths()) == 2
    parse_register(snapshot, con)
    assert [row["OBJECTID"] for row in raw(con, snapshot, "register")] == [str(n) for n in range(1, count + 1)]
    assert server.seen[-1].query["outSR"] == "4326"


def test_a_layer_that_ignores_the_offset_is_refused(server: Loopback, get: Get, store: Store) -> None:
    ArcGis(server, rows(1045)).ignores_offset = True
    refused(get, store, "arcgis", LAYER, match="ignores where it should begin")


def test_a_layer_that_counts_more_than_it_gives_is_refused(server: Loopback, get: Get, store: Store) -> None:
    layer = ArcGis(server, rows(1045))
    server.answer = lambda r: Answer(b'{"count": 1046}') if r.query.get("returnCountOnly") else layer(r)
    refused(get, store, "arcgis", LAYER, match="pages are missing")


# --- Opendatasoft ----------------------------------------------------------------------------------------------------

DATASET = "/api/explore/v2.1/catalog/datasets/leegstand"


@pytest.mark.parametrize("form", ["geojson", "csv"])
@pytest.mark.parametrize("missing", [0, 3])
def test_an_export_is_held_to_the_count_of_records(
    server: Loopback, get: Get, store: Store, form: str, missing: int
) -> None:
    count = 12_000

    def say(request: Request) -> Answer:
        if request.path == f"{DATASET}/records":
            return Answer(json.dumps({"total_count": count, "results": []}).encode())
        assert request.path == f"{DATASET}/exports/{form}"
        lines = "".join(f'{n};"Kerk\nstraat"\r\n' for n in range(count - missing))
        return Answer(("\ufeffid;straat\r\n" + lines).encode()) if form == "csv" else collection(rows(count - missing))

    server.answer = say
    service = {"kind": "opendatasoft", "format": form}
    if missing:
        error = refused(get, store, service, DATASET, match="pages are missing")
        assert error.where["value"] == "11997 of 12000 features"
    else:
        (part,) = get(service, DATASET).parts
        assert part.features == count


# --- the city file ---------------------------------------------------------------------------------------------------

CITY = 'name = "T"\nnis = "99002"\ncrs = "EPSG:31370"\n[feeds.grb]\nsource = "be_grb"\n'


@pytest.mark.parametrize(
    ("feed", "words"),
    [
        ('url = "http://x/"\nservice = "wfs"\n', "typename"),
        ('path = "x"\nservice = "arcgis"\n', "needs `url`"),
        ('url = "http://x/"\nservice = "soap"\n', "ogc_features"),
        ('url = "http://x/"\nservice = { kind = "arcgis", page_sise = 3 }\n', "page_size"),
        ('url = "http://x/"\nservice = { kind = "arcgis", page_size = 20000 }\n', "10000"),
        ('url = "http://x/"\nservice = { kind = "arcgis", tile_m = 500 }\n', "bbox"),
        ('url = "http://x/"\nservice = { kind = "arcgis", bbox = [3, 2, 1, 4] }\n', "west, south, east, north"),
    ],
)
def test_a_wrong_service_is_named(tmp_path: Path, feed: str, words: str) -> None:
    (tmp_path / "t.toml").write_text(CITY + feed)
    with pytest.raises(CityFileError) as caught:
        load_city(tmp_path / "t.toml", tmp_path)
    assert words in str(caught.value)


def test_the_box_is_that_of_the_boundary(server: Loopback, tmp_path: Path, store: Store) -> None:
    Ogc(server, buildings(3))
    url = f'url = {{ gbg = "{server.url}{ITEMS}" }}\nservice = {{ kind = "ogc_features", bbox = "boundary" }}\n'
    (tmp_path / "t.toml").write_text(CITY + url)
    city = load_city(tmp_path / "t.toml", tmp_path)
    fetch_files(city, city.feeds["grb"], store, extent=(150000, 200000, 150500, 200500))
    assert server.seen[0].query["bbox"] == "150000,200000,150500,200500"


def test_a_box_of_no_boundary_is_an_error(server: Loopback, get: Get) -> None:
    with pytest.raises(CityFileError, match="the city has none"):
        get({**OGC, "bbox": "boundary"}, ITEMS)
