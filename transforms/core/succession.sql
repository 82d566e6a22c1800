-- Which building took the place of one that left its source, or of an OSM building that an official one now stands for.
-- inputs: history.building, core.building, core.link_footprint
-- key: old_id, new_id
-- check: score BETWEEN 0 AND 1
-- columns:
--   old_id | VARCHAR | - | Oud gebouw | id that was used before
--   new_id | VARCHAR | - | Nieuw gebouw | id of the building that stands there now
--   method | VARCHAR | - | Methode | overlap of the last known outline, or a matched outline
--   score | DOUBLE | - | Zekerheid | shared area over the smaller area, or the score of the match
SELECT old_id, new_id, 'overlap' AS method, score
FROM (
    SELECT h.building_id AS old_id, b.building_id AS new_id,
        least(1, shared_area(h.geom, b.geom) / least(ST_Area(h.geom), b.footprint_m2)) AS score
    FROM history.building AS h JOIN core.building AS b ON ST_Intersects(h.geom, b.geom)
)
WHERE score >= 0.3
UNION ALL
SELECT left_id, right_id, 'matched outline', score FROM core.link_footprint
