-- Energy on the roofs of business parks: which way they lie, and what panels on them could give. Where no raster shows a roof its lie is unknown, and only bounds are given.
-- inputs: core.business_park, core.roof_measured, score.park_stock, reference.park_roof, reference.park_rule, reference.feed
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
WITH roof AS (
    -- Of several surveys the newest.
    SELECT r.* FROM core.roof_measured AS r JOIN reference.feed AS f USING (feed)
    QUALIFY row_number() OVER (PARTITION BY r.building_id ORDER BY f.snapshot_on DESC, r.feed) = 1
),
part AS (
    SELECT s.park_id, s.outline_m2, r.building_id IS NOT NULL AS is_measured, s.feeds, r.feed, unnest(
        CASE WHEN r.building_id IS NULL THEN [{'orientation': 'unknown', 'share': 1.0::DOUBLE}]
             ELSE [{'orientation': 'flat', 'share': r.flat_share}, {'orientation': 'north', 'share': r.north_share}, {'orientation': 'east', 'share': r.east_share},
                 {'orientation': 'south', 'share': r.south_share}, {'orientation': 'west', 'share': r.west_share}] END, recursive := true)
    FROM score.park_stock AS s LEFT JOIN roof AS r USING (building_id)
),
face AS (
    SELECT park_id, orientation, sum((outline_m2 * share)::DECIMAL(18, 3))::DOUBLE AS m2 FROM part GROUP BY ALL
),
fed AS (
    SELECT park_id, list_sort(list_distinct(list_concat(flatten(list(feeds)), list_filter(list(feed), lambda name: name IS NOT NULL)))) AS feeds FROM part GROUP BY park_id
),
usable AS (
    SELECT f.park_id, sum((f.m2 * u.low)::DECIMAL(18, 3))::DOUBLE AS low, sum((f.m2 * u.value)::DECIMAL(18, 3))::DOUBLE AS value, sum((f.m2 * u.high)::DECIMAL(18, 3))::DOUBLE AS high
    FROM face AS f JOIN reference.park_roof AS u USING (orientation) GROUP BY f.park_id
),
whole AS (
    SELECT f.park_id, p.inside, d.feeds, f.all_m2, f.known_m2, least(1, f.known_m2 / f.all_m2) AS known
    FROM (SELECT park_id, sum(m2::DECIMAL(18, 3))::DOUBLE AS all_m2, coalesce(sum(m2::DECIMAL(18, 3)) FILTER (orientation <> 'unknown'), 0)::DOUBLE AS known_m2 FROM face GROUP BY park_id) AS f
    JOIN (SELECT park_id, seen_share AS inside FROM core.business_park) AS p USING (park_id) JOIN fed AS d USING (park_id)
),
kwp AS (SELECT low, value, high FROM reference.park_rule WHERE name = 'kwp_per_m2'),
found AS (
    SELECT park_id, 'roof_m2' AS indicator, all_m2 AS value, all_m2 AS low, all_m2 AS high, inside AS coverage, feeds FROM whole
    UNION ALL
    SELECT w.park_id, 'roof_' || o.orientation || '_m2', CASE WHEN w.known_m2 > 0 THEN coalesce(f.m2, 0) END, coalesce(f.m2, 0), coalesce(f.m2, 0) + w.all_m2 - w.known_m2, w.inside * w.known, w.feeds
    FROM whole AS w CROSS JOIN (SELECT unnest(['flat', 'north', 'east', 'south', 'west']) AS orientation) AS o LEFT JOIN face AS f ON f.park_id = w.park_id AND f.orientation = o.orientation
    UNION ALL
    SELECT u.park_id, 'solar_m2', u.value, u.low, u.high, w.inside * w.known, w.feeds FROM usable AS u JOIN whole AS w USING (park_id)
    UNION ALL
    SELECT u.park_id, 'solar_kwp', u.value * k.value, u.low * k.low, u.high * k.high, w.inside * w.known, w.feeds FROM usable AS u JOIN whole AS w USING (park_id) CROSS JOIN kwp AS k
)
-- Beyond what is seen of a park there may be more roofs: then there is no upper bound.
SELECT f.park_id, f.indicator, f.value, least(f.low, f.value) AS low, CASE WHEN w.inside >= 1 THEN greatest(f.high, f.value) END AS high, f.coverage, CAST(NULL AS VARCHAR) AS reason, CAST(NULL AS VARCHAR) AS detail_nl,
    CAST(NULL AS VARCHAR) AS detail_en, f.feeds
FROM found AS f JOIN whole AS w USING (park_id)
UNION ALL
SELECT p.park_id, i.indicator, NULL, NULL, NULL, 0, 'no_buildings', NULL, NULL, [p.feed]
FROM core.business_park AS p
CROSS JOIN (SELECT unnest(['roof_m2', 'roof_flat_m2', 'roof_north_m2', 'roof_east_m2', 'roof_south_m2', 'roof_west_m2', 'solar_m2', 'solar_kwp']) AS indicator) AS i
WHERE p.park_id NOT IN (SELECT park_id FROM whole)
