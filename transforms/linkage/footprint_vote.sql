-- What each pair of like-sized outlines says about the local offset (left minus right), counted per cell and metre.
-- The grid begins where the data begin, so that moving both sides moves the grid with them; positions in whole millimetres
-- and sums of them: neither the last bit of a coordinate nor the order in which threads add can matter.
CREATE OR REPLACE TEMP TABLE footprint_origin AS
SELECT min(x0) AS x, min(y0) AS y FROM (SELECT x0, y0 FROM footprint_left UNION ALL SELECT x0, y0 FROM footprint_right);

CREATE OR REPLACE TEMP TABLE footprint_vote AS
WITH pair AS (
    SELECT
        CAST(round(500 * ((l.x0 + l.x1) - (r.x0 + r.x1))) AS BIGINT) AS dx,
        CAST(round(500 * ((l.y0 + l.y1) - (r.y0 + r.y1))) AS BIGINT) AS dy,
        (l.x0 + l.x1 + r.x0 + r.x1) / 4 - o.x AS x, (l.y0 + l.y1 + r.y0 + r.y1) / 4 - o.y AS y
    FROM footprint_left AS l JOIN footprint_right AS r ON ST_Intersects(l.geom, r.geom)
    CROSS JOIN footprint_origin AS o
    WHERE abs((l.x1 - l.x0) - (r.x1 - r.x0)) <= $size_m AND abs((l.y1 - l.y0) - (r.y1 - r.y0)) <= $size_m
        AND least(l.m2, r.m2) >= $like_share * greatest(l.m2, r.m2)
)
SELECT
    CAST(floor(round(x, 3) / $cell_m) AS INTEGER) AS cx, CAST(floor(round(y, 3) / $cell_m) AS INTEGER) AS cy,
    CAST(round(dx / 1000) AS INTEGER) AS bin_x, CAST(round(dy / 1000) AS INTEGER) AS bin_y,
    count(*) AS votes, sum(dx) / 1000 AS sum_x, sum(dy) / 1000 AS sum_y
FROM pair
WHERE abs(dx) <= 1000 * $offset_max_m AND abs(dy) <= 1000 * $offset_max_m
GROUP BY ALL
ORDER BY cx, cy, bin_x, bin_y
