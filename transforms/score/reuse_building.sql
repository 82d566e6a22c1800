-- The buildings that reuse is assessed for: standing, and atypical or with a sign of underuse. Where size comes from is decided here.
-- inputs: core.building, core.standing, score.type, evidence.item, reference.building_type
-- key: building_id
-- columns:
--   building_id | VARCHAR | - | Gebouw | building
--   feed | VARCHAR | - | Gegevensstroom | feed that gave the outline
--   osm_ids | VARCHAR[] | - | OSM-elementen | OSM elements that are this building
--   is_hall | BOOLEAN | - | Hal | its type is one large free height rather than storeys
--   footprint_m2 | DOUBLE | m2 | Grondoppervlakte | area of the outline
--   height_m | DOUBLE | m | Hoogte | height; null where unknown
--   floors | DOUBLE | storeys | Bouwlagen | storeys above ground; null where unknown
--   compactness | DOUBLE | - | Compactheid | 4 pi area / perimeter^2: 1 for a circle
--   point | GEOMETRY | - | Punt | a point inside the outline; distances count from here
SELECT b.building_id, b.feed, b.osm_ids, k.is_hall, b.footprint_m2, b.height_m, b.floors,
    4 * pi() * ST_Area(b.geom) / pow(ST_Perimeter(b.geom), 2) AS compactness, b.point
FROM core.building AS b
JOIN score.type AS t USING (building_id)
JOIN reference.building_type AS k USING (type)
SEMI JOIN core.standing USING (building_id)
WHERE t.is_atypical OR b.building_id IN (SELECT building_id FROM evidence.item WHERE effect > 0)
