"""What a plan costs and asks, as SQL over any relation: of one building and use, or of several uses that share a building.

A relation of *parts* has one row per plan and use: the columns that name the plan, `use`, `condition`, `heritage`, and the gross floor
area `gross_low_m2`, `gross_m2`, `gross_high_m2` (m2, null where unknown). `_swing.varied` gives every part its inputs, likely and with one
of them at its low or high; `figures` makes the money of it; `_swing.swings` tells how far each figure moves. A building by itself and a
coalition of several uses go through the same three.

Money is DECIMAL(18,2), rounded half up where it is paid. The formulas, per plan (sums are over its parts):

    usable      = gross x usable_share                       works = gross x works x (1 + heritage_surcharge)
    fees        = works x fees                               vat = (works + fees) x vat
    acquisition = gross x acquisition x (1 + duty)           operating = gross x (maintenance + insurance + property_tax + management)
    investment  = sum of works, fees, vat, acquisition       loan = investment - investment x own_capital
    annuity     = 12 x loan x r / (1 - (1 + r)^-n)           r = interest / 12, n = 12 x term; loan / n without interest
    bridging    = bridging / 12 x (loan x interest + operating): no capital is paid back before there is income
    own capital = investment x own_capital + bridging        shares = own capital / share_price, rounded up
    yearly      = annuity + operating + own capital x dividend
    rent        = yearly / sum of (usable x occupancy)       of a usable m2 that is let; a month is a twelfth
"""

from __future__ import annotations

from collections.abc import Sequence

# What a use costs; the price of works depends on condition and heritage.
_OF_A_USE = (
    "usable_share", "space_each", "works", "heritage_surcharge", "fees", "vat", "acquisition", "duty", "maintenance", "insurance",
    "property_tax", "management", "occupancy",
)  # fmt: skip
_OF_THE_WHOLE = ("bridging", "share_price", "own_capital", "interest", "term", "dividend")
INPUTS = (*_OF_A_USE, *_OF_THE_WHOLE)
MONEY = (
    "works_eur", "fees_eur", "vat_eur", "acquisition_eur", "investment_eur", "own_capital_eur", "loan_eur", "annuity_eur_year",
    "bridging_eur", "operating_eur_year", "yearly_eur_year",
)  # fmt: skip
COUNTS = ("capacity", "shares")
RENTS = ("rent_eur_m2_year", "rent_eur_m2_month")
FIGURES = ("usable_m2", *COUNTS, *MONEY, *RENTS)
_SCALE = dict.fromkeys(
    ("works", "acquisition", "maintenance", "insurance", "property_tax", "management", "bridging"), 4
)
_MONTHS = 12


def figures(parts: str, keys: Sequence[str]) -> str:
    """The figures of each plan, with `let_m2` (usable m2 that pay rent, of a year).

    Args:
        parts: name of a relation with a row per plan and use: keys, `gross_m2` and a column for each of INPUTS.
        keys: columns that name a plan.

    Returns:
        A query: keys and FIGURES. All are null where `gross_m2` is, of any part. `capacity` adds up people, workplaces and homes alike.
    """
    key = ", ".join(keys)
    of_a_use = ", ".join(_exact(name) for name in _OF_A_USE)
    of_the_whole = ", ".join(_exact(name) for name in _OF_THE_WHOLE)
    sums = ", ".join(
        f"CASE WHEN count({name}) = count(*) THEN CAST(sum({name}) AS {kind}) END AS {name}"
        for name, kind in (
            ("usable_m2", "DECIMAL(18, 2)"), ("let_m2", "DOUBLE"), ("capacity", "BIGINT"), ("works_eur", "DECIMAL(18, 2)"),
            ("fees_eur", "DECIMAL(18, 2)"), ("vat_eur", "DECIMAL(18, 2)"), ("acquisition_eur", "DECIMAL(18, 2)"),
            ("operating_eur_year", "DECIMAL(18, 2)"),
        )
    )  # fmt: skip
    whole = ", ".join(f"any_value({name}) AS {name}" for name in _OF_THE_WHOLE)
    growth = f"(1 - pow(1 + CAST(interest AS DOUBLE) / {_MONTHS}, -round({_MONTHS} * CAST(term AS DOUBLE))))"
    monthly = (
        f"CASE WHEN interest = 0 THEN CAST(loan_eur AS DOUBLE) / round({_MONTHS} * CAST(term AS DOUBLE)) "
        f"ELSE CAST(loan_eur AS DOUBLE) * (CAST(interest AS DOUBLE) / {_MONTHS}) / {growth} END"
    )
    bridging = (
        f"CAST((CAST(loan_eur AS DECIMAL(38, 2)) * interest + operating_eur_year) * bridging AS DOUBLE) / {_MONTHS}"
    )
    return f"""
        WITH exact AS (SELECT {key}, CAST(round(gross_m2, 2) AS DECIMAL(18, 2)) AS gross_m2, {of_a_use}, {of_the_whole} FROM {parts}),
        built AS (
            SELECT *, {_paid("gross_m2", "usable_share")} AS usable_m2, {_paid("gross_m2", "works", "(1 + heritage_surcharge)")} AS works_eur,
                {_paid("gross_m2", "acquisition", "(1 + duty)")} AS acquisition_eur,
                {_paid("gross_m2", "(maintenance + insurance + property_tax + management)")} AS operating_eur_year
            FROM exact
        ),
        planned AS (
            SELECT *, CAST(usable_m2 AS DOUBLE) * CAST(occupancy AS DOUBLE) AS let_m2,
                CAST(floor(CAST(usable_m2 AS DOUBLE) / CAST(space_each AS DOUBLE) + 1e-9) AS BIGINT) AS capacity, {_paid("works_eur", "fees")} AS fees_eur
            FROM built
        ),
        taxed AS (SELECT *, {_paid("(works_eur + fees_eur)", "vat")} AS vat_eur FROM planned),
        total AS (SELECT {key}, {sums}, {whole} FROM taxed GROUP BY {key}),
        bought AS (SELECT *, CAST(works_eur + fees_eur + vat_eur + acquisition_eur AS DECIMAL(18, 2)) AS investment_eur FROM total),
        brought AS (SELECT *, {_paid("investment_eur", "own_capital")} AS brought_eur FROM bought),
        lent AS (SELECT *, CAST(investment_eur - brought_eur AS DECIMAL(18, 2)) AS loan_eur FROM brought),
        repaid AS (
            SELECT *, CAST({_MONTHS} * {_half_up(monthly)} AS DECIMAL(18, 2)) AS annuity_eur_year, {_half_up(bridging)} AS bridging_eur FROM lent
        ),
        owned AS (SELECT *, CAST(brought_eur + bridging_eur AS DECIMAL(18, 2)) AS own_capital_eur FROM repaid),
        rewarded AS (
            SELECT *, CAST(ceil(CAST(own_capital_eur AS DOUBLE) / CAST(share_price AS DOUBLE) - 1e-9) AS BIGINT) AS shares,
                CAST(annuity_eur_year + operating_eur_year + {_paid("own_capital_eur", "dividend")} AS DECIMAL(18, 2)) AS yearly_eur_year
            FROM owned
        )
        SELECT {key}, let_m2, usable_m2, capacity, shares, {", ".join(MONEY)},
            {_half_up("CAST(yearly_eur_year AS DOUBLE) / nullif(let_m2, 0)")} AS rent_eur_m2_year,
            {_half_up(f"CAST(yearly_eur_year AS DOUBLE) / nullif(let_m2, 0) / {_MONTHS}")} AS rent_eur_m2_month
        FROM rewarded
    """


def _exact(name: str) -> str:
    """An input as a decimal: a product of decimals is exact, so half a cent is half a cent."""
    return (
        f"CAST({name} AS DECIMAL(9, {_SCALE.get(name, 6)})) AS {name}"
        if name not in _WIDE
        else f"CAST({name} AS DECIMAL(18, 6)) AS {name}"
    )


_WIDE = ("space_each", "share_price", "term")


def _paid(amount: str, *rates: str) -> str:
    # Wide first: two decimals of 18 digits make one of 18, which a building's square metres and prices overflow.
    return f"CAST(round({' * '.join((f'CAST({amount} AS DECIMAL(38, 2))', *rates))}, 2) AS DECIMAL(18, 2))"


def _half_up(amount: str) -> str:
    """A quotient, which is no decimal: what is half a cent but for the last bit of a double is half a cent."""
    return f"CAST(round(({amount}) * (1 + 1e-12), 2) AS DECIMAL(18, 2))"
