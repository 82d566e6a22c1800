-- Which areas hold how much of which building, whenever they hold.
-- inputs: staging.area, core.building
-- key: building_id, area_id
-- check: share > 0 AND share <= 1
-- columns:
--   building_id | VARCHAR | - | Gebouw | building
--   area_id | VARCHAR | - | Gebied | area
--   theme | VARCHAR | - | Thema | what the area's class is about
--   share | DOUBLE | - | Aandeel | share of the building's outline that lies in the area
SELECT building_id, area_id, theme, least(1, shared_m2 / footprint_m2) AS share
FROM (
    SELECT b.building_id, a.area_id, a.theme, b.footprint_m2, shared_area(b.geom, a.geom) AS shared_m2
    FROM staging.area AS a JOIN core.building AS b ON ST_Intersects(a.geom, b.geom)
)
WHERE shared_m2 > 0
