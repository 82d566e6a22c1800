-- The buildings of each business park with their size, as far as they lie in it, and what the public layer says of their use.
-- inputs: core.park_building, core.building, core.tag, score.size, score.type, score.shown, score.underuse, evidence.item
-- key: building_id
-- check: outline_m2 > 0
-- check: band IN ('confirmed', 'likely', 'signal', 'unknown')
-- columns:
--   building_id | VARCHAR | - | Gebouw | building
--   park_id | VARCHAR | - | Terrein | park
--   type | VARCHAR | - | Type | type of the building
--   band | VARCHAR | - | Klasse | band of the public layer; null for a building that is not in it: nobody judged it, or somebody objected
--   outline_m2 | DOUBLE | m2 | Grondvlak | area of the outline in the park
--   floor_area_m2 | DOUBLE | m2 | Vloeroppervlakte | floor area of that share; null where unknown
--   floor_area_low_m2 | DOUBLE | m2 | Vloeroppervlakte, ondergrens | lower bound
--   floor_area_high_m2 | DOUBLE | m2 | Vloeroppervlakte, bovengrens | upper bound
--   volume_m3 | DOUBLE | m3 | Volume | volume of that share; null where unknown
--   volume_low_m3 | DOUBLE | m3 | Volume, ondergrens | lower bound
--   volume_high_m3 | DOUBLE | m3 | Volume, bovengrens | upper bound
--   feeds | VARCHAR[] | - | Gegevensstromen | feeds of the outline, its size and its type
--   band_feeds | VARCHAR[] | - | Gegevensstromen van de klasse | public feeds behind the band; empty for none
WITH tag AS (
    SELECT building_id, list(DISTINCT feed) AS feeds FROM core.tag SEMI JOIN core.park_building USING (building_id) GROUP BY building_id
),
item AS (
    SELECT building_id, list(DISTINCT feed ORDER BY feed) AS feeds FROM evidence.item SEMI JOIN core.park_building USING (building_id)
    WHERE visibility = 'public' GROUP BY building_id
)
SELECT p.building_id, p.park_id, t.type, u.band, b.footprint_m2 * p.share AS outline_m2,
    z.floor_area_m2 * p.share AS floor_area_m2, z.floor_area_low_m2 * p.share AS floor_area_low_m2, z.floor_area_high_m2 * p.share AS floor_area_high_m2,
    z.volume_m3 * p.share AS volume_m3, z.volume_low_m3 * p.share AS volume_low_m3, z.volume_high_m3 * p.share AS volume_high_m3,
    list_sort(list_distinct(list_concat([b.feed, z.elevation_feed], coalesce(g.feeds, [])))) AS feeds,
    CASE WHEN u.band IS NOT NULL THEN coalesce(i.feeds, []) ELSE [] END AS band_feeds
FROM core.park_building AS p
JOIN core.building AS b USING (building_id)
JOIN score.type AS t USING (building_id)
JOIN score.size AS z USING (building_id)
LEFT JOIN score.shown AS s ON s.building_id = p.building_id AND s.audience = 'public'
LEFT JOIN score.underuse AS u ON u.building_id = s.building_id AND u.audience = 'public'
LEFT JOIN tag AS g ON g.building_id = p.building_id
LEFT JOIN item AS i ON i.building_id = p.building_id
