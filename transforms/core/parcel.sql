-- Cadastral parcels. One row per parcel; a CAPAKEY may stand on several rows where a parcel lies in pieces.
-- inputs: staging.parcel
-- key: parcel_id
-- columns:
--   parcel_id | VARCHAR | - | Perceel | issuer and the issuer's own id
--   capakey | VARCHAR | - | Capakey | cadastral key
--   nis_code | VARCHAR | - | NIS-code | municipality
--   area_m2 | DOUBLE | m2 | Oppervlakte | area of the polygon
--   geom | GEOMETRY | - | Geometrie | polygon or multipolygon
SELECT parcel_id, capakey, nis_code, ST_Area(geom) AS area_m2, geom FROM staging.parcel
