"""Lists of observations about single buildings: what is taken in, what is refused, and which building they reach."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from flows.run import run_city
from flows.workspace import Workspace
from sources._kit.city import load_city
from sources._kit.duck import connect
from sources._kit.errors import OnbenutError
from sources.voorbeeldstad import Generation, make_city

HEAD = """
[feeds.checks]
source = "observation_list"
path = "checks.csv"
crs = "EPSG:31370"
snapshot_on = 2025-05-30
visibility = "public"

[feeds.checks.columns]
observation_id = "nr"
kind = "wat"
building_id = "gebouw"
x = "x"
y = "y"
observed_on = "dag"
detail = "opmerking"
vacant_low = "leeg_min"
vacant_high = "leeg_max"

[feeds.checks.values.kind]
leeg = "field_check_out_of_use"
"in gebruik" = "field_check_in_use"
"""
COLUMNS = "nr;wat;gebouw;x;y;dag;opmerking;leeg_min;leeg_max\n"
Rows = list[tuple[Any, ...]]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("made")
    without = frozenset(
        {"observations", "premises", "vacancy_register", "vip_register", "heritage", "platform", "business_parks"}
    )
    return make_city(folder, 2000, 5, Generation(without=without))


@pytest.fixture
def run(made: Path, tmp_path: Path) -> Callable[[str], Callable[[str], Rows]]:
    """Run the city with this list of field checks; gives a function that queries its warehouse."""

    def with_list(text: str, head: str = HEAD) -> Callable[[str], Rows]:
        (made.parent / "checks.csv").write_text(COLUMNS + text, encoding="utf-8")
        city = made.with_name("checked.toml")
        city.write_text(made.read_text(encoding="utf-8") + head, encoding="utf-8")
        space = Workspace(tmp_path)
        outcome = run_city(load_city(city, space.cities), space, as_of=date(2025, 6, 1))

        def query(sql: str) -> Rows:
            with connect(outcome.warehouse, read_only=True) as con:
                return con.execute(sql).fetchall()

        return query

    return with_list


def truth(made: Path, condition: str) -> tuple[str, float, float]:
    with connect() as con:
        path = made.parent / "truth.parquet"
        found = con.execute(
            f"SELECT grb_id, x, y FROM '{path}' WHERE grb_id IS NOT NULL AND osm_id IS NOT NULL AND is_main AND hard_case IS NULL"
            f" AND NOT is_gone AND {condition} ORDER BY truth_id LIMIT 1"
        ).fetchone()
    assert found is not None
    return found


def test_observations_reach_their_building_by_name_or_position(
    made: Path, run: Callable[[str], Callable[[str], Rows]]
) -> None:
    church, x, y = truth(made, "type = 'church'")
    school, sx, sy = truth(made, "type = 'school'")
    query = run(
        f"1;leeg;{church};;;28/05/2025;ramen dicht;0,4;0,6\n"
        f"2;in gebruik;;{sx};{sy};2025-05-28;;;\n"
        "3;leeg;grb:999999999;;;2025-05-28;;;\n"
        f"4;leeg;;{x + 400_000};{y};2025-05-28;;;\n"
        "5;gezien;;1;1;2025-05-28;;;\n"
        "6;leeg;;;;2025-05-28;;;\n"
        f"7;leeg;{church};;;32/05/2025;;;\n"
        f"8;leeg;{church};;;2025-05-28;;0,9;0,1\n"
    )
    links = query("SELECT observation_id, building_id, method, score FROM core.link_observation ORDER BY 1")
    assert links == [("1", church, "named", 1.0), ("2", school, "inside", 0.95)]
    rejects: dict[str, str] = dict(
        query("SELECT row_id, reason FROM staging.reject WHERE table_name = 'staging.observation'")
    )
    assert rejects == {
        "checks/4": "coordinate outside the area of the CRS",
        "checks/5": "unknown value in wat: gezien",
        "checks/6": "no place given",
        "checks/7": "date that cannot be read",
        "checks/8": "share outside 0..1",
    }
    refused = query("SELECT row_id, reason, value FROM core.refusal WHERE table_name = 'core.link_observation'")
    assert refused == [("checks/3", "no such building", "grb:999999999")]
    bands: dict[str, str] = dict(
        query("SELECT building_id, underuse_band FROM score.building WHERE audience = 'public'")
    )
    assert (bands[church], bands[school]) == ("likely", "unknown")
    shares = query(
        f"SELECT vacant_low, vacant_high FROM score.underuse WHERE building_id = '{church}' AND audience = 'city'"
    )
    assert shares == [(0.4, 0.6)]
    [(wide,), (narrow,)] = query(
        f"SELECT underuse_high - underuse_low FROM score.building WHERE building_id IN ('{church}', '{school}')"
        f" AND audience = 'public' ORDER BY building_id = '{school}'"
    )
    assert wide > 0
    assert narrow < 0.01, "a school seen in use is surely in use"


def test_a_column_that_could_hold_a_person_is_refused(run: Callable[..., object]) -> None:
    with pytest.raises(OnbenutError, match="personal data"):
        run("", HEAD.replace('detail = "opmerking"', 'detail = "eigenaar"'))


def test_a_kind_the_house_does_not_know_is_refused(run: Callable[..., object]) -> None:
    with pytest.raises(OnbenutError, match="is no kind"):
        run("", HEAD.replace('"field_check_in_use"', '"somebody_said"'))
