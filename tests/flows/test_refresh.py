"""The flow of one city under a real Prefect: the same city as `run`, and a second try when a service falters."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from urllib3.util.retry import Retry

from flows.discreet import without_value
from sources._kit import fetch as fetching
from sources._kit.duck import connect, identifier
from sources._kit.errors import FetchRefusedError, GateError, OnbenutError
from tests.flows.conftest import NAME, Home

HTTP_TRIES = 2  # per attempt of the task, once this test has set them


class Service:
    """A loopback service that answers 503 some times, then with the bytes of a file."""

    def __init__(self, body: bytes) -> None:
        self.body, self.failures, self.requests = body, 0, 0
        service = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                service.requests += 1
                broken = service.requests <= service.failures
                self.send_response(503 if broken else 200)
                body = b"" if broken else service.body
                self.send_header("Content-Type", "application/octet-stream")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_port}/heritage.geojson"

    def fail(self, times: int) -> None:
        self.failures, self.requests = times, 0


@pytest.fixture
def refresh_module(prefect_server: None) -> Any:
    """flows.refresh, imported once Prefect has a server of the tests' own."""
    import flows.refresh

    return flows.refresh


@pytest.fixture
def quick(refresh_module: Any, monkeypatch: pytest.MonkeyPatch, own_home: Home) -> Any:
    """The flow, in a home of the test's own, without the waiting between tries."""
    monkeypatch.setenv("ONBENUT_HOME", str(own_home.path))
    monkeypatch.setattr(refresh_module.fetch, "retry_delay_seconds", 0)
    monkeypatch.setattr(refresh_module.fetch, "retry_jitter_factor", None)
    retry = Retry(total=HTTP_TRIES - 1, backoff_factor=0, status_forcelist=(503,), allowed_methods=("GET",))
    monkeypatch.setattr(fetching, "RETRIES", retry)
    return refresh_module


@pytest.fixture
def service(own_home: Home) -> Iterator[Service]:
    """The city's heritage comes from a service instead of a file."""
    made = Service((own_home.city.parent / "heritage.geojson").read_bytes())
    content = own_home.city.read_text(encoding="utf-8")
    assert 'path = "heritage.geojson"' in content
    own_home.city.write_text(content.replace('path = "heritage.geojson"', f'url = "{made.url}"'), encoding="utf-8")
    yield made
    made.server.shutdown()
    made.server.server_close()


def contents(home: Home) -> dict[str, tuple[Any, ...]]:
    """Per table its number of rows and a hash of all of them; the runner's own notes are left out."""
    with connect(home.space.warehouse(NAME), read_only=True) as con:
        tables = con.execute(
            "SELECT schema_name, table_name FROM duckdb_tables() WHERE schema_name <> 'meta'"
        ).fetchall()
        names = [f"{schema}.{identifier(table)}" for schema, table in sorted(tables)]
        return {
            name: con.execute(
                # When a run was kept, and the names of its manifests, are of the clock.
                f"SELECT count(*), bit_xor(hash(CAST(t AS VARCHAR))) FROM (SELECT {'* EXCLUDE (kept_at, made_of)' if name.startswith('history.') and 'run' in name else '*'} FROM {name}) AS t"
            ).fetchall()[0]
            for name in names
        }


def forget(home: Home) -> None:
    home.space.warehouse(NAME).unlink()


def test_the_flow_makes_the_same_city_as_run(quick: Any, own_home: Home) -> None:
    wanted = contents(own_home)
    forget(own_home)
    outcome = quick.refresh(str(own_home.city))
    assert not outcome.unchanged
    assert contents(own_home) == wanted


@pytest.mark.night
def test_the_module_runs_with_a_local_server(own_home: Home) -> None:
    wanted = contents(own_home)
    forget(own_home)
    done = own_home.call(sys.executable, "-m", "flows.refresh", own_home.city, "--as-of", "2025-06-01")
    assert done.returncode == 0, done.stderr
    assert contents(own_home) == wanted
    assert (own_home.path / "data" / "prefect" / "prefect.db").exists()


def test_an_unknown_city_fails_the_module_at_once(own_home: Home) -> None:
    done = own_home.call(sys.executable, "-m", "flows.refresh", "nergens")
    assert done.returncode == 1
    assert done.stderr.startswith("error: no such city")


def test_a_service_that_comes_back_is_tried_again(quick: Any, own_home: Home, service: Service) -> None:
    service.fail(HTTP_TRIES + 1)
    outcome = quick.refresh(str(own_home.city))
    assert service.requests == HTTP_TRIES + 2
    assert outcome.feeds["heritage"].fallback is None


def test_a_service_that_stays_away_costs_every_try_and_then_falls_back(
    quick: Any, own_home: Home, service: Service
) -> None:
    service.fail(1000)
    outcome = quick.refresh(str(own_home.city))
    assert service.requests == HTTP_TRIES * (1 + quick.RETRIES)
    assert "did not answer" in outcome.feeds["heritage"].fallback


def test_a_feed_without_any_good_snapshot_fails_the_flow(quick: Any, own_home: Home, service: Service) -> None:
    service.fail(1000)
    for path in own_home.space.store.folder(NAME, "heritage").glob("*.accepted"):
        path.unlink()
    before = own_home.space.warehouse(NAME).read_bytes()
    with pytest.raises(FetchRefusedError):
        quick.refresh(str(own_home.city))
    assert own_home.space.warehouse(NAME).read_bytes() == before
    assert own_home.space.failure_log(NAME).exists()


def test_a_file_that_is_not_there_is_not_waited_for(
    quick: Any, own_home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[str] = []
    plain: Callable[..., Any] = quick.fetch_feed

    def count(city: Any, feed: Any, space: Any, **more: Any) -> Any:
        calls.append(feed.name)
        return plain(city, feed, space, **more)

    monkeypatch.setattr(quick, "fetch_feed", count)
    (own_home.city.parent / "osm.osm.pbf").unlink()
    outcome = quick.refresh(str(own_home.city))
    assert calls.count("osm") == 1
    assert "no such file" in outcome.feeds["osm"].fallback


@pytest.mark.night
def test_a_gate_is_overruled_under_prefect_by_name_and_the_reason_is_kept(quick: Any, own_home: Home) -> None:
    register = own_home.city.with_name("register.csv")
    lines = register.read_text(encoding="utf-8-sig").splitlines(keepends=True)
    register.write_text("".join(lines[: len(lines) // 2]), encoding="utf-8")
    layer, because = (own_home.space.outputs / NAME).readlink(), "the register was weeded by the city itself"
    with pytest.raises(GateError) as raised:
        quick.refresh(str(own_home.city))
    gates = str(raised.value.where["gates"])
    assert "rows_raw" in gates
    with pytest.raises(OnbenutError, match="with a reason"):
        quick.refresh(str(own_home.city), accept=gates)
    with pytest.raises(OnbenutError, match="no such gate"):
        quick.refresh(str(own_home.city), accept="rows_rw", because=because)
    assert (own_home.space.outputs / NAME).readlink() == layer
    outcome = quick.refresh(str(own_home.city), accept=gates, because=because, decided_by="data steward")
    assert {line.split(":")[0] for line in outcome.overruled} == set(gates.split(","))
    with connect(own_home.space.warehouse(NAME), read_only=True) as con:
        kept = con.execute("SELECT DISTINCT reason, decided_by FROM history.overruled").fetchall()
    assert kept == [(because, "data steward")]
    assert (own_home.space.outputs / NAME).readlink() != layer


def test_errors_reach_prefect_without_the_value_they_met() -> None:
    error = FetchRefusedError("a cell is wrong", city="gent", value="Jan Janssens", next_step="look")
    assert "Janssens" not in str(without_value(error))
    assert type(without_value(error)) is FetchRefusedError
