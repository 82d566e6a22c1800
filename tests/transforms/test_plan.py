"""Plans: every figure held to a second calculation, and to what must hold whatever the inputs."""

from __future__ import annotations

import copy
import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flows.workspace import CHECKOUT
from sources._kit.duck import connect, literal
from tests.conftest import RunCity
from tests.transforms.plan_by_hand import by_hand, swings, whole
from transforms._kit.plan_inputs import PlanInputError, check_plan
from transforms._kit.reference import read_reference, write_table
from transforms.plan._finance import FIGURES, INPUTS, figures
from transforms.plan._swing import swings as sql_swings
from transforms.plan._swing import varied

REFERENCE = read_reference(CHECKOUT / "data" / "reference")
_UNIT = re.compile(r"(_eur.*|_m2)$")
Row = dict[str, Any]
Spans = dict[str, tuple[float, float, float]]


def end(name: str, side: str) -> str:
    place = _UNIT.search(name)
    stem = name[: place.start()] if place else name
    return f"{stem}_{side}{name[len(stem) :]}"


def read(con: duckdb.DuckDBPyConnection, query: str) -> list[Row]:
    found = con.execute(query)
    names = [column[0] for column in found.description or []]
    return [dict(zip(names, row, strict=True)) for row in found.fetchall()]


def spans(con: duckdb.DuckDBPyConnection) -> dict[tuple[str, str, str], Spans]:
    found: dict[tuple[str, str, str], Spans] = {}
    for row in read(con, "FROM plan.input"):
        found.setdefault((row["use"], row["condition"], row["heritage"]), {})[row["input"]] = (
            row["low"],
            row["likely"],
            row["high"],
        )
    return found


@pytest.fixture(scope="module")
def scenarios(voorbeeldstad: RunCity) -> list[Row]:
    return read(voorbeeldstad.con, "FROM plan.scenario ORDER BY building_id, use")


@pytest.fixture(scope="module")
def cases(voorbeeldstad: RunCity) -> dict[tuple[str, str, str], Spans]:
    return spans(voorbeeldstad.con)


def case(row: Row) -> tuple[str, str, str]:
    return row["use"], row["condition"], row["heritage"]


def test_every_public_building_has_a_plan_for_every_use_and_no_other_has(voorbeeldstad: RunCity) -> None:
    wanted = voorbeeldstad.rows(
        "SELECT DISTINCT b.building_id, r.use FROM layer.building AS b JOIN score.reuse AS r USING (building_id) "
        "WHERE b.audience = 'public' ORDER BY ALL"
    )
    assert wanted
    assert voorbeeldstad.rows("SELECT building_id, use FROM plan.scenario ORDER BY ALL") == wanted


def test_all_money_equals_a_second_calculation_to_the_cent(
    scenarios: list[Row], cases: Mapping[tuple[str, str, str], Spans]
) -> None:
    planned = [row for row in scenarios if row["unknown"] is None]
    assert len(planned) > 500
    for row in planned:
        likely = {name: span[1] for name, span in cases[case(row)].items()}
        wanted = by_hand(row["gross_m2"], likely)
        assert {name: row[name] for name in FIGURES} == wanted, (row["building_id"], row["use"])


def test_bounds_equal_the_swings_of_one_input_at_a_time(
    scenarios: list[Row], cases: Mapping[tuple[str, str, str], Spans]
) -> None:
    planned = [row for row in scenarios if row["unknown"] is None]
    for row in planned[:: len(planned) // 40]:
        own = {name: span for name, span in cases[case(row)].items() if name in INPUTS}
        moves = swings((row["gross_low_m2"], row["gross_m2"], row["gross_high_m2"]), own)
        for name, (down, up) in moves.items():
            value, room = float(row[name]), 4 if name in ("capacity", "shares") else 0.15 + 1e-5 * float(row[name])
            assert float(row[end(name, "low")]) == pytest.approx(max(0.0, value - down), abs=room), (name, row["use"])
            assert float(row[end(name, "high")]) == pytest.approx(value + up, abs=room), (name, row["use"])


def test_an_unknown_floor_area_gives_no_figure(scenarios: list[Row], voorbeeldstad: RunCity) -> None:
    unknown = [row for row in scenarios if row["unknown"] is not None]
    assert unknown
    columns = [column for name in FIGURES for column in (name, end(name, "low"), end(name, "high"))]
    assert {row[column] for row in unknown for column in columns} == {None}
    assert {row["unknown"] for row in unknown} == {"floor_area"}
    known = voorbeeldstad.one(
        "SELECT count(*) FROM score.size WHERE floor_area_m2 IS NULL AND building_id IN (SELECT building_id FROM plan.scenario)"
    )
    assert known == len({row["building_id"] for row in unknown})


def test_the_three_inputs_that_move_the_rent_most_are_those_of_brute_force(
    voorbeeldstad: RunCity, scenarios: list[Row], cases: Mapping[tuple[str, str, str], Spans]
) -> None:
    told: dict[tuple[str, str], list[Row]] = {}
    for row in read(voorbeeldstad.con, "FROM plan.sensitivity ORDER BY building_id, use, place"):
        told.setdefault((row["building_id"], row["use"]), []).append(row)
    planned = [row for row in scenarios if row["unknown"] is None]
    assert told.keys() == {(row["building_id"], row["use"]) for row in planned}
    for row in planned[:: len(planned) // 60]:
        own = {name: span for name, span in cases[case(row)].items() if name in INPUTS}
        likely = {name: span[1] for name, span in own.items()}
        moved = {
            name: [float(by_hand(row["gross_m2"], {**likely, name: span[side]})["rent_eur_m2_year"]) for side in (0, 2)]
            for name, span in own.items()
        }
        width = {name: abs(high - low) for name, (low, high) in moved.items()}
        found = told[row["building_id"], row["use"]]
        assert [one["place"] for one in found] == [1, 2, 3]
        for one, best in zip(found, sorted(width.values(), reverse=True), strict=False):
            assert width[one["input"]] == pytest.approx(best, abs=0.05)
            assert (one["low"], one["likely"], one["high"]) == own[one["input"]]
            rents = [float(one[f"rent_at_{side}_eur_m2_year"]) for side in ("low", "high")]
            assert rents == pytest.approx(moved[one["input"]], abs=0.03)


def test_risks_are_those_that_the_figures_say(voorbeeldstad: RunCity, scenarios: list[Row]) -> None:
    told: dict[tuple[str, str], set[tuple[str, str]]] = {}
    for row in read(voorbeeldstad.con, "FROM plan.risk"):
        told.setdefault((row["building_id"], row["use"]), set()).add((row["risk"], row["subject"]))
    limit = {row["name"]: row["value"] for row in REFERENCE.tables["plan_limit"]}
    least = {row["use"]: row["usable_min_m2"] for row in REFERENCE.tables["plan_use"]}
    suited = {(row["building_id"], row["use"]): row for row in read(voorbeeldstad.con, "FROM score.reuse")}
    met = set()
    for row in scenarios:
        fit, wanted = suited[row["building_id"], row["use"]], set[tuple[str, str]]()
        wanted |= {("veto", criterion) for criterion in fit["veto"]} | {
            ("to_check", criterion) for criterion in fit["to_check"]
        }
        if fit["place"] is None or fit["place"] > limit["named_uses"]:
            wanted.add(("not_named", "-"))
        wanted |= {"unknown": {("condition_unknown", "-")}, "poor": {("condition_poor", "poor")}}.get(
            row["condition"], set()
        )
        if row["heritage"] != "none":
            wanted.add(("heritage_unknown", "-") if row["heritage"] == "unknown" else ("heritage", row["heritage"]))
        if row["unknown"] is not None:
            wanted.add(("floor_area_unknown", "-"))
        else:
            ceiling, rent, cheapest = (row[f"{name}_eur_m2_year"] for name in ("rent_ceiling", "rent", "rent_low"))
            income = float(ceiling) * float(row["yearly_eur_year"]) / float(rent)
            if rent > ceiling:
                wanted.add(("rent_above_ceiling" if cheapest > ceiling else "rent_may_be_above", "-"))
            if row["usable_m2"] < least[row["use"]]:
                wanted.add(("too_small" if row["usable_high_m2"] < least[row["use"]] else "may_be_too_small", "-"))
            if (income - float(row["operating_eur_year"])) / float(row["annuity_eur_year"]) < limit["cover_min"]:
                wanted.add(("cover", "-"))
            if row["shares"] > limit["shares_max"]:
                wanted.add(("shares", "-"))
        assert told.get((row["building_id"], row["use"]), set()) == wanted, (row["building_id"], row["use"])
        met |= {risk for risk, _ in wanted}
    assert {
        "rent_above_ceiling",
        "rent_may_be_above",
        "too_small",
        "may_be_too_small",
        "not_named",
        "to_check",
        "shares",
        "heritage",
    } <= met


def test_every_risk_and_every_input_has_words_in_both_languages(voorbeeldstad: RunCity) -> None:
    for name, key in (("plan_risk", "risk"), ("plan_label", "input")):
        rows = REFERENCE.tables[name]
        assert len({row[key] for row in rows}) == len(rows)
        assert all(
            row["label_nl"] and row["label_en"] and (row["label_nl"] != row["label_en"] or row[key] == "dividend")
            for row in rows
        )
    sql = "".join(
        (CHECKOUT / "transforms" / "plan" / f"{name}.sql").read_text(encoding="utf-8")
        for name in ("risk", "coalition_risk")
    )
    assert all(f"'{row['risk']}'" in sql for row in REFERENCE.tables["plan_risk"])
    known = {row["input"] for row in REFERENCE.tables["plan_label"]}
    assert known == {*INPUTS, "floor_area", "rent_ceiling"}
    assert {row[0] for row in voorbeeldstad.rows("SELECT DISTINCT input FROM plan.input")} == known - {"floor_area"}


LIKELY = {"usable_share": 0.8, "space_each": 2.5, "works": 800.0, "heritage_surcharge": 0.3, "fees": 0.12, "vat": 0.21, "acquisition": 300.0, "duty": 0.12,
          "maintenance": 12.0, "insurance": 1.5, "property_tax": 5.0, "management": 6.0, "occupancy": 0.8, "bridging": 18.0, "share_price": 250.0,
          "own_capital": 0.3, "interest": 0.038, "term": 20.0, "dividend": 0.02}  # fmt: skip


@pytest.fixture(scope="module")
def con() -> duckdb.DuckDBPyConnection:
    con = connect(spatial=False)
    for name, rows in REFERENCE.tables.items():
        if name.startswith("plan_"):
            write_table(con, name, rows)
    con.execute("CREATE SCHEMA plan")
    sql = (CHECKOUT / "transforms" / "plan" / "input.sql").read_text(encoding="utf-8")
    con.execute(f"CREATE TABLE plan.input AS {sql}")
    return con


def planned(con: duckdb.DuckDBPyConnection, parts: list[tuple[Decimal | None, Mapping[str, float]]]) -> Row:
    """The figures of uses that share a building, by the SQL."""
    rows = [
        f"SELECT 'a' AS plan, CAST({literal(gross)} AS DECIMAL(18, 2)) AS gross_m2, "
        + ", ".join(f"{given[name]!r}::DOUBLE AS {name}" for name in INPUTS)
        for gross, given in parts
    ]
    con.execute(f"CREATE OR REPLACE TEMP TABLE part AS {' UNION ALL '.join(rows)}")
    (row,) = read(con, figures("part", ("plan",)))
    return {name: row[name] for name in FIGURES}


AREAS = st.decimals(Decimal("12"), Decimal("90000"), places=2)
MOVES: dict[str, tuple[float, float, int]] = {"interest": (0, 0.12, 4), "vat": (0, 0.21, 2), "works": (20, 4000, 2), "acquisition": (0, 3000, 0),
         "own_capital": (0, 1, 3), "term": (1, 40, 1), "bridging": (0, 60, 1), "dividend": (0, 0.06, 3), "share_price": (20, 5000, 2),
         "usable_share": (0.3, 1, 3), "occupancy": (0.3, 1, 3), "space_each": (1, 200, 1), "heritage_surcharge": (0, 1, 2)}  # fmt: skip


@st.composite
def inputs(draw: Callable[..., Any]) -> dict[str, float]:
    found = {name: round(draw(st.floats(low, high)), places) for name, (low, high, places) in MOVES.items()}
    return {**LIKELY, **found}


@settings(deadline=None, max_examples=40)
@given(AREAS, inputs())
def test_any_building_and_any_inputs_equal_a_second_calculation(
    con: duckdb.DuckDBPyConnection, gross: Decimal, own: dict[str, float]
) -> None:
    assert planned(con, [(gross, own)]) == by_hand(gross, own)


@settings(deadline=None, max_examples=15)
@given(AREAS, AREAS, inputs(), inputs())
def test_uses_that_share_a_building_are_paid_for_together(
    con: duckdb.DuckDBPyConnection, first: Decimal, second: Decimal, one: dict[str, float], other: dict[str, float]
) -> None:
    paid = ("bridging", "share_price", "own_capital", "interest", "term", "dividend")
    other |= {name: one[name] for name in paid}
    parts: list[tuple[Decimal | None, Mapping[str, float]]] = [(first, one), (second, other)]
    assert planned(con, parts) == whole(parts)
    assert set(planned(con, [*parts, (None, one)]).values()) == {None}


@settings(deadline=None, max_examples=20)
@given(
    AREAS,
    inputs(),
    st.sampled_from(["interest", "works", "acquisition", "vat", "dividend", "bridging"]),
    st.floats(0, 0.5),
)
def test_what_costs_more_never_lowers_the_needed_rent(
    con: duckdb.DuckDBPyConnection, gross: Decimal, own: dict[str, float], name: str, more: float
) -> None:
    dearer = {**own, name: round(own[name] * (1 + more), 4)}
    before, after = (planned(con, [(gross, one)]) for one in (own, dearer))
    assert after["rent_eur_m2_year"] >= before["rent_eur_m2_year"]
    assert after["own_capital_eur"] >= before["own_capital_eur"] or name == "interest"


def bounds(con: duckdb.DuckDBPyConnection, use: str, condition: str, heritage: str, gross: Decimal) -> tuple[Row, Row]:
    con.execute(
        f"CREATE OR REPLACE TEMP TABLE whole_part AS SELECT 'a' AS plan, '{use}' AS use, '{condition}' AS condition, '{heritage}' AS heritage, "
        f"{gross * Decimal('0.8')}::DECIMAL(18, 2) AS gross_low_m2, {gross}::DECIMAL(18, 2) AS gross_m2, {gross * 2}::DECIMAL(18, 2) AS gross_high_m2"
    )
    con.execute(f"CREATE OR REPLACE TEMP TABLE varied_part AS {varied('whole_part')}")
    con.execute(f"CREATE OR REPLACE TEMP TABLE made AS {figures('varied_part', ('plan', 'input', 'side'))}")
    (likely,) = read(con, "FROM made WHERE side = 'likely'")
    (moved,) = read(con, sql_swings("made", ("plan",)))
    return likely, moved


@settings(deadline=None, max_examples=12)
@given(
    st.sampled_from(["meeting", "housing", "logistics", "maker"]), st.sampled_from(["good", "fair", "poor", "unknown"]),
    st.sampled_from(["monument", "none", "unknown"]), AREAS, st.sampled_from(INPUTS), st.floats(0, 1),
)  # fmt: skip
def test_no_single_input_within_its_bounds_leaves_the_band(
    con: duckdb.DuckDBPyConnection, use: str, condition: str, heritage: str, gross: Decimal, name: str, share: float
) -> None:
    likely, moved = bounds(con, use, condition, heritage, gross)
    own = spans(con)[use, condition, heritage]
    low, _, high = own[name]
    given = {**{one: span[1] for one, span in own.items()}, name: round(low + share * (high - low), 4)}
    found = planned(con, [(gross, given)])
    for figure in FIGURES:
        value, room = float(found[figure]), 2.01 if figure in ("capacity", "shares") else 0.15
        assert (
            float(likely[figure]) - moved[f"{figure}_down"] - room
            <= value
            <= float(likely[figure]) + moved[f"{figure}_up"] + room
        ), figure


def test_the_floor_area_moves_what_is_paid_and_not_what_a_square_metre_asks(con: duckdb.DuckDBPyConnection) -> None:
    bounds(con, "maker", "fair", "none", Decimal(1000))
    low, likely, high = (
        read(con, f"FROM made WHERE input = '{name}' AND side = '{side}'")[0]
        for name, side in (("floor_area", "low"), ("-", "likely"), ("floor_area", "high"))
    )
    assert low["investment_eur"] < likely["investment_eur"] < high["investment_eur"]
    assert float(low["rent_eur_m2_year"]) == pytest.approx(float(high["rent_eur_m2_year"]), abs=0.02)


def test_works_run_from_the_lightest_level_to_the_heaviest_and_a_use_s_own_input_wins(
    con: duckdb.DuckDBPyConnection,
) -> None:
    price = {(row["use"], row["level"]): row for row in REFERENCE.tables["plan_input"] if row["input"] == "works"}
    unknown, poor = (spans(con)["maker", condition, "none"]["works"] for condition in ("unknown", "poor"))
    assert unknown == (
        price["maker", "light"]["low"],
        price["maker", "medium"]["likely"],
        price["maker", "heavy"]["high"],
    )
    assert poor[1] == price["maker", "heavy"]["likely"]
    assert (spans(con)["housing", "good", "none"]["vat"][1], spans(con)["office", "good", "none"]["vat"][1]) == (
        0.06,
        0.21,
    )


def break_order(tables: dict[str, list[Row]]) -> None:
    tables["plan_input"][0]["low"] = tables["plan_input"][0]["high"] + 1


def drop_input(tables: dict[str, list[Row]]) -> None:
    tables["plan_input"] = [row for row in tables["plan_input"] if row["input"] != "fees"]


def drop_day(tables: dict[str, list[Row]]) -> None:
    del tables["plan_input"][3]["valued_on"]


def own_interest(tables: dict[str, list[Row]]) -> None:
    tables["plan_input"].append(
        {**next(row for row in tables["plan_input"] if row["input"] == "interest"), "use": "maker"}
    )


def twice(tables: dict[str, list[Row]]) -> None:
    tables["plan_input"].append(dict(tables["plan_input"][0]))


def no_such_use(tables: dict[str, list[Row]]) -> None:
    tables["plan_use"].append({**tables["plan_use"][0], "use": "swimming"})


def drop_level(tables: dict[str, list[Row]]) -> None:
    tables["plan_level"].pop()


def turn_levels(tables: dict[str, list[Row]]) -> None:
    tables["plan_level"][0]["level_low"] = "heavy"


def drop_heritage(tables: dict[str, list[Row]]) -> None:
    tables["plan_heritage"].pop()


def drop_table(tables: dict[str, list[Row]]) -> None:
    del tables["plan_limit"]


BREAKS = {break_order: "in that order", drop_input: "fees/", drop_day: "valued_on", own_interest: "one for all uses", twice: "twice",
          no_such_use: "swimming", drop_level: "one row", turn_levels: "light to heavy", drop_heritage: "plan_heritage", drop_table: "plan_limit"}  # fmt: skip


@pytest.mark.parametrize(("change", "words"), BREAKS.items(), ids=lambda one: getattr(one, "__name__", ""))
def test_an_input_that_cannot_be_is_refused_by_name(change: Callable[[dict[str, list[Row]]], None], words: str) -> None:
    tables: dict[str, Any] = copy.deepcopy(dict(REFERENCE.tables))
    check_plan(tables)
    change(tables)
    with pytest.raises(PlanInputError, match=words) as error:
        check_plan(tables)
    assert "plan.toml" in str(error.value)
