-- Address points in the city's CRS, with street and number taken apart.
-- inputs: raw.address
-- key: address_id
-- params: crs_min_x, crs_min_y, crs_max_x, crs_max_y
-- accounts_for: raw.address
-- columns:
--   address_id | VARCHAR | - | Adres | issuer and id
--   feed | VARCHAR | - | Gegevensstroom | feed that gave the row
--   source_row | VARCHAR | - | Bronrij | table and place of the row in the feed
--   street | VARCHAR | - | Straat | street name as given
--   street_key | VARCHAR | - | Straatsleutel | street name reduced to what two spellings share
--   house_number | VARCHAR | - | Huisnummer | house number as given
--   number_value | INTEGER | - | Nummer | its leading digits
--   number_suffix | VARCHAR | - | Toevoeging | what follows the digits: letter or bis
--   box_number | VARCHAR | - | Busnummer | box (bus) number
--   postcode | VARCHAR | - | Postcode | postal code
--   municipality | VARCHAR | - | Gemeente | municipality or district name
--   status | VARCHAR | - | Status | in_use, proposed, retired, rejected or the provider's word; null: not said
--   position_method | VARCHAR | - | Positiemethode | how the position came about, in the provider's words
--   position_of | VARCHAR | - | Positie van | what the position is of, in the provider's words
--   geom | GEOMETRY | - | Geometrie | point
WITH street_name AS MATERIALIZED (
    -- A city has some thousand names on hundreds of thousands of points: each is reduced once.
    SELECT street, street_key(street) AS street_key FROM (SELECT DISTINCT street FROM raw.address)
),
checked AS (
    SELECT a.*, n.street_key,
        CASE
            WHEN address_id IS NULL THEN 'no id'
            WHEN defect IS NOT NULL THEN defect
            WHEN geometry_problem(geom) IS NOT NULL THEN geometry_problem(geom)
            WHEN n.street_key IS NULL THEN 'no street'
            WHEN house_number_value(house_number) IS NULL THEN 'house number without digits'
        END AS problem
    FROM raw.address AS a LEFT JOIN street_name AS n ON n.street = a.street
)
SELECT
    address_id, feed, source_row, street, street_key, house_number,
    house_number_value(house_number) AS number_value, house_number_suffix(house_number) AS number_suffix,
    box_number, postcode, municipality, status, position_method, position_of, geom,
    coalesce(problem, CASE WHEN row_number() OVER (PARTITION BY address_id, problem IS NULL ORDER BY feed, source_row) > 1
                           THEN 'duplicate key' END) AS reject_reason,
    CASE WHEN problem LIKE 'house%' THEN 'house_number' WHEN problem LIKE 'coordinate%' THEN 'geom' END AS reject_column,
    CASE WHEN problem LIKE 'house%' THEN house_number ELSE geometry_place(geom, problem) END AS reject_value
FROM checked
