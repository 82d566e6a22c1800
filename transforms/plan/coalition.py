"""A plan in outline for each coalition: what it costs, how a cooperative pays for it, and the one rent that asks of all members.

For what is free in the building, with what no member takes (`plan.coalition_floor`). The uses share one loan. Bounds are made as those of
`plan.scenario`, but that a building of another size moves the needed rent too: members take no more of it than they asked for.

inputs: match.coalition, match.supply, plan.coalition_floor, plan.coalition_variant, plan.coalition_part, plan.input, reference.plan_level
key: coalition_id
check: rent_eur_m2_year > 0
check: usable_low_m2 <= usable_m2 AND usable_m2 <= usable_high_m2 AND usable_low_m2 >= 0
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
  coalition_id | VARCHAR | - | Coalitie | coalition
  building_id | VARCHAR | - | Gebouw | building
  place | INTEGER | - | Plaats | its place among the coalitions of the building
  member_count | BIGINT | - | Leden | parties in it
  uses | VARCHAR[] | - | Gebruiken | what they do in it
  fill_share | DOUBLE | - | Aandeel gevuld | share of what is free that they likely take
  free_low | DOUBLE | - | Leeg deel, laagste | smallest share of the building that is free; null where nobody says, and all of it is planned for
  free_high | DOUBLE | - | Leeg deel, hoogste | largest share that is free; the plan takes the middle
  condition | VARCHAR | - | Toestand | good, fair, poor or unknown
  heritage | VARCHAR | - | Erfgoed | monument, listed, area, none or unknown
  works_level_low | VARCHAR | - | Werken, lichtste | lightest level that may do: light, medium or heavy
  works_level | VARCHAR | - | Werken, niveau | likely level
  works_level_high | VARCHAR | - | Werken, zwaarste | heaviest level that may be needed
  gross_low_m2 | DECIMAL(18,2) | m2 | Vloer, ondergrens | gross floor area of what is free, lower bound
  gross_m2 | DECIMAL(18,2) | m2 | Vloer | gross floor area of what is free, with what stays empty
  gross_high_m2 | DECIMAL(18,2) | m2 | Vloer, bovengrens | upper bound
  usable_low_m2 | DECIMAL(18,2) | m2 | Bruikbare vloer, ondergrens | lower bound; bounds hold in four of five cases
  usable_m2 | DECIMAL(18,2) | m2 | Bruikbare vloer | usable floor area
  usable_high_m2 | DECIMAL(18,2) | m2 | Bruikbare vloer, bovengrens | upper bound
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
  rent_eur_m2_year | DECIMAL(18,2) | EUR/m2/year | Nodige huur per jaar | rent that covers the yearly cost, per usable m2 that a member takes and pays for; one for all uses
  rent_high_eur_m2_year | DECIMAL(18,2) | EUR/m2/year | Nodige huur per jaar, bovengrens | upper bound
  rent_low_eur_m2_month | DECIMAL(18,2) | EUR/m2/month | Nodige huur per maand, ondergrens | lower bound
  rent_eur_m2_month | DECIMAL(18,2) | EUR/m2/month | Nodige huur per maand | a twelfth of it
  rent_high_eur_m2_month | DECIMAL(18,2) | EUR/m2/month | Nodige huur per maand, bovengrens | upper bound
  rent_ceiling_low_eur_m2_year | DECIMAL(18,2) | EUR/m2/year | Hoogste huur, ondergrens | lower bound
  rent_ceiling_eur_m2_year | DECIMAL(18,2) | EUR/m2/year | Hoogste huur | rent the market pays for plain spaces of these uses, mean by the area that is let
  rent_ceiling_high_eur_m2_year | DECIMAL(18,2) | EUR/m2/year | Hoogste huur, bovengrens | upper bound
"""

from __future__ import annotations

import duckdb

from transforms.plan._bounds import bounded, end
from transforms.plan._finance import FIGURES
from transforms.plan._swing import swings

_KEY = ("coalition_id",)
# People, homes and workplaces are no sum: they are in plan.coalition_part.
_SHOWN = tuple(name for name in FIGURES if name != "capacity")
_CEILING = "rent_ceiling_eur_m2_year"


def build(con: duckdb.DuckDBPyConnection) -> str:
    """Bound the figures of each coalition; returns the query of the table."""
    del con
    shown = ", ".join(bounded(name) for name in _SHOWN)
    ceiling = ", ".join(
        f"CAST(sum(p.let_m2 * i.{side or 'likely'}) / sum(p.let_m2) AS DECIMAL(18, 2)) AS {end(_CEILING, side)}"
        for side in ("low", "", "high")
    )
    floor = ", ".join(
        f"CAST(sum(gross{side}_m2) AS DECIMAL(18, 2)) AS gross{side}_m2" for side in ("_low", "", "_high")
    )
    return f"""
        WITH place AS (
            SELECT coalition_id, any_value(condition) AS condition, any_value(heritage) AS heritage, {floor}
            FROM plan.coalition_floor GROUP BY coalition_id
        ),
        likely AS (SELECT * FROM plan.coalition_variant WHERE side = 'likely'),
        market AS (
            SELECT p.coalition_id, {ceiling}
            FROM plan.coalition_part AS p JOIN place AS l USING (coalition_id)
            JOIN plan.input AS i ON i.use = p.use AND i.condition = l.condition AND i.heritage = l.heritage AND i.input = 'rent_ceiling'
            GROUP BY p.coalition_id
        ),
        swing AS ({swings("plan.coalition_variant", _KEY)})
        SELECT c.coalition_id, c.building_id, c.place, c.member_count, c.uses, c.fill_share, b.free_low, b.free_high, l.condition, l.heritage,
            v.level_low AS works_level_low, v.level AS works_level, v.level_high AS works_level_high,
            l.gross_low_m2, l.gross_m2, l.gross_high_m2, {shown}, m.* EXCLUDE (coalition_id)
        FROM match.coalition AS c JOIN place AS l USING (coalition_id) JOIN likely AS f USING (coalition_id) JOIN swing AS s USING (coalition_id)
        JOIN market AS m USING (coalition_id) JOIN match.supply AS b ON b.supply_kind = 'building' AND b.supply_id = c.building_id
        JOIN reference.plan_level AS v ON v.condition = l.condition AND v.heritage = l.heritage
    """
