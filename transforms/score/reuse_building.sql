-- The buildings that reuse is assessed for: standing, and atypical or with a sign of underuse. Where size comes from is decided here.
-- inputs: core.building, core.standing, core.size, score.size, score.type, evidence.item, reference.building_type, reference.size_rule
-- key: building_id
-- columns:
--   building_id | VARCHAR | - | Gebouw | building
--   feed | VARCHAR | - | Gegevensstroom | feed that gave the outline
--   osm_ids | VARCHAR[] | - | OSM-elementen | OSM elements that are this building
--   is_hall | BOOLEAN | - | Hal | its type is one large free height rather than storeys
--   footprint_m2 | DOUBLE | m2 | Grondoppervlakte | area of the outline
--   height_low_m | DOUBLE | m | Hoogte, ondergrens | bounds of the size hold 80%; null where unknown
--   height_high_m | DOUBLE | m | Hoogte, bovengrens | upper bound
--   floors_low | DOUBLE | storeys | Bouwlagen, ondergrens | storeys above ground, lower bound
--   floors_high | DOUBLE | storeys | Bouwlagen, bovengrens | upper bound
--   floor_area_low_m2 | DOUBLE | m2 | Vloeroppervlakte, ondergrens | lower bound, at least the outline
--   floor_area_high_m2 | DOUBLE | m2 | Vloeroppervlakte, bovengrens | upper bound
--   volume_low_m3 | DOUBLE | m3 | Volume, ondergrens | lower bound
--   volume_high_m3 | DOUBLE | m3 | Volume, bovengrens | upper bound
--   storey_low_m | DOUBLE | m | Bouwlaaghoogte, ondergrens | height over storeys; null unless both are stated or measured
--   storey_high_m | DOUBLE | m | Bouwlaaghoogte, bovengrens | upper bound
--   compactness | DOUBLE | - | Compactheid | 4 pi area / perimeter^2: 1 for a circle
--   point | GEOMETRY | - | Punt | a point inside the outline; distances count from here
WITH claimed AS (
    -- From what sources give: of a height that was made from storeys, a storey's height is our own assumption.
    SELECT building_id, height_m, height_low_m, height_high_m, floors, floors_low, floors_high,
        coalesce(contains(height_source || floors_source, 'contradicted'), true) AS is_contradicted,
        -- Rasters see the roof; nobody has counted it in with the storeys.
        CASE WHEN starts_with(height_source, 'osm:') THEN 0 ELSE (SELECT any_value(value) FROM reference.size_rule WHERE name = 'roof_m') END AS roof_m
    FROM core.size WHERE height_m IS NOT NULL AND floors IS NOT NULL
),
storey AS (
    -- A veto must not rest on a contradiction: then everything between the bounds is possible.
    SELECT building_id,
        CASE WHEN is_contradicted THEN height_low_m / floors_high ELSE greatest(0, height_m - roof_m) / floors END AS storey_low_m,
        CASE WHEN is_contradicted THEN height_high_m / floors_low ELSE height_m / floors END AS storey_high_m
    FROM claimed
)
SELECT b.building_id, b.feed, b.osm_ids, k.is_hall, b.footprint_m2, z.height_low_m, z.height_high_m, z.floors_low, z.floors_high,
    greatest(b.footprint_m2, z.floor_area_low_m2) AS floor_area_low_m2, z.floor_area_high_m2, z.volume_low_m3, z.volume_high_m3,
    s.storey_low_m, s.storey_high_m,
    4 * pi() * ST_Area(b.geom) / pow(ST_Perimeter(b.geom), 2) AS compactness, b.point
FROM core.building AS b
JOIN score.type AS t USING (building_id)
JOIN score.size AS z USING (building_id)
LEFT JOIN storey AS s USING (building_id)
JOIN reference.building_type AS k USING (type)
SEMI JOIN core.standing USING (building_id)
WHERE t.is_atypical OR b.building_id IN (SELECT building_id FROM evidence.item WHERE effect > 0)
