-- Building outlines of every feed in the city's CRS: valid polygons, one row per id.
-- inputs: raw.footprint, reference.boundary
-- key: footprint_id
-- params: crs_min_x, crs_min_y, crs_max_x, crs_max_y
-- accounts_for: raw.footprint
-- check: footprint_m2 > 0
-- columns:
--   footprint_id | VARCHAR | - | Grondvlak | issuer and the issuer's own id
--   feed | VARCHAR | - | Gegevensstroom | feed that gave the row
--   source_row | VARCHAR | - | Bronrij | table and place of the row in the feed
--   issuer | VARCHAR | - | Uitgever | who gives the id
--   is_official | BOOLEAN | - | Officieel | drawn by the mapping authority
--   official_type | VARCHAR | - | Officieel type | the authority's own building type
--   state | VARCHAR | - | Toestand | standing, gone or planned as the authority says; null where it does not
--   official_id | VARCHAR | - | Officieel grondvlak | official footprint this one says it was drawn from
--   tags | MAP(VARCHAR, VARCHAR) | - | Tags | keys and values of an OSM element
--   observed_on | DATE | - | Waargenomen op | last touched or surveyed
--   footprint_m2 | DOUBLE | m2 | Oppervlakte | area of the outline
--   geom | GEOMETRY | - | Geometrie | polygon or multipolygon
WITH polygon AS MATERIALIZED (
    SELECT r.* EXCLUDE (geom), geom AS given, only_polygons(geom) AS geom
    FROM raw.footprint AS r
),
placed AS (
    SELECT p.*, b.geom AS boundary
    FROM polygon AS p LEFT JOIN reference.boundary AS b ON true
),
checked AS (
    SELECT *,
        CASE
            WHEN footprint_id IS NULL THEN 'no id'
            WHEN defect IS NOT NULL THEN defect
            WHEN geometry_problem(given) IS NOT NULL THEN geometry_problem(given)
            WHEN geom IS NULL OR ST_Area(geom) <= 0 THEN 'no area'
            WHEN boundary IS NOT NULL AND NOT ST_Intersects(boundary, geom) THEN 'outside the area of interest'
        END AS problem
    FROM placed
)
SELECT
    footprint_id, feed, source_row, issuer, is_official, official_type, state, official_id, tags, observed_on,
    ST_Area(geom) AS footprint_m2, geom,
    coalesce(problem, CASE WHEN row_number() OVER (PARTITION BY footprint_id, problem IS NULL ORDER BY feed, source_row) > 1
                           THEN 'duplicate key' END) AS reject_reason,
    CASE WHEN problem LIKE 'coordinate%' THEN 'geom' END AS reject_column,
    geometry_place(given, problem) AS reject_value
FROM checked
