-- Which building stands on which parcel, and with how much of itself.
-- inputs: core.building, core.parcel
-- key: building_id, parcel_id
-- check: share BETWEEN 0 AND 1
-- columns:
--   building_id | VARCHAR | - | Gebouw | building
--   parcel_id | VARCHAR | - | Perceel | parcel
--   capakey | VARCHAR | - | Capakey | cadastral key of the parcel
--   nis_code | VARCHAR | - | NIS-code | municipality of the parcel
--   shared_m2 | DOUBLE | m2 | Gedeelde oppervlakte | area of the building on the parcel
--   share | DOUBLE | - | Aandeel | that area over the building's
--   is_main | BOOLEAN | - | Hoofdperceel | the parcel that holds most of the building
WITH overlap AS (
    SELECT b.building_id, p.parcel_id, p.capakey, p.nis_code, b.footprint_m2,
        shared_area(b.geom, p.geom) AS shared_m2
    FROM core.building AS b JOIN core.parcel AS p ON ST_Intersects(b.geom, p.geom)
)
SELECT building_id, parcel_id, capakey, nis_code, shared_m2, least(1, shared_m2 / footprint_m2) AS share,
    row_number() OVER (PARTITION BY building_id ORDER BY shared_m2 DESC, parcel_id) = 1 AS is_main
FROM overlap
-- Parcels and outlines come from different surveys: a sliver is no ownership.
WHERE shared_m2 >= 1 AND shared_m2 / footprint_m2 >= 0.05
