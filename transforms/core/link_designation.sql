-- Which heritage designation covers which building.
-- inputs: staging.designation, core.building
-- key: building_id, designation_id
-- columns:
--   building_id | VARCHAR | - | Gebouw | building
--   designation_id | VARCHAR | - | Aanduiding | heritage designation
--   method | VARCHAR | - | Methode | covers
--   score | DOUBLE | - | Zekerheid | share of the building that the designation covers
SELECT building_id, designation_id, 'covers' AS method, least(1, shared_m2 / footprint_m2) AS score
FROM (
    SELECT b.building_id, d.designation_id, b.footprint_m2, shared_area(b.geom, d.geom) AS shared_m2
    FROM staging.designation AS d JOIN core.building AS b ON ST_Intersects(d.geom, b.geom)
)
WHERE shared_m2 >= 0.5 * footprint_m2
