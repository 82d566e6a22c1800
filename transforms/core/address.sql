-- Addresses in use, with the building they lie in or the nearest one within 10 m. One that is proposed, retired or rejected
-- places nothing; it stays in staging.address under its status.
-- inputs: staging.address, core.building
-- key: address_id
-- check: distance_m BETWEEN 0 AND 10
-- columns:
--   address_id | VARCHAR | - | Adres | issuer and id
--   feed | VARCHAR | - | Gegevensstroom | feed that gave the row
--   source_row | VARCHAR | - | Bronrij | table and place of the row in the feed
--   street | VARCHAR | - | Straat | street name as given
--   street_key | VARCHAR | - | Straatsleutel | street name reduced to what two spellings share
--   house_number | VARCHAR | - | Huisnummer | house number as given
--   number_value | INTEGER | - | Nummer | its leading digits
--   number_suffix | VARCHAR | - | Toevoeging | letter or bis
--   box_number | VARCHAR | - | Busnummer | box (bus) number
--   postcode | VARCHAR | - | Postcode | postal code
--   municipality | VARCHAR | - | Gemeente | municipality or district name
--   building_id | VARCHAR | - | Gebouw | building at the address; null where none lies within 10 m
--   distance_m | DOUBLE | m | Afstand | from the address point to the building
--   geom | GEOMETRY | - | Geometrie | point
WITH used AS MATERIALIZED (
    -- Lists that name no status hold what was in use when they were made.
    FROM staging.address WHERE coalesce(status, 'in_use') = 'in_use'
),
inside AS MATERIALIZED (
    SELECT a.address_id, b.building_id
    FROM used AS a JOIN core.building AS b ON ST_Intersects(b.geom, a.geom)
    QUALIFY row_number() OVER (PARTITION BY a.address_id ORDER BY b.state <> 'standing', b.footprint_m2, b.building_id) = 1
),
outside AS MATERIALIZED (
    SELECT address_id, geom FROM used WHERE address_id NOT IN (SELECT address_id FROM inside)
),
near AS MATERIALIZED (
    SELECT a.address_id, b.building_id, ST_Distance(a.geom, b.geom) AS distance_m
    FROM outside AS a JOIN core.building AS b ON ST_DWithin(a.geom, b.geom, 10)
    QUALIFY row_number() OVER (PARTITION BY a.address_id ORDER BY b.state <> 'standing', ST_Distance(a.geom, b.geom), b.building_id) = 1
)
SELECT
    a.address_id, a.feed, a.source_row, a.street, a.street_key, a.house_number, a.number_value, a.number_suffix, a.box_number,
    a.postcode, a.municipality, coalesce(i.building_id, n.building_id) AS building_id,
    CASE WHEN i.building_id IS NOT NULL THEN 0.0 ELSE n.distance_m END AS distance_m, a.geom
FROM used AS a LEFT JOIN inside AS i USING (address_id) LEFT JOIN near AS n USING (address_id)
