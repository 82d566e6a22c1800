"""A plan worked out a second time: decimals, numpy-financial for the loan, no SQL and nothing of the code under test."""

from __future__ import annotations

import math
from collections.abc import Mapping
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import numpy_financial as npf  # type: ignore[import-untyped]

CENT = Decimal("0.01")
Figures = dict[str, Any]
# Figures that do not grow with the floor area.
PER_M2 = ("rent_eur_m2_year", "rent_eur_m2_month")


def cents(value: Decimal) -> Decimal:
    return value.quantize(CENT, ROUND_HALF_UP)


def by_hand(gross: Decimal | None, given: Mapping[str, float]) -> Figures:
    """The figures of one use in a building of `gross` m2, with the inputs given."""
    return whole([(gross, given)])


def whole(parts: list[tuple[Decimal | None, Mapping[str, float]]]) -> Figures:
    """The figures of uses that share a building; what is paid for the whole is that of the first."""
    if any(gross is None for gross, _ in parts):
        return {}
    made, let = [one_use(gross, given) for gross, given in parts if gross is not None], Decimal(0)
    sums: Figures = {name: sum((one[name] for one in made), Decimal(0)) for name in made[0]}
    i = {name: Decimal(str(value)) for name, value in parts[0][1].items()}
    let = sums.pop("let_m2")
    invested = sums["works_eur"] + sums["fees_eur"] + sums["vat_eur"] + sums["acquisition_eur"]
    brought = cents(invested * i["own_capital"])
    loan = invested - brought
    monthly = cents(Decimal(npf.pmt(i["interest"] / 12, round(12 * i["term"]), -loan)))
    bridging = cents((loan * i["interest"] + sums["operating_eur_year"]) * i["bridging"] / 12)
    own = brought + bridging
    yearly = 12 * monthly + sums["operating_eur_year"] + cents(own * i["dividend"])
    return {
        **sums, "capacity": int(sums["capacity"]), "investment_eur": invested, "loan_eur": loan, "annuity_eur_year": 12 * monthly,
        "bridging_eur": bridging, "own_capital_eur": own, "shares": math.ceil(own / i["share_price"]), "yearly_eur_year": yearly,
        "rent_eur_m2_year": cents(yearly / let), "rent_eur_m2_month": cents(yearly / let / 12),
    }  # fmt: skip


def one_use(gross: Decimal, given: Mapping[str, float]) -> dict[str, Decimal]:
    i = {name: Decimal(str(value)) for name, value in given.items()}
    usable = cents(gross * i["usable_share"])
    works = cents(gross * i["works"] * (1 + i["heritage_surcharge"]))
    fees = cents(works * i["fees"])
    yearly = i["maintenance"] + i["insurance"] + i["property_tax"] + i["management"]
    return {
        "usable_m2": usable, "let_m2": usable * i["occupancy"], "capacity": Decimal(int(usable / i["space_each"])), "works_eur": works,
        "fees_eur": fees, "vat_eur": cents((works + fees) * i["vat"]), "acquisition_eur": cents(gross * i["acquisition"] * (1 + i["duty"])),
        "operating_eur_year": cents(gross * yearly),
    }  # fmt: skip


def swings(
    gross: tuple[Decimal, Decimal, Decimal], spans: Mapping[str, tuple[float, float, float]]
) -> dict[str, tuple[float, float]]:
    """How far each figure moves down and up: one input at a time, the floor area among them."""
    likely = {name: span[1] for name, span in spans.items()}
    base = by_hand(gross[1], likely)
    moved = {name: [by_hand(gross[1], {**likely, name: span[side]}) for side in (0, 2)] for name, span in spans.items()}
    moved["floor_area"] = [by_hand(gross[side], likely) for side in (0, 2)]
    found = {}
    for figure, value in base.items():
        downs, ups = [0.0], [0.0]
        for name, ends in moved.items():
            if name == "floor_area" and figure in PER_M2:
                continue
            downs.append(max(0.0, *(float(value - end[figure]) for end in ends)))
            ups.append(max(0.0, *(float(end[figure] - value) for end in ends)))
        found[figure] = (math.hypot(*downs), math.hypot(*ups))
    return found
