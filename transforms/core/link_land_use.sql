-- The smallest area of one land use that holds a building.
-- inputs: staging.land_use, core.building
-- key: building_id
-- columns:
--   building_id | VARCHAR | - | Gebouw | building
--   land_use_id | VARCHAR | - | Gebied | area
--   land_use | VARCHAR | - | Landgebruik | the use, in OSM's words
--   method | VARCHAR | - | Methode | holds
--   score | DOUBLE | - | Zekerheid | always 1: a point inside the building lies in the area
SELECT b.building_id, l.land_use_id, l.land_use, 'holds' AS method, CAST(1 AS DOUBLE) AS score
FROM staging.land_use AS l JOIN (SELECT building_id, point FROM core.building) AS b ON ST_Intersects(l.geom, b.point)
QUALIFY row_number() OVER (PARTITION BY b.building_id ORDER BY ST_Area(l.geom), l.land_use_id) = 1
