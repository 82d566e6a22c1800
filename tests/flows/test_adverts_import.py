"""The list of a platform handed over as a file: what is taken, what is refused, and what a run makes of it."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from flows.adverts.take import Taken, take_adverts
from flows.cities import find_city
from flows.run import run_city
from flows.status import city_status
from sources._kit.duck import connect
from sources._kit.errors import CityFileError, ColumnError, OnbenutError
from tests.flows.conftest import NAME, Home

DAY = date(2025, 6, 1)
GOOD: list[dict[str, Any]] = [
    {"id": f"n{number}", "kind": "space", "uses": ["maker"], "area_min_m2": 100 + number, "shares_with": [], "brings": ["works_own"],
     "nis_code": "99001"} for number in range(20)
]  # fmt: skip
Import = Callable[..., Taken]


@pytest.fixture
def take(own_home: Home, tmp_path: Path) -> Import:
    """Import adverts as a file `lijst.json` into the made-up city."""

    def call(adverts: object, *, replace: bool = False) -> Taken:
        path = tmp_path / "lijst.json"
        path.write_text(json.dumps(adverts), encoding="utf-8")
        return take_adverts(path, find_city(NAME, own_home.space), own_home.space, DAY, DAY, replace=replace)

    return call


def kept(home: Home) -> dict[str, Any]:
    path = home.space.adverts(NAME) / "adverts.json"
    return {one["id"]: one for one in json.loads(path.read_text(encoding="utf-8"))["adverts"]}


def test_a_list_is_whole_and_says_what_is_new_changed_and_gone(own_home: Home, take: Import, tmp_path: Path) -> None:
    bad = [{**GOOD[0], "id": "x1", "area_min_m2": "=1+1"}, {**GOOD[0], "id": "jan@voorbeeld.example"}, 7]
    first = take([*GOOD, *bad])
    assert (first.rows, first.good, first.new, first.changed, first.gone) == (23, 20, 20, 0, 0)
    with (tmp_path / "lijst_errors.csv").open(encoding="utf-8-sig", newline="") as file:
        faults = list(csv.DictReader(file, delimiter=";"))
    assert [(row["row"], row["id"], row["column"], row["value"], row["what"]) for row in faults] == [
        ("21", "x1", "area_min_m2", "'=1+1", "no number"),
        ("22", "", "id", "", "looks like mail, telephone or a national number"),
        ("23", "", "", "", "no advert, but another value"),
    ]
    again = take(GOOD)
    assert (again.new, again.changed, again.gone, again.errors) == (0, 0, 0, None)
    assert not (tmp_path / "lijst_errors.csv").exists()
    # One later, one changed, one refused now, one left out: the last two are gone, and it says why.
    later = [
        {**GOOD[0], "updated_on": "2025-05-30"},
        {**GOOD[1], "uses": ["office"]},
        {**GOOD[2], "kind": "huis"},
        *GOOD[4:],
    ]
    third = take([*later, {**GOOD[0], "id": "n99"}])
    assert (third.good, third.new, third.changed, third.gone, third.gone_refused) == (19, 1, 1, 2, 1)
    assert set(kept(own_home)) == {"n0", "n1", "n99", *(f"n{number}" for number in range(4, 20))}


def test_a_list_that_would_lose_most_asks_for_a_word(own_home: Home, take: Import) -> None:
    for nothing in ([], [{**GOOD[0], "uses": []}]):
        with pytest.raises(OnbenutError, match="no advert would be left"):
            take(nothing)
    assert not (own_home.space.adverts(NAME) / "adverts.json").exists()
    take(GOOD)
    with pytest.raises(OnbenutError, match="most adverts would be gone") as raised:
        take(GOOD[:9])
    assert "11 of 20 gone" in str(raised.value)
    assert len(kept(own_home)) == 20
    assert take(GOOD[:10]).gone == 10
    assert take([], replace=True).gone == 10
    assert kept(own_home) == {}
    # Who emptied the list meant it: the run takes an empty feed.
    city = find_city(NAME, own_home.space)
    assert city.feeds["adverts"].rows_min == 0


def test_a_file_with_names_is_refused_whole_and_the_list_stays(own_home: Home, take: Import) -> None:
    take(GOOD)
    with pytest.raises(ColumnError, match="no names"):
        take([*GOOD, {**GOOD[0], "id": "y", "contactpersoon": "Jan Modaal"}])
    with pytest.raises(OnbenutError, match="no list of adverts"):
        take({"adverts": "jan"})
    assert len(kept(own_home)) == 20
    assert [path.name for path in own_home.space.adverts(NAME).iterdir() if path.name != ".lock"] == ["adverts.json"]


def test_a_run_reads_the_list_and_no_score_moves(own_home: Home, take: Import) -> None:
    """With the platform's feed and with the house's own instead: every number of evidence, scores and layer is the same."""
    space = own_home.space

    def numbers() -> dict[str, object]:
        with connect(space.warehouse(NAME), read_only=True) as con:
            tables = con.execute(
                "SELECT schema_name || '.' || table_name FROM duckdb_tables() WHERE schema_name IN ('core', 'evidence', 'score')"
            ).fetchall()
            found: dict[str, object] = {
                name: con.execute(f"SELECT count(*), sum(hash(t)::HUGEINT) FROM {name} AS t").fetchone()
                for (name,) in sorted(tables)
            }
            held = "EXCLUDE (run_id, config_version)"
            found["layer"] = con.execute(
                f"SELECT count(*), sum(hash(t)::HUGEINT) FROM (SELECT * {held} FROM layer.building) AS t"
            ).fetchone()
        return found

    before = numbers()
    assert len(before) > 40
    take(GOOD)
    own_home.city.write_text(
        own_home.city.read_text(encoding="utf-8")
        .replace("[feeds.platform]", "[feeds.other]")
        .replace('"adverts.json"', '"other.json"')
    )
    (own_home.city.parent / "other.json").write_text(json.dumps([{**GOOD[0], "id": "one"}]), encoding="utf-8")
    city = find_city(NAME, space)
    run_city(city, space, as_of=DAY)
    with connect(space.warehouse(NAME), read_only=True) as con:
        requests = con.execute(
            "SELECT feed, count(*), min(request_id) FROM staging.space_request GROUP BY feed ORDER BY feed"
        ).fetchall()
        feed = con.execute(
            "SELECT visibility, row_count, CAST(snapshot_on AS VARCHAR) FROM layer.source WHERE feed = 'adverts'"
        ).fetchone()
    assert requests == [("adverts", 20, "adverts:n0"), ("other", 1, "other:one")]
    assert feed == ("city", 20, "2025-06-01")
    assert numbers() == before
    assert "adverts" in {one.feed for one in city_status(NAME, space).feeds}
    # Without a network the house's own list is there all the same, also when it is new.
    take([*GOOD, {**GOOD[0], "id": "later"}])
    run_city(find_city(NAME, space), space, as_of=DAY, offline=True)
    with connect(space.warehouse(NAME), read_only=True) as con:
        assert con.execute("SELECT count(*) FROM staging.space_request WHERE feed = 'adverts'").fetchone() == (21,)


def test_a_city_whose_own_feed_has_the_name_is_told(own_home: Home, changed_city: Callable[[str, str], Path]) -> None:
    changed_city("[feeds.platform]", "[feeds.adverts]")
    with pytest.raises(CityFileError, match="the house's own") as raised:
        find_city(NAME, own_home.space)
    assert raised.value.where["column"] == "feeds.adverts"


def test_the_command_says_what_came_of_it(own_home: Home, tmp_path: Path) -> None:
    path = tmp_path / "lijst.csv"
    path.write_text("id;kind;uses;area_min_m2\na;space;maker|culture;100\nb;space;maker;veel\n", encoding="utf-8")
    done = own_home.onbenut("adverts", "import", path, NAME)
    assert done.returncode == 3
    assert "2 adverts: 1 taken, 1 refused; 1 new, 0 changed, 0 gone" in done.stdout
    assert "no number" in done.stderr
    missing = own_home.onbenut("adverts", "import", tmp_path / "absent.json", NAME)
    assert missing.returncode == 1
    assert "no such file" in missing.stderr
    assert "Traceback" not in missing.stderr
