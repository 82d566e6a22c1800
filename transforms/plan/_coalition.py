"""What the plan of a coalition is made of: floor by use, with what stays empty, and the inputs it moves with."""

from __future__ import annotations

import duckdb

from transforms.plan._swing import varied

_CASES = """
CREATE OR REPLACE TEMP TABLE coalition_input AS
SELECT i.* FROM plan.input AS i SEMI JOIN plan.coalition_floor AS f ON (f.use, f.condition, f.heritage) = (i.use, i.condition, i.heritage)
"""


def vary_coalitions(con: duckdb.DuckDBPyConnection, moved: str = "true") -> str:
    """Parts with their inputs: plan.coalition_floor as it likely is, and with each input at its low and high.

    Args:
        con: warehouse.
        moved: condition on `input` and `side`: which of those rows are wanted.

    Returns:
        Name of a temporary table.
    """
    con.execute(_CASES)
    con.execute(f"""
        CREATE OR REPLACE TEMP TABLE varied_coalition AS
        SELECT * REPLACE (CASE WHEN is_empty THEN 0 ELSE occupancy END AS occupancy)
        FROM ({varied("plan.coalition_floor", "coalition_input")}) WHERE {moved}
    """)
    return "varied_coalition"
