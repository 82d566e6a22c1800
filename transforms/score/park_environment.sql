-- Ground and water in business parks: what is surely sealed, what is surely green, what can flood. The map draws neither every yard nor every lawn, so of both only bounds are known.
-- inputs: core.business_park, score.park_stock, staging.facility, staging.land_use, staging.place, staging.area, reference.park_ground, reference.area_class, reference.feed
-- params: as_of
-- key: park_id, indicator
-- check: coverage BETWEEN 0 AND 1
-- check: low <= value AND value <= high AND low <= high
-- columns:
--   park_id | VARCHAR | - | Terrein | park
--   indicator | VARCHAR | - | Indicator | code in reference.park_indicator
--   value | DOUBLE | - | Waarde | an amount is the sum of what is known, a ratio is over what is known; null where nothing is
--   low | DOUBLE | - | Ondergrens | least it can be; null for no bound
--   high | DOUBLE | - | Bovengrens | most it can be; null for no bound
--   coverage | DOUBLE | - | Dekking | share of its basis for which it is known
--   reason | VARCHAR | - | Reden | why the value is null, where that is more than too little known
--   detail_nl | VARCHAR | - | Toelichting | what the number is made up of, in Dutch
--   detail_en | VARCHAR | - | Toelichting (Engels) | the same in English
--   feeds | VARCHAR[] | - | Gegevensstromen | feeds it was made from
WITH park AS (
    SELECT park_id, feed, area_m2, seen_share AS inside, geom FROM core.business_park
),
map_feed AS (SELECT list(DISTINCT feed ORDER BY feed) AS feeds FROM staging.place HAVING count(*) > 0),
lot AS (
    -- Car parks over one another, or over a lawn, count once.
    SELECT p.park_id, ST_Area(ST_Union_Agg(ST_Intersection(f.geom, p.geom) ORDER BY f.facility_id)) AS m2
    FROM park AS p JOIN (SELECT * FROM staging.facility WHERE tags['amenity'] = 'parking' AND ST_Dimension(geom) = 2) AS f ON ST_Intersects(f.geom, p.geom) GROUP BY p.park_id
),
built AS (
    SELECT park_id, sum(outline_m2::DECIMAL(18, 3))::DOUBLE AS m2, list_sort(list_distinct(flatten(list(feeds)))) AS feeds FROM score.park_stock GROUP BY park_id
),
green AS (
    SELECT p.park_id, ST_Area(ST_Union_Agg(ST_Intersection(l.geom, p.geom) ORDER BY l.land_use_id)) AS m2
    FROM park AS p JOIN (SELECT * FROM staging.land_use SEMI JOIN reference.park_ground USING (land_use)) AS l ON ST_Intersects(l.geom, p.geom) GROUP BY p.park_id
),
ground AS (
    -- A car park under a building is no second area; of both the larger is sure.
    SELECT p.park_id, p.inside, least(1, greatest(coalesce(b.m2, 0), coalesce(k.m2, 0)) / p.area_m2) AS sealed, least(1, coalesce(g.m2, 0) / p.area_m2) AS green,
        list_sort(list_distinct(list_concat([p.feed], coalesce(b.feeds, []), coalesce(m.feeds, [])))) AS feeds, m.feeds IS NOT NULL AS has_map
    FROM park AS p LEFT JOIN lot AS k USING (park_id) LEFT JOIN built AS b USING (park_id) LEFT JOIN green AS g USING (park_id) LEFT JOIN map_feed AS m ON true
),
water AS (
    SELECT a.area_id, a.feed, a.geom, c.class
    FROM (
        SELECT * FROM staging.area WHERE theme = 'flood' AND feed IN (SELECT feed FROM reference.feed WHERE visibility = 'public')
            AND coalesce(valid_from <= getvariable('as_of'), true) AND coalesce(valid_to > getvariable('as_of'), true)
    ) AS a LEFT JOIN reference.area_class AS c ON c.theme = 'flood' AND regexp_matches(lower(strip_accents(a.class)), c.pattern)
    QUALIFY row_number() OVER (PARTITION BY a.area_id ORDER BY c.place NULLS LAST) = 1
),
flood_feed AS (SELECT list(DISTINCT feed ORDER BY feed) AS feeds FROM water HAVING count(*) > 0),
wet AS (
    SELECT p.park_id, coalesce(ST_Area(ST_Union_Agg(ST_Intersection(w.geom, p.geom) ORDER BY w.area_id) FILTER (w.class IN ('effective', 'possible'))), 0) AS sure_m2,
        ST_Area(ST_Union_Agg(ST_Intersection(w.geom, p.geom) ORDER BY w.area_id)) AS any_m2
    FROM park AS p JOIN (SELECT * FROM water WHERE class IS DISTINCT FROM 'none') AS w ON ST_Intersects(w.geom, p.geom) GROUP BY p.park_id
),
found AS (
    SELECT park_id, unnest([
        {'indicator': 'sealed_share', 'low': sealed, 'high': greatest(sealed, CASE WHEN has_map THEN 1 - green ELSE 1 END)},
        {'indicator': 'green_share', 'low': CASE WHEN has_map THEN least(green, 1 - sealed) ELSE 0 END, 'high': 1 - sealed}], recursive := true),
        inside * least(1, sealed + green) AS coverage, feeds
    FROM ground
)
SELECT park_id, indicator, CAST(NULL AS DOUBLE) AS value, low, high, coverage, 'bounds_only' AS reason, CAST(NULL AS VARCHAR) AS detail_nl, CAST(NULL AS VARCHAR) AS detail_en, feeds
FROM found
UNION ALL
-- Words that no pattern reads may be any class: that ground may flood, or not.
SELECT p.park_id, 'flood_share', CASE WHEN f.feeds IS NOT NULL THEN least(1, coalesce(w.sure_m2, 0) / p.area_m2) END, CASE WHEN f.feeds IS NOT NULL THEN least(1, coalesce(w.sure_m2, 0) / p.area_m2) END,
    CASE WHEN f.feeds IS NOT NULL THEN least(1, greatest(coalesce(w.sure_m2, 0), coalesce(w.any_m2, 0)) / p.area_m2) END,
    CASE WHEN f.feeds IS NULL THEN 0 ELSE greatest(0, 1 - (coalesce(w.any_m2, 0) - coalesce(w.sure_m2, 0)) / p.area_m2) END,
    CASE WHEN f.feeds IS NULL THEN 'no_source' END, NULL, NULL, list_sort(list_distinct(list_append(coalesce(f.feeds, []), p.feed)))
FROM park AS p LEFT JOIN wet AS w USING (park_id) LEFT JOIN flood_feed AS f ON true
UNION ALL
SELECT park_id, 'heat', NULL, NULL, NULL, 0, 'no_source', NULL, NULL, [feed] FROM park
