-- Business parks and how many buildings lie in each, for half of their outline or more.
-- inputs: staging.area, core.link_area
-- key: park_id
-- columns:
--   park_id | VARCHAR | - | Bedrijventerrein | issuer and id
--   feed | VARCHAR | - | Gegevensstroom | feed that gave it
--   name | VARCHAR | - | Naam | name
--   park_type | VARCHAR | - | Soort | kind of park, as the provider writes it
--   building_count | BIGINT | buildings | Gebouwen | buildings in it
--   area_m2 | DOUBLE | m2 | Oppervlakte | area
--   geom | GEOMETRY | - | Geometrie | polygon or multipolygon
SELECT a.area_id AS park_id, a.feed, a.name, a.class AS park_type, coalesce(l.n, 0) AS building_count, ST_Area(a.geom) AS area_m2, a.geom
FROM staging.area AS a
LEFT JOIN (SELECT area_id, count(*) AS n FROM core.link_area WHERE share >= 0.5 GROUP BY area_id) AS l USING (area_id)
WHERE a.theme = 'business_park'
