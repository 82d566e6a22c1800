-- Heritage designations in the city's CRS, with their legal kind in one spelling.
-- inputs: raw.designation
-- key: designation_id
-- params: crs_min_x, crs_min_y, crs_max_x, crs_max_y
-- accounts_for: raw.designation
-- columns:
--   designation_id | VARCHAR | - | Aanduiding | issuer and id
--   feed | VARCHAR | - | Gegevensstroom | feed that gave the row
--   source_row | VARCHAR | - | Bronrij | table and place of the row in the feed
--   name | VARCHAR | - | Naam | name of the object
--   designation_type | VARCHAR | - | Aanduidingstype | legal kind as given
--   valid_from | DATE | - | Geldig van | start of the designation
--   valid_to | DATE | - | Geldig tot | end of the designation; null while it lasts
--   url | VARCHAR | - | Webpagina | page about it
--   geom | GEOMETRY | - | Geometrie | polygon or multipolygon
WITH polygon AS MATERIALIZED (
    SELECT r.* EXCLUDE (geom), geom AS given, only_polygons(geom) AS geom FROM raw.designation AS r
),
checked AS (
    SELECT *,
        CASE
            WHEN designation_id IS NULL THEN 'no id'
            WHEN defect IS NOT NULL THEN defect
            WHEN geometry_problem(given) IS NOT NULL THEN geometry_problem(given)
            WHEN geom IS NULL THEN 'no area'
        END AS problem
    FROM polygon
)
SELECT
    designation_id, feed, source_row, name, designation_type, valid_from, valid_to, url, geom,
    coalesce(problem, CASE WHEN row_number() OVER (PARTITION BY designation_id, problem IS NULL ORDER BY feed, source_row) > 1
                           THEN 'duplicate key' END) AS reject_reason,
    CASE WHEN problem LIKE 'coordinate%' THEN 'geom' END AS reject_column,
    CAST(NULL AS VARCHAR) AS reject_value
FROM checked
