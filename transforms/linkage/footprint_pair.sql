-- All partners of all methods, their relation, and what every one of them rests on.
CREATE OR REPLACE TEMP TABLE footprint_link AS
WITH twin AS (
    -- Two like-sized outlines, both alone, that touch after alignment: the offset of one building, not of its neighbourhood.
    SELECT n.own AS l, n.other AS r, n.gap_m, least(a.m2, b.m2) / greatest(a.m2, b.m2) AS likeness
    FROM footprint_near_left AS n
    JOIN footprint_loose_left AS a ON a.k = n.own
    JOIN footprint_loose_right AS b ON b.k = n.other
    WHERE n.gap_m <= $touch_m AND least(a.m2, b.m2) >= $like_share * greatest(a.m2, b.m2)
        AND n.own NOT IN (SELECT own FROM footprint_attached_left)
        AND n.other NOT IN (SELECT own FROM footprint_attached_right)
    -- Two candidates are no twin: refused rather than guessed.
    QUALIFY count(*) OVER (PARTITION BY n.own) = 1 AND count(*) OVER (PARTITION BY n.other) = 1
),
link AS (
    SELECT l, r, share AS score, 'overlap' AS method, shared_m2, CAST(NULL AS INTEGER) AS host, NULL AS host_side, NULL AS gap_m
    FROM footprint_overlap WHERE is_enough AND is_unrivalled
    UNION ALL BY NAME
    SELECT own AS l, other AS r, host_share * (1 - gap_m / $near_m) AS score, 'attached' AS method, host, 'left' AS host_side, gap_m
    FROM footprint_attached_left
    UNION ALL BY NAME
    SELECT other AS l, own AS r, host_share * (1 - gap_m / $near_m) AS score, 'attached' AS method, host, 'right' AS host_side, gap_m
    FROM footprint_attached_right
    UNION ALL BY NAME
    SELECT l, r, likeness * (1 - gap_m / $near_m) AS score, 'twin' AS method, gap_m FROM twin
),
degree AS (
    SELECT *, count(*) OVER (PARTITION BY l) AS l_count, count(*) OVER (PARTITION BY r) AS r_count,
        sum(shared_m2) OVER (PARTITION BY l) AS l_shared, sum(shared_m2) OVER (PARTITION BY r) AS r_shared
    FROM link
)
SELECT *, CASE
    WHEN l_count = 1 AND r_count = 1 THEN '1:1'
    WHEN l_count > 1 AND max(r_count) OVER (PARTITION BY l) = 1 THEN '1:n'
    WHEN r_count > 1 AND max(l_count) OVER (PARTITION BY r) = 1 THEN 'n:1'
    ELSE 'n:m' END AS relation
FROM degree;

CREATE OR REPLACE TEMP TABLE footprint_pair AS
SELECT
    l.id AS left_id, r.id AS right_id, p.relation, round(p.score, 4) AS score, p.method,
    CASE p.method
        WHEN 'overlap' THEN format('{:.0f}% of the smaller outline lies in the other', 100 * p.score)
        WHEN 'attached' THEN format('{} touches {} of its own side, which lies for {:.0f}% in this partner; {:.1f} m from it',
            p.host_side, coalesce(hl.id, hr.id), 100 * p.score / (1 - p.gap_m / $near_m), p.gap_m)
        ELSE format('alike in size and both alone; {:.1f} m apart', p.gap_m) END
    || format('; offset here {:.1f}, {:.1f} m', (ml.dx + mr.dx) / 2, (ml.dy + mr.dy) / 2)
    || CASE WHEN p.relation = '1:1' THEN '' ELSE format('; all partners cover {:.0f}% of left and {:.0f}% of right',
        100 * least(1, coalesce(p.l_shared, 0) / l.m2), 100 * least(1, coalesce(p.r_shared, 0) / r.m2)) END AS reasons
FROM footprint_link AS p
JOIN footprint_left AS l ON l.k = p.l JOIN footprint_right AS r ON r.k = p.r
JOIN footprint_moved_left AS ml ON ml.k = p.l JOIN footprint_moved_right AS mr ON mr.k = p.r
LEFT JOIN footprint_left AS hl ON hl.k = CASE p.host_side WHEN 'left' THEN p.host END
LEFT JOIN footprint_right AS hr ON hr.k = CASE p.host_side WHEN 'right' THEN p.host END
ORDER BY left_id, right_id
