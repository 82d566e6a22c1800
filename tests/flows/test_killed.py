"""Runs that are killed, that find another under way, a full disk, a disk that may not be written to, or a clock that jumped."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from flows.clock import clock_warnings
from flows.due import Planned, is_due
from flows.feed_steps import Loaded
from flows.fieldwork.log import EVIDENCE, LOG, NEW, add_checks
from flows.status import city_status
from flows.swap import only_run
from flows.workspace import Workspace
from sources._kit.city import City, load_city
from sources._kit.duck import connect
from sources._kit.partial import hold_partial
from sources._kit.snapshot import Part, Snapshot, Store
from tests.flows.conftest import NAME, Home, one

NIGHT = datetime(2026, 5, 4, 3, 0, tzinfo=UTC)


@pytest.mark.night
def test_a_night_killed_between_its_swaps_is_made_good_and_readers_never_see_a_half(tmp_path: Path) -> None:
    """The whole of it, every rename and fifty random moments, is `make night`."""
    done = subprocess.run(
        [sys.executable, "-m", "flows.crash_proof", "--quick"],
        env={**os.environ, "TMPDIR": str(tmp_path)}, capture_output=True, text=True, timeout=240, check=False,
    )  # fmt: skip
    said = done.stdout + done.stderr
    assert done.returncode == 0, said
    assert said.count("PASS") == 4, said
    assert "warehouse old, set new" in said


def test_a_second_run_of_a_city_says_so_before_it_fetches(own_home: Home) -> None:
    before = sorted(own_home.space.store.root.rglob("*.json"))
    with only_run(own_home.space, NAME):
        done = own_home.onbenut("run", own_home.city)
    assert done.returncode == 1
    assert done.stderr.startswith("error: another run of this city is under way (city voorbeeldstad")
    assert sorted(own_home.space.store.root.rglob("*.json")) == before
    assert not own_home.space.failure_log(NAME).exists(), "the other run is not a failure"


def test_what_killed_runs_left_goes_when_nobody_writes_to_the_store(tmp_path: Path) -> None:
    store = Store(tmp_path)
    left = store.scratch / "123-1-abc.part"
    with store.in_use():
        left.write_bytes(b"half")
        with store.in_use():
            assert left.exists(), "it may be the other's"
    with store.in_use():
        assert not left.exists()


def test_a_download_of_before_the_last_start_or_with_half_a_note_begins_anew(tmp_path: Path) -> None:
    with hold_partial(tmp_path, "https://x.example/a") as partial:
        path, facts = partial.path, partial.path.with_suffix(".json")
    for note in ('{"validator": "\\"v1\\"", "to', '{"validator": "\\"v1\\"", "total": 9, "boot": "of another day"}'):
        path.write_bytes(b"1234")
        facts.write_text(note)
        with hold_partial(tmp_path, "https://x.example/a") as partial:
            assert (partial.size, partial.headers) == (0, {})


def test_an_import_killed_after_its_log_is_made_good_by_the_next(tmp_path: Path) -> None:
    row = (
        "SELECT 'stad-2025-06-01-00000000' AS list_id, '1' AS row_id, 'grb:1' AS building_id, '2025-05-20' AS seen_on, "
    )
    row += "'out_of_use' AS seen_use, NULL::VARCHAR AS share_empty, 'street' AS access, NULL::VARCHAR AS note, NULL::VARCHAR AS photo"
    with connect(spatial=False) as con:
        con.execute(f"CREATE TEMP TABLE {NEW} AS {row}")
        assert add_checks(con, tmp_path, date(2025, 6, 1)) == 1
        log, evidence = (tmp_path / LOG).read_bytes(), (tmp_path / EVIDENCE).read_bytes()
        (tmp_path / EVIDENCE).unlink()
        assert add_checks(con, tmp_path, date(2025, 6, 2)) == 0
    assert ((tmp_path / LOG).read_bytes(), (tmp_path / EVIDENCE).read_bytes()) == (log, evidence)


@pytest.fixture
def city(tmp_path: Path) -> City:
    path = tmp_path / "stad.toml"
    path.write_text(
        'name = "Stad"\nnis = "99002"\ncrs = "EPSG:31370"\n[schedule]\ncron = "30 2 * * *"\n'
        '[feeds.osm]\nsource = "osm_extract"\npath = "osm.osm.pbf"\n',
        encoding="utf-8",
    )
    return load_city(path, tmp_path)


def test_a_run_that_a_wrong_clock_put_in_years_to_come_does_not_keep_the_city_from_being_due(
    tmp_path: Path, city: City
) -> None:
    space = Workspace(tmp_path)
    log = space.run_log("stad")
    log.parent.mkdir(parents=True)
    for wrong, expected in ((timedelta(days=3650), True), (timedelta(minutes=20), False), (timedelta(0), False)):
        tried = NIGHT + wrong
        log.write_text(json.dumps({"started_at": tried.isoformat(), "as_of": tried.date().isoformat()}))
        assert is_due(Planned("stad", city), space, NIGHT) is expected


def test_a_snapshot_of_a_time_to_come_is_the_newest_only_where_there_is_no_other(tmp_path: Path, city: City) -> None:
    store, now = Store(tmp_path / "raw"), datetime.now(UTC)

    def fetched(at: datetime, text: bytes) -> Snapshot:
        source = tmp_path / "file"
        source.write_bytes(text)
        with source.open("rb") as stream:
            sha256, size = store.put(stream)
        made = Snapshot(city, city.feeds["osm"], (Part("data", "x", "x", sha256, size),), at, store)
        store.record(made)
        store.accept(made, {"building": 1}, None)
        return made

    ahead = fetched(now + timedelta(days=3650), b"by a wrong clock")
    assert store.last_good(city, city.feeds["osm"]) == ahead
    right = fetched(now, b"by the right one")
    assert store.last_good(city, city.feeds["osm"]) == right


def test_a_clock_that_cannot_be_right_is_said() -> None:
    def feed(day: date) -> Loaded:
        return Loaded("osm", "", {}, day, False, "")

    with connect(spatial=False) as con:
        assert clock_warnings(con, [feed(date(2026, 5, 4))], date(2026, 5, 4)) == []
        con.execute("CREATE SCHEMA history; CREATE TABLE history.measure AS SELECT DATE '2036-05-02' AS as_of")
        (said,) = clock_warnings(con, [feed(date(2026, 5, 4))], date(2026, 5, 4))
        assert "the clock says 2026-05-04, and the city was run as of 2036-05-02" in said
        assert "osm (2036-05-01)" in clock_warnings(con, [feed(date(2036, 5, 1))], date(2026, 5, 4))[1]


def test_an_age_below_nothing_is_not_known(own_home: Home) -> None:
    with connect(own_home.space.warehouse(NAME), spatial=False) as con:
        con.execute("UPDATE reference.feed SET snapshot_on = DATE '2036-01-01' WHERE feed = 'osm'")
    ages = {feed.feed: feed.age_days for feed in city_status(NAME, own_home.space).feeds}
    assert ages["osm"] is None
    assert ages["grb"] == 7


@pytest.fixture
def disk(own_home: Home, tmp_path: Path) -> Iterator[Home]:
    """The home on a small disk of its own."""
    folder = tmp_path / "disk"
    folder.mkdir()
    if (
        os.geteuid() != 0
        or subprocess.run(["mount", "-t", "tmpfs", "tmpfs", folder], capture_output=True, check=False).returncode
    ):
        pytest.skip("mounting a small file system needs root")
    try:
        subprocess.run(["cp", "-a", f"{own_home.path}/.", folder], check=True)
        yield Home(folder)
    finally:
        subprocess.run(["umount", "--lazy", folder], check=True)


def remount(home: Home, how: str) -> None:
    subprocess.run(["mount", "-o", f"remount,{how}", home.path], check=True)


def room(home: Home, kilobytes: int) -> None:
    """Leave so much room on the disk."""
    used = int(subprocess.run(["du", "-sk", home.path], capture_output=True, text=True, check=True).stdout.split()[0])
    remount(home, f"size={used + kilobytes}k")


def test_a_disk_that_is_full_at_any_step_is_called_so_and_takes_nothing_away(disk: Home) -> None:
    out = disk.space.outputs / NAME
    before = (out.resolve(), disk.space.warehouse(NAME).stat().st_ino, one(disk, "SELECT count(*) FROM layer.building"))
    largest = disk.space.warehouse(NAME).stat().st_size // 1024
    # No room to fetch; none to copy the warehouse; none for what is built.
    for kilobytes in (0, largest // 2, largest + 1500):
        room(disk, kilobytes)
        done = disk.onbenut("run", disk.city, "--as-of", "2025-09-01")
        assert done.returncode == 1, done.stderr
        assert "error: the disk is full (city voorbeeldstad" in done.stderr
        assert (out.resolve(), disk.space.warehouse(NAME).stat().st_ino) == before[:2]
        assert not list(disk.space.store.scratch.iterdir())
        assert not list(disk.space.warehouse(NAME).parent.glob(".*next*"))
    room(disk, 20)
    done = disk.onbenut("export", NAME, "--to", disk.path / "x.csv")
    assert (done.returncode, "the disk is full" in done.stderr, list(disk.path.glob("*x*csv"))) == (1, True, []), (
        done.stderr
    )
    assert one(disk, "SELECT count(*) FROM layer.building") == before[2]


def test_a_disk_that_may_only_be_read_is_an_error_in_one_line(disk: Home) -> None:
    remount(disk, "ro")
    for words in (("run", disk.city), ("export", NAME, "--to", disk.path / "x.csv"), ("night", "--cities", disk.city)):
        done = disk.onbenut(*words)
        assert done.returncode == 1, done.stderr
        assert done.stderr.startswith("error: the file system refused")
        assert done.stderr.count("\n") == 1
    assert disk.onbenut("status", NAME).returncode == 0
