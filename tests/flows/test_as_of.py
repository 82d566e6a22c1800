"""A past day is made again from what was stored by then, beside the city, and says whether it came out the same."""

from __future__ import annotations

import json
import shutil
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from flows.history_run import layer_hash
from flows.nights import NoNightError
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


def test_past_nights_are_made_again_exactly_and_the_city_stays(city: City, tmp_path: Path) -> None:
    nights = {FIRST: kept(city, tmp_path / "first")}
    city.list_two()
    city.space.decisions(NAME).parent.mkdir(parents=True, exist_ok=True)
    city.night(NEXT)
    nights[NEXT] = kept(city, tmp_path / "next")
    # A building goes, rows of a register go, and a match is decided by hand: none of that is of the nights before.
    ((gone,),) = city.rows(
        "SELECT building_id FROM layer.building WHERE audience = 'public' AND building_id LIKE 'grb:knw:%' LIMIT 1"
    )
    city.drop_footprint(gone)
    city.edit("snapshot_on = 2025-05-28", "snapshot_on = 2025-06-28")
    city.space.decisions(NAME).write_text(
        "left,right,verdict,decided_by,decided_on,why\nvacancy_register:990001,grb:1,different,surveyor,2026-03-02,seen\n"
    )
    assert city.night(LATER).overruled
    nights[LATER] = kept(city, tmp_path / "later")
    city.night(LATER + timedelta(days=1))
    assert {change.kind for change in city.changes(LATER, "public") if change.building_id == gone} == {"gone"}
    newest = city.space.warehouse(NAME).read_bytes()
    for day, before in nights.items():
        again = city.night(day)
        assert again.warnings == []
        assert "Exact" in again.made_from
        assert again.warehouse.stem == f"{NAME}~{day:%Y_%m_%d}"
        assert layer_differences(again.warehouse, before) == []
        products = {path.name: path.read_bytes() for path in (city.space.outputs / again.warehouse.stem).iterdir()}
        assert products == {path.name: path.read_bytes() for path in before.parent.iterdir() if path != before}
    assert city.space.warehouse(NAME).read_bytes() == newest


def test_another_method_is_said_and_a_removed_snapshot_is_named(city: City, tmp_path: Path) -> None:
    city.night(NEXT)
    city.weigh(tmp_path / "checkout", "prior_atypical", 0.3)
    again = city.night(FIRST)
    assert "NOT exact" in again.made_from
    (warning,) = again.warnings
    assert "another method" in warning
    assert "numbers of data/reference changed" in warning
    for manifest in city.space.store.folder(NAME, "vacancy_register").iterdir():
        manifest.unlink()
    with pytest.raises(OnbenutError, match=r"cannot be made again.*feed vacancy_register"):
        city.night(FIRST)


def test_a_day_without_a_night_takes_the_night_before_and_says_which(city: City) -> None:
    added = city.list_two()
    city.night(LATER)
    done = city.home.onbenut("run", city.file, "--as-of", BETWEEN)
    assert done.returncode == 0, done.stderr
    assert f"no run was accepted on {BETWEEN}: run 1, accepted as of {FIRST}" in done.stdout
    assert "Exact" not in done.stdout
    slug = f"{NAME}~{BETWEEN:%Y_%m_%d}"
    with connect(city.space.warehouse(slug), read_only=True) as con:
        listed = "SELECT count(*) FROM evidence.item WHERE feed = 'vacancy_register' AND list_contains({}, building_id)"
        assert con.execute(listed.format(sorted(added))).fetchone() == (0,)  # the register of later is not looked into
        assert con.execute("SELECT value FROM layer.run WHERE name = 'as_of'").fetchone() == (str(BETWEEN),)
    assert city.rows("SELECT max(as_of) FROM history.run") == [(LATER,)]


def test_before_the_first_night_snapshots_fetched_by_then_do_or_none_is_an_error(city: City) -> None:
    before = FIRST - timedelta(days=30)
    with pytest.raises(
        NoNightError, match=rf"no run was accepted by that day.*addresses.*first accepted run is as of {FIRST}"
    ):
        city.night(before)
    assert not list(city.space.warehouse("x").parent.glob(f"{NAME}~*"))
    model, store = load_city(city.file, city.space.cities), city.space.store
    for feed in model.feeds:
        (path,) = store.folder(NAME, feed).glob("*.json")
        # As if all had been fetched in January, and refused by a gate.
        body = json.loads(path.read_text()) | {"fetched_at": datetime(2026, 1, 5, tzinfo=UTC).isoformat()}
        old = path.with_name(f"20260105T000000.000000Z-{path.name.split('-')[1]}")
        old.write_text(json.dumps(body))
        shutil.copy(path.with_suffix(".accepted"), old.with_suffix(".accepted"))
    again = city.night(before)
    assert again.made_from.startswith(
        f"no run was accepted by {before}: made of the newest snapshots that were fetched by then"
    )
    assert again.as_of == before


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
