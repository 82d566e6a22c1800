-- Numbers of each assessed building, from low to high: the same where it is known, null for no bound.
-- inputs: score.reuse_building, staging.footprint, reference.reuse_limit
-- key: building_id, measure
-- check: coalesce(low <= high, true)
-- columns:
--   building_id | VARCHAR | - | Gebouw | building
--   measure | VARCHAR | - | Maat | name in reference.reuse_measure
--   low | DOUBLE | - | Laagste | smallest it can be
--   high | DOUBLE | - | Hoogste | largest it can be
--   class | VARCHAR | - | Klasse | class by name, where no number is known
--   feeds | VARCHAR[] | - | Gegevensstromen | feeds it was made from
WITH year AS (
    SELECT b.building_id, min(try_cast(regexp_extract(f.tags['start_date'], '^[0-9]{4}') AS DOUBLE)) AS built_year, list_distinct(list(f.feed)) AS feeds
    FROM (SELECT building_id, unnest(osm_ids) AS footprint_id FROM score.reuse_building) AS b JOIN staging.footprint AS f USING (footprint_id)
    WHERE regexp_matches(f.tags['start_date'], '^[0-9]{4}')
    GROUP BY b.building_id
),
size AS (
    SELECT *, (SELECT any_value(value) FROM reference.reuse_limit WHERE name = 'floor_build_up_m') AS build_up_m FROM score.reuse_building
)
SELECT building_id, 'footprint_m2' AS measure, footprint_m2 AS low, footprint_m2 AS high, CAST(NULL AS VARCHAR) AS class, [feed] AS feeds FROM size
UNION ALL
-- Where storeys are unknown there is at least one.
SELECT building_id, 'floor_area_m2', floor_area_low_m2, floor_area_high_m2, NULL, [feed] FROM size
UNION ALL
SELECT building_id, 'volume_m3', volume_low_m3, volume_high_m3, NULL, [feed] FROM size WHERE volume_low_m3 IS NOT NULL
UNION ALL
SELECT building_id, 'height_m', height_low_m, height_high_m, NULL, [feed] FROM size WHERE height_low_m IS NOT NULL
UNION ALL
SELECT building_id, 'floors', floors_low, floors_high, NULL, [feed] FROM size WHERE floors_low IS NOT NULL
UNION ALL
-- A storey is at most as high inside as outside, and less by what its floor and ceiling take.
SELECT building_id, 'free_height_m', greatest(0, storey_low_m - build_up_m), storey_high_m, NULL, [feed]
FROM size WHERE storey_low_m IS NOT NULL
UNION ALL
SELECT building_id, 'free_height_m', NULL, NULL, 'hall', [feed] FROM size WHERE is_hall AND storey_low_m IS NULL
UNION ALL
SELECT building_id, 'compactness', compactness, compactness, NULL, [feed] FROM size
UNION ALL
SELECT building_id, 'built_year', built_year, built_year, NULL, feeds FROM year
