-- What the gates look at, of the tables a run has made: name, subject, feed, value, and the rows behind it.
-- A share of nothing is no number: such a subject is left out, except where none at all is what must be seen.
WITH audience AS (
    SELECT unnest(['public', 'city']) AS audience
),
layer_rows AS (
    SELECT audience, count(*) AS rows FROM layer.building GROUP BY audience
),
register AS (
    SELECT r.feed, count(*) AS rows, count(*) FILTER (l.source_row IS NOT NULL) AS found
    FROM staging.register_row AS r LEFT JOIN (SELECT DISTINCT feed, source_row FROM core.link_register) AS l USING (feed, source_row)
    GROUP BY r.feed
),
observation AS (
    SELECT o.feed, count(*) AS rows, count(*) FILTER (l.source_row IS NOT NULL) AS found
    FROM staging.observation AS o LEFT JOIN (SELECT DISTINCT feed, source_row FROM core.link_observation) AS l USING (feed, source_row)
    GROUP BY o.feed
),
outline AS (
    SELECT f.feed, count(*) AS rows, count(*) FILTER (l.left_id IS NOT NULL) AS found
    FROM staging.footprint AS f LEFT JOIN (SELECT DISTINCT left_id FROM core.link_footprint) AS l ON l.left_id = f.footprint_id
    WHERE NOT f.is_official AND EXISTS (FROM staging.footprint WHERE is_official)
    GROUP BY f.feed
),
address AS (
    SELECT feed, count(*) AS rows, count(building_id) AS found FROM core.address GROUP BY feed
),
type AS (
    SELECT count(*) AS rows, count(*) FILTER (type = 'unknown') AS found FROM score.type SEMI JOIN core.standing USING (building_id)
),
shape AS (
    SELECT 'layer.building ' || audience AS subject, geom FROM layer.building
    UNION ALL SELECT 'layer.site ' || audience, geom FROM layer.site
),
score AS (
    -- Shares of their range, so that one limit serves all.
    UNPIVOT (
        SELECT audience, atypicality_score / 100 AS atypicality, underuse_probability AS underuse, reuse_score / 100 AS reuse,
            priority_score / 100 AS priority
        FROM layer.building
    ) AS s ON s.atypicality, s.underuse, s.reuse, s.priority INTO NAME score VALUE value
),
class AS (
    -- A value counts for the two classes it lies between, by how near it is: most of a layer may lie at one number, and a hair's
    -- breadth must not carry it over an edge. Sums of decimals: those of floats differ with the order of threads.
    SELECT audience, score, class, sum(CAST(weight AS DECIMAL(18, 9)))::DOUBLE AS found
    FROM (
        SELECT audience, score, floor(value * 20)::INTEGER AS class, 1 - (value * 20 - floor(value * 20)) AS weight FROM score
        UNION ALL SELECT audience, score, floor(value * 20)::INTEGER + 1, value * 20 - floor(value * 20) FROM score
    )
    WHERE weight > 0 GROUP BY ALL
),
scored AS (
    SELECT audience, score, count(*) AS found, sum(CAST(value AS DECIMAL(18, 9)))::DOUBLE / count(*) AS mean FROM score GROUP BY ALL
),
quantile AS (
    SELECT audience, score, unnest(['p10', 'p50', 'p90']) AS place, unnest(quantile_cont(value, [0.1, 0.5, 0.9])) AS value, count(*) AS rows
    FROM score GROUP BY ALL
),
home AS (
    SELECT b.building_id FROM layer.building AS b LEFT JOIN score.type AS t USING (building_id)
    WHERE b.audience = 'public'
        AND (t.is_residential OR b.type IN (SELECT type FROM reference.building_type WHERE is_residential))
),
objected AS (
    SELECT building_id FROM layer.building WHERE audience = 'public'
    UNION ALL SELECT building_id FROM layer.evidence WHERE audience = 'public'
    UNION ALL SELECT building_id FROM layer.reuse WHERE audience = 'public'
)
SELECT 'rows_layer' AS name, audience AS subject, NULL AS feed, coalesce(rows, 0)::DOUBLE AS value, coalesce(rows, 0) AS rows
FROM audience LEFT JOIN layer_rows USING (audience)
-- Not by feed: an outline that matches leaves its feed's share for the authority's.
UNION ALL SELECT 'rows_table', 'core.building', NULL, count(*), count(*) FROM core.building
UNION ALL SELECT 'match_register', feed, feed, found / rows, rows FROM register
UNION ALL SELECT 'match_observation', feed, feed, found / rows, rows FROM observation
UNION ALL SELECT 'match_outline', feed, feed, found / rows, rows FROM outline
UNION ALL SELECT 'match_address', feed, feed, found / rows, rows FROM address
UNION ALL SELECT 'unknown_types', '', NULL, found / rows, rows FROM type WHERE rows > 0
UNION ALL
SELECT 'geometry', subject, NULL,
    count(*) FILTER (geom IS NULL OR ST_IsEmpty(geom) OR NOT ST_IsValid(geom) OR ST_Dimension(geom) <> 2), count(*)
FROM shape GROUP BY subject
UNION ALL
SELECT 'band_share', a.audience || '/' || b.band, NULL, count(l.building_id) / r.rows, r.rows
FROM audience AS a JOIN layer_rows AS r USING (audience) CROSS JOIN (SELECT unnest(['confirmed', 'likely', 'signal', 'unknown']) AS band) AS b
LEFT JOIN layer.building AS l ON l.audience = a.audience AND l.underuse_band = b.band
GROUP BY a.audience, b.band, r.rows
UNION ALL
SELECT 'score_share', format('{}/{}/near {}', c.audience, c.score, 5 * c.class), NULL, c.found / r.rows, r.rows
FROM class AS c JOIN layer_rows AS r USING (audience)
UNION ALL
SELECT 'score_share', format('{}/{}/not known', s.audience, s.score), NULL, 1 - s.found / r.rows, r.rows
FROM scored AS s JOIN layer_rows AS r USING (audience) WHERE s.found < r.rows
UNION ALL SELECT 'score_mean', concat_ws('/', audience, score), NULL, mean, found FROM scored
-- For the eye: where a score has two heights, a tenth of it jumps from one to the other.
UNION ALL SELECT 'score_quantile', concat_ws('/', audience, score, place), NULL, value, rows FROM quantile
UNION ALL
SELECT 'dictionary', concat_ws(' ', schema_name || '.' || table_name || '.' || column_name, type, nullif(unit, '')), NULL, 1, 1
FROM meta.column WHERE schema_name = 'layer'
UNION ALL SELECT 'privacy_dwelling', '', NULL, (SELECT count(*) FROM home), 1
UNION ALL
SELECT 'privacy_evidence', '', NULL, (SELECT count(*) FROM layer.evidence AS e
    WHERE e.audience = 'public' AND e.feed NOT IN (SELECT feed FROM reference.feed WHERE visibility = 'public')), 1
UNION ALL
SELECT 'privacy_objected', '', NULL, (SELECT count(*) FROM objected SEMI JOIN core.objected USING (building_id)), 1
ORDER BY ALL
