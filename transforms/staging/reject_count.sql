-- Rejected rows by feed, table and reason; of a list that covers more than the city, also the rows that lie elsewhere.
-- view: yes
-- inputs: staging.reject, staging.observation_here, staging.observation_scope
-- columns:
--   table_name | VARCHAR | - | Tabel | table that refused them
--   feed | VARCHAR | - | Gegevensstroom | feed they came from
--   reason | VARCHAR | - | Reden | why
--   row_count | BIGINT | rows | Rijen | how many
SELECT table_name, feed, reason, count(*) AS row_count FROM staging.reject GROUP BY ALL
UNION ALL
SELECT 'staging.observation_here', feed, 'a postcode that none of the city''s addresses has', elsewhere_count
FROM staging.observation_scope WHERE elsewhere_count > 0
