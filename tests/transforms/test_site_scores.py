"""The scores of a site: an independent calculation, and what they promise whatever the evidence."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.transforms.site_place import KINDS, PARAMETER, House, open_place, run_place, sites

Con = duckdb.DuckDBPyConnection
Item = tuple[str, float, float, str]
SEVERAL = "capakey, one of several buildings"
METHODS = ("outline", "address, exact", SEVERAL)
PRIOR = math.log(PARAMETER["prior_atypical"] / (1 - PARAMETER["prior_atypical"]))

# What a church plan says, it says of no factory.
SAID = sorted(kind for kind, row in KINDS.items() if row["authority"] != "church plan")
item = st.tuples(st.sampled_from(SAID), st.floats(0, 1), st.floats(0, 1), st.sampled_from(METHODS))
of_three = st.tuples(*[st.lists(item, max_size=3)] * 3)


@pytest.fixture(scope="module")
def con() -> Iterator[Con]:
    with open_place() as connection:
        yield connection


def three(items: Sequence[Sequence[Item]]) -> list[House]:
    """Halls of 400, 300 and 20 m2 on one parcel."""
    widths = (40, 30, 2)
    return [House(f"f{i}", "factory", 60 * i, wide=widths[i], parcel="P", items=tuple(items[i])) for i in range(3)]


def expected(items: Sequence[Sequence[Item]]) -> float:
    """Log-odds calculated again, from the words of the decision page."""
    total, cap = PRIOR, PARAMETER["authority_cap"]
    for authority in {kind["authority"] for kind in KINDS.values()}:
        voices = 0.0
        for sign in (1, -1):
            strongest, covered = 0.0, 0.0
            for hall, size in zip(items, (400, 300, 20), strict=True):
                here = [(abs(KINDS[k]["log_lr"]) * f * m, method) for k, f, m, method in hall
                        if KINDS[k]["authority"] == authority and KINDS[k]["log_lr"] * sign > 0]  # fmt: skip
                if here:
                    # Of equals the first, as the building's own score takes it.
                    effect = max(e for e, _ in here)
                    method = min(
                        (f"{k} f {n}", method) for n, (k, f, m, method) in enumerate(hall)
                        if KINDS[k]["authority"] == authority and KINDS[k]["log_lr"] * sign > 0
                        and abs(KINDS[k]["log_lr"]) * f * m == effect
                    )[1]  # fmt: skip
                    weight = 1.0 if size == 400 or method == SEVERAL else PARAMETER["site_part_weight"] * size / 400
                    strongest, covered = max(strongest, effect), covered + weight * effect
            voices += sign * min(strongest, covered)
        total += max(-cap, min(cap, voices))
    return total


@settings(max_examples=12, deadline=None)
@given(of_three)
def test_the_log_odds_equal_an_independent_calculation_and_their_parts(
    con: Con, items: Sequence[Sequence[Item]]
) -> None:
    run_place(con, three(items))
    site = sites(con)["site:f0"]
    assert float(site["log_odds"]) == pytest.approx(expected(items), abs=1e-4)
    parts = con.execute("SELECT sum(value) FROM score.site_underuse_part WHERE audience = 'city'").fetchone()
    assert parts == (site["log_odds"],)
    assert 0 < site["low"] < site["probability"] < site["high"] < 1
    assert site["priority_score"] == site["priority_atypicality"] + site["priority_reuse"]


@settings(max_examples=8, deadline=None)
@given(of_three, item, st.integers(0, 2))
def test_more_evidence_of_vacancy_never_lowers_the_probability(
    con: Con, items: Sequence[Sequence[Item]], extra: Item, where: int
) -> None:
    # One kind of connection: a stronger word that binds less tightly replaces a weaker one of the same building.
    bare = [[(k, f, m, "outline") for k, f, m, _ in hall] for hall in items]
    run_place(con, three(bare))
    before = sites(con)["site:f0"]["probability"]
    bare[where] = [*bare[where], (extra[0], extra[1], extra[2], "outline")]
    run_place(con, three(bare))
    after = sites(con)["site:f0"]["probability"]
    if KINDS[extra[0]]["log_lr"] > 0:
        assert after >= before - 1e-6
    else:
        assert after <= before + 1e-6


@settings(max_examples=8, deadline=None)
@given(of_three)
def test_the_site_hears_at_least_what_its_main_building_hears(con: Con, items: Sequence[Sequence[Item]]) -> None:
    positive = [[one for one in hall if KINDS[one[0]]["log_lr"] > 0] for hall in items]
    run_place(con, three(positive))
    (main,) = con.execute(
        "SELECT probability FROM score.underuse WHERE audience = 'city' AND building_id = 'f0'"
    ).fetchall()
    assert sites(con)["site:f0"]["probability"] >= main[0] - 1e-6


def test_a_disused_sacristy_does_not_empty_the_abbey(con: Con) -> None:
    disused: Item = ("osm_disused", 1.0, 1.0, "outline")
    abbey = House("abbey", "monastery", 0, wide=80, deep=30, parcel="P", floors=3)
    sacristy = House("sacristy", "unknown", 90, wide=8, parcel="P", items=(disused,))
    run_place(con, [abbey, sacristy])
    site = sites(con)["site:abbey"]
    assert site["band"] == "unknown"
    assert site["probability"] < 0.07
    assert site["signal_share"] == pytest.approx(80 / 2480)
    run_place(con, [replace(abbey, items=(disused,)), replace(sacristy, items=())])
    assert sites(con)["site:abbey"]["band"] == "likely"


def test_one_of_nine_equal_halls_is_a_signal_and_a_row_about_the_parcel_is_more(con: Con) -> None:
    def band(found: Item) -> str:
        halls = [House(f"f{i}", "factory", 30 * i, wide=20, parcel="P") for i in range(9)]
        halls[3] = replace(halls[3], items=(found,))
        run_place(con, halls)
        (site,) = sites(con).values()
        return str(site["band"])

    assert band(("osm_disused", 1.0, 1.0, "outline")) == "signal"
    assert band(("register_active", 1.0, 0.6, SEVERAL)) == "likely"


def test_one_row_on_nine_halls_is_one_voice(con: Con) -> None:
    row: Item = ("register_active", 1.0, 0.6, SEVERAL)
    halls = [House(f"f{i}", "factory", 30 * i, wide=20, parcel="P", items=(row,)) for i in range(9)]
    run_place(con, halls)
    (site,) = sites(con).values()
    assert float(site["log_odds"]) == pytest.approx(PRIOR + 3.6, abs=1e-4)
    assert site["signal_share"] == 1


def test_a_total_with_an_unknown_building_is_a_lower_bound_and_never_a_zero(con: Con) -> None:
    # No factories: of a hall the type says that it has one storey.
    schools = [House(f"f{i}", "school", 30 * i, wide=20 - i, parcel="P", floors=2) for i in range(3)]
    run_place(con, schools)
    site = sites(con)["site:f0"]
    assert site["floor_area_m2"] == 1140.0
    assert 570 < site["floor_area_low_m2"] < 1140 < site["floor_area_high_m2"] < 2280
    assert site["volume_low_m3"] < site["volume_m3"] < site["volume_high_m3"]
    run_place(con, [*schools[:2], replace(schools[2], floors=None)])
    site = sites(con)["site:f0"]
    assert (site["floor_area_m2"], site["floor_area_high_m2"]) == (None, None)
    assert 390 < site["floor_area_low_m2"] < 780
    run_place(con, [replace(school, floors=None) for school in schools])
    assert [sites(con)["site:f0"][name] for name in ("floor_area_m2", "floor_area_low_m2", "volume_low_m3")] == [
        None
    ] * 3
