-- The sources of the run: who publishes them, under which licence, how old they are.
-- inputs: reference.feed
-- key: feed
-- params: as_of
-- columns:
--   feed | VARCHAR | - | Gegevensstroom | Name of the feed in the city file
--   title | VARCHAR | - | Titel | Title of the source
--   publisher | VARCHAR | - | Uitgever | Who publishes it
--   licence | VARCHAR | - | Licentie | Licence
--   licence_uri | VARCHAR | - | Licentie-URI | Address of the licence text
--   attribution | VARCHAR | - | Bronvermelding | Words every product must carry
--   visibility | VARCHAR | - | Zichtbaarheid | public, or city only
--   snapshot_on | DATE | - | Datum van de gegevens | Day the data describe
--   age_days | INTEGER | days | Ouderdom | From that day to as_of
--   row_count | BIGINT | rows | Rijen | Rows the feed gave
SELECT feed, title, publisher, licence, licence_uri, attribution, visibility, snapshot_on,
    CAST(greatest(0, getvariable('as_of') - snapshot_on) AS INTEGER) AS age_days, row_count
FROM reference.feed
