-- One side of a match ($own: left or right), numbered in the order of its ids so that the order of rows cannot matter.
-- Areas to the hundredth of a square metre: equal houses stay equal wherever they lie.
CREATE OR REPLACE TEMP TABLE footprint_$own AS
SELECT
    CAST(row_number() OVER (ORDER BY id) AS INTEGER) AS k, id, geom, round(ST_Area(geom), 2) AS m2,
    ST_XMin(geom) AS x0, ST_YMin(geom) AS y0, ST_XMax(geom) AS x1, ST_YMax(geom) AS y1
FROM $relation
