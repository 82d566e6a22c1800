-- Stops, car parks and main roads in the city's CRS: how a building can be reached.
-- inputs: raw.facility
-- key: facility_id
-- params: crs_min_x, crs_min_y, crs_max_x, crs_max_y
-- accounts_for: raw.facility
-- columns:
--   facility_id | VARCHAR | - | Voorziening | issuer and id
--   feed | VARCHAR | - | Gegevensstroom | feed that gave the row
--   source_row | VARCHAR | - | Bronrij | table and place of the row in the feed
--   tags | MAP(VARCHAR, VARCHAR) | - | Tags | keys and values of the OSM element
--   observed_on | DATE | - | Waargenomen op | last touched or surveyed
--   geom | GEOMETRY | - | Geometrie | point, line or area
WITH checked AS (
    SELECT *,
        CASE
            WHEN facility_id IS NULL THEN 'no id'
            WHEN defect IS NOT NULL THEN defect
            WHEN geometry_problem(geom) IS NOT NULL THEN geometry_problem(geom)
        END AS problem
    FROM raw.facility
)
SELECT
    facility_id, feed, source_row, tags, observed_on,
    CASE WHEN geom IS NULL OR ST_IsValid(geom) THEN geom ELSE ST_MakeValid(geom) END AS geom,
    coalesce(problem, CASE WHEN row_number() OVER (PARTITION BY facility_id, problem IS NULL ORDER BY feed, source_row) > 1
                           THEN 'duplicate key' END) AS reject_reason,
    CAST(NULL AS VARCHAR) AS reject_column, CAST(NULL AS VARCHAR) AS reject_value
FROM checked
