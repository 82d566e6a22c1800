-- Which point of interest lies in which building, and which building stands on the grounds of which place.
-- inputs: staging.place, core.building
-- key: building_id, place_id
-- columns:
--   building_id | VARCHAR | - | Gebouw | building
--   place_id | VARCHAR | - | Plek | point of interest
--   method | VARCHAR | - | Methode | inside, or grounds
--   score | DOUBLE | - | Zekerheid | how sure the match is (judgement, by method)
WITH point AS (
    SELECT p.place_id, b.building_id
    FROM (SELECT * FROM staging.place WHERE ST_Dimension(geom) = 0) AS p
    JOIN core.building AS b ON ST_Intersects(b.geom, p.geom)
    QUALIFY row_number() OVER (PARTITION BY p.place_id ORDER BY b.state <> 'standing', b.footprint_m2, b.building_id) = 1
),
grounds AS (
    SELECT p.place_id, b.building_id
    FROM (SELECT * FROM staging.place WHERE ST_Dimension(geom) = 2) AS p
    JOIN (SELECT building_id, point FROM core.building) AS b ON ST_Intersects(p.geom, b.point)
)
SELECT building_id, place_id, 'inside' AS method, CAST(0.95 AS DOUBLE) AS score FROM point
UNION ALL
SELECT building_id, place_id, 'grounds', 0.7 FROM grounds
