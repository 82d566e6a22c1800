"""The best coalitions of one building: against all sets there are, and what must hold for any pool."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.transforms.match.coalition_pools import LIMITS, coalitions, make_pool, without, worth
from transforms.match._coalition_model import Limits
from transforms.match._coalition_pool import Pool
from transforms.match._coalition_solve import Coalition, best_sets

seeds = st.integers(0, 10_000)


def holds(pool: Pool, sets: list[Coalition], limits: Limits) -> None:
    """What every set must be."""
    for one in sets:
        members, uses = pool.member[one.seats].tolist(), pool.use[one.seats].tolist()
        assert 2 <= len(members) <= limits.members_most
        assert len(set(members)) == len(members)
        assert limits.fill_least <= one.filled <= 1
        assert one.filled == pytest.approx(one.share.sum(), abs=1e-8)
        assert (one.share >= pool.low[one.seats] - 1e-12).all()
        assert (one.share <= pool.high[one.seats] + 1e-12).all()
        for (a, use), (b, other) in combinations(zip(members, uses, strict=True), 2):
            assert pool.shares[a, other]
            assert pool.shares[b, use]
    for earlier, later in combinations(sets, 2):
        first, next_one = set(pool.member[earlier.seats].tolist()), set(pool.member[later.seats].tolist())
        assert len(first - next_one) >= limits.differ_least * len(first) - 1e-9


@given(seeds, st.integers(2, 8), st.sampled_from([0.2, 0.35, 0.6]))
@settings(max_examples=40, deadline=None)
def test_sets_are_within_the_gap_of_an_exhaustive_search(seed: int, parties: int, size: float) -> None:
    pool = make_pool(np.random.default_rng(seed), parties, size=size)
    sets, tried, ended = best_sets(pool, LIMITS)
    holds(pool, sets, LIMITS)
    assert tried == len(pool)
    every = dict(coalitions(pool, LIMITS.fill_least))
    assert ended == ("found" if every else "none")
    for one in sets:
        most = max(every.values())
        assert one.filled >= most * (1 - LIMITS.gap) - 1e-9
        assert (most - one.filled) / most <= one.gap + 1e-6
        # Where it can be filled, but for the gap, all that fill so much compete; else those that fill as much as was found.
        least = 1 - LIMITS.gap if most >= 1 - LIMITS.gap else one.filled
        value = worth(pool, tuple(one.seats.tolist()), LIMITS.exchange)
        alone = worth(pool, tuple(one.seats.tolist()), 0.0)
        assert float(one.share @ pool.middle[one.seats]) == pytest.approx(alone, abs=1e-9)
        best = max(worth(pool, seats, LIMITS.exchange) for seats, filled in every.items() if filled >= least - 1e-6)
        assert value >= best * (1 - LIMITS.gap) - 1e-6
        taken = set(pool.member[one.seats].tolist())
        most_kept = int(np.floor(len(taken) * (1 - LIMITS.differ_least) + 1e-9))
        every = {s: f for s, f in every.items() if len(taken & set(pool.member[list(s)].tolist())) <= most_kept}
        assert every or one is sets[-1]
    assert len(sets) == LIMITS.sets or not every


@given(seeds, st.integers(3, 14), st.integers(2, 6), st.sampled_from([0.1, 0.2, 0.35, 0.6]))
@settings(max_examples=60, deadline=None)
def test_who_drops_out_never_makes_the_rest_fill_more(seed: int, parties: int, head: int, size: float) -> None:
    rng = np.random.default_rng(seed)
    pool, limits = make_pool(rng, parties, size=size), replace(LIMITS, pool=head, sets=1)
    filled = [one.filled for one in best_sets(pool, limits)[0]] or [0.0]
    less = without(pool, int(rng.integers(min(head, len(pool)))))
    later = [one.filled for one in best_sets(less, limits)[0]] or [0.0]
    assert later[0] <= filled[0] / (1 - limits.gap) + 1e-6


@given(seeds, st.integers(10, 40))
@settings(max_examples=6, deadline=None)
def test_sets_hold_in_large_pools_and_are_the_same_twice(seed: int, parties: int) -> None:
    pool = make_pool(np.random.default_rng(seed), parties, uses=6, size=0.15)
    one, other = best_sets(pool, LIMITS), best_sets(pool, LIMITS)
    holds(pool, one[0], LIMITS)
    assert repr(one) == repr(other)


def test_a_search_that_is_cut_off_says_so() -> None:
    pool = make_pool(np.random.default_rng(1), 25, size=0.3)
    pool = replace(pool, high=pool.low)
    few_nodes, no_time = replace(LIMITS, node_most=1, gap=0.0), replace(LIMITS, seconds_most=1e-6)
    for limits, word in ((few_nodes, "cut_nodes"), (no_time, "cut_time")):
        sets, _, ended = best_sets(pool, limits)
        assert word in {ended, *(one.status for one in sets)}


def test_a_pool_that_is_too_long_says_so() -> None:
    pool = make_pool(np.random.default_rng(4), 40, size=0.02)
    sets, tried, _ = best_sets(pool, replace(LIMITS, pool=5, pool_most=20, fill_least=0.1))
    assert tried == 20
    assert {one.status for one in sets} == {"pool_limit"}
