-- How business parks are reached: mapped car parks, what could be shared of them, stops and departures within a walk.
-- inputs: core.business_park, score.park_stock, staging.facility, staging.place, reference.park_rule, reference.park_use_pattern, reference.feed
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
    SELECT park_id, feed, seen_share AS inside, geom FROM core.business_park
),
rule AS (
    SELECT max(low) FILTER (name = 'place_m2') AS place_low, max(value) FILTER (name = 'place_m2') AS place_m2, max(high) FILTER (name = 'place_m2') AS place_high,
        max(value) FILTER (name = 'walk_m') AS walk_m
    FROM reference.park_rule
),
-- Who gives places draws a map; a timetable knows of its own operator's stops alone.
map_feed AS (SELECT list(DISTINCT feed ORDER BY feed) AS feeds FROM staging.place HAVING count(*) > 0),
lot AS (
    SELECT p.park_id, f.feed, osm_number(f.tags['capacity']) AS capacity, CASE WHEN ST_Dimension(f.geom) = 2 THEN ST_Area(f.geom) END AS whole_m2,
        CASE WHEN ST_Dimension(f.geom) = 2 THEN shared_area(f.geom, p.geom) END AS here_m2
    FROM park AS p JOIN (SELECT * FROM staging.facility WHERE tags['amenity'] = 'parking') AS f ON ST_Intersects(f.geom, p.geom)
),
parking AS (
    SELECT park_id, list(DISTINCT feed ORDER BY feed) AS feeds, coalesce(sum(here_m2::DECIMAL(18, 3)), 0)::DOUBLE AS m2,
        sum((coalesce(capacity * share, here_m2 / place_high))::DECIMAL(18, 3))::DOUBLE AS low, sum((coalesce(capacity * share, here_m2 / place_m2))::DECIMAL(18, 3))::DOUBLE AS places,
        sum((coalesce(capacity * share, here_m2 / place_low))::DECIMAL(18, 3))::DOUBLE AS high
    FROM (SELECT *, CASE WHEN whole_m2 > 0 THEN least(1, here_m2 / whole_m2) ELSE 1 END AS share FROM lot) CROSS JOIN rule
    WHERE capacity IS NOT NULL OR here_m2 > 0
    GROUP BY park_id
),
taken AS (
    SELECT s.park_id, list_sort(list_distinct(flatten(list(s.feeds)))) AS feeds, sum(s.outline_m2::DECIMAL(18, 3))::DOUBLE AS all_m2,
        sum(s.outline_m2::DECIMAL(18, 3)) FILTER (u.type IS NOT NULL)::DOUBLE AS known_m2, sum((s.outline_m2 * u.day)::DECIMAL(18, 3))::DOUBLE AS day,
        sum((s.outline_m2 * u.evening)::DECIMAL(18, 3))::DOUBLE AS evening, sum((s.outline_m2 * u.weekend)::DECIMAL(18, 3))::DOUBLE AS weekend
    FROM score.park_stock AS s LEFT JOIN reference.park_use_pattern AS u USING (type) GROUP BY s.park_id
),
free AS (
    SELECT k.park_id, p.inside * coalesce(t.known_m2 / t.all_m2, 0) AS coverage, list_sort(list_distinct(list_concat(k.feeds, coalesce(t.feeds, [])))) AS feeds, k.low, k.places, k.high,
        unnest([{'indicator': 'free_places_day', 'share': 1 - t.day / t.known_m2}, {'indicator': 'free_places_evening', 'share': 1 - t.evening / t.known_m2},
            {'indicator': 'free_places_weekend', 'share': 1 - t.weekend / t.known_m2}], recursive := true)
    FROM parking AS k JOIN park AS p USING (park_id) LEFT JOIN taken AS t USING (park_id)
),
stop AS (
    SELECT facility_id AS stop_id, feed, try_cast(tags['weekday_departures'] AS DOUBLE) AS departures, tags['weekday_departures'] IS NOT NULL AS is_timed, geom
    FROM staging.facility WHERE tags['highway'] = 'bus_stop' OR tags['railway'] IN ('tram_stop', 'station', 'halt')
    UNION ALL SELECT place_id, feed, NULL, false, geom FROM staging.place WHERE tags['railway'] IN ('station', 'halt')
),
timed AS (SELECT list(DISTINCT feed ORDER BY feed) AS feeds FROM stop WHERE is_timed HAVING count(*) > 0),
near AS (
    -- One stop stands in the map and in the timetable: the longer list counts.
    SELECT p.park_id, count(*) FILTER (s.is_timed) AS timed_count, count(*) FILTER (s.stop_id IS NOT NULL AND NOT s.is_timed) AS mapped_count,
        coalesce(sum(s.departures::DECIMAL(18, 3)), 0)::DOUBLE AS departures
    FROM park AS p CROSS JOIN rule AS r LEFT JOIN stop AS s ON ST_DWithin(p.geom, s.geom, r.walk_m) GROUP BY p.park_id
),
found AS (
    SELECT k.park_id, unnest([
        {'indicator': 'parking_m2', 'value': k.m2, 'low': k.m2, 'high': NULL::DOUBLE}, {'indicator': 'parking_places', 'value': k.places, 'low': k.low, 'high': k.high}], recursive := true),
        p.inside AS coverage, NULL::VARCHAR AS reason, k.feeds
    FROM parking AS k JOIN park AS p USING (park_id)
    UNION ALL
    SELECT park_id, indicator, places * share, low * share, high * share, coverage, NULL, feeds FROM free
    UNION ALL
    SELECT p.park_id, unnest(['parking_m2', 'parking_places', 'free_places_day', 'free_places_evening', 'free_places_weekend']), NULL, CASE WHEN m.feeds IS NOT NULL THEN 0 END, NULL, 0,
        CASE WHEN m.feeds IS NULL THEN 'no_source' ELSE 'nothing_mapped' END, coalesce(m.feeds, [p.feed])
    FROM park AS p LEFT JOIN map_feed AS m ON true WHERE p.park_id NOT IN (SELECT park_id FROM parking)
    UNION ALL
    SELECT p.park_id, 'stops_500m', CASE WHEN m.feeds IS NOT NULL THEN greatest(n.timed_count, n.mapped_count) END, greatest(n.timed_count, n.mapped_count), NULL,
        CASE WHEN m.feeds IS NULL THEN 0 ELSE p.inside END, CASE WHEN m.feeds IS NULL THEN 'no_source' END, list_sort(list_distinct(list_concat([p.feed], coalesce(m.feeds, []), coalesce(t.feeds, []))))
    FROM park AS p JOIN near AS n USING (park_id) LEFT JOIN map_feed AS m ON true LEFT JOIN timed AS t ON true
    UNION ALL
    SELECT p.park_id, 'departures_500m', CASE WHEN t.feeds IS NOT NULL THEN n.departures END, CASE WHEN t.feeds IS NOT NULL THEN n.departures END, NULL,
        CASE WHEN t.feeds IS NULL THEN 0 ELSE p.inside END, CASE WHEN t.feeds IS NULL THEN 'no_source' END, list_sort(list_distinct(list_append(coalesce(t.feeds, []), p.feed)))
    FROM park AS p JOIN near AS n USING (park_id) LEFT JOIN timed AS t ON true
    UNION ALL
    SELECT park_id, 'cycling_access', NULL, NULL, NULL, 0, 'not_read', [feed] FROM park
)
SELECT park_id, indicator, value, low, high, CASE WHEN coverage IS NULL THEN 0 ELSE least(1, coverage) END AS coverage, reason, CAST(NULL AS VARCHAR) AS detail_nl, CAST(NULL AS VARCHAR) AS detail_en, feeds
FROM found
