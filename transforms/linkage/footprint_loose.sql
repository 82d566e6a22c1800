-- Buildings of one side ($own) that no overlap gave a partner, what lies near them on the other side ($other), and the block
-- they stand in: an annexe drawn apart on one side, and as part of the house or not at all on the other, touches the house.
CREATE OR REPLACE TEMP TABLE footprint_loose_$own AS
SELECT k, m2 FROM footprint_$own ANTI JOIN (SELECT DISTINCT $o AS k FROM footprint_overlap WHERE is_enough AND is_unrivalled) USING (k);

CREATE OR REPLACE TEMP TABLE footprint_near_$own AS
SELECT own.k AS own, other.k AS other, round(gap_m(own.geom, other.geom), 3) AS gap_m
FROM (FROM footprint_moved_$own SEMI JOIN footprint_loose_$own USING (k)) AS own
JOIN footprint_moved_$other AS other ON ST_DWithin(own.geom, other.geom, $near_m);
DELETE FROM footprint_near_$own WHERE gap_m > $near_m;

-- A table of its own: with the comparison of areas in the join, DuckDB joins by that instead of by place.
CREATE OR REPLACE TEMP TABLE footprint_touch_$own AS
SELECT x.k AS x, y.k AS y, x.m2 AS x_m2, y.m2 AS y_m2, round(gap_m(x.geom, y.geom), 3) AS gap_m
FROM (FROM footprint_$own SEMI JOIN footprint_loose_$own USING (k)) AS x
JOIN footprint_$own AS y ON ST_DWithin(x.geom, y.geom, $touch_m);

CREATE OR REPLACE TEMP TABLE footprint_attached_$own AS
WITH touching AS (
    -- The larger is the house, the smaller the annexe; a hall does not belong to the shed that leans on it.
    SELECT x, y FROM footprint_touch_$own WHERE x <> y AND x_m2 <= y_m2 AND gap_m <= $touch_m
),
partner AS (
    SELECT t.x AS own, t.y AS host, p.$t AS other, n.gap_m, p.share AS host_share
    FROM touching AS t
    JOIN footprint_overlap AS p ON p.$o = t.y AND p.is_enough AND p.is_unrivalled AND p.share >= $host_share
    JOIN footprint_near_$own AS n ON n.own = t.x AND n.other = p.$t
    QUALIFY row_number() OVER (PARTITION BY t.x, p.$t ORDER BY p.share DESC, t.y) = 1
)
-- An annexe between two houses belongs to both as far as it touches what is drawn for them; else to the nearest.
FROM partner
QUALIFY gap_m <= $touch_m OR row_number() OVER (PARTITION BY own ORDER BY gap_m, host_share DESC, other) = 1
