-- Distances, for the floors and the matchers.

-- Length of a vector in the plane.
CREATE OR REPLACE TEMP MACRO hypot(dx, dy) AS sqrt((dx) * (dx) + (dy) * (dy));

-- Metres between two polygons. DuckDB 1.5.5 gives 0 for two whose walls lie in one line, however far apart: their extents know better.
CREATE OR REPLACE TEMP MACRO gap_m(a, b) AS
    greatest(ST_Distance(a, b), hypot(
        greatest(0, ST_XMin(a) - ST_XMax(b), ST_XMin(b) - ST_XMax(a)),
        greatest(0, ST_YMin(a) - ST_YMax(b), ST_YMin(b) - ST_YMax(a))));
