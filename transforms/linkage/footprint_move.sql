-- One side moved half the local offset towards the other ($sign: -0.5 for left, 0.5 for right): neither side is the true one.
CREATE OR REPLACE TEMP TABLE footprint_moved_$own AS
SELECT k, m2, ST_Translate(geom, $sign * dx, $sign * dy) AS geom, dx, dy
FROM (
    SELECT s.k, s.m2, s.geom, coalesce(c.dx, 0) AS dx, coalesce(c.dy, 0) AS dy
    FROM footprint_$own AS s
    CROSS JOIN footprint_origin AS o
    LEFT JOIN footprint_cell AS c
        ON c.cx = CAST(floor(round((s.x0 + s.x1) / 2 - o.x, 3) / $cell_m) AS INTEGER)
        AND c.cy = CAST(floor(round((s.y0 + s.y1) / 2 - o.y, 3) / $cell_m) AS INTEGER)
)
