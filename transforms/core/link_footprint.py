"""Which OSM outline is which official building: as decided by hand, by the reference OSM states, else by the matcher.

A reference to one building from an outline that lies on another for four fifths is refused with both; the overlap holds.

inputs: staging.footprint, reference.decision
key: left_id, right_id
check: score BETWEEN 0 AND 1
check: share_left BETWEEN 0 AND 1 AND share_right BETWEEN 0 AND 1
code: linkage/footprint*
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

from transforms.linkage.footprint import match_footprints

_QUERY = """
WITH outline AS (
    SELECT footprint_id, feed, source_row, official_id, footprint_m2, geom FROM staging.footprint WHERE NOT is_official
),
official AS (
    SELECT footprint_id, footprint_m2, geom FROM staging.footprint WHERE is_official
),
apart AS (
    SELECT left_id, right_id FROM reference.decision WHERE verdict = 'different'
),
named AS MATERIALIZED (
    -- OSM says from which building it was drawn, if nobody has decided otherwise.
    SELECT o.footprint_id AS left_id, o.official_id AS right_id, g.footprint_id IS NOT NULL AS is_there,
        coalesce(shared_area(o.geom, g.geom), 0) / o.footprint_m2 AS share
    FROM outline AS o LEFT JOIN official AS g ON g.footprint_id = o.official_id
    WHERE o.official_id IS NOT NULL AND o.footprint_id NOT IN (SELECT left_id FROM reference.decision WHERE verdict = 'same')
        AND NOT EXISTS (FROM apart AS d WHERE d.left_id = o.footprint_id AND d.right_id = o.official_id)
),
covered AS (
    -- The other building that lies under nearly all of the outline, where the matcher too takes the two for one.
    SELECT p.left_id, p.right_id, shared_area(o.geom, g.geom) / o.footprint_m2 AS share
    FROM footprint_pair AS p
    JOIN named AS n ON n.left_id = p.left_id AND n.right_id <> p.right_id
    JOIN outline AS o ON o.footprint_id = p.left_id
    JOIN official AS g ON g.footprint_id = p.right_id
    WHERE p.method = 'overlap' AND p.score >= 0.3 AND shared_area(o.geom, g.geom) >= 0.8 * o.footprint_m2
        AND NOT EXISTS (FROM apart AS d WHERE d.left_id = p.left_id AND d.right_id = p.right_id)
    QUALIFY row_number() OVER (PARTITION BY p.left_id ORDER BY share DESC, p.right_id) = 1
),
judged AS MATERIALIZED (
    -- What was drawn counts for more than what was written: a building rebuilt elsewhere, or a neighbour's id, is not under it.
    SELECT n.*, c.right_id AS covered_by, c.share AS covered_share,
        CASE WHEN NOT n.is_there THEN 'the official building it names is not there'
             WHEN n.share < 0.8 AND c.share IS NOT NULL THEN 'reference disagrees with overlap'
             WHEN n.share = 0 THEN 'the official building it names does not lie under it' END AS problem
    FROM named AS n LEFT JOIN covered AS c USING (left_id)
),
reference AS (
    SELECT left_id, right_id FROM judged WHERE problem IS NULL
),
said AS (
    SELECT left_id, right_id, 'decided by hand' AS method, 1.0 AS score, 'decided by ' || decided_by AS reasons
    FROM reference.decision WHERE verdict = 'same'
    UNION ALL
    SELECT left_id, right_id, 'reference', 1.0, 'source:geometry:ref names it' FROM reference
    UNION ALL
    SELECT left_id, right_id, method, score, reasons FROM footprint_pair
    -- A statement about an outline wins over what was found for it. A house that merely touches a matched block, or resembles one
    -- nearby, or overlaps it by a strip, may be the same building in a data set that is drawn with less care; here it is one the
    -- authority has not drawn, and leaving it out would lose it.
    WHERE method = 'overlap' AND score >= 0.3 AND left_id NOT IN (SELECT left_id FROM reference)
        AND left_id NOT IN (SELECT left_id FROM reference.decision WHERE verdict = 'same')
),
kept AS (
    SELECT s.* FROM said AS s ANTI JOIN apart USING (left_id, right_id)
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
-- A reference that was not followed, whatever became of the outline: with the building it names and the one that lies there.
SELECT j.left_id, j.right_id, o.feed, o.source_row, j.problem AS reject_reason, 'official_id' AS reject_column,
    concat_ws(', ', format('names {} ({:.2f})', j.right_id, j.share), format('lies on {} ({:.2f})', j.covered_by, j.covered_share))
        AS reject_value
FROM judged AS j JOIN outline AS o ON o.footprint_id = j.left_id
WHERE j.problem IS NOT NULL AND EXISTS (FROM official)
UNION ALL BY NAME
-- Only outlines that have a candidate: an outline alone in the field is simply a building of its own.
SELECT o.footprint_id AS left_id, r.best_id AS right_id, o.feed, o.source_row,
    r.reason AS reject_reason, 'geom' AS reject_column, concat_ws(' ', r.best_id, round(r.best_score, 2)) AS reject_value
FROM outline AS o
JOIN (
    SELECT id, reason, best_id, best_score FROM footprint_refusal WHERE side = 'left'
    UNION ALL
    SELECT left_id, 'only touches, resembles or grazes an official building', arg_max(right_id, (score, right_id)), max(score)
    FROM footprint_pair GROUP BY left_id HAVING left_id NOT IN (SELECT left_id FROM pair)
) AS r ON r.id = o.footprint_id
WHERE o.footprint_id NOT IN (SELECT left_id FROM pair) AND r.best_id IS NOT NULL
"""


def build(con: duckdb.DuckDBPyConnection) -> str:
    """Run the matcher on the outlines of both sides; the query adds statements and decisions."""
    for side, condition in (("outline", "NOT is_official"), ("official", "is_official")):
        con.execute(
            f"CREATE OR REPLACE TEMP VIEW match_{side} AS SELECT footprint_id AS id, geom FROM staging.footprint WHERE {condition}"
        )
    match_footprints(con, "match_outline", "match_official")
    return _QUERY
