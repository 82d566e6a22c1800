-- How many rows of each list of observations can be about this city, and how many of a wider list lie elsewhere.
-- inputs: raw.observation, staging.observation_here
-- key: feed
-- check: row_count = here_count + elsewhere_count
-- columns:
--   feed | VARCHAR | - | Gegevensstroom | list
--   row_count | BIGINT | rows | Rijen | rows of the list
--   here_count | BIGINT | rows | Hier | rows that are staged
--   elsewhere_count | BIGINT | rows | Elders | rows with a postcode that none of the city's addresses has, or without one
WITH here AS (SELECT feed, count(*) AS n FROM staging.observation_here GROUP BY feed)
SELECT o.feed, count(*) AS row_count, coalesce(any_value(h.n), 0) AS here_count,
    count(*) FILTER (coalesce(o.is_wide, false) AND (o.feed, o.source_row) NOT IN (SELECT (feed, source_row) FROM staging.observation_here)) AS elsewhere_count
FROM raw.observation AS o LEFT JOIN here AS h ON h.feed = o.feed
GROUP BY o.feed
