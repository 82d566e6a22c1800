"""The table of coalitions: the same whatever the order of the rows, and after a change as if all were solved again."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType
from typing import Any

import duckdb
import numpy as np
import pytest

from tests.transforms.match import market as invented
from transforms._kit.header import read_spec
from transforms._kit.reference import write_table
from transforms.match._coalition_pool import find_pool, read_parties
from transforms.match._read import read_requests, read_supplies

FOLDER = Path(__file__).parents[3] / "transforms" / "match"
Row = dict[str, Any]


def _module() -> ModuleType:
    spec = importlib.util.spec_from_file_location("declared_match_coalition_try", FOLDER / "coalition_try.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def shuffled(rng: np.random.Generator, rows: dict[str, Row]) -> dict[str, Row]:
    return {name: rows[name] for name in rng.permutation(list(rows)).tolist()}


def adverts(rng: np.random.Generator, count: int) -> dict[str, Row]:
    """Requests small enough to share, and what they say of sharing."""
    rows = invented.requests(rng, count)
    for row in rows.values():
        small = 40 + 200 * rng.random()
        row |= {
            "area_min_m2": None if rng.random() < 0.1 else small,
            "area_max_m2": None if rng.random() < 0.3 else small * 1.3,
        }
        row |= {"is_whole": bool(rng.random() < 0.1), "x": None, "y": None, "radius_m": None, "height_min_m": None}
        row["shares_with"] = [["*"], [], ["culture", "maker"], None, sorted(invented.USES)][rng.integers(5)]
        row |= {"extent": ["part", None][rng.integers(2)], "brings": [["works_own"], []][rng.integers(2)]}
        row["seeks"] = [["works_own", "capital_own"], None][rng.integers(2)]
    return rows


def coalitions(asked: dict[str, Row], offered: dict[str, Row], con: duckdb.DuckDBPyConnection | None = None) -> Any:
    """Make the tables as the runner does; returns the warehouse and all rows."""
    con = invented.market(asked, offered, con)
    con.execute("CREATE SCHEMA IF NOT EXISTS staging")
    write_table(con, "coalition_limit", invented.REFERENCE.tables["coalition_limit"])
    con.execute(
        "CREATE OR REPLACE TABLE staging.space_request (request_id VARCHAR, shares_with VARCHAR[], extent VARCHAR, brings VARCHAR[], seeks VARCHAR[])"
    )
    con.executemany(
        "INSERT INTO staging.space_request VALUES (?, ?, ?, ?, ?)",
        [[name, *(row[key] for key in ("shares_with", "extent", "brings", "seeks"))] for name, row in asked.items()],
    )
    con.execute(
        "CREATE OR REPLACE TABLE match.coalition_building AS SELECT supply_id AS building_id, NULL::VARCHAR AS reason "
        "FROM match.offered WHERE supply_kind = 'building'"
    )
    con.execute("""
        CREATE OR REPLACE TABLE match.supply_use AS SELECT supply_kind, supply_id, unnest(by_use, recursive := true) FROM match.offered""")
    con.execute(f"CREATE OR REPLACE TABLE match.party AS {read_spec(FOLDER / 'party.sql').sql}")
    module = _module()
    con.execute(f"CREATE OR REPLACE TABLE match.coalition_try AS {module.build(con)}")
    for name in ("coalition_member", "coalition"):
        con.execute(f"CREATE OR REPLACE TABLE match.{name} AS {read_spec(FOLDER / f'{name}.sql').sql}")
    return con, [
        con.execute(f"SELECT * FROM match.{name} ORDER BY ALL").fetchall()
        for name in ("coalition_try", "coalition", "coalition_member")
    ]


@pytest.fixture(scope="module")
def city() -> tuple[dict[str, Row], dict[str, Row]]:
    rng = np.random.default_rng(11)
    return adverts(rng, 60), invented.supplies(rng, 12)


def test_the_order_of_rows_and_the_number_of_threads_change_nothing(
    city: tuple[dict[str, Row], dict[str, Row]], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked, offered = city
    _, rows = coalitions(asked, offered)
    assert {row[5] for row in rows[0]} >= {"found", "optimal"}
    monkeypatch.setenv("ONBENUT_THREADS", "1")
    rng = np.random.default_rng(1)
    assert coalitions(shuffled(rng, asked), shuffled(rng, offered))[1] == rows


def test_members_meet_every_condition(city: tuple[dict[str, Row], dict[str, Row]]) -> None:
    asked, offered = city
    con, _ = coalitions(asked, offered)
    members = con.execute(
        'SELECT c.building_id, c.coalition_id, m.request_id, m."use", m.area_m2::DOUBLE, m.middle FROM match.coalition_member AS m '
        "JOIN match.coalition AS c USING (coalition_id)"
    ).fetchall()
    assert members
    for building, _, request, use, area, middle in members:
        row = {**asked[request], "uses": [use]}
        assert use in asked[request]["uses"]
        reason, _, plain = invented.judged(row, offered[building])
        assert reason == "can be"
        assert middle == pytest.approx(plain, abs=1e-4)
        assert not row["is_whole"]
        assert row["shares_with"] != []
        assert row["area_min_m2"] - 0.01 <= area <= (row["area_max_m2"] or row["area_min_m2"]) + 0.01
    for _, one, request, use, *_ in members:
        for _, other, second, second_use, *_ in members:
            if one == other and request < second:
                for wish, its_use in ((asked[request], second_use), (asked[second], use)):
                    assert wish["shares_with"] is None or {"*", its_use} & set(wish["shares_with"])
    totals = con.execute("SELECT fill_share, filled_m2::DOUBLE, usable_m2::DOUBLE, member_count FROM match.coalition")
    for share, filled, usable, count in totals.fetchall():
        assert 0.6 <= share <= 1
        assert filled / usable == pytest.approx(share, abs=1e-3)
        assert count >= 2


def test_only_buildings_with_a_change_are_solved_again(
    city: tuple[dict[str, Row], dict[str, Row]], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked, offered = city
    con, rows = coalitions(asked, offered)
    module = _module()
    solved: list[int] = []

    def counting(pool: Any, limits: Any) -> Any:
        solved.append(len(pool))
        return module.best_sets(pool, limits)

    counted = _module()
    monkeypatch.setattr(counted, "best_sets", counting)
    monkeypatch.setitem(globals(), "_module", lambda: counted)
    assert coalitions(asked, offered, con)[1] == rows
    assert solved == []
    building = rows[1][0][1]
    # Nobody's score depends on the likely area: what fits changes, and the pool does not.
    uses = [{**use, "usable_m2": use["usable_m2"] and use["usable_m2"] * 1.1} for use in offered[building]["by_use"]]
    moved = {**offered, building: {**offered[building], "by_use": uses}}
    after = coalitions(asked, moved, con)[1]
    assert len(solved) == 1
    assert after == coalitions(asked, moved)[1]
    shy = {
        name: {**row, "shares_with": ["housing"]} if row["shares_with"] == ["*"] else row for name, row in asked.items()
    }
    assert coalitions(shy, moved, con)[1] == coalitions(shy, moved)[1] != after
    fewer = dict(list(asked.items())[:-1])
    assert coalitions(fewer, moved, con)[1] == coalitions(fewer, moved)[1]


def test_a_larger_budget_never_takes_anybody_out_of_a_pool(city: tuple[dict[str, Row], dict[str, Row]]) -> None:
    asked, offered = city
    richer = {
        n: {**r, "budget_eur_m2_year": r["budget_eur_m2_year"] and r["budget_eur_m2_year"] + 40}
        for n, r in asked.items()
    }
    pools = []
    for rows in (asked, richer):
        con, _ = coalitions(rows, offered)
        ids, _, requests = read_requests(con, invented.USES, 0.9, 1.5)
        _, _, supplies = read_supplies(con, "match.offered", "building", invented.USES)
        parties, _ = read_parties(con, ids, invented.USES)
        found = (find_pool(requests, supplies, parties, place, invented.WEIGHTS)[0] for place in range(len(supplies)))
        pools.append(
            {
                (n, parties.ids[pool.party[m]], u)
                for n, pool in enumerate(found)
                for m, u in zip(pool.member, pool.use, strict=True)
            }
        )
    assert pools[0] < pools[1]
