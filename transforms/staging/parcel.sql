-- Cadastral parcels in the city's CRS, with CAPAKEY in its one spelling.
-- inputs: raw.parcel, reference.boundary
-- key: parcel_id
-- params: crs_min_x, crs_min_y, crs_max_x, crs_max_y
-- accounts_for: raw.parcel
-- columns:
--   parcel_id | VARCHAR | - | Perceel | issuer and the issuer's own id
--   feed | VARCHAR | - | Gegevensstroom | feed that gave the row
--   source_row | VARCHAR | - | Bronrij | table and place of the row in the feed
--   capakey | VARCHAR | - | Capakey | cadastral key: division, section, number, bis, exponent, power
--   nis_code | VARCHAR | - | NIS-code | municipality
--   geom | GEOMETRY | - | Geometrie | polygon or multipolygon
WITH polygon AS MATERIALIZED (
    SELECT r.* EXCLUDE (geom), geom AS given, only_polygons(geom) AS geom, capakey_key(capakey) AS key FROM raw.parcel AS r
),
checked AS (
    SELECT p.*,
        CASE
            WHEN parcel_id IS NULL THEN 'no id'
            WHEN defect IS NOT NULL THEN defect
            WHEN geometry_problem(given) IS NOT NULL THEN geometry_problem(given)
            WHEN p.geom IS NULL OR ST_Area(p.geom) <= 0 THEN 'no area'
            WHEN key IS NULL THEN 'capakey is not of its form'
            WHEN b.geom IS NOT NULL AND NOT ST_Intersects(b.geom, p.geom) THEN 'outside the area of interest'
        END AS problem
    FROM polygon AS p LEFT JOIN reference.boundary AS b ON true
)
SELECT
    parcel_id, feed, source_row, key AS capakey, nis_code, geom,
    coalesce(problem, CASE WHEN row_number() OVER (PARTITION BY parcel_id, problem IS NULL ORDER BY feed, source_row) > 1
                           THEN 'duplicate key' END) AS reject_reason,
    CASE WHEN problem LIKE 'capakey%' THEN 'capakey' WHEN problem LIKE 'coordinate%' THEN 'geom' END AS reject_column,
    CASE WHEN problem LIKE 'capakey%' THEN capakey ELSE geometry_place(given, problem) END AS reject_value
FROM checked
