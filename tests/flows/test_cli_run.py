"""demo, run and cities: what they make, what they say, and with which status they end."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from flows.query import ask
from flows.run import run_city
from sources._kit.city import load_city
from sources._kit.duck import connect
from tests.flows.conftest import NAME, ONBENUT, Demo, Home

ChangedCity = Callable[[str, str], Path]


def fingerprints(home: Home) -> dict[str, str]:
    with connect(home.space.warehouse(NAME), read_only=True) as con:
        return dict(con.execute("SELECT table_name, fingerprint FROM meta.build").fetchall())


def as_of(home: Home) -> str:
    return str(next(ask(NAME, home.space, "SELECT value FROM layer.run WHERE name = 'as_of'").batches)[0][0])


def test_demo_says_where_everything_is_and_shows_ten_rows(demo: Demo) -> None:
    output = demo.done.stdout
    for name in (f"{NAME}.gpkg", f"{NAME}.parquet", f"{NAME}_pins.geojson", f"{NAME}.duckdb"):
        line = next(line.strip() for line in output.splitlines() if line.strip().endswith("/" + name))
        assert Path(line).stat().st_size > 0
    table = output.split("The ten first of the public layer")[1].splitlines()
    ranks = [int(line.split()[0]) for line in table[1:] if line.strip() and line.split()[0].isdigit()]
    assert ranks == list(range(1, 11))


def test_demo_writes_progress_as_plain_lines_away_from_a_terminal(demo: Demo) -> None:
    assert "\x1b" not in demo.done.stderr + demo.done.stdout
    assert any("layer.building" in line for line in demo.done.stderr.splitlines())


def test_a_second_demo_keeps_the_city_and_rebuilds_nothing(own_home: Home) -> None:
    made = own_home.city.stat().st_mtime_ns
    done = own_home.onbenut("demo", "--buildings", 2000, "--seed", 3)
    assert done.returncode == 0
    assert "nothing has changed" in done.stdout
    assert own_home.city.stat().st_mtime_ns == made


@pytest.mark.night
def test_other_arguments_make_another_city(own_home: Home) -> None:
    before = (own_home.city.parent / "truth.parquet").read_bytes()
    assert own_home.onbenut("demo", "--buildings", 2000, "--seed", 4).returncode == 0
    assert (own_home.city.parent / "truth.parquet").read_bytes() != before


def test_an_unchanged_second_run_rebuilds_nothing(own_home: Home) -> None:
    before = own_home.space.warehouse(NAME).read_bytes()
    done = own_home.onbenut("run", own_home.city)
    assert done.returncode == 0, done.stderr
    assert json.loads(own_home.space.run_log(NAME).read_text())["unchanged"] is True
    assert own_home.space.warehouse(NAME).read_bytes() == before


def test_another_day_changes_evidence_and_what_lies_above_it_only(own_home: Home) -> None:
    before = fingerprints(own_home)
    done = own_home.onbenut("run", own_home.city, "--as-of", "2025-06-15")
    assert done.returncode == 0, done.stderr
    after = fingerprints(own_home)
    changed = {name for name in after if before[name] != after[name]}
    # What stands that day, by the register, and so in a park; which adverts still hold.
    of_the_day = {"core.standing", "core.park_building", "core.roof_measured", "staging.space_request"}
    floors = {name.split(".")[0] for name in changed - of_the_day}
    assert floors == {"evidence", "score", "match", "plan", "layer", "publish"}
    assert as_of(own_home) == "2025-06-15"


def test_run_reports_rows_rejects_and_matches(own_home: Home) -> None:
    done = own_home.onbenut("run", own_home.city)
    for words in ("vacancy_register", "rejects", "matched", "refused", "Seconds", "Products"):
        assert words in done.stdout


def test_offline_without_snapshots_fails_by_name(own_home: Home) -> None:
    for path in (own_home.path / "data" / "raw").rglob("*.accepted"):
        path.unlink()
    done = own_home.onbenut("run", own_home.city, "--offline")
    assert done.returncode == 1
    assert "no stored snapshot" in done.stderr


def test_offline_runs_on_stored_snapshots(own_home: Home) -> None:
    (own_home.city.parent / "osm.osm.pbf").unlink()
    assert own_home.onbenut("run", own_home.city, "--offline").returncode == 0


def test_a_feed_that_is_gone_falls_back_and_says_so(own_home: Home) -> None:
    (own_home.city.parent / "osm.osm.pbf").unlink()
    done = own_home.onbenut("run", own_home.city)
    assert done.returncode == 0
    assert "warning: osm: no such file" in done.stderr
    feeds = json.loads(own_home.onbenut("status", NAME, "--json").stdout)["feeds"]
    assert {feed["feed"]: feed["state"] for feed in feeds}["osm"] == "fallback"


def test_a_run_that_fails_leaves_the_old_city_and_a_record(own_home: Home, changed_city: ChangedCity) -> None:
    city = changed_city("rows_min = 100", "rows_min = 100\nhard_age_days = 1")
    before = own_home.space.warehouse(NAME).read_bytes()
    done = own_home.onbenut("run", city)
    assert done.returncode == 1
    assert "error: nothing was published, " in done.stderr
    assert "\n  age: the data of a feed are too old to publish on" in done.stderr
    assert own_home.space.warehouse(NAME).read_bytes() == before
    assert "too old" in own_home.onbenut("status", NAME).stdout


def test_a_city_without_buildings_is_done_in_part(own_home: Home, tmp_path: Path) -> None:
    parts = own_home.city.read_text(encoding="utf-8").split("\n[feeds.")
    kept = [part for part in parts if not part.startswith(("osm]", "grb]"))]
    city = own_home.city.with_name("leeg.toml")
    city.write_text("\n[feeds.".join(kept), encoding="utf-8")
    done = own_home.onbenut("run", city)
    assert done.returncode == 3, done.stderr
    assert "not made: " in done.stderr
    assert "no feed gave a building outline" in done.stderr


def test_a_misspelt_key_is_named_with_the_known_ones(own_home: Home, changed_city: ChangedCity) -> None:
    done = own_home.onbenut("run", changed_city('crs = "EPSG:31370"', 'crss = "EPSG:31370"'))
    assert done.returncode == 1
    assert done.stderr.startswith("error: the city file is wrong")
    assert "crs" in done.stderr
    assert "known keys: name, nis, crs" in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_a_misspelt_key_of_a_feed_is_named_with_the_known_ones(own_home: Home, changed_city: ChangedCity) -> None:
    done = own_home.onbenut("run", changed_city("snapshot_on", "snapshot_onn"))
    assert done.returncode == 1
    assert "feeds.osm.snapshot_onn" in done.stderr
    assert "snapshot_on," in done.stderr.split("known keys")[1]


@pytest.mark.parametrize("words", [("run", "nergens"), ("status", "nergens"), ("sql", "nergens", "SELECT 1")])
def test_an_unknown_city_is_one_readable_line(home: Home, words: tuple[str, ...]) -> None:
    done = home.onbenut(*words)
    assert done.returncode == 1
    assert done.stderr.startswith("error: ")
    assert "nergens" in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_wrong_usage_ends_with_two(home: Home) -> None:
    assert home.onbenut("run").returncode == 2
    assert home.onbenut("run", NAME, "--as-of", "gisteren").returncode == 2


def test_a_defect_shows_its_traceback_and_ends_with_seventy(home: Home) -> None:
    code = "import flows.cli as cli; cli.guarded(lambda: 1 / 0)"
    done = home.call(sys.executable, "-c", code)
    assert done.returncode == 70
    assert "ZeroDivisionError" in done.stderr


def test_readers_see_the_old_city_until_the_new_one_is_whole(own_home: Home) -> None:
    seen: list[str] = []

    def look(floor: str, _what: str) -> None:
        if floor == "layer" and not seen:
            done = own_home.onbenut("sql", NAME, "SELECT value FROM layer.run WHERE name = 'as_of'", "--format", "csv")
            assert done.returncode == 0, done.stderr
            seen.append(done.stdout.splitlines()[1])

    city = load_city(own_home.city, own_home.space.cities)
    run_city(city, own_home.space, as_of=date(2025, 7, 1), progress=look)
    assert seen == ["2025-06-01"]
    assert as_of(own_home) == "2025-07-01"


def test_a_run_goes_on_when_its_reader_leaves(own_home: Home) -> None:
    words = [str(ONBENUT), "run", str(own_home.city), "--as-of", "2025-07-15"]
    with subprocess.Popen(words, env=own_home.env, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as process:
        assert process.stderr is not None
        process.stderr.readline()
        process.stderr.close()
        process.wait(timeout=60)
    assert as_of(own_home) == "2025-07-15"
    assert not own_home.space.failure_log(NAME).exists()


def test_cities_lists_the_made_up_city_as_valid(home: Home) -> None:
    done = home.onbenut("cities", "--json")
    entry = next(entry for entry in json.loads(done.stdout) if entry["slug"] == NAME)
    assert entry["problem"] is None
    assert entry["has_warehouse"] is True
    assert "osm" in entry["local"]
    assert entry["remote"] == []


def test_cities_ends_with_one_when_a_file_is_not_valid(own_home: Home, changed_city: ChangedCity) -> None:
    changed_city('source = "osm_extract"', 'source = "osm_extrakt"')
    done = own_home.onbenut("cities")
    assert done.returncode == 1
    assert "no such source" in done.stderr
    assert "not valid" in done.stdout
