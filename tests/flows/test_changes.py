"""What changed from night to night, and whether data, method or time did it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from flows.commands.changes import changes
from tests.flows.nights import FIRST, LATER, NAME, NEXT, City


def test_an_unchanged_night_adds_nothing_and_half_a_year_on_only_time_moves(city: City) -> None:
    first = city.states()
    assert first == city.rows("SELECT count(*) FROM layer.building")[0][0]
    city.night(FIRST)
    assert city.rows("SELECT number, as_of FROM history.run") == [(1, FIRST)]
    city.night(LATER)
    found = city.changes()
    assert {change.cause for change in found} == {"time"}
    assert {"rescored"} <= {change.kind for change in found} <= {"rescored", "moved_band"}
    assert {change.known_on for change in found} == {LATER}
    still = city.rows("SELECT count(*) FROM history.building_state WHERE known_to IS NULL")
    assert still == [(first,)]  # one version of each is open
    assert city.states() == first + len(found) + len(city.changes(audience="public"))


def test_a_register_row_changes_its_building_and_no_other_and_the_command_says_so(
    city: City, capsys: pytest.CaptureFixture[str]
) -> None:
    added = city.list_two()
    city.night(NEXT)
    found = city.changes()
    assert {change.building_id for change in found} <= added
    assert found
    assert {change.cause for change in found} == {"data"}
    done = city.home.onbenut("changes", NAME, "--since", NEXT, "--audience", "city", "--json")
    assert done.returncode == 0, done.stderr
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert {"building_id", "name", "kind", "from", "to", "known_on", "run", "true_from", "cause"} == lines[0].keys()
    band = next(line for line in lines if line["kind"] == "moved_band")
    assert band["from"] != band["to"]
    assert changes(NAME, city.space, NEXT, "city", "moved_band", False) == 0
    told = capsys.readouterr().out
    assert band["building_id"] in told
    assert "0.05 or more" in told
    changes(NAME, city.space, LATER, "public", None, False)
    assert "0 changes" in capsys.readouterr().out


@pytest.mark.night
def test_rows_and_weights_at_once_are_both_named_where_both_hold(city: City, tmp_path: Path) -> None:
    added = city.list_two()
    city.weigh(tmp_path / "checkout", "prior_atypical", 0.3)
    city.night(NEXT)
    causes = {change.building_id: change.cause for change in city.changes()}
    assert {causes[one] for one in added & causes.keys()} == {"data, method"}
    assert {causes[one] for one in causes.keys() - added} == {"method"}
    assert len(causes.keys() - added) > 50
