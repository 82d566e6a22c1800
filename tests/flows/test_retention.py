"""What is kept how long: snapshots of nights, bytes that cities share, history, and personal data first."""

from __future__ import annotations

import fcntl
import os
import time
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path

import pytest

from flows.retention import forget_history, is_personal, remove_snapshots
from sources._kit.city import City as CityFile
from sources._kit.city import Retention, load_city
from sources._kit.duck import connect
from sources._kit.errors import CityFileError, OnbenutError
from sources._kit.snapshot import Part, Snapshot, Store
from sources._kit.sweep import GRACE_S, sweep
from tests.flows.nights import FIRST, NAME, NEXT, City

TODAY = datetime.now(UTC).date()


def fetched(store: Store, model: CityFile, body: bytes, day: int, *, is_good: bool = True) -> Path:
    """Store a snapshot of the feed `a` as it was fetched on a day of May; the bytes are old."""
    sha256, size = store.put(BytesIO(body))
    os.utime(store.blob(sha256), (0, 0))
    parts = (Part("data", "a", "a", sha256, size),)
    snapshot = Snapshot(model, model.feeds["a"], parts, datetime(2026, 5, day, tzinfo=UTC), store)
    store.record(snapshot)
    if is_good:
        store.accept(snapshot, {"a": 1}, None)
    return store.blob(sha256)


@pytest.fixture
def small(tmp_path: Path) -> tuple[Store, CityFile]:
    (tmp_path / "small.toml").write_text(
        'name = "S"\nnis = "99002"\ncrs = "EPSG:31370"\n[feeds.a]\nsource = "vacancy_register"\npath = "a.csv"\n'
    )
    return Store(tmp_path / "raw"), load_city(tmp_path / "small.toml", tmp_path)


def test_bytes_go_when_no_city_refers_to_them_and_the_last_good_stays(small: tuple[Store, CityFile]) -> None:
    store, model = small
    old, shared, good = (fetched(store, model, body, day) for day, body in ((1, b"old"), (2, b"shared"), (3, b"good")))
    unread = fetched(store, model, b"unread", 4, is_good=False)
    fetched(store, model.model_copy(update={"slug": "other"}), b"shared", 2)
    fresh = store.blob(store.put(BytesIO(b"another run puts these now"))[0])
    swept = sweep(store, "small", lambda _feed, _name, _day: False)
    assert swept is not None
    assert (swept.manifests, swept.blobs, swept.size_bytes) == ({"a": 2}, 1, 3)
    assert [path.exists() for path in (old, shared, good, unread, fresh)] == [False, True, True, True, True]
    last = store.last_good(model, model.feeds["a"])
    assert last is not None
    assert last.fetched_at.day == 3
    assert sweep(store, "small", lambda *_: False, time.time() + 2 * GRACE_S) is not None
    assert not fresh.exists()


def test_two_sweeps_at_once_are_one(small: tuple[Store, CityFile]) -> None:
    store, model = small
    fetched(store, model, b"old", 1)
    fetched(store, model, b"good", 3)
    with (store.root / "sweep.lock").open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        assert sweep(store, "small", lambda *_: False) is None
    assert len(list(store.folder("small", "a").glob("*.json"))) == 2


def test_personal_data_go_before_the_nights_that_need_them(city: City) -> None:
    city.list_two()
    city.night(NEXT)
    model = load_city(city.file, city.space.cities)
    assert {name for name, feed in model.feeds.items() if is_personal(feed)} >= {"vacancy_register"}
    assert not is_personal(model.feeds["grb"])
    assert remove_snapshots(model, city.space, TODAY) == []  # both nights need theirs
    assert city.night(FIRST).warnings == []
    said = remove_snapshots(model, city.space, TODAY + timedelta(days=model.retention.personal_days + 1))
    assert "vacancy_register: 1 fetches removed" in said
    assert not [line for line in said if line.startswith("grb")]
    with pytest.raises(OnbenutError, match="personal data go first"):
        city.night(FIRST)
    assert "grb: 1 fetches removed" in remove_snapshots(model, city.space, TODAY + timedelta(days=401))
    assert city.space.store.last_good(model, model.feeds["vacancy_register"]) is not None
    with connect(city.space.warehouse(NAME)) as con:
        ended = "SELECT count(*) FROM history.building_state WHERE known_to IS NOT NULL"
        assert con.execute(ended).fetchone() != (0,)
        forget_history(con, model, TODAY)
        assert con.execute(ended).fetchone() != (0,)
        forget_history(con, model, TODAY + timedelta(days=1101))
        # What ended in the newest run is not older than that run.
        assert con.execute("SELECT number FROM history.run").fetchall() == [(2,)]
        con.execute("INSERT INTO history.run SELECT * REPLACE (3 AS number) FROM history.run")
        forget_history(con, model, TODAY + timedelta(days=1101))
        assert con.execute(ended).fetchone() == (0,)


def test_a_misspelt_rule_names_the_known_ones(small: tuple[Store, CityFile], tmp_path: Path) -> None:
    path = tmp_path / "small.toml"
    path.write_text(path.read_text() + "[retention]\nsnapshot_days = 3\n")
    with pytest.raises(CityFileError, match="snapshots_days, history_days, personal_days"):
        load_city(path, tmp_path)
    assert small[1].retention == Retention.model_validate({})
