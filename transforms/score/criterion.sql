-- What is known of each assessed building by the criteria of reuse. Assessed: standing, and atypical or with a sign of underuse.
-- inputs: core.building, core.standing, core.link_land_use, staging.designation, staging.place, score.type, score.heritage,
--   evidence.item, reference.building_type, reference.surroundings_rule
-- key: building_id, criterion
-- columns:
--   building_id | VARCHAR | - | Gebouw | building
--   criterion | VARCHAR | - | Criterium | criterion of the reuse matrix
--   class | VARCHAR | - | Klasse | class the building falls in; a criterion without row is unknown
WITH assessed AS (
    SELECT b.*, t.type
    FROM core.building AS b JOIN score.type AS t USING (building_id) SEMI JOIN core.standing USING (building_id)
    WHERE (t.is_atypical OR b.building_id IN (SELECT building_id FROM evidence.item WHERE effect > 0))
),
heritage AS (
    SELECT building_id, arg_min(class, (place, designation_id)) AS class FROM score.heritage GROUP BY building_id
),
amenity AS (
    SELECT place_id, geom FROM staging.place
    WHERE ST_Dimension(geom) = 0
        AND (tags['shop'] IS NOT NULL OR tags['amenity'] IN ('restaurant', 'cafe', 'bar', 'pub', 'fast_food', 'bank', 'pharmacy', 'library', 'community_centre'))
),
nearby AS (
    SELECT a.building_id, count(*) AS n
    FROM assessed AS a JOIN amenity AS p ON ST_DWithin(a.point, p.geom, 500)
    GROUP BY a.building_id
)
SELECT building_id, 'footprint' AS criterion,
    CASE WHEN footprint_m2 < 200 THEN 'small' WHEN footprint_m2 < 1000 THEN 'medium' WHEN footprint_m2 < 5000 THEN 'large' ELSE 'very_large' END AS class
FROM assessed
UNION ALL
SELECT a.building_id, 'free_height',
    CASE WHEN a.height_m / a.floors < 2.6 THEN 'low' WHEN a.height_m / a.floors < 4.5 THEN 'normal' WHEN a.height_m / a.floors >= 4.5 THEN 'high'
         WHEN t.is_hall THEN 'hall' END AS class
FROM assessed AS a JOIN reference.building_type AS t USING (type)
WHERE t.is_hall OR (a.height_m IS NOT NULL AND a.floors IS NOT NULL)
UNION ALL
SELECT building_id, 'shape',
    CASE WHEN c >= 0.6 THEN 'compact' WHEN c >= 0.35 THEN 'plain' ELSE 'complex' END
FROM (SELECT building_id, 4 * pi() * ST_Area(geom) / pow(ST_Perimeter(geom), 2) AS c FROM assessed)
UNION ALL
-- Without a heritage source nothing is known; with one, a building no designation covers has none.
SELECT a.building_id, 'heritage', coalesce(h.class, 'none')
FROM assessed AS a LEFT JOIN heritage AS h USING (building_id)
WHERE EXISTS (SELECT 1 FROM staging.designation)
UNION ALL
SELECT a.building_id, 'amenities_500m', CASE WHEN n >= 20 THEN 'many' WHEN n >= 5 THEN 'some' ELSE 'few' END
FROM assessed AS a LEFT JOIN nearby AS n USING (building_id)
WHERE EXISTS (SELECT 1 FROM staging.place)
UNION ALL
SELECT a.building_id, 'surroundings', r.class
FROM assessed AS a JOIN core.link_land_use AS l USING (building_id) JOIN reference.surroundings_rule AS r USING (land_use)
