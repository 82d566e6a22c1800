-- Where the city is: its boundary, or the box around its outlines and parcels where no boundary is given. One row; null where neither is known.
-- inputs: reference.boundary, staging.footprint, staging.parcel
-- key: area
-- columns:
--   area | VARCHAR | - | Gebied | boundary, box, or none
--   geom | GEOMETRY | - | Geometrie | polygon or multipolygon; null where nothing is known
WITH box AS (
    SELECT min(ST_XMin(geom)) AS west, min(ST_YMin(geom)) AS south, max(ST_XMax(geom)) AS east, max(ST_YMax(geom)) AS north
    FROM (SELECT geom FROM staging.footprint WHERE geom IS NOT NULL UNION ALL SELECT geom FROM staging.parcel WHERE geom IS NOT NULL)
),
found AS (
    SELECT (SELECT any_value(geom) FROM reference.boundary) AS boundary,
        CASE WHEN west < east AND south < north THEN ST_MakeEnvelope(west, south, east, north) END AS box
    FROM box
)
SELECT CASE WHEN boundary IS NOT NULL THEN 'boundary' WHEN box IS NOT NULL THEN 'box' ELSE 'none' END AS area, coalesce(boundary, box) AS geom
FROM found
