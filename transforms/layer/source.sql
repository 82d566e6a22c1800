-- The sources of the run: who publishes them, under which licence, how old they are.
-- inputs: reference.feed
-- key: feed
-- params: as_of
-- columns:
--   feed | VARCHAR | - | Gegevensstroom | Name of the feed in the city file // Naam van de gegevensstroom in het stadsbestand
--   title | VARCHAR | - | Titel | Title of the source // Titel van de bron
--   publisher | VARCHAR | - | Uitgever | Who publishes it // Wie ze uitgeeft
--   licence | VARCHAR | - | Licentie | Licence // Licentie
--   licence_uri | VARCHAR | - | Licentie-URI | Address of the licence text // Adres van de licentietekst
--   landing_page | VARCHAR | - | Webpagina | Page of the source // Webpagina van de bron
--   attribution | VARCHAR | - | Bronvermelding | Words every product must carry // Woorden die elk product moet dragen
--   visibility | VARCHAR | - | Zichtbaarheid | public, or city only // Openbaar, of alleen voor de stad
--   snapshot_on | DATE | - | Datum van de gegevens | Day the data describe // Dag die de gegevens beschrijven
--   age_days | INTEGER | days | Ouderdom | From that day to as_of // Van die dag tot de dag waarop de stad bekeken wordt
--   row_count | BIGINT | rows | Rijen | Rows the feed gave // Rijen die de stroom gaf
SELECT feed, title, publisher, licence, nullif(licence_uri, '') AS licence_uri, nullif(landing_page, '') AS landing_page, attribution, visibility, snapshot_on,
    CAST(greatest(0, getvariable('as_of') - snapshot_on) AS INTEGER) AS age_days, row_count
FROM reference.feed
