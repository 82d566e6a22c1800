from __future__ import annotations

import gzip
import io
import json
import time
import zipfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from sources._kit import answer as answers
from sources._kit import fetch, http, manners
from sources._kit.city import City
from sources._kit.contract import load_source
from sources._kit.errors import FetchRefusedError
from sources._kit.fetch import fetch_files
from sources._kit.manners import Manners
from sources._kit.snapshot import Snapshot, Store
from tests.sources.conftest import digest, make_city, page, square
from tests.sources.loopback import Answer, Loopback, Request

BODY = bytes(range(256)) * 20_000
CUT = 30 << 16
Get = Callable[..., Snapshot]


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Loopback]:
    monkeypatch.setattr(fetch, "RETRIES", fetch.RETRIES.new(backoff_factor=0))
    monkeypatch.setattr(http, "PACE", Hurried())
    made = Loopback(lambda _request: Answer(BODY))
    yield made
    made.close()


class Hurried(manners.Pace):
    def wait(self, host: str, requests_per_second: float) -> None:
        pass


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "store")


@pytest.fixture
def get(tmp_path: Path, store: Store, server: Loopback) -> Get:
    def run(path: str = "/x.bin", **keys: object) -> Snapshot:
        city = make_city(tmp_path, {"name": "feed", "source": "be_grb", "url": f"{server.url}{path}", **keys})
        return fetch_files(city, city.feeds["feed"], store)

    return run


def polite(monkeypatch: pytest.MonkeyPatch, **changes: object) -> None:
    """Change the manners of the source the tests use."""
    info = load_source("be_grb").info
    monkeypatch.setitem(info.__dict__, "http", Manners.model_validate(changes))


def in_turn(*turns: Answer) -> Callable[[Request], Answer]:
    """Answers one after the other, the last for ever."""
    left = list(turns)
    return lambda _request: left.pop(0) if len(left) > 1 else left[0]


def ranged(body: bytes, etag: str | None = '"v1"', cut: int | None = None) -> Callable[[Request], Answer]:
    """A server that knows ranges; it cuts every answer after so many bytes."""

    def say(request: Request) -> Answer:
        headers = {"ETag": etag} if etag else {}
        asked = request.headers.get("Range")
        if asked is None or request.headers.get("If-Range") != etag:
            return Answer(body, headers=headers, cut=cut)
        start = int(asked.removeprefix("bytes=").rstrip("-"))
        span = f"bytes {start}-{len(body) - 1}/{len(body)}"
        return Answer(body[start:], 206, {**headers, "Content-Range": span}, cut)

    return say


def kept(store: Store) -> list[Path]:
    return [path for path in store.root.rglob("*") if path.is_file()]


# --- waiting ---------------------------------------------------------------------------------------------------------


def test_retry_after_is_honoured(server: Loopback, get: Get) -> None:
    server.answer = in_turn(Answer(b"slow down", 429, {"Retry-After": "1"}), Answer(BODY))
    before = time.monotonic()
    assert get().parts[0].sha256 == digest(BODY)
    assert time.monotonic() - before >= 1
    assert len(server.seen) == 2


@pytest.mark.parametrize("status", [429, 503])
def test_retry_after_beyond_the_ceiling_is_given_up_at_once(
    server: Loopback, get: Get, store: Store, status: int
) -> None:
    server.answer = in_turn(Answer(b"", status, {"Retry-After": "3600"}), Answer(BODY))
    with pytest.raises(FetchRefusedError, match="left alone for 3600 s"):
        get()
    assert len(server.seen) == 1
    assert kept(store) == []


def test_retry_after_that_is_no_time_is_passed_over(server: Loopback, get: Get) -> None:
    server.answer = in_turn(Answer(b"", 503, {"Retry-After": "soon"}), Answer(BODY))
    assert get().parts[0].sha256 == digest(BODY)


def test_waiting_has_a_ceiling_in_all(server: Loopback, get: Get, monkeypatch: pytest.MonkeyPatch) -> None:
    polite(monkeypatch, seconds_max=1.5)
    server.answer = in_turn(Answer(b"", 503, {"Retry-After": "1"}))
    with pytest.raises(FetchRefusedError, match="time for this answer is used up"):
        get()
    assert len(server.seen) == 2


def test_a_host_is_not_asked_faster_than_its_rate(server: Loopback, get: Get, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "PACE", manners.Pace())
    polite(monkeypatch, requests_per_second=5)
    before = time.monotonic()
    for number in range(4):
        get(f"/{number}")
    assert time.monotonic() - before >= 0.6


def test_the_client_says_who_it_is(server: Loopback, get: Get) -> None:
    get()
    assert server.seen[0].headers["User-Agent"].startswith("onbenut/")


# --- unchanged files -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "asked"),
    [({"ETag": '"v1"'}, "If-None-Match"), ({"Last-Modified": "Mon, 01 Sep 2025 00:00:00 GMT"}, "If-Modified-Since")],
)
def test_an_unchanged_file_is_not_downloaded_again(
    server: Loopback, get: Get, store: Store, given: dict[str, str], asked: str
) -> None:
    value = next(iter(given.values()))
    server.answer = lambda r: Answer(status=304) if r.headers.get(asked) == value else Answer(BODY, headers=given)
    first = get()
    store.accept(first, {"gbg": 1}, None)
    again = get()
    assert again.fingerprint == first.fingerprint
    assert again.paths()[0].read_bytes() == BODY
    (part,) = json.loads(again.manifest_path.read_text())["parts"]
    assert (part["status"], part["sha256"]) == (304, digest(BODY))
    # The validators live on: a third night is answered as briefly.
    store.accept(again, {"gbg": 1}, None)
    assert get().parts[0].status == 304


def test_a_snapshot_that_was_not_good_is_downloaded_again(server: Loopback, get: Get) -> None:
    server.answer = lambda r: Answer(BODY, headers={"ETag": '"v1"'})
    get()
    get()
    assert all("If-None-Match" not in request.headers for request in server.seen)


def asked_if_changed(request: Request, etag: str = '"v1"') -> Answer:
    """A server that knows one version of a file."""
    same = request.headers.get("If-None-Match") == etag
    return Answer(status=304) if same else Answer(BODY, headers={"ETag": etag}, silence=0.2)


def of_city(folder: Path, slug: str, url: str, **keys: object) -> City:
    feed = {"name": f"of_{slug}", "source": "be_address", "url": url, **keys}
    made = make_city(folder, feed)
    return made.model_copy(update={"slug": slug})


def fetched(city: City, store: Store) -> Snapshot:
    return fetch_files(city, next(iter(city.feeds.values())), store)


def test_what_another_city_downloaded_is_used_again(server: Loopback, store: Store, tmp_path: Path) -> None:
    server.answer = asked_if_changed
    one, other = (of_city(tmp_path, slug, f"{server.url}/x.bin") for slug in ("one", "other"))
    first = fetched(one, store)
    part_named = (
        of_city(tmp_path, "third", "").feeds["of_third"].model_copy(update={"url": {"gbg": f"{server.url}/x.bin"}})
    )
    for city in (other, other.model_copy(update={"feeds": {"of_third": part_named}})):
        again = fetched(city, store)
        assert (again.parts[0].status, again.parts[0].sha256) == (304, first.parts[0].sha256)
        assert json.loads(again.manifest_path.read_text())["parts"][0]["etag"] == '"v1"'
    assert again.parts[0].name == "gbg"
    assert [r.headers.get("If-None-Match") for r in server.seen] == [None, '"v1"', '"v1"']


def test_the_newest_version_is_asked_about_whoever_had_it(server: Loopback, store: Store, tmp_path: Path) -> None:
    one, other = (of_city(tmp_path, slug, f"{server.url}/x.bin") for slug in ("one", "other"))
    server.answer = asked_if_changed
    store.accept(fetched(one, store), {"a": 1}, None)
    server.answer = lambda r: asked_if_changed(r, '"v2"')
    fetched(other, store)
    assert fetched(one, store).parts[0].status == 304


@pytest.mark.parametrize("harm", ["blob gone", "blob short", "no note", "half a note", "a list", "another address"])
def test_what_is_no_longer_whole_is_downloaded_again(server: Loopback, store: Store, tmp_path: Path, harm: str) -> None:
    server.answer = asked_if_changed
    one, other = (of_city(tmp_path, slug, f"{server.url}/x.bin") for slug in ("one", "other"))
    blob = fetched(one, store).paths()[0]
    (note,) = (store.root / "urls").iterdir()
    if harm.startswith("blob"):
        blob.unlink() if harm == "blob gone" else blob.write_bytes(BODY[:-1])
    elif harm == "no note":
        note.unlink()
    else:
        text = note.read_text()
        changed = {"half a note": text[:40], "a list": "[1]", "another address": text.replace("x.bin", "y.bin")}
        note.write_text(changed[harm])
    again = fetched(other, store)
    assert (again.parts[0].status, again.paths()[0].read_bytes()) == (200, BODY)
    assert "If-None-Match" not in server.seen[-1].headers
    assert fetched(one.model_copy(update={"slug": "third"}), store).parts[0].status == 304


def test_an_answer_without_a_version_is_not_noted(server: Loopback, store: Store, get: Get) -> None:
    get()
    assert not (store.root / "urls").exists()


def test_what_is_larger_than_the_source_allows_is_not_taken_from_another(
    server: Loopback, store: Store, tmp_path: Path, get: Get, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.answer = asked_if_changed
    fetched(of_city(tmp_path, "one", f"{server.url}/x.bin"), store)
    polite(monkeypatch, bytes_max=len(BODY) - 1)
    with pytest.raises(FetchRefusedError, match="larger than the ceiling"):
        get()


def test_cities_that_want_one_file_at_one_moment_download_it_once(
    server: Loopback, store: Store, tmp_path: Path
) -> None:
    server.answer = asked_if_changed
    cities = [of_city(tmp_path, f"city_{n}", f"{server.url}/x.bin") for n in range(4)]
    with ThreadPoolExecutor(len(cities)) as pool:
        made = list(pool.map(lambda city: fetched(city, store), cities))
    assert sorted(str(r.headers.get("If-None-Match")) for r in server.seen) == ['"v1"'] * 3 + ["None"]
    assert {snapshot.paths()[0].read_bytes() == BODY for snapshot in made} == {True}
    assert not [path for path in kept(store) if "partial" in path.parts]


def test_another_address_is_downloaded_again(server: Loopback, get: Get, store: Store) -> None:
    server.answer = lambda r: Answer(BODY, headers={"ETag": '"v1"'})
    store.accept(get("/a"), {"gbg": 1}, None)
    get("/b")
    assert "If-None-Match" not in server.seen[-1].headers


# --- bodies that break off -------------------------------------------------------------------------------------------


def test_a_connection_cut_in_the_middle_is_resumed(server: Loopback, get: Get) -> None:
    server.answer = ranged(BODY, cut=CUT)
    snapshot = get()
    assert snapshot.paths()[0].read_bytes() == BODY
    assert [r.headers.get("Range") for r in server.seen] == [None, f"bytes={CUT}-", f"bytes={2 * CUT}-"]


def test_a_download_goes_on_in_the_next_run(server: Loopback, get: Get, store: Store) -> None:
    server.answer = lambda r: (
        Answer(BODY, headers={"ETag": '"v1"'}, cut=CUT) if not r.headers.get("Range") else Answer(b"", 404)
    )
    with pytest.raises(FetchRefusedError, match="404"):
        get()
    assert [path.suffix for path in kept(store)].count(".part") == 1
    server.seen.clear()
    server.answer = ranged(BODY)
    assert get().paths()[0].read_bytes() == BODY
    assert [r.headers.get("Range") for r in server.seen] == [f"bytes={CUT}-"]
    assert not [path for path in kept(store) if "partial" in path.parts]


def test_a_server_without_ranges_starts_anew(server: Loopback, get: Get) -> None:
    server.answer = in_turn(Answer(BODY, headers={"ETag": '"v1"'}, cut=9), Answer(BODY, headers={"ETag": '"v1"'}))
    assert get().paths()[0].read_bytes() == BODY


def test_a_file_that_changed_while_it_was_read_starts_anew(server: Loopback, get: Get) -> None:
    grown = BODY + b"more"
    first, second = ranged(BODY, '"v1"', cut=CUT), ranged(grown, '"v2"')
    server.answer = lambda r: first(r) if len(server.seen) == 1 else second(r)
    assert get().paths()[0].read_bytes() == grown
    assert server.seen[1].headers["If-Range"] == '"v1"'


def test_a_rest_of_another_length_starts_anew(server: Loopback, get: Get) -> None:
    grown = BODY + b"more"
    first, second = ranged(BODY, '"v1"', cut=CUT), ranged(grown, '"v1"')
    server.answer = lambda r: first(r) if len(server.seen) == 1 else second(r)
    assert get().paths()[0].read_bytes() == grown
    assert [r.headers.get("Range") for r in server.seen] == [None, f"bytes={CUT}-", None]


def test_without_a_validator_nothing_is_put_together(server: Loopback, get: Get) -> None:
    server.answer = in_turn(Answer(BODY, cut=9), Answer(BODY))
    assert get().paths()[0].read_bytes() == BODY
    assert "Range" not in server.seen[1].headers


def test_a_body_cut_for_ever_at_one_place_is_given_up(server: Loopback, get: Get, store: Store) -> None:
    server.answer = lambda r: Answer(BODY, cut=9)
    with pytest.raises(FetchRefusedError, match="stopped short"):
        get()
    assert len(server.seen) == 5
    assert kept(store) == []


def test_two_downloads_of_one_file_at_once_do_not_mix(
    server: Loopback, get: Get, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    from sources._kit.partial import hold_partial

    # Waited for, and not for ever.
    polite(monkeypatch, seconds_max=2)
    with hold_partial(store.root, f"{server.url}/x.bin") as other:
        other.path.write_bytes(b"theirs")
        assert get().paths()[0].read_bytes() == BODY
        assert other.path.read_bytes() == b"theirs"


# --- answers that look well ------------------------------------------------------------------------------------------

EXCEPTION = (
    b'<?xml version="1.0"?><ows:ExceptionReport xmlns:ows="http://www.opengis.net/ows/1.1" version="2.0.0">'
    b'<ows:Exception exceptionCode="InvalidParameterValue"><ows:ExceptionText>no such type</ows:ExceptionText>'
    b"</ows:Exception></ows:ExceptionReport>"
)
REMARK = '"remark": "runtime error: Query timed out in \\"query\\" at line 3 after 26 seconds."'
ELEMENTS = ",".join(['{"type":"node","id":1,"lat":51.0,"lon":4.0,"tags":{"remark":"none"}}'] * 20_000)


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"<!DOCTYPE html><html><head><title>Onderhoud</title></head></html>", "Onderhoud"),
        (b'{"error":{"code":400,"message":"Unable to complete operation.","details":[]}}', "Unable to complete"),
        (b'{"exceptions":[{"code":"NoApplicableCode","text":"out of time"}],"version":"2.0.0"}', "out of time"),
        (b'{"error_code":"ODSQLError","message":"Unknown field"}', "Unknown field"),
        (b'{"code":"InvalidParameterValue","description":"limit"}', "limit"),
        (EXCEPTION, "no such type"),
        (f'{{"version":0.6,"elements":[],{REMARK}}}'.encode(), "timed out"),
        (f'{{"version":0.6,"elements":[{ELEMENTS}],\n{REMARK}\n}}\n'.encode(), "timed out"),
        (b'<?xml version="1.0"?><osm version="0.6"><remark> runtime error: out of memory </remark></osm>', "memory"),
    ],
)
def test_an_error_with_a_good_status_is_refused_with_what_it_says(
    server: Loopback, get: Get, store: Store, body: bytes, words: str
) -> None:
    server.answer = lambda r: Answer(body, headers={"Content-Type": "application/octet-stream"})
    with pytest.raises(FetchRefusedError) as caught:
        get()
    assert words in str(caught.value.where["value"])
    assert kept(store) == []


@pytest.mark.parametrize(
    "body",
    [
        f'{{"elements":[{ELEMENTS}]}}'.encode(),
        page([{"error": "none", "code": 1, "geometry": square(0, 0)}]).encode(),
        b'<?xml version="1.0"?><osm version="0.6"><node id="1"/></osm>',
        b"code;message\r\n1;error\r\n",
    ],
)
def test_data_that_speak_of_errors_are_no_error(server: Loopback, get: Get, body: bytes) -> None:
    server.answer = lambda r: Answer(body)
    assert get().paths()[0].read_bytes() == body


def test_a_gzip_bomb_is_refused_at_the_ceiling(
    server: Loopback, get: Get, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    polite(monkeypatch, bytes_max=5 << 20)
    bomb = gzip.compress(bytes(100 << 20))
    assert len(bomb) < 1 << 20
    server.answer = lambda r: Answer(bomb, headers={"Content-Encoding": "gzip"})
    with pytest.raises(FetchRefusedError, match="larger than the ceiling"):
        get()
    assert kept(store) == []


def test_a_body_announced_too_large_is_not_read(
    server: Loopback, get: Get, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    polite(monkeypatch, bytes_max=1000)
    server.answer = lambda r: Answer(BODY, headers={"ETag": '"v1"'}, cut=0)
    with pytest.raises(FetchRefusedError, match="larger than the ceiling"):
        get()
    assert kept(store) == []


def test_a_zip_bomb_is_refused(server: Loopback, get: Get, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answers, "UNPACKED_MAX_BYTES", 5 << 20)
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("address.csv", bytes(6 << 20))
    server.answer = lambda r: Answer(packed.getvalue())
    with pytest.raises(FetchRefusedError, match="unpacks to more"):
        get()
    assert kept(store) == []


def test_a_zip_that_stops_short_is_refused(server: Loopback, get: Get) -> None:
    server.answer = lambda r: Answer(b"PK\x03\x04" + bytes(100))
    with pytest.raises(FetchRefusedError, match="archive is damaged"):
        get()


# --- redirects -------------------------------------------------------------------------------------------------------


def test_a_redirect_on_the_same_host_is_followed(server: Loopback, get: Get) -> None:
    server.answer = lambda r: Answer(status=302, headers={"Location": "/y"}) if r.path == "/x.bin" else Answer(BODY)
    snapshot = get()
    assert snapshot.paths()[0].read_bytes() == BODY
    assert snapshot.parts[0].location.endswith("/x.bin")


def test_a_redirect_to_another_host_is_refused(
    server: Loopback, get: Get, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    away = {"Location": f"http://localhost:{server.port}/y"}
    server.answer = lambda r: Answer(status=302, headers=away) if r.path == "/x.bin" else Answer(BODY)
    with pytest.raises(FetchRefusedError, match="another host") as caught:
        get()
    assert caught.value.where["value"] == "localhost"
    assert [r.path for r in server.seen] == ["/x.bin"]
    assert kept(store) == []
    polite(monkeypatch, allow_hosts=["localhost"])
    assert get().paths()[0].read_bytes() == BODY


def test_redirects_without_end_are_refused(server: Loopback, get: Get) -> None:
    server.answer = lambda r: Answer(status=302, headers={"Location": f"{r.path}x"})
    with pytest.raises(FetchRefusedError, match="redirects for ever"):
        get()


def test_leaving_tls_is_refused(store: Store) -> None:
    with http.Client(store, "test", Manners.model_validate({}), fetch.RETRIES, {}) as client:
        assert client.follow("https://a.example/x", "/y") == "https://a.example/y"
        assert client.follow("http://a.example/x", "https://a.example/y") == "https://a.example/y"
        with pytest.raises(FetchRefusedError, match="TLS"):
            client.follow("https://a.example/x", "http://a.example/y")


# --- the last good snapshot ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "fault",
    [
        Answer(b"", 503),
        Answer(b"<html>down</html>", headers={"Content-Type": "text/html"}),
        Answer(b'{"error":{"code":500,"message":"x"}}'),
        Answer(BODY, cut=100),
        Answer(b""),
        Answer(status=302, headers={"Location": "http://localhost:9/"}),
    ],
)
def test_no_fault_touches_the_last_good_snapshot(server: Loopback, get: Get, store: Store, fault: Answer) -> None:
    good = get()
    store.accept(good, {"gbg": 1}, None)
    before = {path: path.read_bytes() for path in kept(store)}
    server.answer = lambda r: fault
    with pytest.raises(FetchRefusedError) as caught:
        get()
    assert {path: path.read_bytes() for path in kept(store)} == before
    assert store.last_good(good.city, good.feed) == good
    assert {"source", "city", "feed", "url"} <= set(caught.value.where)


def test_progress_is_told(server: Loopback, tmp_path: Path, store: Store) -> None:
    city = make_city(tmp_path, {"name": "feed", "source": "be_grb", "url": f"{server.url}/x"})
    told: list[tuple[str, int, int | None]] = []
    fetch_files(city, city.feeds["feed"], store, lambda *facts: told.append(facts))
    assert told[-1] == (f"{server.url}/x", len(BODY), len(BODY))
    assert [size for _, size, _ in told] == sorted(size for _, size, _ in told)
    assert len(told) > 1


def test_a_local_file_that_grows_while_it_is_read_is_refused(
    tmp_path: Path, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "lijst.csv"
    file.write_bytes(b"a;b\n")
    put = Store.put

    def slow(self: Store, stream: object, *rest: object, **where: object) -> tuple[str, int]:
        kept = put(self, stream, *rest, **where)  # type: ignore[arg-type]
        with file.open("ab") as end:
            end.write(b"1;2\n")
        return kept

    monkeypatch.setattr(Store, "put", slow)
    city = make_city(tmp_path, {"name": "feed", "source": "be_grb", "path": "lijst.csv"})
    with pytest.raises(FetchRefusedError, match="changed while it was read"):
        fetch_files(city, city.feeds["feed"], store)
    assert not list(store.root.glob("manifests/**/*.json"))
