from __future__ import annotations

import math
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from shapely import Polygon, affinity, box

from flows.bench_footprints import SHARED, f1, label_pairs
from sources._kit.duck import connect
from sources._kit.errors import OnbenutError
from transforms.linkage.footprint import DEFAULT, match_footprints

Side = list[tuple[str, Polygon]]
QUICK = settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))


def matched(left: Side, right: Side) -> tuple[dict[tuple[str, str], tuple[Any, ...]], list[tuple[Any, ...]]]:
    with connect() as con:
        for name, side in (("a", left), ("b", right)):
            table = pa.table(
                {
                    "id": pa.array([i for i, _ in side], pa.string()),
                    "wkb": pa.array([g.wkb for _, g in side], pa.binary()),
                }
            )
            con.register("given", table)
            con.execute(f"CREATE TEMP TABLE {name} AS SELECT id, ST_GeomFromWKB(wkb) AS geom FROM given")
        match_footprints(con, "a", "b")
        rows = con.execute("SELECT left_id, right_id, relation, method, score FROM footprint_pair").fetchall()
        return {(r[0], r[1]): r[2:] for r in rows}, con.execute("FROM footprint_refusal ORDER BY ALL").fetchall()


def moved(side: Side, dx: float, dy: float) -> Side:
    return [(i, affinity.translate(g, dx, dy)) for i, g in side]


@st.composite
def towns(draw: st.DrawFn) -> tuple[Side, Side]:
    """Two drawings of a town: rows of houses of different widths, some split, left out, or drawn otherwise."""
    rng = np.random.default_rng(draw(st.integers(0, 10_000)))
    left: Side = []
    right: Side = []
    for row in range(draw(st.integers(1, 4))):
        x = 0.0
        for house in range(draw(st.integers(2, 9))):
            width, depth = rng.uniform(5, 14), rng.uniform(7, 15)
            y = row * 40
            shape, kind = box(x, y, x + width, y + depth), rng.integers(0, 6)
            name = f"{row}-{house}"
            if kind != 1:
                left.append((f"l{name}", shape))
            if kind == 2:
                right += [
                    (f"r{name}a", box(x, y, x + width / 2, y + depth)),
                    (f"r{name}b", box(x + width / 2, y, x + width, y + depth)),
                ]
            elif kind != 3:
                right.append((f"r{name}", affinity.translate(shape, *rng.uniform(-0.8, 0.8, 2))))
            x += width + rng.choice([0.0, 0.7, 6.0])
    return left, right


@QUICK
@given(towns())
def test_swapping_the_sides_mirrors_the_answer(town: tuple[Side, Side]) -> None:
    there, refused = matched(*town)
    back, refused_back = matched(town[1], town[0])
    mirror = {"1:n": "n:1", "n:1": "1:n"}
    assert {(r, left) for left, r in there} == set(back)
    for (left, right), (relation, method, score) in there.items():
        other = back[right, left]
        assert (mirror.get(relation, relation), method) == other[:2]
        assert math.isclose(score, other[2], abs_tol=2e-4)
    swap = {"left": "right", "right": "left"}
    assert {(swap[r[0]], *r[1:4]) for r in refused} == {r[:4] for r in refused_back}


@QUICK
@given(towns(), st.integers(-500_000, 500_000), st.integers(-500_000, 500_000))
def test_moving_both_sides_changes_nothing(town: tuple[Side, Side], dx: int, dy: int) -> None:
    here, refused = matched(*town)
    away, refused_away = matched(moved(town[0], dx, dy), moved(town[1], dx, dy))
    assert {k: v[:2] for k, v in here.items()} == {k: v[:2] for k, v in away.items()}
    assert [r[:4] for r in refused] == [r[:4] for r in refused_away]


@QUICK
@given(towns(), st.randoms(use_true_random=False))
def test_order_of_rows_changes_nothing(town: tuple[Side, Side], random: Any) -> None:
    left, right = list(town[0]), list(town[1])
    random.shuffle(left)
    random.shuffle(right)
    assert matched(*town) == matched(left, right)


@QUICK
@given(towns())
def test_every_building_is_matched_or_refused_once(town: tuple[Side, Side]) -> None:
    pairs, refused = matched(*town)
    for at, (name, side) in enumerate((("left", town[0]), ("right", town[1]))):
        paired = {key[at] for key in pairs}
        alone = [r[1] for r in refused if r[0] == name]
        assert sorted([*paired, *alone]) == sorted(i for i, _ in side)


def scattered(seed: int, count: int = 60) -> Side:
    rng = np.random.default_rng(seed)
    cells = [(i % 10 * 40.0, i // 10 * 40.0) for i in range(count)]
    return [
        (f"{i:03}", box(x, y, x + w, y + h))
        for i, ((x, y), w, h) in enumerate(
            zip(cells, rng.uniform(5, 15, count), rng.uniform(5, 15, count), strict=True)
        )
    ]


@QUICK
@given(st.integers(0, 500), st.floats(1, 4), st.floats(0, 2 * math.pi))
def test_known_offset_is_recovered_and_changes_no_pair(seed: int, length: float, angle: float) -> None:
    left = scattered(seed)
    right = moved(left, length * math.cos(angle), length * math.sin(angle))
    pairs, refused = matched(left, right)
    assert set(pairs) == {(i, i) for i, _ in left}
    assert not refused
    # Unaligned the mean would be about 1 - length / 10; shrinkage leaves some centimetres.
    assert np.mean([score for _, _, score in pairs.values()]) > 0.95


def oracle(left: Side, right: Side) -> set[tuple[str, str]]:
    """The overlap rule in plain loops, for sides without offset."""
    share = {
        (i, j): a.intersection(b).area / min(a.area, b.area)
        for i, a in left
        for j, b in right
        if a.intersection(b).area > 0
    }
    size = {("l", i): g.area for i, g in left} | {("r", i): g.area for i, g in right}
    pairs = set()
    for (i, j), part in share.items():
        li, rj = size["l", i], size["r", j]
        best_l, best_r = max(v for k, v in share.items() if k[0] == i), max(v for k, v in share.items() if k[1] == j)
        best = (
            best_l if li < DEFAULT.like_share * rj else best_r if rj < DEFAULT.like_share * li else max(best_l, best_r)
        )
        if part >= DEFAULT.share_min and part >= DEFAULT.rival_share * best:
            pairs.add((i, j))
    return pairs


@QUICK
@given(st.integers(0, 10_000))
def test_overlaps_agree_with_plain_loops(seed: int) -> None:
    rng = np.random.default_rng(seed)

    def side(name: str, low: float, high: float) -> Side:
        return [
            (f"{name}{i}", box(x, y, x + w, y + h))
            for i, (x, y, w, h) in enumerate(np.c_[rng.uniform(0, 60, (25, 2)), rng.uniform(low, high, (25, 2))])
        ]

    # No pair is alike in its box, so nobody votes for an offset.
    left, right = side("l", 4, 6), side("r", 10, 20)
    pairs, _ = matched(left, right)
    assert {key for key, value in pairs.items() if value[1] == "overlap"} == oracle(left, right)


def test_row_drawn_as_one_block_matches_all_its_houses() -> None:
    houses = [(f"h{i}", box(6 * i, 0, 6 * i + 6, 10)) for i in range(5)]
    pairs, refused = matched(houses, [("block", box(0, 0, 30, 10))])
    assert {key: value[0] for key, value in pairs.items()} == {(i, "block"): "n:1" for i, _ in houses}
    assert not refused


def test_sliver_of_a_neighbour_loses_against_the_house_itself() -> None:
    left = [("a", box(0, 0, 10, 10)), ("b", box(10, 0, 20, 10))]
    right = [("a", box(0.4, 0, 11.4, 10)), ("b", box(11.4, 0, 21, 10))]
    assert set(matched(left, right)[0]) == {("a", "a"), ("b", "b")}


def test_annexe_follows_the_house_it_touches_and_a_shed_apart_does_not() -> None:
    left = [("house", box(0, 0, 10, 10)), ("annexe", box(10.1, 0, 13, 3)), ("shed", box(0, 11, 3, 14))]
    pairs, refused = matched(left, [("house", box(0, 0, 10, 10))])
    assert {key: value[1] for key, value in pairs.items()} == {
        ("house", "house"): "overlap",
        ("annexe", "house"): "attached",
    }
    assert [r[:4] for r in refused] == [
        ("left", "shed", "overlaps nothing, and stands apart from what does overlap", "house")
    ]


def test_empty_side_refuses_the_other_whole() -> None:
    pairs, refused = matched([("a", box(0, 0, 5, 5))], [])
    assert not pairs
    assert refused == [("left", "a", "no building of the other side within 12 m", None, None)]


def test_id_given_twice_is_an_error_that_names_it() -> None:
    with pytest.raises(OnbenutError, match="value twice"):
        matched([("twice", box(0, 0, 1, 1)), ("twice", box(5, 5, 6, 6))], [])


@pytest.mark.skipif(
    not (SHARED / "conflation").exists(), reason=f"no real data: {SHARED / 'conflation'} (ONBENUT_SHARED)"
)
def test_labelled_pairs_reach_the_measured_f1() -> None:
    rows = label_pairs()
    assert len(rows) == 4833
    assert f1(rows) > 0.994
    for name, floor in (("gov-osm", 0.995), ("gov-msft", 0.993), ("osm-msft", 0.993)):
        assert f1(rows[rows["datasets"] == name]) > floor


def test_connection_keeps_only_the_answer() -> None:
    with connect() as con:
        con.execute("CREATE TEMP TABLE a AS SELECT 'x' AS id, ST_MakeEnvelope(0, 0, 5, 5) AS geom")
        match_footprints(con, "a", "a")
        assert tables(con) == {"a", "footprint_pair", "footprint_refusal"}


def tables(con: duckdb.DuckDBPyConnection) -> set[str]:
    return {row[0] for row in con.execute("SELECT table_name FROM duckdb_tables()").fetchall()}
