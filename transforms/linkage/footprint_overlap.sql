-- What aligned outlines share, and which overlaps make partners: enough of the smaller, and no rival that fits it far better.
CREATE OR REPLACE TEMP TABLE footprint_overlap AS
WITH overlap AS (
    SELECT l.k AS l, r.k AS r, l.m2 AS l_m2, r.m2 AS r_m2, ST_Area(ST_Intersection(l.geom, r.geom)) AS shared_m2
    FROM footprint_moved_left AS l JOIN footprint_moved_right AS r ON ST_Intersects(l.geom, r.geom)
),
shared AS (
    SELECT *, round(least(1, shared_m2 / least(l_m2, r_m2)), 6) AS share FROM overlap WHERE shared_m2 > 0
),
rival AS (
    SELECT *, max(share) OVER (PARTITION BY l) AS l_best, max(share) OVER (PARTITION BY r) AS r_best FROM shared
)
SELECT
    l, r, shared_m2, share, share >= $share_min AS is_enough,
    -- The smaller one chooses: a block may have many houses. Of two that are alike, both choose.
    share >= $rival_share * CASE
        WHEN l_m2 < $like_share * r_m2 THEN l_best
        WHEN r_m2 < $like_share * l_m2 THEN r_best
        ELSE greatest(l_best, r_best) END AS is_unrivalled
FROM rival
