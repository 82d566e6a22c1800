"""A past day is made again from what was stored by then, beside the city, and says whether it came out the same."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import pytest

from flows.history_run import layer_hash
from flows.nights import NoNightError, find_night
from sources._kit.city import load_city
from sources._kit.duck import connect
from sources._kit.errors import OnbenutError
from tests.flows.nights import FIRST, LATER, NAME, NEXT, City

BETWEEN = date(2026, 3, 20)


def layer_differences(ours: Path, theirs: Path) -> list[str]:
    """Tables of the layer that hold a row that the other file does not."""
    with connect(ours, read_only=True) as con:
        con.execute(f"ATTACH '{theirs}' AS other (READ_ONLY)")
        names = [
            row[0]
            for row in con.execute(
                "SELECT table_name FROM duckdb_tables() WHERE schema_name = 'layer' AND database_name <> 'other'"
            ).fetchall()
        ]
        both = " UNION ALL ".join(
            f"SELECT '{name}' FROM (({a} EXCEPT ALL {b}) UNION ALL ({b} EXCEPT ALL {a}))"
            for name in names
            for a, b in [(f"SELECT * FROM layer.{name}", f"SELECT * FROM other.layer.{name}")]
        )
        assert "building" in names
        return [row[0] for row in con.execute(both).fetchall()]


def kept(city: City, folder: Path) -> Path:
    """A copy of what is out now: warehouse and products."""
    shutil.copytree(city.space.outputs / NAME, folder)
    return Path(shutil.copy(city.space.warehouse(NAME), folder / "kept.duckdb"))


@dataclass
class Past:
    """A city after three nights, and copies of what was out after two of them."""

    city: City
    out: dict[date, Path]
    gone: str


@pytest.fixture(scope="module")
def past(first_night: Path, tmp_path_factory: pytest.TempPathFactory) -> Past:
    folder = tmp_path_factory.mktemp("past")
    shutil.copytree(first_night, folder / "city", symlinks=True)
    city = City(folder / "city")
    out = {FIRST: kept(city, folder / "first")}
    # Rows come into a register, a building goes, and a match is decided by hand: none of that is of the night before.
    city.list_two()
    ((gone,),) = city.rows(
        "SELECT building_id FROM layer.building WHERE audience = 'public' AND building_id LIKE 'grb:knw:%' LIMIT 1"
    )
    city.drop_footprint(gone)
    city.edit("snapshot_on = 2025-05-28", "snapshot_on = 2025-06-28")
    decisions = city.space.decisions(NAME)
    decisions.parent.mkdir(parents=True, exist_ok=True)
    decisions.write_text(
        "left,right,verdict,decided_by,decided_on,why\nvacancy_register:990001,grb:1,different,surveyor,2026-03-02,seen\n"
    )
    assert city.night(LATER).overruled
    out[LATER] = kept(city, folder / "later")
    decisions.unlink()
    city.night(LATER + timedelta(days=1))
    return Past(city, out, gone)


@pytest.mark.night
def test_past_nights_are_made_again_exactly_and_the_city_stays(past: Past) -> None:
    city = past.city
    assert {change.kind for change in city.changes(LATER, "public") if change.building_id == past.gone} == {"gone"}
    newest = city.space.warehouse(NAME).read_bytes()
    for day, before in past.out.items():
        again = city.night(day)
        assert again.warnings == []
        assert "Exact" in again.made_from
        assert again.warehouse.stem == f"{NAME}~{day:%Y_%m_%d}"
        assert layer_differences(again.warehouse, before) == []
        products = {path.name: path.read_bytes() for path in (city.space.outputs / again.warehouse.stem).iterdir()}
        assert products == {path.name: path.read_bytes() for path in before.parent.iterdir() if path != before}
    assert city.space.warehouse(NAME).read_bytes() == newest


@pytest.mark.night
def test_a_day_without_a_night_takes_the_night_before_and_says_which(past: Past) -> None:
    space = past.city.space
    done = past.city.home.onbenut("run", past.city.file, "--as-of", BETWEEN)
    assert done.returncode == 0, done.stderr
    assert f"no run was accepted on {BETWEEN}: run 1, accepted as of {FIRST}" in done.stdout
    assert "Exact" not in done.stdout
    with connect(space.warehouse(f"{NAME}~{BETWEEN:%Y_%m_%d}"), read_only=True) as con:
        # The register of later is not looked into, and what left later is still there.
        assert con.execute(
            "SELECT count(*) FROM core.register_address WHERE register_id LIKE '%99000%'"
        ).fetchone() == (0,)
        assert con.execute(f"SELECT count(*) > 0 FROM layer.building WHERE building_id = '{past.gone}'").fetchone() == (
            True,
        )
        assert con.execute("SELECT value FROM layer.run WHERE name = 'as_of'").fetchone() == (str(BETWEEN),)
    assert past.city.rows("SELECT count(*) FROM history.run") == [(3,)]


@pytest.mark.night
def test_another_method_is_said_and_a_removed_snapshot_is_named(city: City, tmp_path: Path) -> None:
    with connect(city.space.warehouse(NAME)) as con:  # as if another night had followed
        con.execute(f"INSERT INTO history.run SELECT * REPLACE (2 AS number, DATE '{NEXT}' AS as_of) FROM history.run")
    city.weigh(tmp_path / "checkout", "prior_atypical", 0.3)
    again = city.night(FIRST)
    assert "NOT exact" in again.made_from
    (warning,) = again.warnings
    assert "another method" in warning
    assert "numbers of data/reference changed" in warning
    for manifest in city.space.store.folder(NAME, "vacancy_register").iterdir():
        manifest.unlink()
    with pytest.raises(OnbenutError, match=r"cannot be made again.*tell of persons.*30 days.*feed vacancy_register"):
        city.night(FIRST)


def test_before_the_first_night_snapshots_fetched_by_then_do_or_none_is_an_error(city: City) -> None:
    before = FIRST - timedelta(days=30)
    model, store = load_city(city.file, city.space.cities), city.space.store
    with pytest.raises(
        NoNightError, match=rf"no run was accepted by that day.*addresses.*first accepted run is as of {FIRST}"
    ):
        find_night(model, city.space, before)
    found = {}
    for feed in model.feeds:
        (path,) = store.folder(NAME, feed).glob("*.json")
        for january in (4, 5):  # as if all had been fetched in January, and refused by a gate
            old = path.with_name(f"2026010{january}T235959.000000Z-{path.name.split('-')[1]}")
            shutil.copy(path, old)
            shutil.copy(path.with_suffix(".accepted"), old.with_suffix(".accepted"))
            found[january, feed] = old.name
    for day, wanted in ((date(2026, 1, 4), 4), (before, 5)):
        night = find_night(model, city.space, day)
        assert night is not None
        assert night.feeds == {feed: found[wanted, feed] for feed in model.feeds}
        assert not night.is_accepted
        assert night.origin.startswith(
            f"no run was accepted by {day}: made of the newest snapshots that were fetched by then"
        )
    with pytest.raises(NoNightError):
        find_night(model, city.space, date(2026, 1, 3))
    assert find_night(model, city.space, FIRST) is None  # the newest night itself is run, not made again


def test_the_hash_of_a_layer_sees_a_cell_and_a_double_row_and_no_order(tmp_path: Path) -> None:
    def hashed(rows: str) -> str:
        with connect() as con:
            con.execute(f"CREATE SCHEMA layer; CREATE TABLE layer.a AS FROM (VALUES {rows}) t(x, y)")
            return layer_hash(con)

    assert hashed("(1, 'a'), (2, 'b')") == hashed("(2, 'b'), (1, 'a')")
    assert (
        len({hashed(rows) for rows in ("(1, 'a')", "(1, NULL)", "(1, 'a'), (1, 'a')", "(1, 'a'), (1, 'a'), (1, 'a')")})
        == 4
    )
