"""Every gate sees the damage it is there for; a failed one publishes nothing, and who overrules it says why."""

from __future__ import annotations

import hashlib
import shutil
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from flows.gates.overrule import Overrule, read_overrule
from flows.outcome import Outcome
from flows.run import run_city
from flows.workspace import Workspace
from sources._kit.city import load_city
from sources._kit.duck import connect
from sources._kit.errors import CityFileError, GateError, OnbenutError
from sources.voorbeeldstad import make_city
from tests.conftest import LEAN

REASON = "the register was weeded by the city itself"


@dataclass(frozen=True)
class Damaged(Workspace):
    """A workspace whose declared tables can lie elsewhere."""

    sql: Path | None = None

    @property
    def tables(self) -> Path:
        return self.sql or super().tables


class Night:
    """A night after an accepted one, on copies: spoil something, run, look."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.space = Damaged(folder / "home")

    @property
    def city_file(self) -> Path:
        return self.folder / "files" / "voorbeeldstad.toml"

    def edit(self, path: Path, *pairs: tuple[str, str]) -> None:
        text = path.read_text(encoding="utf-8-sig")
        for old, new in pairs:
            assert old in text
            text = text.replace(old, new)
        path.write_text(text, encoding="utf-8")

    def without_feed(self, name: str) -> None:
        text = self.city_file.read_text()
        start = text.index(f"[feeds.{name}]")
        self.city_file.write_text(text[:start] + text[text.index("\n[feeds.", start) :])

    def halve_register(self) -> None:
        path = self.folder / "files" / "register.csv"
        lines = path.read_text(encoding="utf-8-sig").splitlines(keepends=True)
        path.write_text("".join(lines[: len(lines) // 2]), encoding="utf-8")

    def own_sql(self) -> Path:
        sql = self.folder / "transforms"
        shutil.copytree(self.space.tables, sql, ignore=shutil.ignore_patterns("__pycache__"))
        self.space = Damaged(self.space.home, sql=sql)
        return sql

    def run(self, *accepted: str, as_of: date | None = None) -> Outcome:
        overrule = Overrule(frozenset(accepted), REASON) if accepted else None
        return run_city(load_city(self.city_file, self.space.cities), self.space, overrule=overrule, as_of=as_of)

    def refused(self) -> tuple[set[str], str]:
        """Names of the gates that fail the run, and all it says."""
        before = self.state()
        with pytest.raises(GateError) as raised:
            self.run()
        assert self.state() == before, "the old layer is not what it was"
        assert not list(self.space.warehouse("x").parent.glob(".*next*"))
        return set(str(raised.value.where["gates"]).split(",")), str(raised.value)

    def state(self) -> dict[str, str]:
        """Every byte of the layer and of the warehouse."""
        folder = self.space.outputs / "voorbeeldstad"
        files = [self.space.warehouse("voorbeeldstad"), *sorted(folder.iterdir())]
        return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in files}

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        with connect(self.space.warehouse("voorbeeldstad"), read_only=True) as con:
            return con.execute(query).fetchall()


@pytest.fixture(scope="module")
def accepted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A made-up city that was run once and accepted."""
    folder = tmp_path_factory.mktemp("accepted")
    make_city(folder / "files", 2500, 3, LEAN)
    (folder / "files" / "objections.csv").write_text("building_id\n")
    night = Night(folder)
    night.edit(night.city_file, ("[feeds.osm]", 'objections = "objections.csv"\n\n[feeds.osm]'))
    night.run()
    return folder


@pytest.fixture
def night(accepted: Path, tmp_path: Path) -> Night:
    shutil.copytree(accepted, tmp_path / "night", symlinks=True)
    return Night(tmp_path / "night")


def test_a_register_that_lost_half_is_refused_overruled_by_name_and_is_then_the_measure(night: Night) -> None:
    night.halve_register()
    gates, said = night.refused()
    assert {"rows_raw", "rows_table"} <= gates
    assert "a feed gave far fewer rows (vacancy_register register): 37, before 7" in said
    record = night.space.failure_log("voorbeeldstad").read_text()
    assert "rows_raw" in record
    assert "% less, at most 30.0%" in record
    with pytest.raises(GateError, match="rows_table"):
        night.run("rows_raw")
    outcome = night.run(*gates)
    assert {line.split(":")[0] for line in outcome.overruled} == gates
    kept = night.rows("SELECT DISTINCT gate, reason, decided_by FROM history.overruled")
    assert set(kept) == {(gate, REASON, "operator") for gate in gates}
    assert REASON in night.rows("SELECT value FROM layer.run WHERE name = 'overruled'")[0][0]
    again = night.run()
    assert again.unchanged
    next_night = night.run(as_of=date(2025, 6, 2))
    assert not next_night.unchanged
    assert not next_night.overruled
    assert night.rows("SELECT value FROM layer.run WHERE name = 'overruled'") == [(None,)]


def test_a_city_that_lost_openstreetmap_is_told_by_its_types_and_layer(night: Night) -> None:
    night.without_feed("osm")
    gates, said = night.refused()
    assert {"unknown_types", "rows_layer"} <= gates
    assert "more buildings have an unknown type: " in said


def test_what_must_not_leave_the_house_is_seen_whatever_the_sql_says(night: Night) -> None:
    ((objected,),) = night.rows("SELECT min(building_id) FROM layer.building WHERE audience = 'public'")
    (night.folder / "files" / "objections.csv").write_text(f"building_id\n{objected}\n")
    night.edit(night.city_file, ('visibility = "public"\nignore', 'visibility = "city"\nignore'))
    sql = night.own_sql()
    night.edit(
        sql / "score" / "shown.sql",
        ("(u.audience = 'city' AND u.positive_count > 0)", "u.positive_count > 0"),
        ("WHERE ((t.", "WHERE true OR ((t."),
    )
    night.edit(
        sql / "layer" / "building.sql",
        ("-- check: audience = 'city' OR type <> 'dwelling' AND type <> 'apartments'\n", ""),
        ("s.config_version, c.geom\n", "s.config_version, CASE WHEN s.rank = 1 THEN "
         "ST_GeomFromText('POLYGON((0 0, 1 1, 1 0, 0 1, 0 0))') ELSE c.geom END AS geom\n"),
    )  # fmt: skip
    night.edit(sql / "layer" / "evidence.sql", ("(b.audience = 'city' OR i.visibility = 'public')", "true"))
    night.edit(
        sql / "layer" / "reuse.sql",
        ("--   known_share |", "--   owner_share |"),
        ("n.known_share,", "n.known_share AS owner_share,"),
    )
    gates, said = night.refused()
    privacy = {"privacy_dwelling", "privacy_evidence", "privacy_objected", "privacy_columns"}
    assert {*privacy, "geometry", "dictionary", "rows_layer_rise", "bands", "score_drift"} <= gates
    assert "1, at most 0; layer.reuse.known_share DOUBLE" in said
    assert "(layer.building public): 1, at most 0" in said


@pytest.mark.night
def test_a_renumbered_building_is_held_back_whose_old_id_was_objected_to(night: Night) -> None:
    ((old,),) = night.rows(
        "SELECT building_id FROM layer.building WHERE audience = 'public' AND building_id LIKE 'grb:3%' ORDER BY priority_rank"
    )[:1]
    number = old.removeprefix("grb:")
    new = f"grb:9{number[1:]}"
    for path in sorted((night.folder / "files" / "grb").glob("gbg_*.json")):
        path.write_text(path.read_text().replace(f'"OIDN":{number},', f'"OIDN":9{number[1:]},'))
    (night.folder / "files" / "objections.csv").write_text(f"building_id\n{old}\n")
    sql = night.own_sql()
    shown = sql / "score" / "shown.sql"
    whole = shown.read_text()
    night.edit(shown, (" IN (SELECT building_id FROM core.objected)", " IN (SELECT objection_id FROM core.objected)"))
    gates, said = night.refused()
    assert gates == {"privacy_objected"}, said
    shown.write_text(whole)
    night.run()
    assert night.rows(f"FROM core.objected SELECT building_id WHERE objection_id = '{old}'") == [(new,)]
    assert night.rows(f"SELECT audience FROM layer.building WHERE building_id = '{new}'") == [("city",)]


def test_another_number_of_another_city_file_lets_it_pass(night: Night) -> None:
    night.halve_register()
    limits = "[gates.limits]\nrows_raw = 0.9\nrows_table = 0.9\nrows_layer = 0.9\nbands = 1\nscore_mean = 1\nscore_drift = 9\n"
    night.edit(night.city_file, ("[feeds.osm]", f"{limits}\n[feeds.osm]"))
    assert night.run().overruled == []


def test_a_limit_of_no_gate_or_of_the_law_is_an_error_of_the_city_file(night: Night) -> None:
    night.edit(night.city_file, ("[feeds.osm]", "[gates.limits]\nrows_rw = 0.9\n\n[feeds.osm]"))
    with pytest.raises(CityFileError, match=r"no such gate .*rows_rw.*rows_raw"):
        night.run()
    night.edit(night.city_file, ("rows_rw = 0.9", "privacy_dwelling = 5"))
    with pytest.raises(CityFileError, match="a limit that a city cannot move"):
        night.run()


@pytest.mark.parametrize(
    ("accept", "because", "role", "says"),
    [
        ("rows_raw", None, None, "by name and with a reason"),
        (None, REASON, None, "by name and with a reason"),
        ("rows_rw", REASON, None, "no such gate .*rows_raw"),
        ("privacy_dwelling", REASON, None, "cannot be overruled"),
        ("rows_raw", "ok", None, "this is no reason"),
        ("rows_raw", REASON, "Jan Janssens", "a role, never a name"),
    ],
)
def test_overruling_needs_a_gate_a_reason_and_a_role(
    accepted: Path, accept: str | None, because: str | None, role: str | None, says: str
) -> None:
    city = load_city(Night(accepted).city_file, accepted)
    with pytest.raises(OnbenutError, match=says):
        read_overrule(city, accept, because, role)


def test_a_row_says_how_old_its_sources_are_and_which_are_too_old(night: Night) -> None:
    night.edit(
        night.city_file, ("snapshot_on = 2025-05-25\nrows_min", "snapshot_on = 2025-05-25\nmax_age_days = 3\nrows_min")
    )
    night.run()
    old = night.rows("SELECT bool_and(contains(old_sources, ' (7)')), min(sources_age_days) >= 7 FROM layer.building")
    assert old == [(True, True)]
    ((warning,),) = night.rows("SELECT value FROM layer.run WHERE name = 'warnings'")
    assert "7 dagen oud, meer dan 3" in warning


@pytest.mark.night
def test_who_looks_back_is_held_to_no_later_night_and_is_no_measure_for_the_next(night: Night) -> None:
    night.edit(night.city_file, ("as_of = 2025-06-01", "as_of = 2024-12-01"))
    night.run()
    night.edit(night.city_file, ("as_of = 2024-12-01", "as_of = 2025-06-01"))
    night.halve_register()
    gates, _said = night.refused()
    assert "rows_raw" in gates
