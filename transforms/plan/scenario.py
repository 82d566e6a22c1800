"""A plan in outline for each building of the public layer and each use: room, cost, finance and the rent it asks for.

The whole building, not the part that is empty. Likely is made with the likely value of every input. A bound is the likely figure less
or plus the root of the sum of squares of what each input, at its low or high by itself, moves it that way; never below nothing.

inputs: score.shown, score.reuse, score.size, score.criterion, plan.input, plan.variant, reference.plan_use, reference.plan_level
key: building_id, use
check: (unknown IS NULL) = (rent_eur_m2_year IS NOT NULL)
check: usable_low_m2 <= usable_m2 AND usable_m2 <= usable_high_m2 AND usable_low_m2 >= 0
check: capacity_low <= capacity AND capacity <= capacity_high AND capacity_low >= 0
check: works_low_eur <= works_eur AND works_eur <= works_high_eur AND works_low_eur >= 0
check: fees_low_eur <= fees_eur AND fees_eur <= fees_high_eur AND fees_low_eur >= 0
check: vat_low_eur <= vat_eur AND vat_eur <= vat_high_eur AND vat_low_eur >= 0
check: acquisition_low_eur <= acquisition_eur AND acquisition_eur <= acquisition_high_eur AND acquisition_low_eur >= 0
check: investment_low_eur <= investment_eur AND investment_eur <= investment_high_eur AND investment_low_eur >= 0
check: own_capital_low_eur <= own_capital_eur AND own_capital_eur <= own_capital_high_eur AND own_capital_low_eur >= 0
check: shares_low <= shares AND shares <= shares_high AND shares_low >= 0
check: loan_low_eur <= loan_eur AND loan_eur <= loan_high_eur AND loan_low_eur >= 0
check: annuity_low_eur_year <= annuity_eur_year AND annuity_eur_year <= annuity_high_eur_year AND annuity_low_eur_year >= 0
check: bridging_low_eur <= bridging_eur AND bridging_eur <= bridging_high_eur AND bridging_low_eur >= 0
check: operating_low_eur_year <= operating_eur_year AND operating_eur_year <= operating_high_eur_year AND operating_low_eur_year >= 0
check: yearly_low_eur_year <= yearly_eur_year AND yearly_eur_year <= yearly_high_eur_year AND yearly_low_eur_year >= 0
check: rent_low_eur_m2_year <= rent_eur_m2_year AND rent_eur_m2_year <= rent_high_eur_m2_year AND rent_low_eur_m2_year >= 0
check: rent_low_eur_m2_month <= rent_eur_m2_month AND rent_eur_m2_month <= rent_high_eur_m2_month AND rent_low_eur_m2_month >= 0
code: plan/_bounds.py, plan/_finance.py, plan/_swing.py
columns:
  building_id | VARCHAR | - | Gebouw | building
  use | VARCHAR | - | Gebruik | use of the reuse matrix
  unknown | VARCHAR | - | Onbekend | what is not known and leaves the figures empty: floor_area; null where there are figures
  condition | VARCHAR | - | Toestand | good, fair, poor or unknown
  heritage | VARCHAR | - | Erfgoed | monument, listed, area, none or unknown
  capacity_unit | VARCHAR | - | Eenheid | person, workplace or home
  works_level_low | VARCHAR | - | Werken, lichtste | lightest level that may do: light, medium or heavy
  works_level | VARCHAR | - | Werken, niveau | likely level
  works_level_high | VARCHAR | - | Werken, zwaarste | heaviest level that may be needed
  gross_low_m2 | DECIMAL(18,2) | m2 | Vloer, ondergrens | gross floor area of the whole building, lower bound of score.size
  gross_m2 | DECIMAL(18,2) | m2 | Vloer | gross floor area of the whole building
  gross_high_m2 | DECIMAL(18,2) | m2 | Vloer, bovengrens | upper bound
  usable_low_m2 | DECIMAL(18,2) | m2 | Bruikbare vloer, ondergrens | lower bound; bounds hold in four of five cases
  usable_m2 | DECIMAL(18,2) | m2 | Bruikbare vloer | usable floor area
  usable_high_m2 | DECIMAL(18,2) | m2 | Bruikbare vloer, bovengrens | upper bound
  capacity_low | BIGINT | - | Capaciteit, ondergrens | lower bound
  capacity | BIGINT | - | Capaciteit | what fits in it, in capacity_unit, rounded down
  capacity_high | BIGINT | - | Capaciteit, bovengrens | upper bound
  works_low_eur | DECIMAL(18,2) | EUR | Werken, ondergrens | lower bound
  works_eur | DECIMAL(18,2) | EUR | Werken | works without VAT, with the surcharge for heritage
  works_high_eur | DECIMAL(18,2) | EUR | Werken, bovengrens | upper bound
  fees_low_eur | DECIMAL(18,2) | EUR | Erelonen en studies, ondergrens | lower bound
  fees_eur | DECIMAL(18,2) | EUR | Erelonen en studies | architect, engineers, studies, without VAT
  fees_high_eur | DECIMAL(18,2) | EUR | Erelonen en studies, bovengrens | upper bound
  vat_low_eur | DECIMAL(18,2) | EUR | Btw, ondergrens | lower bound
  vat_eur | DECIMAL(18,2) | EUR | Btw | VAT on works and fees
  vat_high_eur | DECIMAL(18,2) | EUR | Btw, bovengrens | upper bound
  acquisition_low_eur | DECIMAL(18,2) | EUR | Aankoop, ondergrens | lower bound
  acquisition_eur | DECIMAL(18,2) | EUR | Aankoop | price of the building and transfer tax; nobody knows what the owner asks
  acquisition_high_eur | DECIMAL(18,2) | EUR | Aankoop, bovengrens | upper bound
  investment_low_eur | DECIMAL(18,2) | EUR | Investering, ondergrens | lower bound
  investment_eur | DECIMAL(18,2) | EUR | Investering | works, fees, VAT and acquisition
  investment_high_eur | DECIMAL(18,2) | EUR | Investering, bovengrens | upper bound
  own_capital_low_eur | DECIMAL(18,2) | EUR | Eigen kapitaal, ondergrens | lower bound
  own_capital_eur | DECIMAL(18,2) | EUR | Eigen kapitaal | part of the investment that members bring in, and all of the bridging
  own_capital_high_eur | DECIMAL(18,2) | EUR | Eigen kapitaal, bovengrens | upper bound
  shares_low | BIGINT | - | Aandelen, ondergrens | lower bound
  shares | BIGINT | - | Aandelen | shares that make up the own capital, rounded up
  shares_high | BIGINT | - | Aandelen, bovengrens | upper bound
  loan_low_eur | DECIMAL(18,2) | EUR | Lening, ondergrens | lower bound
  loan_eur | DECIMAL(18,2) | EUR | Lening | the rest of the investment
  loan_high_eur | DECIMAL(18,2) | EUR | Lening, bovengrens | upper bound
  annuity_low_eur_year | DECIMAL(18,2) | EUR/year | Annuïteit, ondergrens | lower bound
  annuity_eur_year | DECIMAL(18,2) | EUR/year | Annuïteit | twelve equal monthly payments of the loan
  annuity_high_eur_year | DECIMAL(18,2) | EUR/year | Annuïteit, bovengrens | upper bound
  bridging_low_eur | DECIMAL(18,2) | EUR | Overbrugging, ondergrens | lower bound
  bridging_eur | DECIMAL(18,2) | EUR | Overbrugging | interest and running costs until the first rent
  bridging_high_eur | DECIMAL(18,2) | EUR | Overbrugging, bovengrens | upper bound
  operating_low_eur_year | DECIMAL(18,2) | EUR/year | Lopende kosten, ondergrens | lower bound
  operating_eur_year | DECIMAL(18,2) | EUR/year | Lopende kosten | maintenance, insurance, property tax and management
  operating_high_eur_year | DECIMAL(18,2) | EUR/year | Lopende kosten, bovengrens | upper bound
  yearly_low_eur_year | DECIMAL(18,2) | EUR/year | Kost per jaar, ondergrens | lower bound
  yearly_eur_year | DECIMAL(18,2) | EUR/year | Kost per jaar | annuity, running costs and dividend
  yearly_high_eur_year | DECIMAL(18,2) | EUR/year | Kost per jaar, bovengrens | upper bound
  rent_low_eur_m2_year | DECIMAL(18,2) | EUR/m2/year | Nodige huur per jaar, ondergrens | lower bound
  rent_eur_m2_year | DECIMAL(18,2) | EUR/m2/year | Nodige huur per jaar | rent that covers the yearly cost, per usable m2 that is let; low is the cheapest
  rent_high_eur_m2_year | DECIMAL(18,2) | EUR/m2/year | Nodige huur per jaar, bovengrens | upper bound
  rent_low_eur_m2_month | DECIMAL(18,2) | EUR/m2/month | Nodige huur per maand, ondergrens | lower bound
  rent_eur_m2_month | DECIMAL(18,2) | EUR/m2/month | Nodige huur per maand | a twelfth of it
  rent_high_eur_m2_month | DECIMAL(18,2) | EUR/m2/month | Nodige huur per maand, bovengrens | upper bound
  rent_ceiling_low_eur_m2_year | DECIMAL(18,2) | EUR/m2/year | Hoogste huur, ondergrens | lower bound
  rent_ceiling_eur_m2_year | DECIMAL(18,2) | EUR/m2/year | Hoogste huur | rent the market pays for a plain space of this use
  rent_ceiling_high_eur_m2_year | DECIMAL(18,2) | EUR/m2/year | Hoogste huur, bovengrens | upper bound
"""

from __future__ import annotations

import duckdb

from transforms.plan._bounds import bound, end
from transforms.plan._finance import FIGURES, INPUTS, RENTS, figures
from transforms.plan._swing import swings

_KEYS = ("building_id", "use")
_CASE = ("use", "condition", "heritage")
_CEILING = "rent_ceiling_eur_m2_year"
_PLACE = """
CREATE OR REPLACE TEMP TABLE planned_use AS
SELECT r.building_id, r.use, coalesce(c.class, 'unknown') AS condition, coalesce(h.class, 'unknown') AS heritage,
    CAST(round(z.floor_area_low_m2, 2) AS DECIMAL(18, 2)) AS gross_low_m2, CAST(round(z.floor_area_m2, 2) AS DECIMAL(18, 2)) AS gross_m2,
    CAST(round(z.floor_area_high_m2, 2) AS DECIMAL(18, 2)) AS gross_high_m2
FROM score.reuse AS r JOIN score.size AS z USING (building_id)
SEMI JOIN (SELECT building_id FROM score.shown WHERE audience = 'public') AS s ON s.building_id = r.building_id
LEFT JOIN (SELECT building_id, class FROM score.criterion WHERE criterion = 'condition') AS c ON c.building_id = r.building_id
LEFT JOIN (SELECT building_id, class FROM score.criterion WHERE criterion = 'heritage') AS h ON h.building_id = r.building_id
"""


def build(con: duckdb.DuckDBPyConnection) -> str:
    """Plan each building for each use; returns the query of the table."""
    case = ", ".join(_CASE)
    likely = ", ".join(f"any_value(likely) FILTER (input = '{name}') AS {name}" for name in INPUTS)
    ceiling = ", ".join(
        f"CAST(any_value({side or 'likely'}) FILTER (input = 'rent_ceiling') AS DECIMAL(18, 2)) AS {end(_CEILING, side)}"
        for side in ("low", "", "high")
    )
    con.execute(_PLACE)
    con.execute(
        f"CREATE OR REPLACE TEMP TABLE likely_case AS SELECT {case}, {likely}, {ceiling} FROM plan.input GROUP BY {case}"
    )
    con.execute(f"CREATE OR REPLACE TEMP TABLE case_swing AS {swings('plan.variant', _CASE)}")
    con.execute(f"CREATE OR REPLACE TEMP VIEW planned_part AS FROM planned_use JOIN likely_case USING ({case})")
    shown = ", ".join(column for name in FIGURES for column in _bounded(name))
    return f"""
        WITH figure AS ({figures("planned_part", _KEYS)}),
        standard AS (SELECT any_value(value) AS m2 FROM reference.plan_limit WHERE name = 'standard_m2')
        SELECT p.building_id, p.use, CASE WHEN p.gross_m2 IS NULL THEN 'floor_area' END AS unknown, p.condition, p.heritage, u.capacity_unit,
            l.level_low AS works_level_low, l.level AS works_level, l.level_high AS works_level_high,
            p.gross_low_m2, p.gross_m2, p.gross_high_m2, {shown},
            {", ".join(f"c.{end(_CEILING, side)}" for side in ("low", "", "high"))}
        FROM planned_use AS p JOIN figure AS f USING ({", ".join(_KEYS)}) CROSS JOIN standard AS n
        JOIN likely_case AS c USING ({case}) JOIN case_swing AS s USING ({case})
        JOIN reference.plan_level AS l USING (condition, heritage) JOIN reference.plan_use AS u USING (use)
    """


def _bounded(name: str) -> tuple[str, str, str]:
    """The figure between its bounds."""
    sides = []
    for side, way, moved in (
        ("low", "down", "p.gross_m2 - p.gross_low_m2"),
        ("high", "up", "p.gross_high_m2 - p.gross_m2"),
    ):
        if name in RENTS:  # the area cancels out: what a square metre asks is the same in a larger building
            swing = f"s.{name}_{way}"
        else:
            area = f"CAST(f.{name} AS DOUBLE) * CAST({moved} AS DOUBLE) / nullif(CAST(p.gross_m2 AS DOUBLE), 0)"
            swing = f"sqrt(pow(s.{name}_{way} * CAST(p.gross_m2 AS DOUBLE) / n.m2, 2) + pow({area}, 2))"
        sides.append(bound(name, side, f"f.{name}", swing))
    return sides[0], f"f.{name}", sides[1]
