-- Observations about single buildings in one spelling: kind, place, day.
-- inputs: raw.observation, staging.observation_here, reference.evidence_kind.kind
-- key: feed, observation_id
-- params: crs_min_x, crs_min_y, crs_max_x, crs_max_y
-- accounts_for: staging.observation_here
-- check: vacant_low <= vacant_high
-- columns:
--   feed | VARCHAR | - | Gegevensstroom | list the row is in
--   observation_id | VARCHAR | - | Waarneming | the list's own id of the row
--   source_row | VARCHAR | - | Bronrij | table and place of the row in the feed
--   kind | VARCHAR | - | Soort | kind of evidence
--   building_id | VARCHAR | - | Gebouw | building as the list names it; null where it gives a position or an address only
--   street | VARCHAR | - | Straat | street name as given
--   street_key | VARCHAR | - | Straatsleutel | street name reduced to what two spellings share
--   house_number | VARCHAR | - | Huisnummer | house number as given
--   number_value | INTEGER | - | Nummer | its leading digits
--   number_suffix | VARCHAR | - | Toevoeging | letter or bis
--   box_number | VARCHAR | - | Busnummer | box (bus) number
--   postcode | VARCHAR | - | Postcode | postal code
--   municipality | VARCHAR | - | Gemeente | municipality or district name
--   detail | VARCHAR | - | Detail | what was seen
--   observed_on | DATE | - | Waargenomen op | day of the observation; null where unknown
--   vacant_low | DOUBLE | - | Leeg aandeel laag | smallest share that is empty; null where unknown
--   vacant_high | DOUBLE | - | Leeg aandeel hoog | largest share that is empty; null where unknown
--   activities | MAP(VARCHAR, INTEGER) | - | Activiteiten | establishments by NACE section, * for all, ? for those that state none; null where the list does not count them
--   geom | GEOMETRY | - | Geometrie | position
WITH here AS (
    SELECT o.*, street_key(o.street) AS street_key FROM raw.observation AS o SEMI JOIN staging.observation_here USING (feed, source_row)
),
checked AS (
    SELECT *,
        CASE
            WHEN defect IS NOT NULL THEN defect
            WHEN observation_id IS NULL THEN 'no id'
            WHEN kind IS NULL THEN 'no kind'
            WHEN kind NOT IN (SELECT kind FROM reference.evidence_kind) THEN 'unknown kind'
            WHEN observed_on IS NOT NULL AND register_date(observed_on) IS NULL THEN 'date that cannot be read'
            WHEN coalesce(vacant_low < 0 OR vacant_high > 1 OR vacant_low > vacant_high, false) THEN 'share outside 0..1'
            WHEN building_id IS NULL AND geom IS NOT NULL THEN geometry_problem(geom)
            WHEN building_id IS NULL AND (street_key IS NULL OR house_number_value(house_number) IS NULL) THEN 'no place given'
        END AS problem
    FROM here
)
SELECT feed, observation_id, source_row, kind, nullif(trim(building_id), '') AS building_id,
    street, street_key, house_number, house_number_value(house_number) AS number_value, house_number_suffix(house_number) AS number_suffix,
    box_number, trim(postcode) AS postcode, municipality, detail,
    register_date(observed_on) AS observed_on, coalesce(vacant_low, vacant_high) AS vacant_low,
    coalesce(vacant_high, vacant_low) AS vacant_high, CASE WHEN geometry_problem(geom) IS NULL THEN geom END AS geom, activities,
    coalesce(problem, CASE WHEN row_number() OVER (PARTITION BY feed, observation_id, problem IS NULL ORDER BY source_row) > 1
                           THEN 'duplicate key' END) AS reject_reason,
    CASE problem WHEN 'unknown kind' THEN 'kind' WHEN 'date that cannot be read' THEN 'observed_on' END AS reject_column,
    CASE problem WHEN 'unknown kind' THEN kind WHEN 'date that cannot be read' THEN observed_on END AS reject_value
FROM checked
