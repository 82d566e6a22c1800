-- Areas with one land use in the city's CRS.
-- inputs: raw.land_use
-- key: land_use_id
-- params: crs_min_x, crs_min_y, crs_max_x, crs_max_y
-- accounts_for: raw.land_use
-- columns:
--   land_use_id | VARCHAR | - | Gebied | issuer and id
--   feed | VARCHAR | - | Gegevensstroom | feed that gave the row
--   source_row | VARCHAR | - | Bronrij | table and place of the row in the feed
--   land_use | VARCHAR | - | Landgebruik | the use, in OSM's words
--   name | VARCHAR | - | Naam | name of the area
--   observed_on | DATE | - | Waargenomen op | last touched or surveyed
--   geom | GEOMETRY | - | Geometrie | polygon or multipolygon
WITH polygon AS MATERIALIZED (
    SELECT r.* EXCLUDE (geom), geom AS given, only_polygons(geom) AS geom FROM raw.land_use AS r
),
checked AS (
    SELECT *,
        CASE
            WHEN land_use_id IS NULL THEN 'no id'
            WHEN defect IS NOT NULL THEN defect
            WHEN geometry_problem(given) IS NOT NULL THEN geometry_problem(given)
            WHEN geom IS NULL THEN 'no area'
            WHEN land_use IS NULL THEN 'no land use'
        END AS problem
    FROM polygon
)
SELECT
    land_use_id, feed, source_row, land_use, name, observed_on, geom,
    coalesce(problem, CASE WHEN row_number() OVER (PARTITION BY land_use_id, problem IS NULL ORDER BY feed, source_row) > 1
                           THEN 'duplicate key' END) AS reject_reason,
    CAST(NULL AS VARCHAR) AS reject_column, CAST(NULL AS VARCHAR) AS reject_value
FROM checked
