-- Areas to which an authority gives a class, in the city's CRS.
-- inputs: raw.area
-- key: area_id
-- params: crs_min_x, crs_min_y, crs_max_x, crs_max_y
-- accounts_for: raw.area
-- columns:
--   area_id | VARCHAR | - | Gebied | issuer and id
--   feed | VARCHAR | - | Gegevensstroom | feed that gave the row
--   source_row | VARCHAR | - | Bronrij | table and place of the row in the feed
--   theme | VARCHAR | - | Thema | what the class is about: zoning, flood, soil, business_park, park_parcel
--   class | VARCHAR | - | Klasse | the class, as the provider writes it
--   name | VARCHAR | - | Naam | name of the area, or of the plan it is in
--   precedence | INTEGER | - | Voorrang | of areas of one theme over one spot the one with the highest holds
--   valid_from | DATE | - | Geldig van | start; null where unknown
--   valid_to | DATE | - | Geldig tot | end; null while it lasts
--   observed_on | DATE | - | Waargenomen op | day it was last looked at; null where unknown
--   attributes | MAP(VARCHAR, VARCHAR) | - | Kenmerken | what else the provider says of it, in its words; null for nothing
--   geom | GEOMETRY | - | Geometrie | polygon or multipolygon
WITH polygon AS MATERIALIZED (
    SELECT r.* EXCLUDE (geom), geom AS given, only_polygons(geom) AS geom FROM raw.area AS r
),
checked AS (
    SELECT *,
        CASE
            WHEN area_id IS NULL THEN 'no id'
            WHEN defect IS NOT NULL THEN defect
            WHEN geometry_problem(given) IS NOT NULL THEN geometry_problem(given)
            WHEN geom IS NULL OR ST_Area(geom) <= 0 THEN 'no area'
            WHEN nullif(trim(class), '') IS NULL THEN 'no class'
        END AS problem
    FROM polygon
)
SELECT
    area_id, feed, source_row, theme, trim(class) AS class, name, coalesce(precedence, 0) AS precedence, valid_from, valid_to, observed_on, attributes, geom,
    coalesce(problem, CASE WHEN row_number() OVER (PARTITION BY area_id, problem IS NULL ORDER BY feed, source_row) > 1
                           THEN 'duplicate key' END) AS reject_reason,
    CASE WHEN problem LIKE 'coordinate%' THEN 'geom' WHEN problem = 'no class' THEN 'class' END AS reject_column,
    geometry_place(given, problem) AS reject_value
FROM checked
