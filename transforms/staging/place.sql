-- Points of interest in the city's CRS: what takes place at a spot, or once did.
-- inputs: raw.place
-- key: place_id
-- params: crs_min_x, crs_min_y, crs_max_x, crs_max_y
-- accounts_for: raw.place
-- columns:
--   place_id | VARCHAR | - | Plek | issuer and id
--   feed | VARCHAR | - | Gegevensstroom | feed that gave the row
--   source_row | VARCHAR | - | Bronrij | table and place of the row in the feed
--   tags | MAP(VARCHAR, VARCHAR) | - | Tags | keys and values of the OSM element
--   observed_on | DATE | - | Waargenomen op | last touched or surveyed
--   geom | GEOMETRY | - | Geometrie | point, or the area the place covers
WITH checked AS (
    SELECT *,
        CASE
            WHEN place_id IS NULL THEN 'no id'
            WHEN defect IS NOT NULL THEN defect
            WHEN geometry_problem(geom) IS NOT NULL THEN geometry_problem(geom)
        END AS problem
    FROM raw.place
)
SELECT
    place_id, feed, source_row, tags, observed_on,
    CASE WHEN geom IS NULL OR ST_IsValid(geom) THEN geom ELSE ST_MakeValid(geom) END AS geom,
    coalesce(problem, CASE WHEN row_number() OVER (PARTITION BY place_id, problem IS NULL ORDER BY feed, source_row) > 1
                           THEN 'duplicate key' END) AS reject_reason,
    CAST(NULL AS VARCHAR) AS reject_column, CAST(NULL AS VARCHAR) AS reject_value
FROM checked
