"""Plans of coalitions: every figure held to a second calculation, what stays empty paid for, and no rent that a budget moves."""

from __future__ import annotations

import importlib
import math
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

import duckdb
import pytest

from flows.workspace import CHECKOUT
from sources._kit.duck import connect, literal
from tests.conftest import RunCity
from tests.transforms.plan_by_hand import one_use, whole
from tests.transforms.test_plan import Row, Spans, end, read, spans
from transforms.plan._finance import FIGURES, INPUTS, RENTS

TABLES = (
    "coalition_floor",
    "coalition_variant",
    "coalition_part",
    "coalition",
    "coalition_sensitivity",
    "coalition_risk",
)
FROM = ("match.coalition", "match.coalition_member", "match.supply", "match.supply_use", "match.request", "plan.scenario", "plan.input",
        "score.reuse", "score.reuse_level", *(f"reference.{name}" for name in ("plan_use", "plan_level", "plan_limit", "plan_risk", "coalition_limit")))  # fmt: skip
SHOWN = tuple(name for name in FIGURES if name != "capacity")
ASKED = ("member_cannot_pay", "member_may_not_pay", "budget_unsaid")
Part = tuple[Decimal | None, Mapping[str, float]]
Moved = dict[tuple[str, str], Row]


@pytest.fixture(scope="module")
def cases(voorbeeldstad: RunCity) -> dict[tuple[str, str, str], Spans]:
    return spans(voorbeeldstad.con)


@pytest.fixture(scope="module")
def coalitions(voorbeeldstad: RunCity) -> list[Row]:
    found = read(voorbeeldstad.con, "FROM plan.coalition ORDER BY coalition_id")
    assert len(found) > 10
    return found


@pytest.fixture(scope="module")
def floors(voorbeeldstad: RunCity) -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = {}
    for row in read(voorbeeldstad.con, "FROM plan.coalition_floor ORDER BY ALL"):
        found.setdefault(row["coalition_id"], []).append(row)
    return found


def given(own: Spans, is_empty: bool, name: str = "", side: str = "likely") -> dict[str, float]:
    at = {"low": 0, "likely": 1, "high": 2}
    found = {one: span[at[side if one == name else "likely"]] for one, span in own.items()}
    return {**found, "occupancy": 0.0} if is_empty else found


def moved_by_hand(floor: list[Row], cases: Mapping[tuple[str, str, str], Spans]) -> Moved:
    """The figures as likely, and with each input at its low and high."""
    found = {}
    for name, side in [
        ("-", "likely"),
        *((name, side) for name in ("floor_area", *INPUTS) for side in ("low", "high")),
    ]:
        gross = f"gross_{side}_m2" if name == "floor_area" else "gross_m2"
        parts: list[Part] = [
            (row[gross], given(cases[row["use"], row["condition"], row["heritage"]], row["is_empty"], name, side))
            for row in floor
        ]
        found[name, side] = whole(parts)
    return found


@pytest.fixture(scope="module")
def by_hand(floors: dict[str, list[Row]], cases: dict[tuple[str, str, str], Spans]) -> dict[str, Moved]:
    return {name: moved_by_hand(floor, cases) for name, floor in floors.items()}


def test_every_coalition_has_a_plan(voorbeeldstad: RunCity, coalitions: list[Row]) -> None:
    wanted = voorbeeldstad.rows("SELECT coalition_id FROM match.coalition ORDER BY 1")
    assert [(row["coalition_id"],) for row in coalitions] == wanted


def test_members_take_their_share_of_what_is_free_and_the_rest_is_paid_for(
    voorbeeldstad: RunCity, floors: dict[str, list[Row]]
) -> None:
    members = read(
        voorbeeldstad.con,
        "SELECT m.coalition_id, m.use, m.area_m2, c.fill_share, u.usable_m2, s.free_low, s.free_high, p.gross_low_m2, p.gross_m2, p.gross_high_m2 "
        "FROM match.coalition_member AS m JOIN match.coalition AS c USING (coalition_id) "
        "JOIN match.supply AS s ON s.supply_kind = 'building' AND s.supply_id = c.building_id "
        "JOIN match.supply_use AS u ON u.supply_kind = 'building' AND u.supply_id = c.building_id AND u.use = m.use "
        "JOIN plan.scenario AS p ON p.building_id = c.building_id AND p.use = m.use",
    )
    for name, floor in floors.items():
        own = [row for row in members if row["coalition_id"] == name]
        low, high = (1.0 if own[0][f"free_{side}"] is None else own[0][f"free_{side}"] for side in ("low", "high"))
        free = [
            float(own[0][f"gross{side}_m2"]) * part
            for side, part in (("_low", low), ("", (low + high) / 2), ("_high", high))
        ]
        taken = own[0]["fill_share"] * free[1]
        for use in {row["use"] for row in own}:
            share = sum(float(row["area_m2"]) / row["usable_m2"] for row in own if row["use"] == use)
            (inside,) = (row for row in floor if row["use"] == use and not row["is_empty"])
            assert float(inside["gross_m2"]) == pytest.approx(share * free[1], abs=0.05)
            # In a larger building nobody takes more; in a smaller one all take less.
            assert inside["gross_high_m2"] == inside["gross_m2"]
            assert float(inside["gross_low_m2"]) == pytest.approx(
                share * min(taken, free[0]) / own[0]["fill_share"], abs=0.05
            )
        for side, area in zip(("_low", "", "_high"), free, strict=True):
            assert float(sum(row[f"gross{side}_m2"] for row in floor)) == pytest.approx(area, abs=0.06)


def test_all_money_equals_a_second_calculation_to_the_cent_whatever_input_moves(
    voorbeeldstad: RunCity, coalitions: list[Row], by_hand: dict[str, Moved]
) -> None:
    for row in coalitions:
        assert {name: row[name] for name in SHOWN} == {
            name: by_hand[row["coalition_id"]]["-", "likely"][name] for name in SHOWN
        }
    made = read(voorbeeldstad.con, "FROM plan.coalition_variant")
    assert len(made) == len(coalitions) * len(next(iter(by_hand.values())))
    for row in made:
        wanted = by_hand[row["coalition_id"]][row["input"], row["side"]]
        assert {name: row[name] for name in SHOWN} == {name: wanted[name] for name in SHOWN}, row["coalition_id"]


def test_bounds_equal_the_moves_of_one_input_at_a_time(coalitions: list[Row], by_hand: dict[str, Moved]) -> None:
    for row in coalitions:
        moved = by_hand[row["coalition_id"]]
        for name in SHOWN:
            likely, downs, ups = float(row[name]), [0.0], [0.0]
            for one in ("floor_area", *INPUTS):
                ends = [float(moved[one, side][name]) for side in ("low", "high")]
                downs.append(max(0.0, *(likely - value for value in ends)))
                ups.append(max(0.0, *(value - likely for value in ends)))
            room = 1 if name == "shares" else 0.0051
            assert float(row[end(name, "low")]) == pytest.approx(max(0.0, likely - math.hypot(*downs)), abs=room), name
            assert float(row[end(name, "high")]) == pytest.approx(likely + math.hypot(*ups), abs=room), name


def test_room_of_each_use_is_that_of_its_members_and_people_are_not_added_to_homes(
    voorbeeldstad: RunCity, floors: dict[str, list[Row]], cases: dict[tuple[str, str, str], Spans]
) -> None:
    parts = {(row["coalition_id"], row["use"]): row for row in read(voorbeeldstad.con, "FROM plan.coalition_part")}
    assert len(parts) == sum(sum(not row["is_empty"] for row in floor) + 1 for floor in floors.values())
    for name, floor in floors.items():
        empty = parts.pop((name, "-"))
        usable = Decimal(0)
        for row in floor:
            made = one_use(
                row["gross_m2"], given(cases[row["use"], row["condition"], row["heritage"]], row["is_empty"])
            )
            if row["is_empty"]:
                usable += made["usable_m2"]
                continue
            found = parts.pop((name, row["use"]))
            assert (found["usable_m2"], found["capacity"]) == (made["usable_m2"], made["capacity"])
            assert found["usable_low_m2"] < found["usable_m2"] < found["usable_high_m2"]
            assert found["capacity_low"] <= found["capacity"] <= found["capacity_high"]
        assert (empty["usable_m2"], empty["let_m2"], empty["capacity"]) == (usable, 0, None)
    assert not parts


def test_the_three_inputs_that_move_the_rent_most_are_those_of_brute_force(
    voorbeeldstad: RunCity, coalitions: list[Row], by_hand: dict[str, Moved]
) -> None:
    told: dict[str, list[Row]] = {}
    for row in read(voorbeeldstad.con, "FROM plan.coalition_sensitivity ORDER BY coalition_id, place"):
        told.setdefault(row["coalition_id"], []).append(row)
    for row in coalitions:
        moved, found = by_hand[row["coalition_id"]], told[row["coalition_id"]]
        rent = {
            name: [moved[name, side]["rent_eur_m2_year"] for side in ("low", "high")]
            for name in ("floor_area", *INPUTS)
        }
        widest = sorted(rent, key=lambda name: (-abs(rent[name][1] - rent[name][0]), name))[:3]
        assert [(one["place"], one["input"]) for one in found] == list(enumerate(widest, 1))
        for one in found:
            assert [one["rent_at_low_eur_m2_year"], one["rent_at_high_eur_m2_year"]] == rent[one["input"]]
            if one["input"] == "floor_area":
                assert [one[side] for side in ("low", "likely", "high")] == pytest.approx(
                    [float(row[f"gross{side}_m2"]) for side in ("_low", "", "_high")]
                )


def test_risks_say_who_cannot_pay_who_may_not_and_how_many_did_not_say(
    voorbeeldstad: RunCity, coalitions: list[Row]
) -> None:
    told: dict[str, dict[tuple[str, str], Row]] = {}
    for row in read(voorbeeldstad.con, "FROM plan.coalition_risk"):
        told.setdefault(row["coalition_id"], {})[row["risk"], row["subject"]] = row
    budgets = voorbeeldstad.rows(
        "SELECT m.coalition_id, m.request_id, r.budget_eur_m2_year FROM match.coalition_member AS m JOIN staging.space_request AS r USING (request_id)"
    )
    met = set()
    for row in coalitions:
        own = {request: budget for name, request, budget in budgets if name == row["coalition_id"]}
        found = {key: one["value"] for key, one in told[row["coalition_id"]].items() if key[0] in ASKED}
        likely, high = row["rent_eur_m2_year"], row["rent_high_eur_m2_year"]
        wanted = {
            ("member_cannot_pay", name): likely
            for name, budget in own.items()
            if budget is not None and budget < likely
        }
        wanted |= {
            ("member_may_not_pay", name): high
            for name, budget in own.items()
            if budget is not None and likely <= budget < high
        }
        if unsaid := sum(budget is None for budget in own.values()):
            wanted["budget_unsaid", "-"] = unsaid
        assert found == {key: float(value) for key, value in wanted.items()}
        met |= {risk for risk, _ in found}
        assert ("stays_empty" in {risk for risk, _ in told[row["coalition_id"]]}) is (row["fill_share"] < 0.995)
        assert (("free_unknown", "-") in told[row["coalition_id"]]) is (row["free_low"] is None)
        assert (("rent_above_ceiling", "-") in told[row["coalition_id"]]) is (
            row["rent_low_eur_m2_year"] > row["rent_ceiling_eur_m2_year"]
        )
    assert met == set(ASKED)


def test_when_the_largest_member_leaves_the_others_pay_for_its_part(
    voorbeeldstad: RunCity, floors: dict[str, list[Row]], cases: dict[tuple[str, str, str], Spans]
) -> None:
    rows = read(
        voorbeeldstad.con,
        "SELECT k.coalition_id, k.subject, k.value, m.use, m.area_m2, sum(o.area_m2) AS of_use, max(o.area_m2) AS largest FROM plan.coalition_risk AS k "
        "JOIN match.coalition_member AS m ON m.coalition_id = k.coalition_id AND m.request_id = k.subject "
        "JOIN match.coalition_member AS o ON o.coalition_id = k.coalition_id AND o.use = m.use WHERE k.risk = 'member_leaves' GROUP BY ALL",
    )
    assert len(rows) == len(floors)
    for row in rows:
        assert row["area_m2"] == row["largest"]
        parts: list[Part] = []
        for one in floors[row["coalition_id"]]:
            own = cases[one["use"], one["condition"], one["heritage"]]
            gross, gone = one["gross_m2"], Decimal(0)
            if one["use"] == row["use"] and not one["is_empty"]:
                gone = gross * row["area_m2"] / row["of_use"]
            parts += [(gross - gone, given(own, one["is_empty"])), (gone, given(own, True))]
        assert row["value"] == pytest.approx(float(whole(parts)["rent_eur_m2_year"]), rel=1e-3)


@pytest.fixture
def own(voorbeeldstad: RunCity) -> Iterator[duckdb.DuckDBPyConnection]:
    """The tables a coalition is planned from, to change."""
    con = connect(spatial=False)
    con.execute(f"ATTACH {literal(str(voorbeeldstad.outcome.warehouse))} AS city (READ_ONLY)")
    for name in FROM:
        con.execute(f"CREATE SCHEMA IF NOT EXISTS {name.partition('.')[0]}")
        shown = "* EXCLUDE (outline)" if name == "match.request" else "*"
        con.execute(f"CREATE TABLE {name} AS SELECT {shown} FROM city.{name}")
    con.execute("DETACH city")
    yield con
    con.close()


def plan(con: duckdb.DuckDBPyConnection) -> list[Row]:
    for name in TABLES:
        file = CHECKOUT / "transforms" / "plan" / f"{name}.sql"
        query = (
            file.read_text(encoding="utf-8")
            if file.exists()
            else importlib.import_module(f"transforms.plan.{name}").build(con)
        )
        con.execute(f"CREATE OR REPLACE TABLE plan.{name} AS {query}")
    return read(con, "FROM plan.coalition ORDER BY coalition_id")


def test_what_members_can_pay_never_moves_the_needed_rent(own: duckdb.DuckDBPyConnection) -> None:
    before, risks = (
        plan(own),
        "SELECT * FROM plan.coalition_risk WHERE NOT list_contains(['{}'], risk) ORDER BY ALL".format(
            "', '".join(ASKED)
        ),
    )
    other = read(own, risks)
    for budget in ("NULL", "0", "1e6", "hash(request_id) % 300"):
        own.execute(f"UPDATE match.coalition_member SET budget_eur_m2_year = {budget}")
        assert plan(own) == before
        assert read(own, risks) == other
    own.execute("UPDATE match.coalition_member SET budget_eur_m2_year = 0")
    plan(own)
    assert read(own, "SELECT count(*) AS n FROM plan.coalition_risk WHERE risk = 'member_cannot_pay'") == read(
        own, "SELECT count(*) AS n FROM match.coalition_member"
    )


def test_where_nothing_may_be_free_the_rent_at_that_end_is_not_known(own: duckdb.DuckDBPyConnection) -> None:
    own.execute("UPDATE match.supply SET free_low = 0, free_high = 1")
    made = plan(own)
    assert all(row["rent_low_eur_m2_year"] <= row["rent_eur_m2_year"] <= row["rent_high_eur_m2_year"] for row in made)
    assert {row["usable_low_m2"] for row in made} == {0}
    # The middle of nothing and all.
    whole_of = {row["building_id"]: row["gross_m2"] for row in read(own, "FROM plan.scenario WHERE unknown IS NULL")}
    for row in made:
        assert float(row["gross_m2"]) == pytest.approx(float(whole_of[row["building_id"]]) / 2, abs=0.05)
    low = read(own, "FROM plan.coalition_variant WHERE input = 'floor_area' AND side = 'low'")
    assert {(row["let_m2"], row["investment_eur"], row["rent_eur_m2_year"]) for row in low} == {(0, 0, None)}
    moves = read(
        own,
        "SELECT DISTINCT rent_at_low_eur_m2_year AS rent FROM plan.coalition_sensitivity WHERE input = 'floor_area'",
    )
    assert moves == [{"rent": None}]


def alone(con: duckdb.DuckDBPyConnection, fill: float, is_sure: bool) -> tuple[list[Row], dict[str, Row]]:
    """For every use of some buildings a coalition of two members of unequal size, who fill so much of it; all of the building is free."""
    con.execute("CREATE OR REPLACE TEMP TABLE one AS SELECT *, building_id || ':' || use AS coalition_id FROM plan.scenario "
                "WHERE unknown IS NULL AND hash(building_id) % 4 = 0")  # fmt: skip
    if is_sure:
        con.execute("UPDATE plan.scenario SET gross_low_m2 = gross_m2, gross_high_m2 = gross_m2")
    con.execute(
        "CREATE OR REPLACE TABLE match.supply AS SELECT DISTINCT 'building' AS supply_kind, building_id AS supply_id, 1.0 AS free_low, 1.0 AS free_high FROM one"
    )
    con.execute(
        "CREATE OR REPLACE TABLE match.supply_use AS SELECT 'building' AS supply_kind, building_id AS supply_id, use, usable_m2::DOUBLE AS usable_m2 FROM one"
    )
    con.execute("CREATE OR REPLACE TABLE match.coalition AS SELECT coalition_id, building_id, 1 AS place, "
                f"{fill}::DOUBLE AS fill_share, 2 AS member_count, [use] AS uses, 0 AS to_ask_count FROM one")  # fmt: skip
    con.execute("CREATE OR REPLACE TABLE match.coalition_member AS SELECT coalition_id, request_id, use, "
                f"CAST(usable_m2 * {fill} * part AS DECIMAL(18, 2)) AS area_m2, NULL::DOUBLE AS budget_eur_m2_year FROM one, "
                "(SELECT request_id, [0.3, 0.7][row_number() OVER (ORDER BY request_id)] AS part FROM match.request LIMIT 2)")  # fmt: skip
    return plan(con), {row["coalition_id"]: row for row in read(con, "FROM one")}


def test_one_use_that_fills_the_whole_building_is_the_plan_of_that_use(own: duckdb.DuckDBPyConnection) -> None:
    made, scenarios = alone(own, 1.0, is_sure=False)
    assert len(made) > 80
    for row in made:
        of_use = scenarios[row["coalition_id"]]
        assert {name: row[name] for name in SHOWN} == {name: of_use[name] for name in SHOWN}
        for side in ("low", "high"):
            for name in SHOWN:
                if name in RENTS and side == "high":
                    # Of a larger building they still take what they asked for.
                    assert row[end(name, side)] >= of_use[end(name, side)] - Decimal("0.05")
                else:
                    value = float(of_use[end(name, side)])
                    assert float(row[end(name, side)]) == pytest.approx(
                        value, abs=3 if name == "shares" else 0.3 + 2e-5 * float(of_use[name])
                    ), (name, side)


def test_what_stays_empty_costs_as_much_and_is_paid_by_who_is_there(own: duckdb.DuckDBPyConnection) -> None:
    full, _ = alone(own, 1.0, is_sure=True)
    partly, _ = alone(own, 0.6, is_sure=True)
    for row, less in zip(full, partly, strict=True):
        for name in ("investment_eur", "own_capital_eur", "loan_eur", "yearly_eur_year", "usable_m2"):
            assert float(less[name]) == pytest.approx(float(row[name]), abs=0.5, rel=1e-4), name
        assert float(less["rent_eur_m2_year"]) == pytest.approx(float(row["rent_eur_m2_year"]) / 0.6, rel=2e-3)
        assert float(less["rent_high_eur_m2_year"]) == pytest.approx(
            float(row["rent_high_eur_m2_year"]) / 0.6, rel=2e-3
        )
    told: Any = read(own, "SELECT DISTINCT round(value, 3) AS v FROM plan.coalition_risk WHERE risk = 'stays_empty'")
    assert told == [{"v": 0.4}]
