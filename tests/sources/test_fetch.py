from __future__ import annotations

import gzip
import json
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from sources._kit import fetch
from sources._kit.errors import FetchRefusedError
from sources._kit.fetch import fetch_files
from sources._kit.snapshot import Snapshot, Store
from tests.sources.conftest import digest, make_city

# Larger than one block, and not text.
BODY = b'{"type":"FeatureCollection","features":[]}\r\n\x00\xff' * 50_000


Get = Callable[..., Snapshot]


class Server:
    """A loopback server; `answers` gives per path what each request in turn gets, the last one for ever."""

    def __init__(self) -> None:
        self.answers: dict[str, list[tuple[int, dict[str, str], bytes]]] = {}
        self.seen: list[tuple[str, str]] = []
        server = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                server.seen.append((self.path, self.headers["User-Agent"]))
                turns = server.answers[self.path]
                status, headers, body = turns.pop(0) if len(turns) > 1 else turns[0]
                self.send_response(status)
                for name, value in {"Content-Length": str(len(body)), **headers}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_args: object) -> None:
                pass

        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._http.server_port}"
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.01,))
        self._thread.start()

    def close(self) -> None:
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    # The same retries without the waiting.
    monkeypatch.setattr(fetch, "RETRIES", fetch.RETRIES.new(backoff_factor=0))
    made = Server()
    yield made
    made.close()


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "store")


@pytest.fixture
def get(tmp_path: Path, store: Store) -> Get:
    """Fetch a feed that has this `url` or `path`."""

    def run(**location: object) -> Snapshot:
        city = make_city(tmp_path / "city", {"name": "register", "source": "be_grb", **location})
        city.folder.mkdir(exist_ok=True)
        return fetch_files(city, city.feeds["register"], store)

    return run


def kept(store: Store) -> list[Path]:
    """Every file in the store."""
    return [path for path in store.root.rglob("*") if path.is_file()]


def test_bytes_are_kept_unaltered_under_their_hash(server: Server, get: Get, store: Store) -> None:
    server.answers["/a/lijst.csv?f=x"] = [(200, {"Content-Type": "text/csv"}, BODY)]
    snapshot = get(url=f"{server.url}/a/lijst.csv?f=x")
    (part,) = snapshot.parts
    assert part.sha256 == digest(BODY)
    assert snapshot.paths()[0].read_bytes() == BODY
    assert snapshot.paths()[0] == store.root / "blobs" / part.sha256[:2] / part.sha256
    assert "onbenut/" in server.seen[0][1]


def test_compressed_transfer_is_kept_decoded(server: Server, get: Get) -> None:
    server.answers["/x"] = [(200, {"Content-Encoding": "gzip"}, gzip.compress(BODY))]
    assert get(url=f"{server.url}/x").paths()[0].read_bytes() == BODY


def test_manifest_says_what_was_fetched(server: Server, get: Get) -> None:
    headers = {"Content-Type": "text/csv", "ETag": '"v1"', "Last-Modified": "Mon, 01 Sep 2025 00:00:00 GMT"}
    server.answers["/lijst.csv"] = [(200, headers, BODY)]
    before = datetime.now(UTC)
    snapshot = get(url=f"{server.url}/lijst.csv")
    body = json.loads(snapshot.manifest_path.read_text())
    assert {key: body[key] for key in ("city", "feed", "source")} == {
        "city": "test",
        "feed": "register",
        "source": "be_grb",
    }
    assert before <= datetime.fromisoformat(body["fetched_at"]) <= datetime.now(UTC)
    assert datetime.fromisoformat(body["fetched_at"]).utcoffset() == before.utcoffset()
    assert body["parts"] == [
        {
            "name": "data",
            "file": "lijst.csv",
            "location": f"{server.url}/lijst.csv",
            "sha256": digest(BODY),
            "size_bytes": len(BODY),
            "status": 200,
            "content_type": "text/csv",
            "etag": '"v1"',
            "last_modified": "Mon, 01 Sep 2025 00:00:00 GMT",
        }
    ]
    assert body["code_version"] == fetch.code_version()
    assert body["licence"] == "Gratis Open Data Licentie Vlaanderen"


def test_licence_of_the_city_file_goes_before_the_source(server: Server, get: Get) -> None:
    server.answers["/x"] = [(200, {}, BODY)]
    snapshot = get(url=f"{server.url}/x", licence="CC0")
    assert json.loads(snapshot.manifest_path.read_text())["licence"] == "CC0"


def test_body_that_stops_short_leaves_nothing(server: Server, get: Get, store: Store) -> None:
    server.answers["/x"] = [(200, {"Content-Length": str(len(BODY) + 1)}, BODY)]
    with pytest.raises(FetchRefusedError, match=r"broke|short") as caught:
        get(url=f"{server.url}/x")
    assert kept(store) == []
    assert caught.value.where["url"] == f"{server.url}/x"
    assert caught.value.next_step


def test_html_is_refused(server: Server, get: Get, store: Store) -> None:
    server.answers["/x.csv"] = [(200, {"Content-Type": "text/html; charset=utf-8"}, b"<html>log in</html>")]
    with pytest.raises(FetchRefusedError, match="HTML"):
        get(url=f"{server.url}/x.csv")
    assert kept(store) == []


@pytest.mark.parametrize("status", [400, 403, 404, 410])
def test_error_status_is_refused_at_once(server: Server, get: Get, store: Store, status: int) -> None:
    server.answers["/x"] = [(status, {}, b"gone")]
    with pytest.raises(FetchRefusedError, match=str(status)):
        get(url=f"{server.url}/x")
    assert len(server.seen) == 1
    assert kept(store) == []


def test_busy_server_is_asked_again(server: Server, get: Get) -> None:
    server.answers["/x"] = [(503, {}, b"busy"), (503, {}, b"busy"), (200, {}, BODY)]
    assert get(url=f"{server.url}/x").parts[0].sha256 == digest(BODY)
    assert len(server.seen) == 3


def test_server_that_stays_busy_is_given_up(server: Server, get: Get, store: Store) -> None:
    server.answers["/x"] = [(503, {}, b"busy")]
    with pytest.raises(FetchRefusedError, match="did not answer"):
        get(url=f"{server.url}/x")
    assert len(server.seen) == 5
    assert kept(store) == []


def test_no_server_is_a_named_error(server: Server, get: Get) -> None:
    gone = Server()
    gone.close()
    with pytest.raises(FetchRefusedError, match="did not answer"):
        get(url=f"{gone.url}/x")


def test_empty_answer_is_refused(server: Server, get: Get, store: Store) -> None:
    server.answers["/x"] = [(200, {}, b"")]
    with pytest.raises(FetchRefusedError, match="empty"):
        get(url=f"{server.url}/x")
    assert kept(store) == []


def test_one_bad_part_leaves_no_manifest(server: Server, get: Get, store: Store) -> None:
    server.answers["/a"], server.answers["/b"] = [(200, {}, BODY)], [(404, {}, b"")]
    with pytest.raises(FetchRefusedError):
        get(url={"adp": f"{server.url}/a", "gbg": f"{server.url}/b"})
    assert not list(store.root.glob("manifests/**/*.json"))


def test_parts_keep_their_names(server: Server, get: Get) -> None:
    server.answers["/a"], server.answers["/b"] = [(200, {}, b"a")], [(200, {}, b"b")]
    snapshot = get(url={"gbg": f"{server.url}/b", "adp": f"{server.url}/a"})
    assert [part.name for part in snapshot.parts] == ["adp", "gbg"]
    assert snapshot.paths("gbg")[0].read_bytes() == b"b"
    assert snapshot.paths("knw") == []


def test_local_file_relative_to_the_city_file(get: Get, tmp_path: Path) -> None:
    (tmp_path / "city" / "hand-over").mkdir(parents=True)
    (tmp_path / "city" / "hand-over" / "lijst [1].csv").write_bytes(BODY)
    snapshot = get(path="hand-over/lijst [1].csv")
    assert snapshot.parts[0].file == "lijst [1].csv"
    assert snapshot.parts[0].status is None
    assert snapshot.paths()[0].read_bytes() == BODY


def test_file_url(get: Get, tmp_path: Path) -> None:
    file = tmp_path / "een lijst.csv"
    file.write_bytes(BODY)
    assert get(url=file.as_uri()).parts[0].sha256 == digest(BODY)
    assert "%20" in file.as_uri()


def test_wildcard_takes_all_files_in_order(get: Get, tmp_path: Path) -> None:
    (tmp_path / "city").mkdir()
    for name in ("b.json", "a.json", "c.csv"):
        (tmp_path / "city" / name).write_bytes(name.encode())
    assert [part.file for part in get(path="*.json").parts] == ["a.json", "b.json"]


@pytest.mark.parametrize("path", ["none.csv", "*.none", "/nowhere/at/all.csv"])
def test_missing_file_is_refused(get: Get, path: str) -> None:
    with pytest.raises(FetchRefusedError, match="no such file") as caught:
        get(path=path)
    assert caught.value.where["file"] == path


def test_empty_file_is_refused(get: Get, store: Store, tmp_path: Path) -> None:
    (tmp_path / "city").mkdir()
    (tmp_path / "city" / "leeg.csv").write_bytes(b"")
    with pytest.raises(FetchRefusedError, match="empty"):
        get(path="leeg.csv")
    assert kept(store) == []


def test_same_bytes_are_the_same_snapshot(server: Server, get: Get, store: Store) -> None:
    server.answers["/x"] = [(200, {}, b"one"), (200, {}, b"one"), (200, {}, b"two")]
    first, again, other = (get(url=f"{server.url}/x") for _ in range(3))
    assert first.fingerprint == again.fingerprint != other.fingerprint
    assert len(list(store.root.glob("blobs/*/*"))) == 2
    assert len(list(store.root.glob("manifests/**/*.json"))) == 3


def test_only_what_was_read_whole_is_good(server: Server, get: Get, store: Store) -> None:
    server.answers["/x"] = [(200, {}, b"good"), (200, {}, b"bad")]
    good = get(url=f"{server.url}/x")
    assert store.last_good(good.city, good.feed) is None
    store.accept(good, {"gbg": 3}, None)
    get(url=f"{server.url}/x")
    assert store.last_good(good.city, good.feed) == good
    assert store.acceptance(good) == {"rows": {"gbg": 3}, "data_on": None}
    good.paths()[0].unlink()
    assert store.last_good(good.city, good.feed) is None
