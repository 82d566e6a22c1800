"""Which of several places a row means, on a handful of invented addresses: one case of the trade per test."""

from __future__ import annotations

import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sources._kit.errors import OnbenutError
from tests.transforms.linkage.invented import EAST, STREET, WEST, Row, district, only, point, row, run


def two_districts() -> tuple[list[Row], list[tuple[Any, ...]]]:
    west_rows, west = district("west", WEST, "1001")
    east_rows, east = district("oost", EAST, "1002")
    return west_rows + east_rows, west + east


def kerk(at: tuple[float, float], *numbers: str) -> list[tuple[Any, ...]]:
    return [point("Kerklaan", n, at[0] + 200, at[1] + 80 + 6 * k) for k, n in enumerate(numbers)]


def test_the_rows_around_decide_between_two_streets_of_one_name() -> None:
    rows, points = two_districts()
    rows += [row("a", "Kerklaan", "5", postcode="1001"), row("b", "Kerklaan", "5", postcode="1002")]
    matches, refusals = run(rows, points + kerk(WEST, "5") + kerk(EAST, "5"))
    assert {m[0]: m[6] for m in matches if m[0] in "ab"} == {"a": WEST[0] + 200, "b": EAST[0] + 200}
    assert not refusals


def test_the_district_serves_where_the_postcode_is_unknown() -> None:
    rows, points = two_districts()
    rows = [(*r[:5], None, {"1001": "Westwijk", "1002": "Oostwijk"}[str(r[5])]) for r in rows]
    rows.append(row("a", "Kerklaan", "5", municipality="Oostwijk"))
    assert only(rows, points + kerk(WEST, "5") + kerk(EAST, "5"))[6] == EAST[0] + 200


def test_a_row_without_postcode_and_district_is_refused_with_both_places() -> None:
    rows, points = two_districts()
    _, refusals = run([*rows, row("a", "Kerklaan", "5")], points + kerk(WEST, "5") + kerk(EAST, "5"))
    reason, candidates, count = refusals["a"]
    assert (reason, count) == ("the address exists in several places", 2)
    assert "150200 210080" in candidates
    assert "156200 210080" in candidates


def test_two_places_in_one_district_are_refused() -> None:
    rows, points = two_districts()
    twice = [*kerk(WEST, "5"), point("Kerklaan", "5", WEST[0] + 200, WEST[1] + 240)]
    _, refusals = run([*rows, row("a", "Kerklaan", "5", postcode="1001")], points + twice)
    assert refusals["a"][0] == "the address exists in several places"


def test_a_street_of_another_district_only_is_refused() -> None:
    rows, points = two_districts()
    _, refusals = run([*rows, row("a", "Kerklaan", "5", postcode="1001")], points + kerk(EAST, "5"))
    reason, candidates, count = refusals["a"]
    assert (reason, count) == ("such an address exists, but only outside the district of the row", 1)
    assert "km from the rows of 1001" in candidates


def test_rows_of_a_missing_street_do_not_vouch_for_each_other() -> None:
    rows, points = two_districts()
    rows += [row(f"k{n}", "Kerklaan", str(n), postcode="1001") for n in range(1, 30, 2)]
    _, refusals = run(rows, points + kerk(EAST, *(str(n) for n in range(1, 30, 2))))
    assert len([r for r in refusals if r.startswith("k")]) == 15


def test_an_area_of_which_the_file_lacks_most_streets_is_not_answered_by_namesakes() -> None:
    rows, points = two_districts()
    rows += [row(f"n{k}", f"Noord{'xyzuvw'[k] * 4}weg", "1", postcode="1003") for k in range(6)]
    _, refusals = run([*rows, row("a", "Kerklaan", "5", postcode="1003")], points + kerk(EAST, "5"))
    assert refusals["a"][0].startswith("such an address exists, but only outside")


def test_a_postcode_in_the_file_is_believed_before_the_neighbours() -> None:
    rows, points = two_districts()
    rows.append(row("a", "Kerklaan", "5", postcode="1001"))
    told = [
        point("Kerklaan", "5", EAST[0], EAST[1] + 90, postcode="1001"),
        point("Kerklaan", "5", WEST[0], WEST[1] + 90, postcode="1002"),
    ]
    assert only(rows, points + told)[6] == EAST[0]


def test_a_missing_number_lies_between_its_neighbours() -> None:
    points = [point("Gatlaan", str(n), WEST[0] + 5 * n, WEST[1]) for n in (2, 4, 8, 10, 5, 7)]
    answer = only([row("a", "Gatlaan", "6")], points)
    assert (answer[2], answer[3], answer[6:]) == (None, "inferred", (WEST[0] + 30, WEST[1]))
    assert answer[4] < 0.65
    assert "between 4 and 8" in answer[5]


@pytest.mark.parametrize(("below", "above", "metres"), [(4, 8, 90), (4, 40, 20), (5, 7, 20)])
def test_a_number_is_not_inferred_from_far_or_other_side_neighbours(below: int, above: int, metres: float) -> None:
    points = [point("Gatlaan", str(below), *WEST), point("Gatlaan", str(above), WEST[0] + metres, WEST[1])]
    _, refusals = run([row("a", "Gatlaan", "6")], points)
    assert refusals["a"][0] == "the street has no such number"
    assert refusals["a"][1].startswith("Gatlaan ")


def test_a_typo_is_forgiven_where_one_name_in_the_district_looks_like_it() -> None:
    rows, points = two_districts()
    points += [point("Verzonnenstraat", "9", *WEST), point("Verzonnenstraat", "9", *EAST)]
    answer = only([*rows, row("a", "VERZONENSTRAAT", "9", postcode="1002")], points)
    assert (answer[3], answer[6:]) == ("fuzzy", EAST)


@pytest.mark.parametrize(
    ("written", "names", "number"),
    [
        ("Verzonmenstraat", ("Verzonnenstraat", "Verzonkenstraat"), "9"),
        ("Verzonnestraat", ("Verzonnenstraat",), "11"),
        ("Dam", ("Kam",), "9"),
        ("3e Dwarsstraat", ("2e Dwarsstraat",), "9"),
        ("Vezonnedreef", ("Verzonnenstraat",), "9"),
    ],
    ids=["two names look like it", "number is missing there", "short name", "another ordinal", "too far"],
)  # fmt: skip
def test_a_typo_is_not_forgiven_without_good_reason(written: str, names: tuple[str, ...], number: str) -> None:
    points = [point(name, "9", WEST[0] + 300 * k, WEST[1]) for k, name in enumerate(names)]
    matches, refusals = run([row("a", written, number)], points)
    assert not matches
    assert refusals["a"][0] in ("several street names look like it", "the address file has no such street")


@pytest.mark.parametrize(
    ("one", "reason"),
    [
        (row("a", None, "3"), "no street"),
        (row("a", "...", "3"), "no street"),
        (row("a", "Ruimlaan", None), "no house number that can be read"),
        (row("a", "Ruimlaan", "z/n"), "no house number that can be read"),
        (row("a", "Ruimlaan", "2025-10-12"), "no house number that can be read"),
        (row("a", "Ruimlaan", "10-okt"), "no house number that can be read"),
    ],
)
def test_a_row_that_names_no_place_is_refused(one: Row, reason: str) -> None:
    assert run([one], STREET)[1]["a"] == (reason, None, 0)


@pytest.mark.parametrize("ids", [("a", "a"), ("a", None)])
def test_row_ids_must_be_there_and_unique(ids: tuple[str | None, str | None]) -> None:
    with pytest.raises(OnbenutError, match="row_id"):
        run([(one, *row("a", "Ruimlaan", "10")[1:]) for one in ids], STREET)


def test_the_order_of_rows_and_addresses_changes_nothing() -> None:
    rows, points = two_districts()
    rows += [
        row("a", "Kerklaan", "5", postcode="1001"),
        row("b", "Kerklan", "7", postcode="1002"),
        row("c", "Ruimlaan", "10-14"),
    ]
    points += kerk(WEST, "5", "7") + kerk(EAST, "5", "7") + STREET
    expected = run(rows, points)
    for seed in range(3):
        shuffled, mixed = list(rows), list(points)
        random.Random(seed).shuffle(shuffled)
        random.Random(seed).shuffle(mixed)
        assert run(shuffled, mixed) == expected


NAMES = st.sampled_from(["Kerklaan", "KERKLAAN", "Kerklan", "Ruimlaan", "St. Jozefpl.", "Sint-Jozefplein", "", "?"])
NUMBERS = st.one_of(
    st.none(), st.integers(0, 30).map(str), st.sampled_from(["12A", "12-14", "12 bus 3", "z/n", "1-jan", "99999999999"])
)
CODES = st.sampled_from([None, "1001", "1002"])


@settings(max_examples=25, deadline=None)
@given(
    st.lists(st.tuples(NAMES, NUMBERS, NUMBERS, CODES), max_size=25),
    st.lists(st.tuples(NAMES, NUMBERS, st.integers(0, 40), CODES), max_size=25),
)
def test_every_row_is_answered_or_refused_exactly_once(asked: list[Any], stands: list[Any]) -> None:
    rows = [
        row(str(k), s, n, **{"to": t} if t else {}, **{"postcode": c} if c else {})
        for k, (s, n, t, c) in enumerate(asked)
    ]
    points = [(str(k), s, n, None, c, None, 1000.0 * (at % 7), 20.0 * at) for k, (s, n, at, c) in enumerate(stands)]
    matches, refusals = run(rows, points)
    first = [m[0] for m in matches if m[1] == 1]
    assert sorted([*first, *refusals]) == sorted(str(k) for k in range(len(rows)))
    assert all(0 < m[4] <= 1 for m in matches)
    assert len({(m[0], m[1]) for m in matches}) == len(matches)


def test_a_connection_without_rows_is_answered_with_nothing() -> None:
    assert run([], STREET) == ([], {})
