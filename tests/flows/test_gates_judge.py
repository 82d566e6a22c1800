"""What the gates say of numbers: no alarm where nothing moved, and never a smaller fault caught where a larger passes."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from flows.gates.judge import GateResult, Measure, judge
from flows.gates.rules import Rule, read_rules

SHARES = (
    "match_register",
    "match_observation",
    "match_outline",
    "match_address",
    "unknown_types",
    "band_share",
    "score_mean",
)
COUNTS = ("rows_raw", "rows_table", "rows_layer")


def rule(name: str) -> Rule:
    return next(one for one in read_rules() if one.name == name)


def failed(results: list[GateResult]) -> set[str]:
    return {item.name for item in results if not item.passed}


@st.composite
def runs(draw: st.DrawFn) -> list[Measure]:
    found = []
    for name in (*SHARES, *COUNTS, "score_share", "dictionary"):
        for subject in draw(st.sets(st.sampled_from("abcde"))):
            rows = draw(st.integers(0, 10**7))
            value = float(rows) if name in COUNTS else draw(st.floats(0, 1))
            found.append(Measure(name, f"public/{subject}", value, rows))
    return found


@given(runs())
@settings(max_examples=60, deadline=None)
def test_nothing_changed_is_no_alarm(measured: list[Measure]) -> None:
    relative = [one for one in read_rules() if one.kind not in ("min", "max")]
    assert failed(judge(relative, measured, measured)) == set()


@given(
    st.sampled_from(["rows_raw", "rows_table", "rows_layer"]), st.integers(0, 10**7), st.floats(0, 1), st.floats(0, 1)
)
@settings(max_examples=200, deadline=None)
def test_a_larger_loss_never_passes_where_a_smaller_one_failed(gate: str, rows: int, one: float, two: float) -> None:
    one_rule, (small, large) = rule(gate), sorted((one, two))
    before = Measure(one_rule.measure, "s", rows, rows)
    less, least = (replace(before, value=rows * (1 - gone), rows=int(rows * (1 - gone))) for gone in (small, large))
    if failed(judge([one_rule], [less], [before])):
        assert failed(judge([one_rule], [least], [before]))
        assert failed(judge([one_rule], [], [before])), "what is not there any more lost everything"


@given(st.floats(0, 1), st.floats(0, 1), st.floats(0, 1))
@settings(max_examples=200, deadline=None)
def test_a_rate_that_falls_further_fails_as_well(before: float, one: float, two: float) -> None:
    low, high = sorted((one, two))
    held = [Measure("match_register", "s", before, 100)]
    results = [
        failed(judge([rule("match_register")], [Measure("match_register", "s", v, 100)], held)) for v in (low, high)
    ]
    assert not results[1] or results[0]


@given(st.lists(st.floats(0.001, 1), min_size=2, max_size=8), st.floats(0, 1), st.floats(0, 1))
@settings(max_examples=200, deadline=None)
def test_more_of_a_layer_that_moves_to_another_class_is_more_drift(shares: list[float], one: float, two: float) -> None:
    whole = [share / sum(shares) for share in shares]

    def drift(moved: float) -> float:
        kept = [share * (1 - moved) for share in whole[:-1]]
        now = [*kept, 1 - sum(kept)]
        after, before = ([Measure("score_share", f"g/{n}", v, 500) for n, v in enumerate(x)] for x in (now, whole))
        return judge([rule("score_drift")], after, before)[0].moved

    small, large = sorted((one, two))
    assert drift(0) < 1e-12
    assert drift(small) <= drift(large) + 1e-9


def test_a_first_run_is_held_to_absolute_limits_alone() -> None:
    measured = [Measure("rows_layer", "public", 0, 0), Measure("geometry", "layer.building public", 2, 10)]
    assert failed(judge(read_rules(), measured, [])) == {"geometry"}


def test_few_rows_say_too_little_but_a_layer_that_had_some_and_has_none_says_enough() -> None:
    before = [Measure("rows_layer", "public", 5, 5)]
    assert failed(judge(read_rules(), [Measure("rows_layer", "public", 2, 2)], before)) == set()
    assert failed(judge(read_rules(), [Measure("rows_layer", "public", 0, 0)], before)) == {"layer_emptied"}


def test_rows_of_a_feed_that_the_city_file_no_longer_names_are_not_missed() -> None:
    before = [Measure("rows_raw", "osm building", 5000, 5000, "osm")]
    assert failed(judge(read_rules(), [], before, {"osm"})) == {"rows_raw"}
    assert failed(judge(read_rules(), [], before, {"grb"})) == set()


def test_a_sentence_says_what_moved_from_what_to_what_and_how_far_it_may() -> None:
    before = [Measure("rows_layer", "public", 1294, 1294)]
    (result,) = [
        one for one in judge(read_rules(), [Measure("rows_layer", "public", 647, 647)], before) if not one.passed
    ]
    assert result.sentence == "the layer has fewer buildings (public): 647, before 1,294: 50.0% less, at most 10.0%"


def test_every_gate_says_where_its_limit_comes_from() -> None:
    assert all(one.origin.split(":")[0] in ("fact", "judgement") for one in read_rules())
