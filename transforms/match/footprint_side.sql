-- One side of a match, numbered in the order of its ids so that the order of rows cannot matter. $own: left or right;
-- $relation: what the caller named.
CREATE OR REPLACE TEMP TABLE footprint_$own AS
SELECT
    CAST(row_number() OVER (ORDER BY id) AS INTEGER) AS k, id, geom, ST_Area(geom) AS m2,
    ST_XMin(geom) AS x0, ST_YMin(geom) AS y0, ST_XMax(geom) AS x1, ST_YMax(geom) AS y1
FROM $relation
