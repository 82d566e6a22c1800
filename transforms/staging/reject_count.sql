-- Rejected rows by feed, table and reason.
-- view: yes
-- inputs: staging.reject
-- columns:
--   table_name | VARCHAR | - | Tabel | table that refused them
--   feed | VARCHAR | - | Gegevensstroom | feed they came from
--   reason | VARCHAR | - | Reden | why
--   row_count | BIGINT | rows | Rijen | how many
SELECT table_name, feed, reason, count(*) AS row_count FROM staging.reject GROUP BY ALL
