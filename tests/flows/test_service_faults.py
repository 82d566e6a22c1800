"""Each way a service can fail, from the fetch to the raw table: a named outcome, and the last good snapshot untouched."""

from __future__ import annotations

import copy
import io
import json
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from flows.feed_steps import load_raw
from flows.fetch_steps import fetch_feed
from flows.table_steps import prepare_warehouse
from flows.workspace import Workspace
from sources._kit import answer as answers
from sources._kit import fetch, http
from sources._kit.city import City
from sources._kit.duck import connect
from tests.sources.conftest import make_city, square
from tests.sources.loopback import Answer, Loopback, Request
from tests.sources.test_http import Hurried, in_turn
from tests.sources.test_paging import ITEMS, Ogc, buildings, collection

COUNT, PAGE = 2345, 1000
BOX = [149_000, 199_000, 153_000, 203_000]
Features = list[dict[str, Any]]
Fault = Callable[[Ogc], Callable[[Request], Answer]]


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Loopback]:
    monkeypatch.setattr(fetch, "RETRIES", fetch.RETRIES.new(backoff_factor=0))
    monkeypatch.setattr(http, "PACE", Hurried())
    made = Loopback(lambda _request: Answer(status=404))
    yield made
    made.close()


def moved(change: Callable[[float, float], list[float]], **members: object) -> Fault:
    """Every shape moved."""

    def fault(good: Ogc) -> Callable[[Request], Answer]:
        def say(request: Request) -> Answer:
            body = json.loads(good(request).body)
            for feature in body["features"]:
                rings = feature["geometry"]["coordinates"]
                feature["geometry"]["coordinates"] = [[change(*point) for point in ring] for ring in rings]
            return Answer(json.dumps({**body, **members}).encode())

        return say

    return fault


def altered(change: Callable[[int, Features], Features]) -> Fault:
    """The features of a page, by where it begins."""

    def fault(good: Ogc) -> Callable[[Request], Answer]:
        good.fault = change
        return good

    return fault


def always(answer: Answer) -> Fault:
    return lambda _good: lambda _request: answer


def second(answer: Answer) -> Fault:
    """Only the second page fails."""
    return lambda good: lambda request: answer if "startIndex" in request.query else good(request)


def renamed(_start: int, found: Features) -> Features:
    kept = copy.deepcopy(found)
    for feature in kept:
        feature["properties"]["OBJECTNR"] = feature["properties"].pop("OIDN")
    return kept


def bomb() -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("gbg.json", bytes(6 << 20))
    return packed.getvalue()


def growing(good: Ogc) -> Callable[[Request], Answer]:
    def say(request: Request) -> Answer:
        good.says_matched = COUNT + int(request.query.get("startIndex", 0))
        return good(request)

    return say


HTML = Answer(b"<!DOCTYPE html><html>Onderhoud</html>", headers={"Content-Type": "text/html"})
ERROR = Answer(
    b'{"code":"NoApplicableCode","description":"out of memory"}', headers={"Content-Type": "application/json"}
)
AWAY = Answer(status=302, headers={"Location": "http://localhost:9/elsewhere"})
LAMBERT_2008 = {"crs": {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::3812"}}}
FAULTS: dict[str, tuple[Fault, str]] = {
    "429 that asks for an hour": (always(Answer(status=429, headers={"Retry-After": "3600"})), "left alone for 3600 s"),
    "503 for ever": (always(Answer(status=503)), "too many 503"),
    "a body cut in its middle": (second(Answer(bytes(5000), cut=100)), "stopped short"),
    "a page repeated": (
        altered(lambda start, found: buildings(COUNT)[:PAGE] if start == PAGE else found),
        "page came twice",
    ),
    "a page missing": (altered(lambda start, found: [] if start == PAGE else found), "pages are missing"),
    "the offset ignored": (altered(lambda _start, _found: buildings(COUNT)[:PAGE]), "ignores where it should begin"),
    "HTML with 200": (always(HTML), "a page of HTML"),
    "HTML with 200 on the second page": (second(HTML), "a page of HTML"),
    "a JSON error with 200": (second(ERROR), "error and a good status"),
    "Lambert 2008, and it says so": (
        moved(lambda x, y: [x + 5e5, y + 5e5], **LAMBERT_2008),
        "EPSG::3812 instead of EPSG:31370",
    ),
    "Lambert 2008, and it says Lambert 72": (moved(lambda x, y: [x + 5e5, y + 5e5]), "no shape lies in the area"),
    "longitude and latitude, and it says Lambert 72": (
        moved(lambda x, y: [x / 3e4, y / 4e3]),
        "no shape lies in the area",
    ),
    "a renamed column": (altered(renamed), "column OIDN"),
    "an empty answer": (always(Answer(b"")), "the answer is empty"),
    "no features": (always(collection([])), "fewer rows than this feed must have"),
    "a zip bomb": (always(Answer(bomb())), "unpacks to more than the ceiling"),
    "a redirect to another host": (always(AWAY), "leads to another host"),
    "a file that grew while it was read": (growing, "the data changed while they were read"),
}
"""What the service does; what the outcome says."""


def feed_of(folder: Path, url: str, **service: object) -> City:
    asked = {"kind": "ogc_features", "page_size": PAGE, **service}
    return make_city(folder, {"name": "feed", "source": "be_grb", "url": {"gbg": f"{url}{ITEMS}"}, "service": asked})


def night(city: City, space: Workspace, file: Path) -> tuple[str | None, list[int]]:
    """Fetch and read the feed as a run does: the warning, and the OIDNs of its raw table."""
    with connect(file) as con:
        prepare_warehouse(con)
        loaded = load_raw(con, fetch_feed(city, city.feeds["feed"], space), space)
        return loaded.warning, [row[0] for row in con.execute("SELECT OIDN FROM raw.feed_gbg ORDER BY OIDN").fetchall()]


def state(space: Workspace, city: City) -> tuple[object, ...]:
    """The last good snapshot with its bytes, and every note that a snapshot is good."""
    good = space.store.last_good(city, city.feeds["feed"])
    assert good is not None
    notes = {path.name: path.read_bytes() for path in space.store.root.rglob("*.accepted")}
    return good.parts, [path.read_bytes() for path in good.paths("gbg")], notes


def hold(server: Loopback, tmp_path: Path, city: City, fault: Fault, says: str) -> None:
    """After a good night the service fails: the next night says how, and stands on what was good."""
    space, file = Workspace(tmp_path / "home"), tmp_path / "city.duckdb"
    good = Ogc(server, buildings(COUNT))
    good.says_matched = COUNT
    assert night(city, space, file) == (None, list(range(COUNT)))
    before = state(space, city)
    server.answer = fault(good)
    warning, rows = night(city, space, file)
    assert warning is not None
    assert says in warning
    assert "Next step" in warning
    assert "used the snapshot of" in warning
    assert rows == list(range(COUNT))
    assert state(space, city) == before
    assert not list((space.store.root / "partial").glob("*"))


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_is_named_and_the_last_good_snapshot_stays(
    server: Loopback, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setattr(answers, "UNPACKED_MAX_BYTES", 5 << 20)
    hold(server, tmp_path, feed_of(tmp_path, server.url), *FAULTS[name])


def test_swapped_axes_inside_the_country_are_told_by_the_box(server: Loopback, tmp_path: Path) -> None:
    city = feed_of(tmp_path, server.url, bbox=BOX)
    hold(server, tmp_path, city, moved(lambda x, y: [y, x]), "nowhere near the box that was asked: swapped axes")


@pytest.mark.parametrize("status", [429, 503])
def test_a_service_that_is_busy_for_a_moment_is_waited_for(server: Loopback, tmp_path: Path, status: int) -> None:
    good = Ogc(server, buildings(3))
    busy = in_turn(Answer(status=status, headers={"Retry-After": "0"}), Answer(b"through"))
    server.answer = lambda request: found if (found := busy(request)).status != 200 else good(request)
    city = feed_of(tmp_path, server.url)
    assert night(city, Workspace(tmp_path / "home"), tmp_path / "city.duckdb") == (None, [0, 1, 2])
    assert len(server.seen) == 2


def test_one_shape_elsewhere_is_a_row_to_reject_and_no_fault(server: Loopback, tmp_path: Path) -> None:
    features = copy.deepcopy(buildings(3))
    features[1]["geometry"] = square(650_000, 700_000)
    Ogc(server, features)
    city = feed_of(tmp_path, server.url)
    assert night(city, Workspace(tmp_path / "home"), tmp_path / "city.duckdb") == (None, [0, 1, 2])
