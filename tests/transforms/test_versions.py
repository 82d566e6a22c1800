"""Numbers never change in silence: reference values, queries and what comes out are recorded per version."""

from __future__ import annotations

import tomllib
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flows.versions import (
    BUILDINGS,
    Measured,
    digest,
    measure,
    must_step,
    next_version,
    problems,
    read_record,
    record,
    write_record,
)
from flows.workspace import CHECKOUT
from sources._kit.duck import connect
from tests.conftest import RunCity
from transforms._kit.header import read_specs
from transforms._kit.reference import VERSION_FILE, Reference, read_reference, version_order
from transforms._kit.runner import method_hash

FOLDER = CHECKOUT / "data" / "reference"
ONE = Measured("2026.9", "r", "m", "i", {"score.type": "a", "score.reuse": "b"})


def test_what_comes_out_is_what_this_version_recorded(voorbeeldstad: RunCity) -> None:
    newest, earlier = read_record()
    found = measure(voorbeeldstad.con, read_reference(FOLDER), voorbeeldstad.space)
    wrong = problems(newest, earlier, found)
    assert not wrong, "\n".join(wrong)
    assert len(found.tables) > 8
    assert voorbeeldstad.one("SELECT count(*) FROM core.building") >= BUILDINGS


def test_changed_reference_values_ask_for_a_step() -> None:
    found = replace(ONE, reference="other", tables={**ONE.tables, "score.type": "c"})
    assert len(problems(ONE, {}, found)) == 1
    assert "reference values changed and the version did not step (2026.9)" in problems(ONE, {}, found)[0]
    assert must_step(ONE, found)


def test_other_numbers_from_the_same_data_ask_for_a_step_and_name_the_tables() -> None:
    found = replace(ONE, method="other", tables={**ONE.tables, "score.type": "c"})
    assert "so the method changed" in problems(ONE, {}, found)[0]
    assert "Tables: score.type" in problems(ONE, {}, found)[0]
    assert must_step(ONE, found)


def test_a_query_written_otherwise_that_gives_the_same_numbers_asks_for_nothing() -> None:
    found = replace(ONE, method="other")
    assert problems(ONE, {}, found) == []
    assert not must_step(ONE, found)


def test_other_inputs_are_recorded_without_a_step_unless_the_queries_changed_too() -> None:
    found = replace(ONE, inputs="other", tables={"score.type": "c", "score.reuse": "d"})
    assert "made-up city" in problems(ONE, {}, found)[0]
    assert not must_step(ONE, found)
    assert must_step(ONE, replace(found, method="other"))


def test_a_stepped_version_is_to_be_recorded_and_an_old_one_never_comes_back() -> None:
    assert "2026.10 is not recorded" in problems(ONE, {}, replace(ONE, version="2026.10"))[0]
    assert "never comes back" in problems(ONE, {"2026.8": "x"}, replace(ONE, version="2026.8"))[0]
    assert "no version is recorded" in problems(None, {}, ONE)[0]


def test_recording_steps_the_version_file_and_keeps_what_was(tmp_path: Path) -> None:
    path, version_file = tmp_path / "record.toml", tmp_path / VERSION_FILE
    version_file.write_text('# why\nversion = "2026.9"\n')
    write_record(ONE, {"2026.8": "x"}, path)
    assert read_record(path) == (ONE, {"2026.8": "x"})
    assert record(replace(ONE, method="other"), version_file, path).version == "2026.9"
    after = record(replace(ONE, reference="other"), version_file, path)
    assert after.version == "2026.10"
    assert version_file.read_text() == '# why\nversion = "2026.10"\n'
    newest, earlier = read_record(path)
    assert newest == after
    assert earlier == {"2026.8": "x", "2026.9": ONE.numbers}
    assert problems(newest, earlier, after) == []


def test_versions_are_ordered_by_number_and_not_by_letter() -> None:
    assert version_order("2026.10") > version_order("2026.9")
    assert version_order("2027.1") > version_order("2026.10")
    assert next_version("2026.9") == "2026.10"
    for wrong in ("2026", "2026.0", "2026.1.1", "v2026.1", "2026.01"):
        with pytest.raises(ValueError, match="<year>"):
            version_order(wrong)


def test_one_file_states_the_version_of_all() -> None:
    for path in FOLDER.glob("*.toml"):
        stated = "version" in tomllib.loads(path.read_text(encoding="utf-8"))
        assert stated == (path.name == VERSION_FILE), f"{path.name}: the version of all numbers is in {VERSION_FILE}"


def test_a_file_that_states_another_version_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_text('version = "2026.2"\nx = [{ a = 1 }]\n')
    with pytest.raises(ValueError, match=VERSION_FILE):
        read_reference(tmp_path)
    (tmp_path / VERSION_FILE).write_text('version = "2026.1"\n')
    with pytest.raises(ValueError, match="another version"):
        read_reference(tmp_path)
    (tmp_path / VERSION_FILE).write_text('version = "2026.2"\n')
    assert read_reference(tmp_path).version == "2026.2"


def test_the_hash_covers_every_value_and_no_words_about_it() -> None:
    reference = read_reference(FOLDER)
    for name, rows in reference.tables.items():
        if name.startswith("origin_"):
            continue
        alone = Reference({name: rows}, reference.version).digest
        # Of a long table some rows: each is hashed with all others.
        for place in range(0, len(rows), max(1, len(rows) // 20)):
            row = rows[place]
            for column in row:
                other = [dict(one) for one in rows]
                other[place][column] = "something else"
                changed = Reference({name: other}, reference.version).digest
                assert (changed == alone) == (column == "origin"), (name, row, column)
        assert Reference({name: rows[::-1]}, reference.version).digest == alone
        without = {other: rows for other, rows in reference.tables.items() if other != name}
        assert Reference(without, reference.version).digest != reference.digest


@settings(deadline=None, max_examples=20)
@given(st.permutations(range(6)), st.floats(-4e-8, 4e-8))
def test_a_digest_knows_no_order_and_no_seventh_place(order: list[int], noise: float) -> None:
    numbers = {"n": lambda name, _kind: name == "n", "all": lambda _name, _kind: True}
    rows = [(f"k{number}", number / 8 if number else None) for number in range(6)]
    noisy = [(key, None if value is None else value + noise) for key, value in rows]
    with connect(spatial=False) as con:
        con.execute("CREATE TABLE a (k VARCHAR, n DOUBLE); CREATE TABLE b (k VARCHAR, n DOUBLE)")
        con.executemany("INSERT INTO a VALUES (?, ?)", rows)
        con.executemany("INSERT INTO b VALUES (?, ?)", [noisy[place] for place in order])
        for wanted in numbers.values():
            assert digest(con, "a", wanted) == digest(con, "b", wanted)
        con.execute("UPDATE b SET n = 0 WHERE n IS NULL")
        assert digest(con, "a", numbers["n"]) != digest(con, "b", numbers["n"])


def test_comments_and_spacing_are_no_method(tmp_path: Path) -> None:
    head = "-- Things.\n-- key: a\n-- columns:\n--   a | VARCHAR | - | A | the thing\n"
    hashes = []
    for text in ("SELECT 'x' AS a", "SELECT  'x' AS a -- why", "SELECT 'y' AS a"):
        path = tmp_path / "score" / "thing.sql"
        path.parent.mkdir(exist_ok=True)
        path.write_text(head + text)
        hashes.append(method_hash(read_specs(tmp_path)))
    assert hashes[0] == hashes[1] != hashes[2]


def test_a_run_keeps_what_the_run_before_was_made_of(voorbeeldstad: RunCity) -> None:
    facts = dict(voorbeeldstad.rows("SELECT name, value FROM layer.run"))
    for name in ("version", "reference_hash", "method_hash", "data_hash"):
        assert facts[name] == voorbeeldstad.outcome.made_of[name]
        assert facts[name]
    assert facts["weights"] is None
    assert facts["config_version"] == f"{facts['version']}+{facts['reference_hash'][:8]}"
