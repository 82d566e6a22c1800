-- Space in business parks: how full they are, which parcels are out of use, in reserve or on offer, and the volume that shows a sign of disuse.
-- inputs: core.business_park, core.park_parcel, score.park_stock
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
WITH stock AS (
    -- Decimals: sums of floating point depend on the order of the threads.
    SELECT park_id, sum(outline_m2::DECIMAL(18, 3))::DOUBLE AS outline_m2,
        coalesce(sum(outline_m2::DECIMAL(18, 3)) FILTER (floor_area_m2 IS NOT NULL), 0)::DOUBLE AS floor_known_m2,
        sum(floor_area_m2::DECIMAL(18, 3))::DOUBLE AS floor_m2, coalesce(sum(floor_area_low_m2::DECIMAL(18, 3)), 0)::DOUBLE AS floor_low_m2,
        CASE WHEN count(floor_area_high_m2) = count(*) THEN sum(floor_area_high_m2::DECIMAL(18, 3))::DOUBLE END AS floor_high_m2,
        coalesce(sum(outline_m2::DECIMAL(18, 3)) FILTER (volume_m3 IS NOT NULL), 0)::DOUBLE AS volume_known_m2,
        sum(volume_m3::DECIMAL(18, 3))::DOUBLE AS volume_m3, coalesce(sum(volume_low_m3::DECIMAL(18, 3)), 0)::DOUBLE AS volume_low_m3,
        CASE WHEN count(volume_high_m3) = count(*) THEN sum(volume_high_m3::DECIMAL(18, 3))::DOUBLE END AS volume_high_m3,
        -- What no public layer judges is apart from what it finds no sign in, and neither is in use.
        coalesce(sum(outline_m2::DECIMAL(18, 3)) FILTER (band IS NOT NULL AND volume_m3 IS NOT NULL), 0)::DOUBLE AS judged_m2,
        coalesce(sum(volume_m3::DECIMAL(18, 3)) FILTER (band IN ('confirmed', 'likely')), 0)::DOUBLE AS idle_m3,
        coalesce(sum(volume_low_m3::DECIMAL(18, 3)) FILTER (band IN ('confirmed', 'likely')), 0)::DOUBLE AS idle_low_m3,
        -- What nobody judged may be idle too: then there is no upper bound.
        CASE WHEN count(*) FILTER (band IS NULL OR volume_high_m3 IS NULL AND band IN ('confirmed', 'likely', 'signal')) = 0
             THEN coalesce(sum(volume_high_m3::DECIMAL(18, 3)) FILTER (band IN ('confirmed', 'likely', 'signal')), 0)::DOUBLE END AS idle_high_m3,
        coalesce(sum(outline_m2::DECIMAL(18, 3)) FILTER (coalesce(band, 'unknown') = 'unknown'), 0)::DOUBLE AS rest_m2,
        coalesce(sum(outline_m2::DECIMAL(18, 3)) FILTER (coalesce(band, 'unknown') = 'unknown' AND volume_m3 IS NOT NULL), 0)::DOUBLE AS rest_known_m2,
        coalesce(sum(volume_m3::DECIMAL(18, 3)) FILTER (coalesce(band, 'unknown') = 'unknown'), 0)::DOUBLE AS rest_m3,
        coalesce(sum(volume_low_m3::DECIMAL(18, 3)) FILTER (coalesce(band, 'unknown') = 'unknown'), 0)::DOUBLE AS rest_low_m3,
        CASE WHEN count(*) FILTER (volume_high_m3 IS NULL AND coalesce(band, 'unknown') = 'unknown') = 0
             THEN coalesce(sum(volume_high_m3::DECIMAL(18, 3)) FILTER (coalesce(band, 'unknown') = 'unknown'), 0)::DOUBLE END AS rest_high_m3,
        list_sort(list_distinct(flatten(list(feeds)))) AS feeds, list_distinct(flatten(list(band_feeds))) AS band_feeds
    FROM score.park_stock GROUP BY park_id
),
ground AS (
    SELECT park_id, feed, area_m2, seen_share AS inside FROM core.business_park
),
built AS (
    SELECT g.park_id, g.inside, list_sort(list_distinct(list_append(s.feeds, g.feed))) AS feeds, list_sort(list_distinct(list_concat(s.feeds, s.band_feeds, [g.feed]))) AS judged_feeds,
        s.* EXCLUDE (park_id, feeds, band_feeds), greatest(g.area_m2 * g.inside, s.outline_m2) AS here_m2, g.area_m2
    FROM ground AS g JOIN stock AS s USING (park_id)
),
parcel AS (
    SELECT park_id, sum(area_m2::DECIMAL(18, 3))::DOUBLE AS all_m2, list(DISTINCT feed ORDER BY feed) AS feeds,
        coalesce(sum(area_m2::DECIMAL(18, 3)) FILTER (in_use IS NOT NULL), 0)::DOUBLE AS use_m2, coalesce(sum(area_m2::DECIMAL(18, 3)) FILTER (in_use = 'not_in_use'), 0)::DOUBLE AS idle_m2,
        coalesce(sum(area_m2::DECIMAL(18, 3)) FILTER (restriction IS NOT NULL), 0)::DOUBLE AS restriction_m2, coalesce(sum(area_m2::DECIMAL(18, 3)) FILTER (restriction = 'reserve'), 0)::DOUBLE AS reserve_m2,
        coalesce(sum(area_m2::DECIMAL(18, 3)) FILTER (availability IS NOT NULL), 0)::DOUBLE AS offer_m2, coalesce(sum(area_m2::DECIMAL(18, 3)) FILTER (availability = 'offered'), 0)::DOUBLE AS offered_m2
    FROM core.park_parcel WHERE source = 'usage' GROUP BY park_id
),
found AS (
    SELECT park_id, unnest([
        {'indicator': 'built_share', 'value': least(1, outline_m2 / here_m2), 'low': least(1, outline_m2 / area_m2), 'high': least(1, 1 - (here_m2 - outline_m2) / area_m2), 'coverage': inside, 'feeds': feeds},
        {'indicator': 'floor_area_ratio', 'value': floor_m2 / here_m2 * outline_m2 / floor_known_m2, 'low': floor_low_m2 / area_m2, 'high': CASE WHEN here_m2 >= area_m2 THEN floor_high_m2 / area_m2 END, 'coverage': inside * floor_known_m2 / outline_m2, 'feeds': feeds},
        {'indicator': 'volume_ratio', 'value': volume_m3 / here_m2 * outline_m2 / volume_known_m2, 'low': volume_low_m3 / area_m2, 'high': CASE WHEN here_m2 >= area_m2 THEN volume_high_m3 / area_m2 END, 'coverage': inside * volume_known_m2 / outline_m2, 'feeds': feeds},
        {'indicator': 'idle_volume_m3', 'value': CASE WHEN judged_m2 > 0 THEN idle_m3 END, 'low': idle_low_m3, 'high': CASE WHEN here_m2 >= area_m2 THEN idle_high_m3 END, 'coverage': inside * judged_m2 / outline_m2, 'feeds': judged_feeds},
        {'indicator': 'unjudged_volume_m3', 'value': CASE WHEN rest_m2 = 0 OR rest_known_m2 > 0 THEN rest_m3 END, 'low': rest_low_m3, 'high': CASE WHEN here_m2 >= area_m2 THEN rest_high_m3 END,
            'coverage': inside * CASE WHEN rest_m2 > 0 THEN rest_known_m2 / rest_m2 ELSE 1 END, 'feeds': judged_feeds}
    ], recursive := true)
    FROM (SELECT * REPLACE (nullif(floor_known_m2, 0) AS floor_known_m2, nullif(volume_known_m2, 0) AS volume_known_m2) FROM built)
    UNION ALL
    SELECT park_id, unnest([
        {'indicator': 'idle_parcel_share', 'value': idle_m2 / nullif(use_m2, 0), 'low': idle_m2 / all_m2, 'high': least(1, (idle_m2 + all_m2 - use_m2) / all_m2), 'coverage': use_m2 / all_m2, 'feeds': feeds},
        {'indicator': 'reserve_m2', 'value': CASE WHEN restriction_m2 > 0 THEN reserve_m2 END, 'low': reserve_m2, 'high': reserve_m2 + all_m2 - restriction_m2, 'coverage': restriction_m2 / all_m2, 'feeds': feeds},
        {'indicator': 'offered_m2', 'value': CASE WHEN offer_m2 > 0 THEN offered_m2 END, 'low': offered_m2, 'high': offered_m2 + all_m2 - offer_m2, 'coverage': offer_m2 / all_m2, 'feeds': feeds}
    ], recursive := true)
    FROM parcel
)
SELECT park_id, indicator, value, CASE WHEN low IS NOT NULL THEN least(low, value) END AS low,
    CASE WHEN high IS NOT NULL THEN greatest(high, value) END AS high, CASE WHEN coverage IS NULL THEN 0 ELSE least(1, coverage) END AS coverage,
    CAST(NULL AS VARCHAR) AS reason, CAST(NULL AS VARCHAR) AS detail_nl, CAST(NULL AS VARCHAR) AS detail_en, feeds
FROM found
UNION ALL
SELECT park_id, unnest(['built_share', 'floor_area_ratio', 'volume_ratio', 'idle_volume_m3', 'unjudged_volume_m3']), NULL, NULL, NULL, 0, 'no_buildings', NULL, NULL, [feed]
FROM ground WHERE park_id NOT IN (SELECT park_id FROM stock)
UNION ALL
SELECT park_id, unnest(['idle_parcel_share', 'reserve_m2', 'offered_m2']), NULL, NULL, NULL, 0, 'no_usage_parcels', NULL, NULL, [feed]
FROM ground WHERE park_id NOT IN (SELECT park_id FROM parcel)
