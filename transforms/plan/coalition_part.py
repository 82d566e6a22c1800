"""Room of each use in a coalition, and of what stays empty: usable floor and what fits in it, with bounds.

inputs: match.coalition_member, plan.coalition_floor, plan.input, reference.plan_use
key: coalition_id, use
check: usable_low_m2 <= usable_m2 AND usable_m2 <= usable_high_m2 AND usable_low_m2 >= 0
check: capacity_low <= capacity AND capacity <= capacity_high AND capacity_low >= 0
check: (use = '-') = (capacity IS NULL)
check: (use = '-') = (member_count = 0)
code: plan/_bounds.py, plan/_coalition.py, plan/_finance.py, plan/_swing.py
columns:
  coalition_id | VARCHAR | - | Coalitie | coalition
  use | VARCHAR | - | Gebruik | use of the reuse matrix; - for what no member takes
  member_count | BIGINT | - | Leden | members in it
  filled_m2 | DECIMAL(18,2) | m2 | Gevraagd | usable area they take
  let_m2 | DECIMAL(18,2) | m2 | Verhuurd | usable area that pays rent, over the years
  usable_low_m2 | DECIMAL(18,2) | m2 | Bruikbare vloer, ondergrens | lower bound
  usable_m2 | DECIMAL(18,2) | m2 | Bruikbare vloer | usable floor area
  usable_high_m2 | DECIMAL(18,2) | m2 | Bruikbare vloer, bovengrens | upper bound
  capacity_unit | VARCHAR | - | Eenheid | person, workplace or home; null for what no member takes
  capacity_low | BIGINT | - | Capaciteit, ondergrens | lower bound
  capacity | BIGINT | - | Capaciteit | what fits in it, in capacity_unit, rounded down; null for what no member takes
  capacity_high | BIGINT | - | Capaciteit, bovengrens | upper bound
"""

from __future__ import annotations

import duckdb

from transforms.plan._bounds import bounded
from transforms.plan._coalition import vary_coalitions
from transforms.plan._finance import figures
from transforms.plan._swing import swings

_KEYS = ("coalition_id", "use")
# What moves how much room there is, and for how many.
_MOVED = "side = 'likely' OR input IN ('floor_area', 'usable_share', 'space_each')"


def build(con: duckdb.DuckDBPyConnection) -> str:
    """Room by use; returns the query of the table."""
    con.execute(f"""
        CREATE OR REPLACE TEMP TABLE coalition_room AS
        SELECT * REPLACE (CASE WHEN is_empty THEN '-' ELSE use END AS use) FROM {vary_coalitions(con, _MOVED)}
    """)
    con.execute(f"CREATE OR REPLACE TEMP TABLE coalition_use AS {figures('coalition_room', (*_KEYS, 'input', 'side'))}")
    return f"""
        WITH f AS (SELECT * FROM coalition_use WHERE side = 'likely'),
        s AS ({swings("coalition_use", _KEYS)}),
        m AS (SELECT coalition_id, use, count(*) AS members, sum(area_m2) AS area_m2 FROM match.coalition_member GROUP BY ALL),
        room AS (SELECT {", ".join(f"f.{key}" for key in _KEYS)}, f.let_m2, {bounded("usable_m2")}, {bounded("capacity")} FROM f JOIN s USING ({", ".join(_KEYS)}))
        SELECT r.coalition_id, r.use, coalesce(m.members, 0) AS member_count, CAST(coalesce(m.area_m2, 0) AS DECIMAL(18, 2)) AS filled_m2,
            CAST(round(r.let_m2, 2) AS DECIMAL(18, 2)) AS let_m2, r.usable_low_m2, r.usable_m2, r.usable_high_m2, u.capacity_unit,
            CASE WHEN u.use IS NOT NULL THEN r.capacity_low END AS capacity_low, CASE WHEN u.use IS NOT NULL THEN r.capacity END AS capacity,
            CASE WHEN u.use IS NOT NULL THEN r.capacity_high END AS capacity_high
        FROM room AS r LEFT JOIN m ON m.coalition_id = r.coalition_id AND m.use = r.use LEFT JOIN reference.plan_use AS u ON u.use = r.use
    """
