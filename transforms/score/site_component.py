"""Which buildings hang together by their ties, for both audiences. A building whose every tie was refused stays, alone.

inputs: score.site_tie, core.building, reference.parameter
key: building_id
check: score BETWEEN 0 AND 1
code: linkage/component.py
columns:
  building_id | VARCHAR | - | Gebouw | building with at least one tie
  component_id | VARCHAR | - | Groep | smallest building_id of those that hang together; null where every tie was refused
  methods | VARCHAR | - | Methodes | what ties it, the surest first; null where every tie was refused
  score | DOUBLE | - | Zekerheid | of its surest tie
  refusals | VARCHAR | - | Weigeringen | ties of it that do not count, and why; null where all do
"""

from __future__ import annotations

import duckdb
import numpy as np
import pyarrow as pa

from transforms.linkage.component import bounded_components

_NODES = """
CREATE OR REPLACE TEMP TABLE site_node AS
SELECT b.building_id, row_number() OVER (ORDER BY b.building_id) - 1 AS place,
    ST_XMin(b.geom) AS x0, ST_YMin(b.geom) AS y0, ST_XMax(b.geom) AS x1, ST_YMax(b.geom) AS y1
FROM core.building AS b
SEMI JOIN (SELECT building_id FROM score.site_tie UNION SELECT other_id FROM score.site_tie) USING (building_id)
ORDER BY place
"""
_TIES = """
SELECT l.place AS l, r.place AS r, t.score
FROM score.site_tie AS t
JOIN site_node AS l ON l.building_id = t.building_id JOIN site_node AS r ON r.building_id = t.other_id
WHERE t.refusal IS NULL
ORDER BY t.building_id, t.other_id, t.method
"""
_QUERY = """
WITH judged AS (
    SELECT t.*, l.place AS l, r.place AS r, coalesce(t.refusal, CASE WHEN k.l IS NULL THEN 'the site would be too large' END) AS reason
    FROM score.site_tie AS t
    JOIN site_node AS l ON l.building_id = t.building_id JOIN site_node AS r ON r.building_id = t.other_id
    LEFT JOIN site_kept AS k ON k.l = l.place AND k.r = r.place AND k.score = t.score
),
end_of AS (
    SELECT building_id, method, score, reason FROM judged UNION ALL SELECT other_id, method, score, reason FROM judged
),
said AS (
    SELECT building_id,
        string_agg(method, '; ' ORDER BY score DESC, method) FILTER (reason IS NULL) AS methods,
        string_agg(method || ': ' || reason, '; ' ORDER BY score DESC, method, reason) FILTER (reason IS NOT NULL) AS refusals,
        max(score) FILTER (reason IS NULL) AS score
    FROM (SELECT DISTINCT building_id, method, score, reason FROM end_of)
    GROUP BY building_id
)
SELECT n.building_id, CASE WHEN s.methods IS NOT NULL THEN c.building_id END AS component_id, s.methods, s.score, s.refusals
FROM site_node AS n JOIN site_label AS a USING (place) JOIN site_node AS c ON c.place = a.label JOIN said AS s ON s.building_id = n.building_id
"""


def build(con: duckdb.DuckDBPyConnection) -> str:
    """Find the components of the ties that count; the query says what ties each building."""
    con.execute(_NODES)
    nodes = con.execute("SELECT x0, y0, x1, y1 FROM site_node ORDER BY place").fetchnumpy()
    boxes = np.column_stack([np.asarray(nodes[name], dtype=np.float64) for name in ("x0", "y0", "x1", "y1")])
    ties = con.execute(_TIES).fetchnumpy()
    left, right = (np.asarray(ties[end], dtype=np.int64) for end in ("l", "r"))
    score = np.asarray(ties["score"], dtype=np.float64)
    limits = con.execute(
        "SELECT CAST(param('site_members_max') AS DOUBLE), CAST(param('site_extent_max_m') AS DOUBLE)"
    ).fetchone()
    assert limits is not None
    label, kept = bounded_components(boxes, left, right, score, *limits)
    found = {
        "site_label": pa.table({"place": np.arange(len(label)), "label": label}),
        "site_kept": pa.table({"l": left[kept], "r": right[kept], "score": score[kept]}),
    }
    for name, table in found.items():
        con.register("incoming_site", table)
        con.execute(f"CREATE OR REPLACE TEMP TABLE {name} AS SELECT DISTINCT * FROM incoming_site")
        con.unregister("incoming_site")
    return _QUERY
