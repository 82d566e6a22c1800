-- Each building without partner, why, and the best candidate it had: the most shared, else the nearest.
CREATE OR REPLACE TEMP TABLE footprint_refusal AS
WITH candidate AS (
    SELECT 'left' AS side, n.own, n.other, n.gap_m, coalesce(o.share, 0) AS share, coalesce(o.is_enough, false) AS is_enough
    FROM footprint_near_left AS n LEFT JOIN footprint_overlap AS o ON o.l = n.own AND o.r = n.other
    UNION ALL BY NAME
    SELECT 'right' AS side, n.own, n.other, n.gap_m, coalesce(o.share, 0) AS share, coalesce(o.is_enough, false) AS is_enough
    FROM footprint_near_right AS n LEFT JOIN footprint_overlap AS o ON o.r = n.own AND o.l = n.other
),
best AS (
    FROM candidate QUALIFY row_number() OVER (PARTITION BY side, own ORDER BY share DESC, gap_m, other) = 1
),
alone AS (
    SELECT 'left' AS side, k, id FROM footprint_left WHERE k NOT IN (SELECT l FROM footprint_link)
    UNION ALL
    SELECT 'right' AS side, k, id FROM footprint_right WHERE k NOT IN (SELECT r FROM footprint_link)
)
SELECT
    a.side, a.id,
    CASE WHEN b.own IS NULL THEN 'no building of the other side within $near_m m'
         WHEN b.is_enough THEN 'its best candidate is taken by a building that fits far better'
         WHEN b.share > 0 THEN 'overlaps too little, and stands apart from what does overlap'
         ELSE 'overlaps nothing, and stands apart from what does overlap' END AS reason,
    coalesce(l.id, r.id) AS best_id, b.share AS best_score
FROM alone AS a
LEFT JOIN best AS b ON b.side = a.side AND b.own = a.k
LEFT JOIN footprint_right AS r ON r.k = CASE a.side WHEN 'left' THEN b.other END
LEFT JOIN footprint_left AS l ON l.k = CASE a.side WHEN 'right' THEN b.other END
ORDER BY a.side, a.id
