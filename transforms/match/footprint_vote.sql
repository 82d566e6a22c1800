-- What each pair of like-sized outlines says about the offset (left minus right), counted per cell and metre.
-- Sums are of whole millimetres: the order in which threads add them cannot matter.
CREATE OR REPLACE TEMP TABLE footprint_vote AS
WITH origin AS (
    -- The grid begins where the data begin, so that moving both sides moves the grid with them.
    SELECT min(x0) AS x, min(y0) AS y FROM (SELECT x0, y0 FROM footprint_left UNION ALL SELECT x0, y0 FROM footprint_right)
),
pair AS (
    SELECT
        CAST(round(1000 * ((l.x0 + l.x1) - (r.x0 + r.x1)) / 2) AS BIGINT) AS dx,
        CAST(round(1000 * ((l.y0 + l.y1) - (r.y0 + r.y1)) / 2) AS BIGINT) AS dy,
        (l.x0 + l.x1 + r.x0 + r.x1) / 4 AS x, (l.y0 + l.y1 + r.y0 + r.y1) / 4 AS y
    FROM footprint_left AS l JOIN footprint_right AS r ON ST_Intersects(l.geom, r.geom)
    WHERE abs((l.x1 - l.x0) - (r.x1 - r.x0)) <= $size_m AND abs((l.y1 - l.y0) - (r.y1 - r.y0)) <= $size_m
        AND least(l.m2, r.m2) >= $like * greatest(l.m2, r.m2)
)
SELECT
    CAST(floor((pair.x - origin.x) / $cell_m) AS INTEGER) AS cx, CAST(floor((pair.y - origin.y) / $cell_m) AS INTEGER) AS cy,
    CAST(round(dx / 1000) AS INTEGER) AS bin_x, CAST(round(dy / 1000) AS INTEGER) AS bin_y,
    count(*) AS votes, sum(dx) / 1000 AS sum_x, sum(dy) / 1000 AS sum_y
FROM pair CROSS JOIN origin
WHERE abs(dx) <= 1000 * $reach_m AND abs(dy) <= 1000 * $reach_m
GROUP BY ALL
ORDER BY cx, cy, bin_x, bin_y
