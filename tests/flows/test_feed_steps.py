from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from flows.feed_steps import Loaded, load_raw
from flows.fetch_steps import fetch_feed
from flows.workspace import Workspace
from sources._kit import fetch
from sources._kit.duck import connect
from sources._kit.errors import FetchRefusedError
from tests.sources.conftest import make_city, page, square
from tests.sources.loopback import Answer, Loopback, Request

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
Night = Callable[..., Loaded]


@pytest.fixture
def night(tmp_path: Path) -> Night:
    """A night on which the file holds so many buildings."""
    space = Workspace(tmp_path / "home")
    con = connect()
    con.execute("CREATE SCHEMA raw; CREATE SCHEMA meta")

    def run(buildings: int, **keys: object) -> Loaded:
        rows = [{**GBG, "OIDN": n, "geometry": square(150_000 + n, 200_000)} for n in range(buildings)]
        (tmp_path / "gbg.json").write_text(page(rows, **keys.pop("said", {})))  # type: ignore[arg-type]
        feed = {"name": "grb", "source": "be_grb", "path": {"gbg": "gbg.json"}, "rows_min": 0, **keys}
        city = make_city(tmp_path, feed)
        return load_raw(con, fetch_feed(city, city.feeds["grb"], space), space)

    run.con = con  # type: ignore[attr-defined]
    return run


@pytest.mark.parametrize(
    ("drop_max", "buildings", "is_refused"),
    [
        (None, 1, False),
        (None, 0, True),
        (0.1, 90, False),
        (0.1, 89, True),
        (0.0, 99, True),
        (1.0, 0, False),
    ],
)
def test_rows_that_are_gone_since_the_last_good_snapshot(
    night: Night, drop_max: float | None, buildings: int, is_refused: bool
) -> None:
    night(100)
    loaded = night(buildings, drop_max=drop_max)
    assert loaded.rows["gbg"] == (100 if is_refused else buildings)
    if is_refused:
        assert loaded.warning is not None
        assert f"{buildings}, after 100" in loaded.warning
        assert "used the snapshot of" in loaded.warning


def test_a_first_snapshot_has_nothing_to_be_held_to(night: Night) -> None:
    assert night(3, drop_max=0.0).rows["gbg"] == 3


def test_what_was_refused_does_not_become_the_measure(night: Night) -> None:
    night(100)
    night(0)
    assert night(0).rows["gbg"] == 100


def test_a_feed_is_held_to_the_last_accepted_run_and_not_to_what_a_refused_run_read(
    night: Night, tmp_path: Path
) -> None:
    night(100)
    kept = night.con.execute("FROM meta.raw_feed").fetchall()  # type: ignore[attr-defined]
    assert night(60, drop_max=0.5).rows["gbg"] == 60
    # The gates refuse that run: its copy of the warehouse goes, the snapshot stays good.
    night.con.execute("DELETE FROM meta.raw_feed")  # type: ignore[attr-defined]
    night.con.executemany("INSERT INTO meta.raw_feed VALUES (?, ?, ?, ?, ?)", kept)  # type: ignore[attr-defined]
    loaded = night(40, drop_max=0.5)
    assert loaded.warning is not None
    assert "40, after 100" in loaded.warning


def test_the_same_rows_in_other_bytes_build_nothing_again(night: Night) -> None:
    first = night(100)
    again = night(100, said={"timeStamp": "2025-06-02T01:00:00Z"})
    assert again.snapshot != first.snapshot
    assert again.was_parsed
    assert again.fingerprint == first.fingerprint
    assert night(99).fingerprint != first.fingerprint


def test_rows_that_come_twice_are_other_content(night: Night) -> None:
    once, pair = night(2), night(4)
    assert once.fingerprint != pair.fingerprint


@pytest.mark.parametrize(
    ("is_other_up", "says"), [(True, "asked the other service instead"), (False, "the other service: ")]
)
def test_the_other_service_is_asked_before_the_last_good_snapshot_has_to_do(
    night: Night, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, is_other_up: bool, says: str
) -> None:
    monkeypatch.setattr(fetch, "RETRIES", fetch.RETRIES.new(total=0, backoff_factor=0))
    night(3)
    rows = [{**GBG, "OIDN": n, "geometry": square(150_000 + n, 200_000)} for n in range(5)]

    def say(request: Request) -> Answer:
        if request.path != "/wfs" or not is_other_up:
            return Answer(b"<html>down</html>", 503)
        if request.query.get("resultType") == "hits":
            return Answer(b'<wfs:FeatureCollection numberMatched="5" numberReturned="0"/>')
        return Answer(page(rows).encode())

    with Loopback(say) as server:
        feed = {
            "name": "grb",
            "source": "be_grb",
            "url": {"gbg": f"{server.url}/ogc/collections/GBG"},
            "service": {"kind": "ogc_features"},
            "otherwise": {
                "url": {"gbg": f"{server.url}/wfs"},
                "service": {"kind": "wfs", "typename": "GRB:GBG", "sort_by": "OIDN"},
            },
        }
        city = make_city(tmp_path, feed)
        space = Workspace(tmp_path / "home")
        with pytest.raises(FetchRefusedError, match="503"):
            fetch_feed(city, city.feeds["grb"], space, fall_back=False)
        assert not any(request.path == "/wfs" for request in server.seen)
        fetched = fetch_feed(city, city.feeds["grb"], space)
    assert fetched.warning is not None
    assert "503" in fetched.warning
    assert says in fetched.warning
    assert [part.features for part in fetched.snapshot.parts] == [5 if is_other_up else None]


def test_the_other_service_gives_the_same_parts(tmp_path: Path) -> None:
    feed = {"name": "grb", "source": "be_grb", "url": {"gbg": "http://127.0.0.1/a"}}
    with pytest.raises(ValueError, match="must give the same parts: gbg"):
        make_city(tmp_path, {**feed, "otherwise": {"url": {"adp": "http://127.0.0.1/b"}}})
