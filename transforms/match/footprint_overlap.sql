-- Both sides moved half the local offset towards each other, and what they then share.
CREATE OR REPLACE TEMP TABLE footprint_moved_left AS $moved_left;
CREATE OR REPLACE TEMP TABLE footprint_moved_right AS $moved_right;
CREATE OR REPLACE TEMP TABLE footprint_overlap AS
SELECT l, r, shared_m2, least(1, shared_m2 / least(l_m2, r_m2)) AS share, l_m2, r_m2
FROM (
    SELECT l.k AS l, r.k AS r, l.m2 AS l_m2, r.m2 AS r_m2, ST_Area(ST_Intersection(l.geom, r.geom)) AS shared_m2
    FROM footprint_moved_left AS l JOIN footprint_moved_right AS r ON ST_Intersects(l.geom, r.geom)
)
WHERE shared_m2 > 0;
