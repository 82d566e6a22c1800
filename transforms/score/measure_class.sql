-- Classes of each assessed building that some table gives by name. No row: not known.
-- inputs: score.reuse_building, staging.footprint, staging.land_use, core.link_land_use, score.heritage, staging.designation, reference.class_rule,
--   score.area_class
-- key: building_id, measure
-- columns:
--   building_id | VARCHAR | - | Gebouw | building
--   measure | VARCHAR | - | Maat | name in reference.reuse_measure
--   class | VARCHAR | - | Klasse | class it falls in
--   feeds | VARCHAR[] | - | Gegevensstromen | feeds it was made from
WITH designation_feed AS (
    SELECT list(DISTINCT feed ORDER BY feed) AS feeds FROM staging.designation HAVING count(*) > 0
),
heritage AS (
    SELECT building_id, arg_min(class, (place, designation_id)) AS class FROM score.heritage GROUP BY building_id
),
outline AS (
    SELECT b.building_id, f.feed, unnest(map_entries(f.tags)) AS entry
    FROM (SELECT building_id, unnest(osm_ids) AS footprint_id FROM score.reuse_building) AS b JOIN staging.footprint AS f USING (footprint_id)
),
tag AS (
    SELECT building_id, feed, 'outline' AS subject, entry.key AS key, entry.value AS value FROM outline
    UNION ALL
    SELECT b.building_id, l.feed, 'land_use', 'landuse', l.land_use
    FROM score.reuse_building AS b JOIN core.link_land_use AS k USING (building_id) JOIN staging.land_use AS l USING (land_use_id)
)
SELECT t.building_id, r.measure, arg_min(r.class, r.place) AS class, list(DISTINCT t.feed ORDER BY t.feed) AS feeds
FROM tag AS t JOIN reference.class_rule AS r USING (subject, key, value)
GROUP BY ALL
UNION ALL
-- Without a heritage source nothing is known; with one, a building no designation covers has none.
SELECT b.building_id, 'heritage', coalesce(h.class, 'none'), d.feeds
FROM score.reuse_building AS b CROSS JOIN designation_feed AS d LEFT JOIN heritage AS h USING (building_id)
UNION ALL
SELECT building_id, measure, class, feeds FROM score.area_class WHERE class IS NOT NULL
