"""Which OSM outline is which official building: as decided by hand, by the reference OSM states, else by the matcher.

inputs: staging.footprint, reference.decision
key: left_id, right_id
check: score BETWEEN 0 AND 1
check: share_left BETWEEN 0 AND 1 AND share_right BETWEEN 0 AND 1
code: match/footprint*
columns:
  left_id | VARCHAR | - | OSM-gebouw | OSM footprint
  right_id | VARCHAR | - | Officieel gebouw | official footprint
  feed | VARCHAR | - | Gegevensstroom | feed of the OSM footprint
  source_row | VARCHAR | - | Bronrij | row of the OSM footprint
  relation | VARCHAR | - | Verhouding | 1:1, 1:n, n:1 or n:m, by what the matcher found; null for a reference or decision it did not find
  method | VARCHAR | - | Methode | decided by hand, reference, or the matcher's own
  score | DOUBLE | - | Zekerheid | 1 for a decision and for a reference that overlaps, else the matcher's
  reasons | VARCHAR | - | Redenen | why they are one building
  share_left | DOUBLE | - | Aandeel links | shared area over the OSM footprint, as drawn
  share_right | DOUBLE | - | Aandeel rechts | shared area over the official footprint, as drawn
"""

from __future__ import annotations

import duckdb

from transforms.match.footprint import match_footprints

_QUERY = """
WITH outline AS (
    SELECT footprint_id, feed, source_row, official_id, footprint_m2, geom FROM staging.footprint WHERE NOT is_official
),
official AS (
    SELECT footprint_id, footprint_m2, geom FROM staging.footprint WHERE is_official
),
reference AS (
    -- OSM says from which building it was drawn. One that was rebuilt elsewhere no longer lies under it.
    SELECT o.footprint_id AS left_id, g.footprint_id AS right_id
    FROM outline AS o JOIN official AS g ON g.footprint_id = o.official_id
    WHERE shared_area(o.geom, g.geom) > 0
),
said AS (
    SELECT left_id, right_id, 'decided by hand' AS method, 1.0 AS score, 'decided by ' || decided_by AS reasons
    FROM reference.decision WHERE verdict = 'same'
    UNION ALL
    SELECT left_id, right_id, 'reference', 1.0, 'source:geometry:ref names it' FROM reference
    WHERE left_id NOT IN (SELECT left_id FROM reference.decision WHERE verdict = 'same')
    UNION ALL
    SELECT left_id, right_id, method, score, reasons FROM footprint_pair
    -- A statement about an outline wins over what was found for it. A house that merely touches a matched block, or resembles one
    -- nearby, or overlaps it by a strip, may be the same building in a data set that is drawn with less care; here it is one the
    -- authority has not drawn, and leaving it out would lose it.
    WHERE method = 'overlap' AND score >= 0.3 AND left_id NOT IN (SELECT left_id FROM reference)
        AND left_id NOT IN (SELECT left_id FROM reference.decision WHERE verdict = 'same')
),
kept AS (
    SELECT s.* FROM said AS s ANTI JOIN (SELECT left_id, right_id FROM reference.decision WHERE verdict = 'different') USING (left_id, right_id)
),
pair AS (
    SELECT k.left_id, k.right_id, o.feed, o.source_row, p.relation, k.method, CAST(k.score AS DOUBLE) AS score, k.reasons,
        shared_area(o.geom, g.geom) AS shared_m2, o.footprint_m2 AS left_m2, g.footprint_m2 AS right_m2
    FROM kept AS k
    JOIN outline AS o ON o.footprint_id = k.left_id
    JOIN official AS g ON g.footprint_id = k.right_id
    LEFT JOIN footprint_pair AS p ON p.left_id = k.left_id AND p.right_id = k.right_id
)
SELECT left_id, right_id, feed, source_row, relation, method, score, reasons,
    least(1, shared_m2 / left_m2) AS share_left, least(1, shared_m2 / right_m2) AS share_right,
    CAST(NULL AS VARCHAR) AS reject_reason, CAST(NULL AS VARCHAR) AS reject_column, CAST(NULL AS VARCHAR) AS reject_value
FROM pair
UNION ALL BY NAME
-- Only outlines that have a candidate or name one: an outline alone in the field is simply a building of its own.
SELECT o.footprint_id AS left_id, coalesce(r.best_id, o.official_id) AS right_id, o.feed, o.source_row,
    CASE WHEN o.official_id IS NOT NULL THEN 'the official building it names does not lie under it; ' ELSE '' END
        || coalesce(r.reason, 'no candidate') AS reject_reason,
    'geom' AS reject_column, concat_ws(' ', coalesce(r.best_id, o.official_id), round(r.best_score, 2)) AS reject_value
FROM outline AS o
LEFT JOIN (
    SELECT id, reason, best_id, best_score FROM footprint_refusal WHERE side = 'left'
    UNION ALL
    SELECT left_id, 'only touches, resembles or grazes an official building', arg_max(right_id, (score, right_id)), max(score)
    FROM footprint_pair GROUP BY left_id HAVING left_id NOT IN (SELECT left_id FROM pair)
) AS r ON r.id = o.footprint_id
WHERE o.footprint_id NOT IN (SELECT left_id FROM pair) AND EXISTS (SELECT 1 FROM official)
    AND (r.best_id IS NOT NULL OR o.official_id IS NOT NULL)
"""


def build(con: duckdb.DuckDBPyConnection) -> str:
    """Run the matcher on the outlines of both sides; the query adds statements and decisions."""
    for side, condition in (("outline", "NOT is_official"), ("official", "is_official")):
        con.execute(
            f"CREATE OR REPLACE TEMP VIEW match_{side} AS SELECT footprint_id AS id, geom FROM staging.footprint WHERE {condition}"
        )
    match_footprints(con, "match_outline", "match_official")
    return _QUERY
