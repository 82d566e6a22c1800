"""Who could be where: for each request the best supplies, for each supply the best requests, and how many each condition excludes.

Only what changed since the last run is judged again; what that was is in match.known_request and match.known_supply. The rows are the
same as when everything is judged.

inputs: match.request, match.offered, reference.reuse_use.use, reference.match_part, reference.match_limit
key: row_id
check: (supply_id IS NULL) = (reason IS NOT NULL)
check: middle BETWEEN 0 AND 100
check: abs(middle - asked_share * (low + high) / 2 - (1 - asked_share) * 50) < 0.0001
check: score BETWEEN 0 AND 100.001
code: match/_*.py
columns:
  row_id | VARCHAR | - | Rij | request, and supply or reason
  request_id | VARCHAR | - | Zoekertje | advert that asks
  supply_kind | VARCHAR | - | Soort | building or offer
  supply_id | VARCHAR | - | Aanbod | building, or advert that offers; null in a row that counts
  use | VARCHAR | - | Gebruik | the wanted use that suits best of those that can be
  middle | DECIMAL(9,6) | points | Midden | what pairs are ranked by: middle of the bounds of the score, what was not asked for counting half
  score | DOUBLE | points | Score | 0..100 by what is known; null where nothing is
  low | DOUBLE | points | Ondergrens | when everything unknown turns out worst
  high | DOUBLE | points | Bovengrens | when everything unknown turns out best
  asked_share | DOUBLE | - | Deel gevraagd | weight of the parts that were asked for, of all weights
  distance_m | DOUBLE | m | Afstand | from the point that was named; null where none was
  use_part | DOUBLE | - | Deel gebruik | how well the use suits, 0..1; of each part null: not asked for, or not known
  size_part | DOUBLE | - | Deel grootte | how well the likely area fits
  place_part | DOUBLE | - | Deel plaats | 1 at the point that was named, 0.5 at the edge
  budget_part | DOUBLE | - | Deel budget | 0.25 for the lowest rent that may do, 0.75 for the likely one
  time_part | DOUBLE | - | Deel duur | how well so long a use bears the works
  free_part | DOUBLE | - | Deel leeg | middle of the share that is empty
  atypical_part | DOUBLE | - | Deel atypisch | how well the building is what was wished for
  request_place | INTEGER | - | Plaats bij het zoekertje | place among the supplies of the request; null if it is only in the other list
  supply_place | INTEGER | - | Plaats bij het aanbod | place among the requests of the supply; null if it is only in the other list
  reason | VARCHAR | - | Reden | in a row that counts: the first condition that was not met, or `can be`
  supply_count | BIGINT | - | Aantal | in a row that counts: how many supplies of the kind
"""

from __future__ import annotations

import duckdb
import numpy as np

# pyarrow itself re-exports these without saying so, which a strict type checker does not accept.
import pyarrow.lib as pa

from transforms.match._before import method_hash, read_before
from transforms.match._detail import detail
from transforms.match._judge import REASONS
from transforms.match._lists import BestPairs
from transforms.match._parts import PARTS
from transforms.match._read import read_requests, read_supplies
from transforms.match._rounds import go_on, go_round

CAN_BE = "can be"
_COLUMNS = ("score", "low", "high", "asked_share", "distance_m", *(f"{name}_part" for name in PARTS))
_DETAIL = ", ".join(_COLUMNS)
_NOTHING = ", ".join(["NULL"] * len(_COLUMNS))


def build(con: duckdb.DuckDBPyConnection) -> str:
    """Judge what changed and keep the rest; returns the query of the table."""
    uses = [row[0] for row in con.execute("SELECT use FROM reference.reuse_use ORDER BY use").fetchall()]
    weights = dict(con.execute("SELECT part, weight FROM reference.match_part").fetchall())
    limits = dict(con.execute("SELECT name, value FROM reference.match_limit").fetchall())
    lengths = int(limits["per_request"]), int(limits["per_supply"])
    request_ids, request_marks, requests = read_requests(con, uses, limits["size_under"], limits["size_over"])
    con.execute(f"CREATE OR REPLACE TEMP TABLE match_method AS SELECT '{method_hash(con)}' AS method")
    parts = []
    for kind in ("building", "offer"):
        supply_ids, supply_marks, supplies = read_supplies(con, "match.offered", kind, uses)
        best = BestPairs(len(requests), len(supplies), *lengths)
        before = read_before(con, kind, uses, (request_ids, request_marks), (supply_ids, supply_marks), lengths)
        if before is None:
            counts = go_round(requests, supplies, weights, best)
        else:
            counts = go_on(requests, supplies, weights, best, before)
        pairs, request_place, supply_place = best.ranked()
        told = detail(requests, supplies, pairs, weights)
        can_be = len(supplies) - counts.sum(axis=1)
        con.register(
            "judged_pair",
            pa.table(
                {
                    "request_id": pa.array(request_ids[pairs.request], pa.string()),
                    "supply_id": pa.array(supply_ids[pairs.supply], pa.string()),
                    "use": pa.array(np.array(uses, dtype=object)[pairs.use], pa.string()),
                    "middle": pairs.middle,
                    **{name: pa.array(values, from_pandas=True) for name, values in told.items()},
                    "request_place": request_place,
                    "supply_place": supply_place,
                }
            ),
        )
        every = np.column_stack([counts, can_be])
        con.register(
            "judged_count",
            pa.table(
                {
                    "request_id": pa.array(np.repeat(request_ids, every.shape[1]), pa.string()),
                    "reason": pa.array([*REASONS, CAN_BE] * len(requests), pa.string()),
                    "supply_count": every.ravel(),
                }
            ),
        )
        name = f"pair_{kind}"
        con.execute(f"""
            CREATE OR REPLACE TEMP TABLE {name} AS
            SELECT request_id || ' {kind} ' || supply_id AS row_id, request_id, '{kind}' AS supply_kind, supply_id::VARCHAR AS supply_id,
                use::VARCHAR AS use, middle::DECIMAL(9, 6) AS middle, {_DETAIL}, nullif(request_place, 0)::INTEGER AS request_place,
                nullif(supply_place, 0)::INTEGER AS supply_place, CAST(NULL AS VARCHAR) AS reason, CAST(NULL AS BIGINT) AS supply_count
            FROM judged_pair
            UNION ALL
            SELECT request_id || ' {kind}: ' || reason, request_id, '{kind}', NULL, NULL, NULL, {_NOTHING}, NULL, NULL, reason, supply_count
            FROM judged_count WHERE supply_count > 0""")
        con.unregister("judged_pair")
        con.unregister("judged_count")
        parts.append(f"SELECT * FROM {name}")
    return " UNION ALL ".join(parts)
