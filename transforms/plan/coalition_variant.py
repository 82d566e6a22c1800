"""What the plan of a coalition comes to when one of its inputs is at its low or high; an input moves for all its uses at once.

A standard building would not do, as for one use: what stays empty depends on the size of this one.

inputs: plan.coalition_floor, plan.input
key: coalition_id, input, side
check: side IN ('likely', 'low', 'high')
code: plan/_coalition.py, plan/_finance.py, plan/_swing.py
columns:
  coalition_id | VARCHAR | - | Coalitie | coalition
  input | VARCHAR | - | Gegeven | input that is not at its likely value; - where all are
  side | VARCHAR | - | Kant | low or high: where it is; likely
  let_m2 | DOUBLE | m2 | Verhuurd | usable floor that pays rent: of what members take, by occupancy; 0 where nothing may be free
  capacity | BIGINT | - | Capaciteit | people, workplaces and homes added up, and room for them in what stays empty; shown by use only
  usable_m2 | DECIMAL(18,2) | m2 | Bruikbaar | usable floor area
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
  rent_eur_m2_year | DECIMAL(18,2) | EUR/m2/year | Nodige huur | rent that pays for it, per usable m2 that is let; null where none is
  rent_eur_m2_month | DECIMAL(18,2) | EUR/m2/month | Nodige huur per maand | a twelfth of it
"""

from __future__ import annotations

import duckdb

from transforms.plan._coalition import vary_coalitions
from transforms.plan._finance import figures


def build(con: duckdb.DuckDBPyConnection) -> str:
    """Plan each coalition; returns the query of the table."""
    return figures(vary_coalitions(con), ("coalition_id", "input", "side"))
