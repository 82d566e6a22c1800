"""The interval of a rank: weights that are not moved give the very priority, and moved ones stay repeatable."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tests.conftest import RunCity
from transforms.score._rank_draws import Draws, drawn_scores


def test_weights_that_are_not_moved_give_the_priority_itself(voorbeeldstad: RunCity) -> None:
    """An independent way to the same number: parts summed here, scores summed by SQL."""
    con = voorbeeldstad.con
    for audience in ("public", "city"):
        con.execute(
            "CREATE OR REPLACE TEMP TABLE ranked_row AS SELECT audience, building_id, row_number() OVER (ORDER BY building_id) - 1 AS place"
            f" FROM score.priority_rank WHERE audience = '{audience}'"
        )
        rows = con.execute(
            "SELECT b.priority_score::DOUBLE, u.vacant_low IS NOT DISTINCT FROM u.vacant_high FROM ranked_row"
            " JOIN score.building AS b USING (audience, building_id) JOIN score.underuse AS u USING (audience, building_id) ORDER BY place"
        ).fetchall()
        expected, is_fixed = np.array([row[0] for row in rows]), np.array([row[1] for row in rows])
        still = replace(Draws.read(con), count=2, spread=0.0)
        found = drawn_scores(con, still, audience, 0, len(rows))
        assert np.allclose(found[is_fixed], expected[is_fixed, None], atol=2e-5)
        assert is_fixed.sum() > 50
        # A share known between bounds is drawn between them.
        moved = Draws.read(con)
        drawn = drawn_scores(con, moved, audience, 0, len(rows))
        assert drawn.shape == (len(rows), moved.count)
        assert (drawn.min(axis=1) <= expected + 1e-6).mean() > 0.99
        assert (drawn.max(axis=1) >= expected - 1e-6).mean() > 0.99


def test_every_shown_building_has_a_place_within_its_interval(voorbeeldstad: RunCity) -> None:
    wrong = "rank NOT BETWEEN rank_low AND rank_high OR rank_low < 1 OR is_stable IS NULL"
    assert voorbeeldstad.one(f"SELECT count(*) FROM score.priority_rank WHERE {wrong}") == 0
    for audience in ("public", "city"):
        shown = voorbeeldstad.one(f"SELECT count(*) FROM score.shown WHERE audience = '{audience}'")
        ranks = voorbeeldstad.rows(f"SELECT rank FROM score.priority_rank WHERE audience = '{audience}' ORDER BY rank")
        assert [rank for (rank,) in ranks] == list(range(1, shown + 1))


def test_moving_the_weights_moves_places_and_says_so(voorbeeldstad: RunCity) -> None:
    stable, unstable = (
        voorbeeldstad.one(f"SELECT count(*) FROM score.priority_rank WHERE is_stable = {flag}")
        for flag in (True, False)
    )
    assert stable > 0
    assert unstable > 0


@pytest.mark.parametrize("name", ["prior", "evidence osm_disused", "priority_reuse"])
def test_a_weight_is_drawn_within_a_quarter_and_always_alike(voorbeeldstad: RunCity, name: str) -> None:
    draws = Draws.read(voorbeeldstad.con)
    factor = draws.factor(name)
    assert factor.shape == (draws.count,)
    assert factor.min() >= 1 - draws.spread
    assert factor.max() <= 1 + draws.spread
    assert np.array_equal(factor, Draws.read(voorbeeldstad.con).factor(name))
    assert not np.array_equal(factor, draws.factor("another"))
