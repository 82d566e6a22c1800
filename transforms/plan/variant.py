"""What a plan of a standard building comes to when one of its inputs is at its low or high, for each use, condition and heritage.

Every cost grows with the floor area, so how far a figure moves by a square metre, and the needed rent, are the same for all buildings
of a use, condition and heritage: a few thousand rows instead of some for each building.

inputs: plan.input, reference.plan_limit
key: use, condition, heritage, input, side
check: side IN ('likely', 'low', 'high')
code: plan/_finance.py, plan/_swing.py
columns:
  use | VARCHAR | - | Gebruik | use of the reuse matrix
  condition | VARCHAR | - | Toestand | class of the criterion, or unknown
  heritage | VARCHAR | - | Erfgoed | class of the criterion, or unknown
  input | VARCHAR | - | Gegeven | input that is not at its likely value; - where all are
  side | VARCHAR | - | Kant | low or high: where it is; likely
  let_m2 | DOUBLE | m2 | Verhuurd | usable floor that pays rent
  usable_m2 | DECIMAL(18,2) | m2 | Bruikbaar | usable floor area
  capacity | BIGINT | - | Capaciteit | people, workplaces or homes
  shares | BIGINT | - | Aandelen | shares to be found
  works_eur | DECIMAL(18,2) | EUR | Werken | works, with the surcharge for heritage
  fees_eur | DECIMAL(18,2) | EUR | Erelonen | fees and studies
  vat_eur | DECIMAL(18,2) | EUR | Btw | VAT on both
  acquisition_eur | DECIMAL(18,2) | EUR | Aankoop | price of the building, with transfer tax
  investment_eur | DECIMAL(18,2) | EUR | Investering | the four together
  own_capital_eur | DECIMAL(18,2) | EUR | Eigen kapitaal | part of the investment, and all of the bridging
  loan_eur | DECIMAL(18,2) | EUR | Lening | the rest of the investment
  annuity_eur_year | DECIMAL(18,2) | EUR/year | Annuiteit | twelve monthly payments of the loan
  bridging_eur | DECIMAL(18,2) | EUR | Overbrugging | interest and running costs until the first rent
  operating_eur_year | DECIMAL(18,2) | EUR/year | Lopende kosten | maintenance, insurance, property tax, management
  yearly_eur_year | DECIMAL(18,2) | EUR/year | Jaarlijkse kost | annuity, running costs, dividend
  rent_eur_m2_year | DECIMAL(18,2) | EUR/m2/year | Nodige huur | rent that pays for it, per usable m2 that is let
  rent_eur_m2_month | DECIMAL(18,2) | EUR/m2/month | Nodige huur per maand | a twelfth of it
"""

from __future__ import annotations

import duckdb

from transforms.plan._finance import figures
from transforms.plan._swing import varied

_KEYS = ("use", "condition", "heritage", "input", "side")
_STANDARD = """
CREATE OR REPLACE TEMP TABLE standard_building AS
SELECT DISTINCT i.use, i.condition, i.heritage, l.value AS gross_low_m2, l.value AS gross_m2, l.value AS gross_high_m2
FROM plan.input AS i CROSS JOIN reference.plan_limit AS l WHERE l.name = 'standard_m2'
"""


def build(con: duckdb.DuckDBPyConnection) -> str:
    """Plan the standard building; returns the query of the table."""
    con.execute(_STANDARD)
    con.execute(f"CREATE OR REPLACE TEMP TABLE varied_building AS {varied('standard_building')}")
    return figures("varied_building", _KEYS)
