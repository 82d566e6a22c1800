"""Place of each shown building by priority, and between which places it stays when every weight is drawn again.

inputs: score.shown, score.underuse, score.underuse_part, score.type, score.atypicality_part, score.reuse, score.reuse_part,
  score.reuse_level, score.priority_part,
  reference.evidence_kind, reference.parameter
key: audience, building_id
check: rank_low <= rank_high AND rank_low >= 1
code: score/_rank_draws.py
columns:
  audience | VARCHAR | - | Doelgroep | public or city
  building_id | VARCHAR | - | Gebouw | building
  rank | INTEGER | - | Rang | place by priority, 1 is first; equal ones by id
  rank_low | INTEGER | - | Rang, hoogste plaats | best place in four of five draws: the 10% quantile of the places
  rank_high | INTEGER | - | Rang, laagste plaats | worst place in four of five draws: the 90% quantile
  is_stable | BOOLEAN | - | Vaste rang | the interval is no wider than the stated share of the list
"""

from __future__ import annotations

import duckdb
import numpy as np

# pyarrow itself re-exports these without saying so, which a strict type checker does not accept.
import pyarrow.lib as pa

from transforms.score._rank_draws import Draws, drawn_scores

_ROWS = """
CREATE OR REPLACE TEMP TABLE ranked_row AS
SELECT audience, building_id, row_number() OVER (PARTITION BY audience ORDER BY building_id) - 1 AS place,
    row_number() OVER (PARTITION BY audience ORDER BY score DESC, building_id) AS rank
FROM (
    SELECT s.audience, s.building_id, coalesce(sum(p.value), 0) AS score
    FROM score.shown AS s LEFT JOIN score.priority_part AS p USING (audience, building_id) GROUP BY ALL
)
"""
_CHUNK = 20_000


def build(con: duckdb.DuckDBPyConnection) -> str:
    """Rank under drawn weights; returns the query of the table."""
    con.execute(_ROWS)
    draws = Draws.read(con)
    for audience in ("public", "city"):
        query = f"SELECT count(*) FROM ranked_row WHERE audience = '{audience}'"
        count = (con.execute(query).fetchone() or (0,))[0]
        score = np.empty((count, draws.count), dtype=np.float32)
        for first in range(0, count, _CHUNK):
            last = min(first + _CHUNK, count)
            score[first:last] = drawn_scores(con, draws, audience, first, last)
        place = np.empty_like(score, dtype=np.int32)
        for number in range(draws.count):
            # Equal scores keep the order of the rows, which is that of the ids.
            order = np.argsort(-score[:, number], kind="stable")
            place[order, number] = np.arange(1, count + 1, dtype=np.int32)
        low, high = np.quantile(place, [0.1, 0.9], axis=1, method="inverted_cdf") if count else ([], [])
        con.register(
            "drawn", pa.table({"place": pa.array(np.arange(count)), "low": pa.array(low), "high": pa.array(high)})
        )
        target = "CREATE OR REPLACE TEMP TABLE ranked AS" if audience == "public" else "INSERT INTO ranked"
        con.execute(
            f"{target} SELECT '{audience}' AS audience, place, low::INTEGER AS low, high::INTEGER AS high FROM drawn"
        )
        con.unregister("drawn")
    return """
        SELECT r.audience, r.building_id, CAST(r.rank AS INTEGER) AS rank, least(d.low, r.rank)::INTEGER AS rank_low,
            greatest(d.high, r.rank)::INTEGER AS rank_high,
            d.high - d.low <= param('rank_stable_share') * count(*) OVER (PARTITION BY r.audience) AS is_stable
        FROM ranked_row AS r JOIN ranked AS d USING (audience, place)
    """
