"""Overpass gives the very tables an extract gives, or nothing: from an Overpass over one file, with its faults."""

from __future__ import annotations

import json
import re
import threading
import time
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from flows.feed_steps import load_raw
from flows.fetch_steps import fetch_city
from flows.run import run_city
from flows.table_steps import build_tables, load_reference, prepare_warehouse, read_plan
from flows.workspace import Workspace
from sources import osm_extract, osm_overpass
from sources._kit import fetch, http
from sources._kit.city import City, Feed
from sources._kit.duck import connect
from sources._kit.errors import CityFileError, FetchRefusedError, OnbenutError, UnreadableSnapshotError
from sources._kit.manners import GivenUpError, hold_turn
from sources._kit.snapshot import Snapshot, Store
from sources._osm import choose
from sources._osm.query import clauses, make_query
from tests.sources.conftest import Con, Shared, Snap, placed_in
from tests.sources.loopback import Answer, Loopback
from tests.sources.mini_overpass import HEAD, PAGE, REMARK, TAIL, XML, MiniOverpass
from tests.sources.test_http import Hurried, in_turn, kept
from tests.sources.test_osm_extract import EAST, INNER, OUTER, PLACES, node, relation, way
from transforms._kit.runner import plan as plan_prints

BOX = [3.99, 50.99, 4.02, 51.02]
"""Around all of the made-up elements."""
TILES = {"bbox": [3.9995, 50.9995, 4.0155, 51.0155], "tile_m": 300}
"""Edges of these tiles run through the made-up buildings."""
TABLES = ("building", "poi", "facility", "land_use")
Get = Callable[..., Snapshot]
Server = tuple[Loopback, MiniOverpass]


def every_tag() -> list[str]:
    """One tag for each word in the lists of osm_extract.toml, and for each prefix; some to be kept and some not."""
    lists = choose.read_lists()
    places = [*(f"{key}=x" for key in lists["poi_keys"]), *(f"railway={value}" for value in lists["railway"])]
    paired = [
        f"{key}={value}"
        for name in ("land_use", "facility", "street_furniture")
        for key, values in lists[name].items()
        for value in values
    ]
    return [
        *places,
        *paired,
        *(f"{prefix}:{tag}" for prefix in lists["lifecycle"] for tag in (*places, "amenity=bench", "building=yes")),
        *(f"{prefix}:building=yes" for prefix in (*lists["remark_prefixes"], "never_heard_of")),
        *(f"man_made={value}" for value in lists["structures"]),
        "building=yes",
        "building:part=yes",
        "amenity=bench|shop=kiosk",
        "highway=residential",
        "natural=tree",
        "railway=rail",
        "disused:was:shop=bakery",
    ]


def made_up() -> str:
    """An OSM file with every tag on a node, a closed way, a line and a relation, and with what is hard to draw."""
    tags, elements = every_tag(), []
    spread = [(20_000 + n, tag, (n % 15, n // 15 % 15)) for n, tag in enumerate(tags)]
    elements += [node(number, "", place) for number, place in PLACES.items()]
    elements += [node(number, tag, place) for number, tag, place in spread]
    ways = [way(100, OUTER), way(101, INNER), way(102, "1 2 3"), way(103, "1 4 3")]
    ways += [way(110, OUTER, "building=factory"), way(111, INNER), way(112, "1 2 3", "building=yes")]
    ways += [
        way(113, "3 4 1", "building=yes"),
        way(114, "1 2 99 4 1", "building=yes"),
        way(115, "1 2 4 3 1", "building=yes"),
    ]
    ways += [way(116, "1 2", "building=yes"), way(117, "1 2 1", "building=yes")]
    ways += [way(1_000 + n, EAST, tag) for n, tag in enumerate(tags)]
    ways += [way(2_000 + n, "11 12 13", tag) for n, tag in enumerate(tags)]
    relations = [
        relation(5, "110 outer,111 inner", "type=multipolygon"),
        relation(6, "113 outer,112 outer", "type=multipolygon|source=survey"),
        relation(7, "100 outer,101 inner", "type=multipolygon|building=school"),
        relation(8, "102 outer,103 outer", "type=multipolygon|landuse=industrial"),
        relation(9, "100 outer,999 outer", "type=multipolygon|building=yes"),
        relation(10, "100 outline", "type=building|building=yes"),
        relation(11, "110 outer", "type=boundary|boundary=administrative"),
    ]
    relations += [relation(3_000 + n, "100 outer,101 inner", f"type=multipolygon|{tag}") for n, tag in enumerate(tags)]
    return f'<osm version="0.6">{"".join([*elements, *ways, *relations])}</osm>'


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("osm") / "made_up.osm"
    path.write_text(made_up(), encoding="utf-8")
    return path


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Loopback]:
    monkeypatch.setattr(fetch, "RETRIES", fetch.RETRIES.new(backoff_factor=0))
    monkeypatch.setattr(http, "PACE", Hurried())
    made = Loopback(lambda _request: Answer(status=404))
    yield made
    made.close()


@pytest.fixture
def overpass(server: Loopback, whole: Path) -> MiniOverpass:
    made = MiniOverpass(whole)
    server.answer = made
    return made


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "store")


def city_of(folder: Path, feed: dict[str, Any], **keys: object) -> City:
    facts = {"slug": "test", "folder": folder, "name": "Test", "nis": "11002", "crs": "EPSG:31370", **keys}
    return City.model_validate({**facts, "feeds": {"feed": Feed.model_validate({"name": "feed", **feed})}})


@pytest.fixture
def get(tmp_path: Path, store: Store, server: Loopback) -> Get:
    def run(**service: object) -> Snapshot:
        asked = {"kind": "overpass", "bbox": BOX, **service}
        feed = {"source": "osm_overpass", "url": f"{server.url}/api/interpreter", "service": asked}
        city = city_of(tmp_path, feed)
        return osm_overpass.fetch(city, city.feeds["feed"], store)

    return run


def raw_tables(con: Con) -> dict[str, list[tuple[Any, ...]]]:
    """All columns of all raw tables, in the order of their rows."""
    return {
        name: con.execute(f"SELECT * REPLACE (ST_AsHEXWKB(geom) AS geom) FROM raw.feed_{name} ORDER BY _row").fetchall()
        for name in TABLES
    }


# --- the same tables -------------------------------------------------------------------------------------------------


@pytest.fixture
def of_extract(con: Con, snap: Snap, whole: Path) -> dict[str, list[tuple[Any, ...]]]:
    osm_extract.parse(snap("osm_extract", data=whole), con)
    return raw_tables(con)


def test_overpass_gives_the_tables_of_an_extract(
    con: Con, get: Get, overpass: MiniOverpass, of_extract: dict[str, list[tuple[Any, ...]]]
) -> None:
    assert {name: len(rows) for name, rows in of_extract.items()} == {name: len(of_extract[name]) for name in TABLES}
    assert min(len(rows) for rows in of_extract.values()) > 30
    osm_overpass.parse(get(), con)
    for name, rows in raw_tables(con).items():
        assert rows == of_extract[name], name
    assert overpass.boxes == [pytest.approx(tuple(BOX))]


def test_answers_in_tiles_give_each_element_once_and_the_same_tables(
    con: Con, get: Get, overpass: MiniOverpass, of_extract: dict[str, list[tuple[Any, ...]]]
) -> None:
    snapshot = get(**TILES)
    assert len(snapshot.parts) == len(overpass.boxes) == 24
    assert sum(part.features or 0 for part in snapshot.parts) > 1.3 * len(overpass.held)
    osm_overpass.parse(snapshot, con)
    for name, rows in raw_tables(con).items():
        assert rows == of_extract[name], name


def test_answers_one_after_the_other_hold_elements_twice(
    get: Get, overpass: MiniOverpass, con: Con, snap: Snap
) -> None:
    """What the naive client would read, if it got so far."""
    texts = [path.read_text().removesuffix(TAIL) for path in get(**TILES).paths()]
    path = Path(get().store.root, "all.osm")
    path.write_text(texts[0] + "".join(text.split("\n\n", 1)[1] for text in texts[1:]) + TAIL)
    with pytest.raises(UnreadableSnapshotError, match=r"twice|out of order"):
        osm_extract.parse(snap("osm_extract", data=path), con)


def test_the_newest_version_of_an_element_that_moved_between_two_tiles_counts(
    con: Con, get: Get, overpass: MiniOverpass
) -> None:
    def newer(text: str) -> Answer:
        overpass.held["w", 110].version += 1
        return Answer(text.encode(), headers=XML)

    overpass.change = newer
    snapshot = get(**TILES)
    osm_overpass.parse(snapshot, con)
    seen = {m for p in snapshot.paths() for m in re.findall(r'way id="110" version="(\d+)"', p.read_text())}
    assert len(seen) > 1
    found = con.execute("SELECT osm_version FROM raw.feed_building WHERE osm_id = 'w110'").fetchall()
    assert found == [(max(map(int, seen)),)]


def test_the_query_follows_the_lists_of_the_extract(monkeypatch: pytest.MonkeyPatch) -> None:
    lists = choose.read_lists()
    before = clauses()
    changed = {**lists, "poi_keys": [*lists["poi_keys"], "aeroway"], "lifecycle": [*lists["lifecycle"], "dismantled"]}
    monkeypatch.setattr("sources._osm.query.read_lists", lambda: changed)
    added = [clause for clause in clauses() if clause not in before]
    assert ("nwr", '["aeroway"]') in added
    assert any("dismantled" in clause for _kind, clause in added)


def test_the_box_is_asked_south_first() -> None:
    query = make_query((4.3, 51.1, 4.5, 51.3), 180, 1)
    assert "(51.1000000,4.3000000,51.3000000,4.5000000);" in query
    assert query.startswith("[out:xml][timeout:180][maxsize:1];")
    assert query.endswith("out meta;\n")


def test_a_node_beside_the_box_is_not_asked_and_a_way_that_crosses_it_is_whole(
    con: Con, get: Get, overpass: MiniOverpass
) -> None:
    osm_overpass.parse(get(bbox=[4.0001, 51.0001, 4.0002, 51.0032]), con)
    found = raw_tables(con)
    assert all(defect is None for *_rest, defect, _row in found["building"] if _rest[0] == "r7")
    assert "w110" in [row[0] for row in found["building"]]
    assert not [row for row in found["poi"] if row[0].startswith("n")]


def test_staging_through_overpass_is_that_of_the_extract(
    tmp_path: Path, server: Loopback, overpass: MiniOverpass, whole: Path, boundary: Path
) -> None:
    """With a boundary that cuts through the elements: what is clipped, is clipped the same way."""
    asked = {"kind": "overpass", "bbox": "boundary", "margin_m": 2000, "tile_m": 3000}
    feeds: list[dict[str, Any]] = [
        {"source": "osm_extract", "path": str(whole)},
        {"source": "osm_overpass", "url": f"{server.url}/api/interpreter", "service": asked},
    ]
    extract, overpassed = (staged(tmp_path / feed["source"], feed, boundary) for feed in feeds)
    assert overpassed.keys() == extract.keys()
    for name, rows in extract.items():
        assert overpassed[name] == rows, name
    assert len(extract["staging.footprint"]) > 10
    assert any("outside" in str(row) for row in extract["staging.reject"])


def staged(folder: Path, feed: dict[str, Any], boundary: Path) -> dict[str, list[tuple[Any, ...]]]:
    """Rows of all tables up to staging."""
    city = city_of(folder, {**feed, "snapshot_on": date(2025, 5, 25)}, boundary=str(boundary))
    space = Workspace(folder)
    with connect() as con:
        prepare_warehouse(con)
        loaded = [load_raw(con, fetched, space) for fetched in fetch_city(city, space)]
        plan = read_plan(city, space, date(2025, 6, 1), loaded)
        given = load_reference(con, city, space, plan, loaded)
        plan.specs = [spec for spec in plan.specs if spec.schema == "staging"]
        build_tables(con, plan, plan_prints(plan.specs, given, plan.params))
        names = [f"raw.feed_{name}" for name in TABLES] + [spec.full_name for spec in plan.specs] + ["staging.reject"]
        return {name: con.execute(f"FROM {name} ORDER BY ALL").fetchall() for name in names}


def test_real_elements_through_overpass_are_those_of_their_extract(
    con: Con, get: Get, server: Loopback, shared: Shared, snap: Snap
) -> None:
    path = shared("osm/monaco.osm.pbf")
    osm_extract.parse(placed_in(snap("osm_extract", data=path), "EPSG:32632"), con)
    expected = raw_tables(con)
    server.answer = MiniOverpass(path)
    osm_overpass.parse(placed_in(get(bbox=[7.0, 43.0, 8.0, 44.0]), "EPSG:32632"), con)
    for name, rows in raw_tables(con).items():
        assert rows == expected[name], name


# --- answers that lie ------------------------------------------------------------------------------------------------


def refused(get: Get, store: Store, overpass: MiniOverpass, change: Callable[[str], Answer], **service: object) -> str:
    """The error of a fetch after a good one; what the good one left must stand."""
    good = get()
    store.accept(good, {"building": 1}, None)
    before = kept(store)
    overpass.change = change
    with pytest.raises(FetchRefusedError) as caught:
        get(**service)
    assert caught.value.where["source"] == "osm_overpass"
    assert caught.value.where["feed"] == "feed"
    assert caught.value.next_step.startswith("the last good snapshot stays")
    assert set(before) <= set(kept(store))
    assert [p for p in kept(store) if p.suffix == ".json"] == [p for p in before if p.suffix == ".json"]
    last = store.last_good(good.city, good.feed)
    assert last is not None
    assert last.fingerprint == good.fingerprint
    return str(caught.value)


def halved(text: str, end: str) -> str:
    """The first half of the elements, as Overpass stops when its time is up."""
    cut = re.compile(r"\n  <(?!/)").search(text, len(text) // 2)
    assert cut is not None
    return f"{text[: cut.start()]}\n{end}"


def test_a_remark_after_half_of_the_data_is_refused(get: Get, store: Store, overpass: MiniOverpass) -> None:
    naive: list[int] = []

    def timed_out(text: str) -> Answer:
        body = halved(text, REMARK + TAIL)
        naive.append(len(ElementTree.fromstring(body)))  # well-formed, and full of buildings: nothing else is wrong
        return Answer(body.encode(), headers=XML)

    message = refused(get, store, overpass, timed_out)
    assert "gave up half-way" in message
    assert "Query timed out" in message
    assert "`tile_m`" in message
    assert naive[0] > 100


def test_a_remark_in_json_is_refused(get: Get, store: Store, overpass: MiniOverpass) -> None:
    remark = 'runtime error: Query run out of memory in "recurse" at line 44 using about 512 MB of RAM.'
    answer = {
        "version": 0.6,
        "osm3s": {},
        "elements": [{"type": "node", "id": 1, "lat": 51, "lon": 4}],
        "remark": remark,
    }
    body = json.dumps(answer, indent=1).encode()
    message = refused(get, store, overpass, lambda _text: Answer(body, headers={"Content-Type": "application/json"}))
    assert "gave up half-way" in message
    assert "run out of memory" in message


def test_json_where_xml_was_asked_is_refused(get: Get, store: Store, overpass: MiniOverpass) -> None:
    body = json.dumps({"version": 0.6, "osm3s": {}, "elements": []}).encode()
    assert "no OSM XML" in refused(get, store, overpass, lambda _text: Answer(body))


@pytest.mark.parametrize("kind", ["text/html; charset=utf-8", "application/osm3s+xml"])
def test_a_page_of_html_with_status_200_is_refused(get: Get, store: Store, overpass: MiniOverpass, kind: str) -> None:
    error = "runtime error: open64: 0 Success /osm3s_osm_base Dispatcher_Client::request_read_and_idx::timeout."
    body = PAGE.format(error=error).encode()
    message = refused(get, store, overpass, lambda _text: Answer(body, headers={"Content-Type": kind}))
    assert "a page of HTML instead of data" in message
    assert "request_read_and_idx::timeout" in message


def test_an_answer_without_its_end_is_refused(get: Get, store: Store, overpass: MiniOverpass) -> None:
    """No length is announced and the connection is closed in good order: nothing but the missing end tells."""
    change = lambda text: Answer(halved(text, "").encode(), headers=XML, has_length=False)  # noqa: E731
    assert "has no end" in refused(get, store, overpass, change)


def test_a_city_without_any_element_is_refused_and_an_empty_tile_is_not(
    get: Get, store: Store, overpass: MiniOverpass
) -> None:
    message = refused(get, store, overpass, lambda text: Answer(text.encode(), headers=XML), bbox=[5, 50, 5.1, 50.1])
    assert "no element in the area asked" in message
    assert "5, 50, 5.1, 50.1" in message
    snapshot = get(bbox=[3.98, 50.99, 4.02, 51.02], tile_m=700)
    assert 0 in [part.features for part in snapshot.parts]


def test_swapped_axes_are_an_empty_answer_and_refused(get: Get, overpass: MiniOverpass) -> None:
    with pytest.raises(FetchRefusedError, match="no element in the area asked"):
        get(bbox=[50.99, 3.99, 51.02, 4.02])


def test_a_query_the_server_does_not_understand_is_refused_with_its_words(get: Get, overpass: MiniOverpass) -> None:
    overpass.find = lambda query: MiniOverpass.find(overpass, query.replace("out meta", "out metal"))  # type: ignore[method-assign]
    with pytest.raises(FetchRefusedError, match=r"400 Bad Request.*parse error"):
        get()


# --- waiting ---------------------------------------------------------------------------------------------------------

BUSY = Answer(PAGE.format(error="Please check /api/status for the quota of your IP address.").encode(), 429)


@pytest.mark.parametrize("busy", [BUSY, Answer(BUSY.body, 429, {"Retry-After": "1"}), Answer(BUSY.body, 504)])
def test_a_server_that_is_busy_is_asked_again(get: Get, server: Loopback, overpass: MiniOverpass, busy: Answer) -> None:
    turns = in_turn(busy, busy, Answer())
    server.answer = lambda request: overpass(request) if len(server.seen) > 2 else turns(request)
    before = time.monotonic()
    assert get().parts[0].features
    assert len(server.seen) == 3
    assert time.monotonic() - before >= (2 if busy.headers else 0)
    assert all(request.form == server.seen[0].form != {} for request in server.seen)


@pytest.mark.parametrize("status", [429, 504])
def test_a_server_that_stays_busy_is_left_alone(
    get: Get, store: Store, server: Loopback, overpass: MiniOverpass, status: int
) -> None:
    message = refused(get, store, overpass, lambda _text: Answer(BUSY.body, status))
    assert f"too many {status} error responses" in message
    assert len(server.seen) == 1 + 5


def test_a_refusal_without_a_time_is_not_followed_at_once_by_another_question(
    monkeypatch: pytest.MonkeyPatch, get: Get, server: Loopback, overpass: MiniOverpass
) -> None:
    """429 without Retry-After: the waits are the source's patience times the usual ones, the first included."""
    monkeypatch.setattr(fetch, "RETRIES", fetch.RETRIES.new(backoff_factor=0.05))
    server.answer = lambda request: overpass(request) if len(server.seen) > 2 else BUSY
    before = time.monotonic()
    get()
    assert time.monotonic() - before >= 0.05 * 8 * (1 + 2)


def test_a_connection_cut_in_the_middle_is_asked_again_from_the_beginning(
    get: Get, server: Loopback, overpass: MiniOverpass
) -> None:
    overpass.change = lambda text: Answer(
        text.encode(), headers={**XML, "ETag": '"v1"'}, cut=100_000 if len(server.seen) < 3 else None
    )
    snapshot = get()
    assert len(server.seen) == 3
    assert not any("Range" in request.headers for request in server.seen)
    assert snapshot.paths()[0].read_text().endswith(TAIL)


def test_a_connection_cut_every_time_is_refused(
    get: Get, store: Store, server: Loopback, overpass: MiniOverpass
) -> None:
    change = lambda text: Answer(text.encode(), headers={**XML, "ETag": '"v1"'}, cut=100_000)  # noqa: E731
    assert "the connection broke, every time" in refused(get, store, overpass, change)
    assert len(server.seen) < 8
    assert not list(store.root.glob("partial/*.part"))


def test_the_client_waits_as_long_as_the_query_may_take(
    monkeypatch: pytest.MonkeyPatch, get: Get, server: Loopback, overpass: MiniOverpass
) -> None:
    monkeypatch.setattr("sources._kit.page_overpass.QUEUE_S", -0.7)
    overpass.change = lambda text: Answer(text.encode(), headers=XML, silence=0.6 if len(server.seen) == 1 else 0)
    assert get(params={"timeout": "1"}).parts[0].features
    assert len(server.seen) == 2
    assert server.seen[0].form["data"].startswith("[out:xml][timeout:1]")


def test_one_question_at_a_time_for_a_host(tmp_path: Path, server: Loopback, overpass: MiniOverpass) -> None:
    """An address has two slots, for all cities it asks for."""
    running, most = 0, 0
    lock = threading.Lock()

    def slow(text: str) -> Answer:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        time.sleep(0.15)
        with lock:
            running -= 1
        return Answer(text.encode(), headers=XML)

    overpass.change = slow
    feed = {
        "source": "osm_overpass",
        "url": f"{server.url}/api/interpreter",
        "service": {"kind": "overpass", "bbox": BOX},
    }
    cities = [city_of(tmp_path, feed, slug=f"test_{n}") for n in range(3)]
    store = Store(tmp_path / "store")
    threads = [threading.Thread(target=osm_overpass.fetch, args=(c, c.feeds["feed"], store)) for c in cities]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(server.seen), most) == (3, 1)


def test_a_turn_that_never_comes_is_given_up(tmp_path: Path) -> None:
    with hold_turn(tmp_path, "x:1", 1), pytest.raises(GivenUpError), hold_turn(tmp_path, "x:1", 0.3):
        pass
    with hold_turn(tmp_path, "x:1", 0.3):
        pass


# --- what is kept ----------------------------------------------------------------------------------------------------


def test_the_answer_is_kept_byte_for_byte_with_the_query_it_answers(get: Get, overpass: MiniOverpass) -> None:
    sent: list[bytes] = []
    overpass.change = lambda text: sent.append(text.encode()) or Answer(text.encode(), headers=XML)  # type: ignore[func-returns-value]
    snapshot = get()
    assert snapshot.paths()[0].read_bytes() == sent[0]
    (part,) = snapshot.parts
    assert "/api/interpreter?data=%5Bout%3Axml%5D" in part.location
    assert (part.file, part.status) == ("interpreter_1.osm", 200)


def test_the_data_are_of_the_day_of_the_oldest_answer(con: Con, get: Get, overpass: MiniOverpass) -> None:
    days = iter(["2025-12-10T16:59:34Z", "2025-11-02T03:04:05Z"])

    def older(text: str) -> Answer:
        return Answer(text.replace("2025-12-10T16:59:34Z", next(days, "2025-12-10T16:59:34Z")).encode(), headers=XML)

    overpass.change = older
    assert osm_overpass.parse(get(tile_m=2000), con) == date(2025, 11, 2)


def test_a_mirror_that_stands_still_is_refused_by_its_age(
    tmp_path: Path, server: Loopback, overpass: MiniOverpass, boundary: Path
) -> None:
    """Fresh to look at: status 200, whole, and months old. The naive client dates it by the day it was fetched."""
    overpass.osm_base = "2025-03-01T00:00:00Z"
    url, service = f"{server.url}/api/interpreter", {"kind": "overpass", "bbox": "boundary"}
    feed = {"source": "osm_overpass", "url": url, "service": service, "max_age_days": 10, "hard_age_days": 30}
    city, space = city_of(tmp_path, feed, boundary=str(boundary)), Workspace(tmp_path / "home")
    with pytest.raises(OnbenutError, match=r"too old to publish on.*92 days"):
        run_city(city, space, as_of=date(2025, 6, 1))


@pytest.fixture
def boundary(tmp_path: Path) -> Path:
    path = tmp_path / "boundary.geojson"
    ring = [(3.999, 50.999), (4.004, 50.999), (4.004, 51.016), (3.999, 51.016), (3.999, 50.999)]
    path.write_text(json.dumps({"type": "Polygon", "coordinates": [ring]}))
    return path


def test_the_box_of_the_boundary_is_asked_with_its_margin(
    tmp_path: Path, server: Loopback, overpass: MiniOverpass, boundary: Path
) -> None:
    service: dict[str, Any] = {"kind": "overpass", "bbox": "boundary"}
    feed = {"source": "osm_overpass", "url": f"{server.url}/api/interpreter", "service": service}
    space = Workspace(tmp_path / "home")
    fetch_city(city_of(tmp_path, feed, boundary=boundary.name), space)
    assert overpass.boxes[-1] == pytest.approx((3.999, 50.999, 4.004, 51.016), abs=5e-4)
    service["margin_m"] = 2000
    fetch_city(city_of(tmp_path, feed, boundary=boundary.name), space)
    west, south, _east, _north = overpass.boxes[-1]
    assert 3.999 - west == pytest.approx(2000 / 70_000, rel=0.05)
    assert 50.999 - south == pytest.approx(2000 / 111_200, rel=0.05)
    with pytest.raises(CityFileError, match="the city has none"):
        fetch_city(city_of(tmp_path, feed), space)


def test_a_url_that_is_not_asked_as_an_overpass_is_an_error_with_the_words_to_write(
    tmp_path: Path, store: Store
) -> None:
    city = city_of(tmp_path, {"source": "osm_overpass", "url": "http://127.0.0.1:9/api/interpreter"})
    with pytest.raises(CityFileError) as caught:
        osm_overpass.fetch(city, city.feeds["feed"], store)
    assert 'kind = "overpass", bbox = "boundary"' in caught.value.next_step


def test_tiles_in_degrees_are_as_wide_as_they_are_high(get: Get, overpass: MiniOverpass) -> None:
    get(tile_m=1000)
    west, south, east, north = overpass.boxes[0]
    assert north - south == pytest.approx(1000 / 111_320, rel=1e-4)
    assert (east - west) * 0.6294 == pytest.approx(north - south, rel=0.01)


@pytest.mark.parametrize(
    ("service", "what"),
    [
        ({"kind": "overpass"}, "needs `bbox`"),
        ({"kind": "overpass", "bbox": BOX, "format": "json"}, "takes no `format`"),
        ({"kind": "overpass", "bbox": BOX, "filter": "node[shop];"}, "takes no `filter`"),
        ({"kind": "overpass", "bbox": BOX, "params": {"timeout": "ten"}}, "`timeout` .seconds. and `maxsize`"),
        ({"kind": "overpass", "bbox": BOX, "params": {"date": "2020"}}, "`timeout` .seconds. and `maxsize`"),
        ({"kind": "overpass", "bbox": BOX, "margin_m": 10}, "`margin_m` needs"),
    ],
)
def test_settings_that_make_no_query_are_errors(service: dict[str, object], what: str) -> None:
    with pytest.raises(ValueError, match=what):
        Feed.model_validate({"name": "x", "source": "osm_overpass", "url": "http://x/", "service": service})


def test_a_damaged_answer_in_the_store_is_an_error_that_names_it(con: Con, snap: Snap, tmp_path: Path) -> None:
    good, bad = tmp_path / "1.osm", tmp_path / "2.osm"
    good.write_text(HEAD.format(osm_base="2025-12-10T16:59:34Z") + node(1, "shop=x") + TAIL)
    bad.write_text(good.read_text()[:-20])
    with pytest.raises(UnreadableSnapshotError, match="breaks off") as caught:
        osm_overpass.parse(snap("osm_overpass", data=[good, bad]), con)
    assert caught.value.where["source"] == "osm_overpass"


def test_who_edited_an_element_stays_out_of_the_tables(con: Con, get: Get, overpass: MiniOverpass) -> None:
    snapshot = get(tile_m=2000)
    assert "Jan Mapper" in snapshot.paths()[0].read_text()
    osm_overpass.parse(snapshot, con)
    assert "Jan Mapper" not in str(raw_tables(con))


def test_a_recorded_answer_as_json_is_no_extract(con: Con, shared: Shared, snap: Snap) -> None:
    """`out:json` as recorded: whole, and not what libosmium reads."""
    path = shared("responses/overpass/buildings.json")
    assert "timestamp_osm_base" in path.read_text()
    with pytest.raises(UnreadableSnapshotError, match="neither OSM PBF nor OSM XML"):
        osm_overpass.parse(snap("osm_overpass", data=path), con)
