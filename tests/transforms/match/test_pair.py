"""Pairs of requests and supplies: against a plain judge of one pair, and after every kind of change as if all were judged anew."""

from __future__ import annotations

import importlib.util
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

import duckdb
import numpy as np
import pytest

from tests.transforms.match import market as invented
from transforms._kit.header import read_spec
from transforms.match import _lists
from transforms.match._judge import REASONS, judge
from transforms.match._lists import BestPairs, Pairs
from transforms.match._read import read_requests, read_supplies

FOLDER = Path(__file__).parents[3] / "transforms" / "match"
LIMITS = {"per_request": 5, "per_supply": 3}


def _module() -> ModuleType:
    spec = importlib.util.spec_from_file_location("declared_match_pair", FOLDER / "pair.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def match(con: duckdb.DuckDBPyConnection) -> list[tuple[Any, ...]]:
    """Make match.pair and what it is remembered by, as the runner does."""
    for name, value in LIMITS.items():
        con.execute(f"UPDATE reference.match_limit SET value = {value} WHERE name = '{name}'")
    con.execute(f"CREATE OR REPLACE TABLE match.pair AS {_module().build(con)}")
    for name in ("known_request", "known_supply"):
        con.execute(f"CREATE OR REPLACE TABLE match.{name} AS {read_spec(FOLDER / f'{name}.sql').sql}")
    return con.execute("SELECT * FROM match.pair ORDER BY row_id").fetchall()


@pytest.mark.parametrize("seed", range(2))
def test_pairs_and_counts_are_those_of_a_plain_judge(seed: int) -> None:
    rng = np.random.default_rng(seed)
    asked, offered = invented.requests(rng, 40), invented.supplies(rng, 60)
    con = invented.market(asked, offered)
    match(con)
    told = {(r, s): invented.judged(asked[r], offered[s]) for r in asked for s in offered}
    counts: dict[tuple[str, str, str], int] = {}
    for (r, s), (reason, _, _) in told.items():
        key = (r, offered[s]["supply_kind"], reason)
        counts[key] = counts.get(key, 0) + 1
    found = con.execute("SELECT request_id, supply_kind, reason, supply_count FROM match.pair WHERE supply_id IS NULL")
    assert {tuple(row[:3]): row[3] for row in found.fetchall()} == counts
    assert {reason for _, _, reason in counts} >= {*REASONS, "can be"} - {"too_high"}
    for kind in ("building", "offer"):
        can = {k: v for k, v in told.items() if v[0] == "can be" and offered[k[1]]["supply_kind"] == kind}
        best: dict[Any, list[int | None]] = {}
        for own, other, limit in ((0, 1, LIMITS["per_request"]), (1, 0, LIMITS["per_supply"])):
            for name in (asked, offered)[own]:
                mine = sorted((k for k in can if k[own] == name), key=lambda k: (-can[k][2], k[other]))
                for place, pair in enumerate(mine[:limit], 1):
                    best.setdefault(pair, [None, None])[own] = place
        rows = con.execute(
            "SELECT request_id, supply_id, use, middle::DOUBLE, request_place, supply_place FROM match.pair "
            f"WHERE supply_kind = '{kind}' AND supply_id IS NOT NULL"
        ).fetchall()
        assert {row[:2]: list(row[4:]) for row in rows} == best
        for r, s, use, middle, _, _ in rows:
            assert use == can[r, s][1]
            assert middle == pytest.approx(can[r, s][2], abs=1e-5)


@pytest.mark.parametrize("seed", range(4))
def test_what_changed_is_judged_again_as_if_everything_were(seed: int) -> None:
    rng = np.random.default_rng(100 + seed)
    asked, offered = invented.requests(rng, 40), invented.supplies(rng, 60)
    con = invented.market(asked, offered)
    match(con)
    for night in range(3):
        fresh = np.random.default_rng(1000 * seed + night)
        changed = fresh.choice(list(asked), 3, replace=False).tolist()
        other = invented.requests(fresh, 40)
        asked = {
            **{k: v for k, v in asked.items() if k != changed[0]},
            changed[1]: other[changed[1]],
            f"n{night}": other["r0001"],
        }
        moved = fresh.choice(list(offered), 4, replace=False).tolist()
        there = invented.supplies(fresh, 60)
        row = {**there["s0001"], "supply_kind": offered[moved[1]]["supply_kind"]}
        offered = {**{k: v for k, v in offered.items() if k != moved[0]}, moved[1]: row, f"t{night}": there["s0002"]}
        again = match(invented.market(asked, offered, con))
        assert again == match(invented.market(asked, offered))


def test_only_what_changed_is_judged_again(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(5)
    asked, offered = invented.requests(rng, 40), invented.supplies(rng, 60)
    con = invented.market(asked, offered)
    match(con)
    seen: list[int] = []

    def counting(requests: Any, supplies: Any, ri: Any, si: Any, weights: Any) -> Any:
        seen.append(max(np.size(ri), np.size(si)))
        return judge(requests, supplies, ri, si, weights)

    monkeypatch.setattr("transforms.match._rounds.judge", counting)
    match(invented.market(asked, offered, con))
    assert seen == []
    one = next(iter(asked))
    match(invented.market({**asked, one: {**asked[one], "budget_eur_m2_year": 500.0}}, offered, con))
    assert sum(seen) <= 3 * len(offered)


def test_another_weight_judges_everything_again() -> None:
    rng = np.random.default_rng(6)
    asked, offered = invented.requests(rng, 30), invented.supplies(rng, 40)
    con = invented.market(asked, offered)
    before = match(con)
    other = invented.market(asked, offered)
    for warehouse in (con, other):
        warehouse.execute("UPDATE reference.match_part SET weight = 2 WHERE part = 'place'")
    assert match(con) == match(other) != before


@pytest.mark.parametrize("in_rows", [True, False])
def test_lists_are_the_same_when_what_cannot_be_in_them_is_forgotten(
    monkeypatch: pytest.MonkeyPatch, in_rows: bool
) -> None:
    rng = np.random.default_rng(7)
    every = Pairs(
        np.repeat(np.arange(30), 50),
        np.tile(np.arange(50), 30),
        np.zeros(1500, np.int64),
        np.round(rng.random(1500) * 20),
    )
    ranked = []
    for full in (100, 10**9):
        monkeypatch.setattr(_lists, "_FULL", full)
        best = BestPairs(30, 50, 4, 3)
        order = np.arange(1500) if in_rows else rng.permutation(1500)
        for first in range(0, 1500, 50):
            (best.add_row if in_rows else best.add)(every.only(order[first : first + 50]))
        pairs, *places = best.ranked()
        ranked.append(np.array([pairs.request, pairs.supply, *places]).T.tolist())
    assert ranked[0] == ranked[1]
    assert {row[0] for row in ranked[0]} == set(range(30))
    assert {row[1] for row in ranked[0]} == set(range(50))


@pytest.mark.parametrize("seed", range(3))
def test_a_larger_budget_never_removes_a_match(seed: int) -> None:
    rng = np.random.default_rng(50 + seed)
    asked, offered = invented.requests(rng, 40), invented.supplies(rng, 60)
    con = invented.market(asked, offered)
    ids, _, requests = read_requests(con, invented.USES, 0.9, 1.5)
    for kind in ("building", "offer"):
        _, _, supplies = read_supplies(con, "match.offered", kind, invented.USES)
        richer = replace(requests, budget=requests.budget * (1 + rng.random(len(requests))))
        for row in range(len(ids)):
            before, after = (
                judge(side, supplies, row, np.arange(len(supplies)), invented.WEIGHTS) for side in (requests, richer)
            )
            assert np.isin(before.kept, after.kept).all()
            same = np.isin(after.kept, before.kept)
            assert (after.middle[same] >= before.middle).all()


def test_a_box_holds_what_lies_in_it_and_what_nobody_knows_the_place_of() -> None:
    con = invented.market(
        invented.requests(np.random.default_rng(6), 2), invented.supplies(np.random.default_rng(6), 300)
    )
    _, _, supplies = read_supplies(con, "match.offered", "building", list(invented.USES))
    x, y = supplies.x.copy(), supplies.y.copy()
    x[3] = y[3] = np.nan
    found = replace(supplies, x=x, y=y).within(np.array([2000.0, 3000.0, 6000.0, 7000.0]))
    assert found.tolist() == np.flatnonzero(~((x < 2000) | (x > 6000) | (y < 3000) | (y > 7000))).tolist()
    assert 3 in found
    assert 10 < len(found) < 150


@pytest.mark.parametrize("most", [50, 2**40])
def test_pairs_are_sorted_as_by_owner_middle_and_other_however_many_there_are(most: int) -> None:
    rng = np.random.default_rng(7)
    pairs = np.unique(rng.integers(0, most, (2000, 2)), axis=0)
    rng.shuffle(pairs)
    middle = np.round(rng.integers(0, 101, len(pairs)) * 0.999999, 6)
    wanted = np.lexsort((pairs[:, 1], -middle, pairs[:, 0]))
    assert _lists._best_first(pairs[:, 0], pairs[:, 1], middle).tolist() == wanted.tolist()
