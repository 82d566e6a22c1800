"""When cities run: their crons, the two nights in which the clock turns, and what is due."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from flows.city_check import check_file
from flows.due import Plan, Planned, is_due, planned
from flows.workspace import CHECKOUT, Workspace
from sources._kit.city import load_city
from sources._kit.schedule import ZONE, Schedule, last_tick, next_tick, night_of
from transforms._kit.reference import read_reference

NIGHTS = {"forward": datetime(2026, 3, 27, tzinfo=UTC), "back": datetime(2026, 10, 23, tzinfo=UTC)}


def city(folder: Path, schedule: str = "", extra: str = "") -> Path:
    path = folder / "stad.toml"
    feeds = '[feeds.osm]\nsource = "osm_extract"\npath = "osm.osm.pbf"\n'
    head = f'name = "Stad"\nnis = "99002"\ncrs = "EPSG:31370"\n{extra}\n'
    path.write_text(f"{head}{schedule}\n{feeds}", encoding="utf-8")
    return path


def at_half_past_two(tmp_path: Path, day: datetime, hours: int = 96) -> list[datetime]:
    """Moments at which a city whose runs all succeed is run, looked at every ten minutes."""
    path = city(tmp_path, '[schedule]\ncron = "30 2 * * *"')
    space = Workspace(tmp_path)
    one = Planned(str(path), load_city(path, space.cities))
    space.run_log("stad").parent.mkdir(parents=True)
    note(space, day)
    run = []
    for minutes in range(0, hours * 60, 10):
        now = day + timedelta(minutes=minutes)
        if is_due(one, space, now):
            run.append(now)
            note(space, now)
    return run


def note(space: Workspace, now: datetime) -> None:
    space.run_log("stad").write_text(json.dumps({"started_at": now.isoformat(), "as_of": now.date().isoformat()}))


@pytest.mark.parametrize("night", NIGHTS)
def test_a_cron_in_the_hour_that_turns_runs_once_a_night(tmp_path: Path, night: str) -> None:
    run = at_half_past_two(tmp_path, NIGHTS[night])
    assert len(run) == len({moment.astimezone(ZoneInfo(ZONE)).date() for moment in run}) == 4


@pytest.mark.parametrize("cron", ["30 2 * * *", "0 3 * * *", "15 1 * * *", "59 23 * * SUN", "0 2 1 * *"])
@pytest.mark.parametrize("night", NIGHTS)
def test_prefect_fires_when_we_say(cron: str, night: str) -> None:
    from prefect.server.schemas.schedules import CronSchedule

    start = NIGHTS[night]
    theirs = {
        moment.astimezone(UTC)
        for hours in range(0, 72, 3)
        for moment in CronSchedule(cron=cron, timezone=ZONE)._get_dates_generator(
            n=2, start=start + timedelta(hours=hours)
        )
    }
    ours, moment = set(), start
    while moment < max(theirs):
        moment = next_tick(cron, moment)
        ours.add(moment)
        assert last_tick(cron, moment + timedelta(minutes=7)) == moment
    assert theirs == ours


def test_seven_nights_slept_through_are_caught_up_once(tmp_path: Path) -> None:
    path = city(tmp_path, '[schedule]\ncron = "30 1 * * *"')
    space = Workspace(tmp_path)
    one = Planned(str(path), load_city(path, space.cities))
    space.run_log("stad").parent.mkdir(parents=True)
    note(space, datetime(2026, 5, 1, 0, tzinfo=UTC))
    woken = datetime(2026, 5, 8, 9, tzinfo=UTC)
    assert is_due(one, space, woken)
    note(space, woken)
    assert not is_due(one, space, woken + timedelta(minutes=1))
    assert is_due(one, space, woken + timedelta(days=1))


def test_a_run_that_failed_was_an_attempt_and_one_of_an_old_day_was_none(tmp_path: Path) -> None:
    path = city(tmp_path, '[schedule]\ncron = "30 1 * * *"')
    space = Workspace(tmp_path)
    one = Planned(str(path), load_city(path, space.cities))
    now = datetime(2026, 5, 8, 9, tzinfo=UTC)
    space.run_log("stad").parent.mkdir(parents=True)
    body = {"started_at": "2026-05-08T08:00:00+00:00", "as_of": "2025-01-01"}
    space.run_log("stad").write_text(json.dumps(body))
    assert is_due(one, space, now)
    space.failure_log("stad").write_text(json.dumps({"at": "2026-05-08T08:30:00+00:00"}))
    assert not is_due(one, space, now)


def test_a_damaged_record_is_none(tmp_path: Path) -> None:
    path, space = city(tmp_path), Workspace(tmp_path)
    space.run_log("stad").parent.mkdir(parents=True)
    space.run_log("stad").write_text("{")
    assert is_due(Planned(str(path), load_city(path, space.cities)), space, datetime(2026, 5, 8, tzinfo=UTC))


def test_cities_do_not_all_start_at_once_nor_in_the_hour_that_turns() -> None:
    files = [path for path in (CHECKOUT / "data" / "cities").glob("*.toml") if not path.name.startswith("_")]
    crons = [night_of(path.stem) for path in files]
    assert len(set(crons)) >= len(crons) - 1 > 5
    every = {night_of(f"stad{number}") for number in range(5000)}
    assert len(every) > 230
    assert {int(cron.split()[1]) for cron in every} == {0, 1, 3, 4, 5}
    assert all(Schedule.model_validate({"cron": cron}) for cron in every)


@pytest.mark.parametrize(
    "cron", ["x", "60 1 * * *", "0 0 31 2 *", "0 0 L * *", "@daily", "0 0 * * 5L", "0 0 0 * * *", ""]
)
def test_what_is_no_cron_is_a_fault_of_the_city_file(tmp_path: Path, cron: str) -> None:
    path = city(tmp_path, f'[schedule]\ncron = "{cron}"')
    faults = check_file(
        path, CHECKOUT / "data" / "cities", read_reference(CHECKOUT / "data" / "reference").tables
    ).faults
    assert [fault.key for fault in faults] == ["schedule.cron"]
    assert "known keys: cron, enabled" in faults[0].next_step


def test_a_region_sets_what_a_city_does_not(tmp_path: Path) -> None:
    (tmp_path / "_land.toml").write_text('[schedule]\ncron = "5 4 * * *"\nenabled = false\n')
    path = city(tmp_path, "[schedule]\nenabled = true", 'extends = "_land.toml"')
    schedule = load_city(path, tmp_path).schedule
    assert (schedule.cron, schedule.enabled) == ("5 4 * * *", True)


def test_a_city_that_is_switched_off_is_left_alone_unless_named(tmp_path: Path) -> None:
    space = Workspace(tmp_path, tmp_path)
    space.cities.mkdir(parents=True)
    city(space.cities, "[schedule]\nenabled = false")
    (space.cities / "kapot.toml").write_text("name = ")
    assert planned(space).cities == ()
    assert list(planned(space).unreadable) == ["kapot"]
    assert [one.given for one in planned(space, ["stad"]).cities] == ["stad"]
    assert isinstance(planned(space, ["stad"]), Plan)
