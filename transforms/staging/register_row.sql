-- Rows of vacancy registers in one spelling: place, part, status, date. One row per row of the register.
-- inputs: raw.register_row
-- key: feed, register_id
-- accounts_for: raw.register_row
-- columns:
--   feed | VARCHAR | - | Gegevensstroom | register the row is in
--   register_id | VARCHAR | - | Registernummer | the register's own id of the row
--   source_row | VARCHAR | - | Bronrij | table and place of the row in the feed
--   building_number | VARCHAR | - | Pandnummer | the register's own number of the building
--   capakey | VARCHAR | - | Capakey | cadastral key; null where none or malformed
--   street | VARCHAR | - | Straat | street name as given
--   street_key | VARCHAR | - | Straatsleutel | street name reduced to what two spellings share
--   house_number | VARCHAR | - | Huisnummer | house number as given
--   house_number_to | VARCHAR | - | Tot huisnummer | second house number as given: the end of a range, or a flat
--   number_value | INTEGER | - | Nummer | its leading digits
--   box_number | VARCHAR | - | Busnummer | box (bus) number
--   postcode | VARCHAR | - | Postcode | postal code
--   municipality | VARCHAR | - | Gemeente | municipality or district name
--   part | VARCHAR | - | Deel | which part is empty, in the register's words
--   kind | VARCHAR | - | Soort | dwelling, building, room, business_premises; null where unknown
--   inventory | VARCHAR | - | Inventaris | vacancy, neglect, unfit, business_premises
--   status | VARCHAR | - | Status | active, announced, appealed, striking_off_requested, struck_off, demolished
--   listed_on | DATE | - | Opgenomen op | day of listing; null where unknown
--   geom | GEOMETRY | - | Geometrie | what the register drew, if anything
WITH checked AS (
    SELECT *,
        CASE
            WHEN defect IS NOT NULL THEN defect
            WHEN register_id IS NULL THEN 'no id'
            WHEN status IS NULL THEN 'no status'
            WHEN status NOT IN ('active', 'announced', 'appealed', 'striking_off_requested', 'struck_off', 'demolished')
                THEN 'unknown status'
            WHEN listed_on IS NOT NULL AND register_date(listed_on) IS NULL THEN 'date that cannot be read'
            WHEN capakey_key(capakey) IS NULL AND geom IS NULL
                AND (street IS NULL OR house_number_value(house_number) IS NULL) THEN 'no place given'
        END AS problem
    FROM raw.register_row
)
SELECT
    feed, register_id, source_row, building_number, capakey_key(capakey) AS capakey, street, street_key(street) AS street_key,
    house_number, house_number_to, house_number_value(house_number) AS number_value,
    box_number, postcode, municipality, part, kind, coalesce(inventory, 'vacancy') AS inventory, status,
    register_date(listed_on) AS listed_on, geom,
    coalesce(problem, CASE WHEN row_number() OVER (PARTITION BY feed, register_id, problem IS NULL ORDER BY source_row) > 1
                           THEN 'duplicate key' END) AS reject_reason,
    CASE problem WHEN 'unknown status' THEN 'status' WHEN 'no status' THEN 'status' WHEN 'date that cannot be read' THEN 'listed_on' END
        AS reject_column,
    CASE problem WHEN 'unknown status' THEN status WHEN 'date that cannot be read' THEN listed_on END AS reject_value
FROM checked
