-- The observations that can be about this city: every row of a list of its own, and of a wider list the rows whose postcode one of the
-- city's addresses has. The others are counted in staging.observation_scope: a list of the whole country is no million refusals.
-- inputs: raw.observation, staging.address
-- key: feed, source_row
-- columns:
--   feed | VARCHAR | - | Gegevensstroom | list the row is in
--   source_row | VARCHAR | - | Bronrij | table and place of the row in the feed
SELECT feed, source_row
FROM raw.observation
WHERE NOT coalesce(is_wide, false) OR trim(postcode) IN (SELECT trim(postcode) FROM staging.address WHERE postcode IS NOT NULL)
