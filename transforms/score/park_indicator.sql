-- What is known of each business park in six themes, per audience: every indicator has a row, and one that is not known says why.
-- A value for the whole is made where enough is known; bounds hold for all of it whatever is known.
-- inputs: core.business_park, score.park_space, score.park_energy, score.park_mobility, score.park_people, score.park_environment,
--   score.park_activity, reference.park_indicator, reference.park_rule, reference.feed
-- key: audience, park_id, indicator
-- check: coverage BETWEEN 0 AND 1
-- check: low <= value AND value <= high AND low <= high
-- check: (value IS NULL) = (reason IS NOT NULL)
-- columns:
--   audience | VARCHAR | - | Doelgroep | public or city
--   park_id | VARCHAR | - | Terrein | park
--   theme | VARCHAR | - | Thema | space, energy, mobility, materials, people or environment
--   indicator | VARCHAR | - | Indicator | code in reference.park_indicator
--   value | DOUBLE | - | Waarde | in `unit`; null where not enough is known
--   low | DOUBLE | - | Ondergrens | least it can be; null for no bound
--   high | DOUBLE | - | Bovengrens | most it can be; null for no bound
--   unit | VARCHAR | - | Eenheid | unit of the three
--   coverage | DOUBLE | - | Dekking | share of the park's area, buildings, parcels or establishments for which it is known
--   reason | VARCHAR | - | Reden | why there is no value: code in reference.park_reason
--   detail_nl | VARCHAR | - | Toelichting | what the number is made up of, in Dutch
--   detail_en | VARCHAR | - | Toelichting (Engels) | the same in English
--   feeds | VARCHAR[] | - | Gegevensstromen | feeds it was made from; none for what no source says
WITH found AS (
    FROM score.park_space UNION ALL BY NAME FROM score.park_energy UNION ALL BY NAME FROM score.park_mobility
    UNION ALL BY NAME FROM score.park_people UNION ALL BY NAME FROM score.park_environment
),
rule AS (
    SELECT max(value) FILTER (name = 'known_share_min') AS known_min, max(value) FILTER (name = 'establishments_min') AS least_count FROM reference.park_rule
),
hidden AS (SELECT list(feed) AS feeds FROM reference.feed WHERE visibility <> 'public'),
heard AS (
    SELECT a.audience, p.park_id, i.theme, i.indicator, i.unit, f.* EXCLUDE (park_id, indicator), r.known_min,
        -- What a source of the city alone says is not published, not even as a sum.
        a.audience = 'public' AND list_has_any(coalesce(f.feeds, []), coalesce(h.feeds, [])) AS is_hidden,
        a.audience = 'public' AND i.basis = 'establishments' AND coalesce(e.establishment_count < r.least_count, false)
            OR a.audience = 'public' AND i.indicator = 'establishments' AND coalesce(f.value < r.least_count, false) AS is_few
    FROM core.business_park AS p CROSS JOIN reference.park_indicator AS i CROSS JOIN (SELECT unnest(['public', 'city']) AS audience) AS a
    CROSS JOIN rule AS r CROSS JOIN hidden AS h
    LEFT JOIN found AS f ON f.park_id = p.park_id AND f.indicator = i.indicator
    LEFT JOIN score.park_activity AS e ON e.park_id = p.park_id AND e.section = '*'
),
judged AS (
    SELECT *, is_hidden OR is_few AS is_kept_back,
        CASE WHEN is_hidden THEN 'not_public' WHEN is_few THEN 'too_few' WHEN reason IS NOT NULL THEN reason
             WHEN value IS NULL AND coverage IS NULL THEN 'no_source' WHEN value IS NULL OR coverage < known_min THEN 'too_little_known' END AS why
    FROM heard
)
SELECT audience, park_id, theme, indicator, CASE WHEN why IS NULL THEN value END AS value, CASE WHEN NOT is_kept_back THEN low END AS low,
    CASE WHEN NOT is_kept_back THEN high END AS high, unit, CASE WHEN is_kept_back THEN 0 ELSE coalesce(coverage, 0) END AS coverage, why AS reason,
    CASE WHEN NOT is_kept_back THEN detail_nl END AS detail_nl, CASE WHEN NOT is_kept_back THEN detail_en END AS detail_en,
    CASE WHEN is_kept_back THEN [] ELSE coalesce(feeds, []) END AS feeds
FROM judged
