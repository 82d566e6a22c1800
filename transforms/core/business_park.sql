-- Business parks: those an authority maps; where it maps none, pieces of industrial and commercial land in OSM that lie together.
-- inputs: staging.area, staging.land_use, core.park_ground, core.building, reference.park_survey, reference.boundary
-- key: park_id
-- check: source IN ('authority', 'osm')
-- check: inside_share > 0 AND inside_share <= 1
-- check: seen_share BETWEEN 0 AND 1
-- columns:
--   park_id | VARCHAR | - | Bedrijventerrein | issuer and id
--   feed | VARCHAR | - | Gegevensstroom | feed that gave it
--   source_row | VARCHAR | - | Bronrij | table and place of the row in the feed; of several pieces that of the first
--   source | VARCHAR | - | Bron | authority, or osm: made of pieces of land use
--   name | VARCHAR | - | Naam | name; of several pieces that of the largest that has one
--   park_type | VARCHAR | - | Soort | kind of park, as the provider writes it; the land use in OSM
--   area_m2 | DOUBLE | m2 | Oppervlakte | area
--   inside_share | DOUBLE | - | Aandeel binnen de grens | share of it inside the city's boundary; null where the city names none
--   seen_share | DOUBLE | - | Gezien aandeel | share of it that lies in the boundary and among the city's buildings (their convex hull): an extract ends somewhere, and what lies beyond is not known to be empty
--   geom | GEOMETRY | - | Geometrie | polygon or multipolygon
WITH ground AS (
    SELECT g.park_id, l.feed, l.source_row, l.name, l.land_use, ST_Area(l.geom) AS area_m2, l.land_use_id, l.geom
    FROM core.park_ground AS g JOIN staging.land_use AS l USING (land_use_id)
),
park AS (
    SELECT area_id AS park_id, feed, source_row, 'authority' AS source, name, class AS park_type, geom
    FROM staging.area WHERE theme = 'business_park'
    UNION ALL
    -- In a stated order, so that two runs draw the same ring from the same corner.
    SELECT park_id, arg_min(feed, land_use_id), arg_min(source_row, land_use_id), 'osm',
        arg_max(name, (area_m2, land_use_id)) FILTER (name IS NOT NULL), string_agg(DISTINCT land_use, ', ' ORDER BY land_use),
        ST_Union_Agg(geom ORDER BY land_use_id)
    FROM ground GROUP BY park_id
),
-- No boundary is no bound: the union of nothing would be an empty one.
boundary AS (SELECT any_value(geom) AS geom FROM reference.boundary),
hull AS (SELECT ST_ConvexHull(ST_Collect(list(ST_Point(ST_X(point), ST_Y(point)) ORDER BY building_id))) AS geom FROM core.building HAVING count(*) > 2),
placed AS (
    SELECT p.*, ST_Area(p.geom) AS area_m2, CASE WHEN b.geom IS NOT NULL THEN least(1, shared_area(p.geom, b.geom) / ST_Area(p.geom)) END AS inside_share,
        CASE WHEN h.geom IS NULL THEN 0
             WHEN b.geom IS NULL THEN ST_Area(ST_Intersection(p.geom, h.geom)) / ST_Area(p.geom)
             ELSE ST_Area(ST_Intersection(p.geom, ST_Intersection(h.geom, b.geom))) / ST_Area(p.geom) END AS seen_share
    FROM park AS p CROSS JOIN boundary AS b LEFT JOIN hull AS h ON true
)
SELECT park_id, feed, source_row, source, name, park_type, area_m2, CASE WHEN inside_share > 0 THEN inside_share END AS inside_share, least(1, seen_share) AS seen_share, geom,
    CASE WHEN inside_share <= 0 THEN 'outside the boundary of the city'
         WHEN source = 'osm' AND area_m2 < least_m2 THEN 'too small for a park' END AS reject_reason,
    CAST(NULL AS VARCHAR) AS reject_column, CASE WHEN reject_reason LIKE 'too small%' THEN format('{:.0f} m2', area_m2) END AS reject_value
FROM placed CROSS JOIN (SELECT value AS least_m2 FROM reference.park_survey WHERE name = 'ground_m2_min')
