-- What happens in business parks and who works there: establishments by kind, flows with a giver and a taker among them, amenities within a walk.
-- inputs: core.business_park, score.park_activity, staging.place, staging.facility, staging.land_use, staging.observation, reference.park_rule, reference.park_amenity, reference.park_flow, reference.park_flow_label, reference.nace_section
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
    SELECT max(value) FILTER (name = 'walk_m') AS walk_m, max(value) FILTER (name = 'establishments_min') AS least_count FROM reference.park_rule
),
counted AS (
    SELECT park_id, max(establishment_count) FILTER (section = '*') AS all_count, coalesce(max(establishment_count) FILTER (section = '?'), 0) AS silent_count,
        count(*) FILTER (section NOT IN ('*', '?')) AS section_count, list_sort(list_distinct(flatten(list(feeds)))) AS feeds
    FROM score.park_activity GROUP BY park_id
),
listed AS (SELECT list(DISTINCT feed ORDER BY feed) AS feeds FROM staging.observation WHERE activities IS NOT NULL HAVING count(*) > 0),
mix AS (
    -- A section of one or two is somebody: those are told together.
    SELECT park_id, string_agg(label_nl || ': ' || n, '; ' ORDER BY n DESC, label_nl) AS nl, string_agg(label_en || ': ' || n, '; ' ORDER BY n DESC, label_en) AS en
    FROM (
        SELECT a.park_id, CASE WHEN a.establishment_count < r.least_count THEN 'andere' ELSE n.label_nl END AS label_nl,
            CASE WHEN a.establishment_count < r.least_count THEN 'other' ELSE n.label_en END AS label_en, CAST(sum(a.establishment_count) AS BIGINT) AS n
        FROM score.park_activity AS a JOIN reference.nace_section AS n USING (section) CROSS JOIN rule AS r GROUP BY ALL
    )
    GROUP BY park_id
),
flow AS (
    SELECT a.park_id, f.flow FROM score.park_activity AS a JOIN reference.park_flow AS f USING (section)
    GROUP BY ALL HAVING bool_or(f.does = 'gives') AND bool_or(f.does = 'takes')
),
flows AS (
    SELECT f.park_id, count(*) AS n, string_agg(l.label_nl, '; ' ORDER BY l.label_nl) AS nl, string_agg(l.label_en, '; ' ORDER BY l.label_en) AS en
    FROM flow AS f JOIN reference.park_flow_label AS l USING (flow) GROUP BY f.park_id
),
map_feed AS (SELECT list(DISTINCT feed ORDER BY feed) AS feeds FROM staging.place HAVING count(*) > 0),
wanted AS (
    SELECT amenity, split_part(pair, '=', 1) AS key, split_part(pair, '=', 2) AS value FROM (SELECT amenity, unnest(string_split(tags, ' ')) AS pair FROM reference.park_amenity)
),
thing AS (
    SELECT tags, geom FROM staging.place UNION ALL SELECT tags, geom FROM staging.facility
    UNION ALL SELECT MAP {'leisure': land_use}, geom FROM staging.land_use WHERE land_use IN (SELECT value FROM wanted WHERE key = 'leisure')
),
near AS (
    SELECT DISTINCT p.park_id, t.amenity
    FROM park AS p CROSS JOIN rule AS r
    JOIN (
        SELECT w.amenity, x.geom FROM (SELECT geom, tags, unnest(map_entries(tags)) AS entry FROM thing) AS x JOIN wanted AS w ON w.key = x.entry.key AND w.value = x.entry.value
        -- What is out of use serves nobody.
        WHERE coalesce(x.tags['disused'] <> 'yes', true) AND coalesce(x.tags['abandoned'] <> 'yes', true)
    ) AS t ON ST_DWithin(p.geom, t.geom, r.walk_m)
),
amenity AS (
    SELECT p.park_id, count(n.amenity) AS n, count(*) - count(n.amenity) AS missing,
        string_agg(a.label_nl, '; ' ORDER BY a.label_nl) FILTER (n.amenity IS NOT NULL) AS nl, string_agg(a.label_en, '; ' ORDER BY a.label_en) FILTER (n.amenity IS NOT NULL) AS en,
        string_agg(a.label_nl, '; ' ORDER BY a.label_nl) FILTER (n.amenity IS NULL) AS missing_nl, string_agg(a.label_en, '; ' ORDER BY a.label_en) FILTER (n.amenity IS NULL) AS missing_en
    FROM park AS p CROSS JOIN reference.park_amenity AS a LEFT JOIN near AS n ON n.park_id = p.park_id AND n.amenity = a.amenity GROUP BY p.park_id
),
found AS (
    -- A list that refuses some of its rows counts too few: no upper bound.
    SELECT p.park_id, 'establishments' AS indicator, CASE WHEN l.feeds IS NOT NULL THEN coalesce(c.all_count, 0) END AS value, NULL::DOUBLE AS high, CASE WHEN l.feeds IS NULL THEN 0 ELSE p.inside END AS coverage,
        NULL::VARCHAR AS detail_nl, NULL::VARCHAR AS detail_en, coalesce(l.feeds, []) AS feeds, p.feed
    FROM park AS p LEFT JOIN counted AS c USING (park_id) LEFT JOIN listed AS l ON true
    UNION ALL
    SELECT p.park_id, 'activity_sections', c.section_count, NULL, coalesce(p.inside * (1 - c.silent_count / c.all_count), 0), m.nl, m.en, coalesce(c.feeds, l.feeds, []), p.feed
    FROM park AS p LEFT JOIN counted AS c USING (park_id) LEFT JOIN mix AS m USING (park_id) LEFT JOIN listed AS l ON true
    UNION ALL
    SELECT p.park_id, 'complementary_flows', CASE WHEN c.all_count > 0 THEN coalesce(f.n, 0) END, NULL, coalesce(p.inside * (1 - c.silent_count / c.all_count), 0), f.nl, f.en, coalesce(c.feeds, l.feeds, []), p.feed
    FROM park AS p LEFT JOIN counted AS c USING (park_id) LEFT JOIN flows AS f USING (park_id) LEFT JOIN listed AS l ON true
    UNION ALL
    SELECT a.park_id, 'amenities_500m', CASE WHEN m.feeds IS NOT NULL THEN a.n END, NULL, CASE WHEN m.feeds IS NULL THEN 0 ELSE p.inside END, a.nl, a.en, coalesce(m.feeds, []), p.feed
    FROM amenity AS a JOIN park AS p USING (park_id) LEFT JOIN map_feed AS m ON true
)
SELECT park_id, indicator, value::DOUBLE AS value, value::DOUBLE AS low, high, CASE WHEN coverage IS NULL THEN 0 ELSE least(1, coverage) END AS coverage, CASE WHEN value IS NULL THEN 'no_source' END AS reason, detail_nl, detail_en,
    list_sort(list_distinct(list_append(feeds, feed))) AS feeds
FROM found
UNION ALL
-- What the map does not show may be there: the number found is sure, the number missing is at most this.
SELECT a.park_id, 'amenities_missing', CASE WHEN m.feeds IS NOT NULL THEN a.missing::DOUBLE END, NULL, CASE WHEN m.feeds IS NOT NULL THEN a.missing::DOUBLE END, CASE WHEN m.feeds IS NULL THEN 0 ELSE p.inside END,
    CASE WHEN m.feeds IS NULL THEN 'no_source' END, CASE WHEN m.feeds IS NOT NULL THEN a.missing_nl END, CASE WHEN m.feeds IS NOT NULL THEN a.missing_en END, list_sort(list_distinct(list_append(coalesce(m.feeds, []), p.feed)))
FROM amenity AS a JOIN park AS p USING (park_id) LEFT JOIN map_feed AS m ON true
