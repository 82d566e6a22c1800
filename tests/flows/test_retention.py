"""What is kept how long: snapshots of nights, bytes that cities share, history, and personal data first."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import threading
import time
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest

from flows.commands.retention import retention
from flows.history import TABLES
from flows.history_states import TABLES as STATES
from flows.retention import forget_history, is_personal, remove_snapshots
from flows.workspace import Workspace
from sources._kit.city import City as CityFile
from sources._kit.city import Retention, load_city
from sources._kit.duck import connect, literal
from sources._kit.errors import CityFileError, OnbenutError
from sources._kit.snapshot import Part, Snapshot, Store
from sources._kit.sweep import GRACE_S, sweep


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
    swept = sweep(store, "small", {"a"}, lambda _feed, _name, _day: False)
    assert swept is not None
    assert (swept.manifests, swept.blobs, swept.size_bytes) == ({"a": 2}, 1, 3)
    assert [path.exists() for path in (old, shared, good, unread, fresh)] == [False, True, True, True, True]
    last = store.last_good(model, model.feeds["a"])
    assert last is not None
    assert last.fetched_at.day == 3
    assert sweep(store, "small", {"a"}, lambda *_: False, now_s=time.time() + 2 * GRACE_S) is not None
    assert not fresh.exists()


def test_two_sweeps_at_once_are_one(small: tuple[Store, CityFile]) -> None:
    store, model = small
    fetched(store, model, b"old", 1)
    fetched(store, model, b"good", 3)
    with (store.root / "sweep.lock").open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        assert sweep(store, "small", {"a"}, lambda *_: False) is None
    assert len(list(store.folder("small", "a").glob("*.json"))) == 2


DAY = date(2026, 5, 30)


@dataclass
class Nights:
    """A city of two feeds, one about persons, with a night on each of some days of May; no table of it was ever built."""

    model: CityFile
    space: Workspace
    made: list[date] = field(default_factory=list)

    def night(self, day: date, slug: str | None = None, number: int | None = None) -> None:
        """Fetch both feeds and accept a run; with `slug` into a warehouse beside the city's, without fetching."""
        feeds = {}
        for name, feed in self.model.feeds.items():
            sha256, size = self.space.store.put(BytesIO(f"{name} of {day}".encode()))
            os.utime(self.space.store.blob(sha256), (0, 0))
            at = datetime(day.year, day.month, day.day, 2, tzinfo=UTC)
            snapshot = Snapshot(self.model, feed, (Part("data", "a", "a", sha256, size),), at, self.space.store)
            if slug is None:
                self.space.store.record(snapshot)
                self.space.store.accept(snapshot, {"a": 1}, None)
            feeds[name] = snapshot.manifest_path.name
        path = self.space.warehouse(slug or self.model.slug)
        path.parent.mkdir(parents=True, exist_ok=True)
        with connect(path) as con:
            con.execute(TABLES + STATES)
            made_of = literal(json.dumps({"feeds": feeds, "manifest": f"{day:%Y%m%d}-.json"}))
            con.execute(f"""INSERT INTO history.run BY NAME SELECT (SELECT coalesce(max(number), 0) + 1 FROM history.run) AS number,
                DATE '{day}' AS as_of, TIMESTAMP '{day} 02:00:00' AS kept_at, {made_of} AS made_of""")

    def left(self, feed: str) -> list[int]:
        """Days of the month of which a snapshot is there whole."""
        paths = sorted(self.space.store.folder(self.model.slug, feed).glob("*.json"))
        parts = {path: json.loads(path.read_text())["parts"][0]["sha256"] for path in paths}
        assert all(self.space.store.blob(sha256).exists() for sha256 in parts.values())
        return [int(path.name[6:8]) for path in paths]

    def remove(self, today: date, **how: bool) -> list[str]:
        return remove_snapshots(self.model, self.space, today, **how)

    def history(self, query: str) -> list[tuple[Any, ...]]:
        with connect(self.space.warehouse(self.model.slug)) as con:
            return con.execute(query).fetchall()


@pytest.fixture(scope="module")
def may(tmp_path_factory: pytest.TempPathFactory) -> Nights:
    """Five nights of May."""
    tmp_path = tmp_path_factory.mktemp("may")
    (tmp_path / "two.toml").write_text(
        'name = "T"\nnis = "99002"\ncrs = "EPSG:31370"\n'
        '[feeds.register]\nsource = "vacancy_register"\npath = "a.csv"\n[feeds.grb]\nsource = "be_grb"\npath = "g"\n'
        "[retention]\nsnapshots_days = 20\npersonal_days = 5\nhistory_days = 25\nnights_min = 2\n"
    )
    made = Nights(load_city(tmp_path / "two.toml", tmp_path), Workspace(tmp_path / "home"))
    assert {name for name, feed in made.model.feeds.items() if is_personal(feed)} == {"register"}
    for day in (1, 15, 22, 29, 30):
        made.night(date(2026, 5, day))
    return made


@pytest.fixture
def nights(may: Nights, tmp_path: Path) -> Nights:
    """A copy of them."""
    shutil.copytree(may.space.home, tmp_path / "home")
    return Nights(may.model, Workspace(tmp_path / "home"))


def test_personal_data_go_first_and_each_feed_keeps_its_newest(nights: Nights) -> None:
    said = nights.remove(DAY, is_trial=True)
    assert said == ["grb: 1 fetches", "register: 3 fetches (may tell of persons)", "store: 4 files, 83 bytes"]
    assert len(nights.left("grb")) == len(nights.left("register")) == 5
    assert nights.remove(DAY) == said
    assert (nights.left("grb"), nights.left("register")) == ([15, 22, 29, 30], [29, 30])
    assert nights.remove(DAY) == []
    nights.remove(DAY + timedelta(days=400), is_sure=True)
    assert (nights.left("grb"), nights.left("register")) == (
        [29, 30],
        [30],
    )  # the last two nights, but for the register


@pytest.mark.parametrize("today", [date(2099, 1, 1), date(2026, 5, 29), date(1970, 1, 1)])
def test_a_clock_that_jumped_removes_nothing_until_somebody_looked_at_it(nights: Nights, today: date) -> None:
    (said,) = nights.remove(today)
    assert "nothing is removed tonight: the clock went" in said
    with connect(nights.space.warehouse("two")) as con:
        forget_history(con, nights.model, today)
    assert len(nights.left("grb")) == len(nights.history("FROM history.run")) == 5
    nights.night(today)  # the night itself is accepted, by the clock that it had
    assert "nothing is removed tonight" in nights.remove(today)[0]
    if today > DAY:
        nights.night(today + timedelta(days=1))  # and the next, by the same clock
        assert nights.remove(today + timedelta(days=1))
        assert len(nights.left("grb")) == 2


def test_no_bytes_go_while_a_manifest_of_any_city_cannot_be_read(nights: Nights) -> None:
    broken = nights.space.store.folder("other", "grb") / "20260501T000000.000000Z-aaaaaaaa.json"
    broken.parent.mkdir(parents=True)
    broken.write_text("{")
    said = nights.remove(DAY)
    assert said[-1] == f"store: no bytes are removed while this manifest cannot be read: {broken}"
    broken.unlink()
    assert nights.remove(DAY) == ["store: 4 files, 83 bytes"]


def test_what_another_warehouse_was_made_of_stays_but_for_personal_data(nights: Nights) -> None:
    nights.night(date(2026, 5, 1), "two~2026_05_01")
    nights.remove(DAY)
    assert (nights.left("grb"), nights.left("register")) == ([1, 15, 22, 29, 30], [29, 30])


def test_a_feed_that_left_the_city_file_is_held_to_the_days_of_personal_data(nights: Nights) -> None:
    feeds = {name: feed for name, feed in nights.model.feeds.items() if name == "register"}
    gone = Nights(nights.model.model_copy(update={"feeds": feeds}), nights.space)
    gone.remove(DAY)
    assert gone.left("grb") == [29, 30]
    gone.remove(DAY + timedelta(days=10))
    assert gone.left("grb") == []


def test_history_forgets_what_ended_and_never_what_is_so(nights: Nights) -> None:
    with connect(nights.space.warehouse("two")) as con:
        con.execute("""INSERT INTO history.building_state BY NAME FROM (VALUES ('city', 'ended', 0, 1), ('city', 'ended later', 1, 2),
            ('city', 'so', 1, NULL)) AS t(audience, building_id, known_from, known_to)""")
        forget_history(con, nights.model, DAY)
        assert con.execute("SELECT building_id FROM history.building_state ORDER BY 1").fetchall() == [
            ("ended later",),
            ("so",),
        ]
        assert con.execute("SELECT min(number) FROM history.run").fetchone() == (2,)


def test_the_command_shows_first_and_asks_who_looked_at_the_clock(
    nights: Nights, capsys: pytest.CaptureFixture[str]
) -> None:
    file = str(nights.model.folder / "two.toml")
    assert retention(file, nights.space, False, DAY) == 0
    assert "Nothing was removed. To remove it" in capsys.readouterr().out
    assert len(nights.left("register")) == 5
    with pytest.raises(OnbenutError, match="the clock went on from 2026-05-30"):
        retention(file, nights.space, True, None)
    assert retention(file, nights.space, True, DAY) == 0
    assert nights.left("register") == [29, 30]


def test_bytes_that_a_fetch_was_told_still_hold_are_not_swept_from_under_it(small: tuple[Store, CityFile]) -> None:
    store, model = small
    still = fetched(store, model, b"still", 1)
    fetched(store, model, b"newer", 2)
    # A fetch asks whether its bytes still hold; before it writes them down, their old manifest goes.
    assert store.claim(still.name)
    swept = sweep(store, "small", {"a"}, lambda *_: False)
    assert swept is not None
    assert swept.manifests == {"a": 1}
    assert still.exists()
    still.unlink()
    assert not store.claim(still.name)  # and so it asks for them anew


def test_claims_and_sweeps_at_once_never_lose_claimed_bytes(small: tuple[Store, CityFile]) -> None:
    store, model = small
    fetched(store, model, b"good", 2)
    blobs = [store.put(BytesIO(f"{n}".encode()))[0] for n in range(300)]
    for sha256 in blobs:
        os.utime(store.blob(sha256), (0, 0))
    held: list[str] = []
    thread = threading.Thread(target=lambda: held.extend(one for one in reversed(blobs) if store.claim(one)))
    thread.start()
    sweep(store, "small", {"a"}, lambda *_: False)
    thread.join()
    assert all(store.blob(sha256).exists() for sha256 in held)


def test_a_misspelt_rule_names_the_known_ones(small: tuple[Store, CityFile], tmp_path: Path) -> None:
    path = tmp_path / "small.toml"
    path.write_text(path.read_text() + "[retention]\nsnapshot_days = 3\n")
    with pytest.raises(CityFileError, match="snapshots_days, personal_days, history_days, nights_min"):
        load_city(path, tmp_path)
    assert small[1].retention == Retention.model_validate({})
