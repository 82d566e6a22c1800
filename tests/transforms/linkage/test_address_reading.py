"""How a street name and a house number are read, on a handful of invented addresses: one case of the trade per test."""

from __future__ import annotations

import pytest

from tests.transforms.linkage.invented import EAST, STREET, WEST, Row, only, point, row, run


@pytest.mark.parametrize(
    ("written", "in_file"),
    [
        ("ST. JOZEFSTRAAT", "Sint-Jozefstraat"),
        ("Sint Jozefstr.", "Sint-Jozefstraat"),
        ("BURG. VERZONNENLEI", "Burgemeester Verzonnenlei"),
        ("VERZONNEN PL.", "Verzonnen Plein"),
        ("VERZONNENPL.", "Verzonnenplaats"),
        ("DIJKSTRAAT", "Dykstraat"),
        ("COTE D'AZURLAAN", "Côte d'Azurlaan"),
        ("DOKTER VERZINLAAN", "Dr. Verzinlaan"),
        ("O.L.V.-PLEIN", "Onze-Lieve-Vrouwplein"),
        ("LIERSE STWG", "Liersesteenweg"),
        ("KASTANJELN.", "Kastanjelaan"),
        ("Kerkveld", "Kerkveld_ZZ"),
        ("Kerkveld (Zuid)", "Kerkveld"),
    ],
)  # fmt: skip
def test_two_spellings_of_one_name_meet(written: str, in_file: str) -> None:
    answer = only([row("a", written, "7")], [point(in_file, "7", *WEST), point("Elders", "7", *EAST)])
    assert (answer[3], answer[6:]) == ("normalised", WEST)


def test_as_written_is_exact_and_scores_higher_than_normalised() -> None:
    exact = only([row("a", "KORTE DREEF", "7")], [point("Korte Dreef", "7", *WEST)])
    other = only([row("a", "KORTE-DREEF", "7")], [point("Korte Dreef", "7", *WEST)])
    assert (exact[3], other[3]) == ("exact", "normalised")
    assert exact[4] > other[4]


def test_sint_and_station_do_not_meet() -> None:
    assert (
        run([row("a", "ST. ANNASTRAAT", "1")], [point("Stationstraat", "1", *WEST)])[1]["a"][0]
        == "the address file has no such street"
    )


@pytest.mark.parametrize(
    "one", [row("a", "Ruimlaan", "10-14"), row("a", "Ruimlaan", "10/14"), row("a", "Ruimlaan", "10", to="14")]
)
def test_a_range_keeps_its_first_number_and_the_others_behind_it(one: Row) -> None:
    matches, _ = run([one], STREET)
    assert [(m[1], m[2].split("|")[1], m[3]) for m in matches] == [
        (1, "10", "range"),
        (2, "12", "range"),
        (3, "14", "range"),
    ]


def test_a_range_whose_first_number_is_missing_is_found_by_its_last() -> None:
    answer = only([row("a", "Ruimlaan", "8", to="10")], STREET)
    assert (answer[2].split("|")[1], answer[3]) == ("10", "range")


def test_a_flat_in_the_second_column_is_no_range() -> None:
    matches, _ = run([row("a", "Ruimlaan", "50", to="101"), row("b", "Ruimlaan", "50", to="1")], STREET)
    assert [(m[0], m[2].split("|")[1], m[3]) for m in matches] == [("a", "50", "exact"), ("b", "50", "exact")]
    assert "taken for a flat" in matches[0][5]


def test_a_label_of_the_file_may_be_a_range() -> None:
    answer = only([row("a", "Ruimlaan", "24")], [point("Ruimlaan", "22-26", *WEST)])
    assert (answer[3], answer[6:]) == ("range", WEST)


LETTERS = [point("Bislaan", n, WEST[0] + 9 * k, WEST[1]) for k, n in enumerate(("12", "12A", "12bis", "12_1", "14B"))]


@pytest.mark.parametrize(
    ("number", "found"),
    [
        ("12", "12"),
        ("12a", "12A"),
        ("12 A", "12A"),
        ("12 bis", "12bis"),
        ("12_1", "12_1"),
        ("12 bus 3", "12"),
        ("12/1", "12"),
        ("12.0", "12"),
    ],
)
def test_letter_bis_and_box_are_told_apart(number: str, found: str) -> None:
    assert only([row("a", "Bislaan", number)], LETTERS)[2].split("|")[1] == found


def test_a_letter_that_is_missing_on_one_side_scores_lower_and_says_so() -> None:
    answer = only([row("a", "Bislaan", "14")], LETTERS)
    assert answer[2].split("|")[1] == "14B"
    assert answer[4] < 0.8
    assert "14B stands for 14" in answer[5]


def test_the_box_decides_between_the_points_of_one_number() -> None:
    points = [point("Buslaan", "3", WEST[0] + 4 * k, WEST[1], box=b) for k, b in enumerate(("1", "002", "3"))]
    assert only([row("a", "Buslaan", "3", box="2")], points)[2].split("|")[2] == "002"
    assert only([row("a", "Buslaan", "3 bus 3")], points)[2].split("|")[2] == "3"
