-- What stands in the city: every official building, and every OSM building that matches none of them.
-- inputs: staging.footprint, core.link_footprint, reference.lifecycle_prefix
-- key: building_id
-- check: footprint_m2 > 0
-- check: state IN ('standing', 'gone', 'planned')
-- columns:
--   building_id | VARCHAR | - | Gebouw | issuer and the issuer's own id
--   feed | VARCHAR | - | Gegevensstroom | feed that gave the outline
--   is_official | BOOLEAN | - | Officieel | outline drawn by the mapping authority
--   official_type | VARCHAR | - | Officieel type | the authority's own building type
--   osm_ids | VARCHAR[] | - | OSM-elementen | OSM elements that are this building
--   name | VARCHAR | - | Naam | name in OSM
--   state | VARCHAR | - | Toestand | standing, gone (razed or demolished according to a source) or planned
--   height_m | DOUBLE | m | Hoogte | height in OSM; null where unknown
--   floors | DOUBLE | storeys | Bouwlagen | storeys in OSM; null where unknown
--   observed_on | DATE | - | Waargenomen op | newest look at the outline
--   footprint_m2 | DOUBLE | m2 | Oppervlakte | area of the outline
--   point | GEOMETRY | - | Punt | a point inside the outline
--   geom | GEOMETRY | - | Geometrie | polygon or multipolygon
WITH odd_key AS (
    -- Outlines whose building key is prefixed, or whose value says that there is none.
    SELECT footprint_id, p.state
    FROM (SELECT footprint_id, unnest(map_keys(tags)) AS key FROM staging.footprint WHERE tags['building'] IS NULL) AS k
    JOIN reference.lifecycle_prefix AS p ON k.key = p.prefix || ':building'
    UNION ALL
    SELECT footprint_id, CASE WHEN tags['building'] IN ('construction', 'proposed', 'planned') THEN 'future' ELSE 'gone' END
    FROM staging.footprint
    WHERE tags['building'] IN ('no', 'demolished', 'razed', 'removed', 'construction', 'proposed', 'planned')
),
outline AS (
    SELECT f.* REPLACE (CASE min(o.state) WHEN 'gone' THEN 'gone' WHEN 'future' THEN 'planned' ELSE 'standing' END AS state)
    FROM staging.footprint AS f LEFT JOIN odd_key AS o USING (footprint_id)
    GROUP BY ALL
),
member AS (
    SELECT l.right_id AS building_id, o.footprint_id, o.tags, o.state, o.observed_on,
        row_number() OVER (PARTITION BY l.right_id ORDER BY l.share_right DESC, l.score DESC, l.left_id) AS place
    FROM core.link_footprint AS l JOIN outline AS o ON o.footprint_id = l.left_id
    UNION ALL
    SELECT footprint_id, footprint_id, tags, state, observed_on, 1
    FROM outline
    WHERE NOT is_official AND footprint_id NOT IN (SELECT left_id FROM core.link_footprint)
),
osm AS (
    SELECT building_id,
        list(footprint_id ORDER BY place) AS osm_ids,
        first(tags['name'] ORDER BY place) FILTER (tags['name'] IS NOT NULL) AS name,
        -- One standing outline over it is enough: the razed one is then an older building on the spot.
        CASE WHEN bool_or(state = 'standing') THEN 'standing' WHEN bool_or(state = 'gone') THEN 'gone' ELSE 'planned' END AS state,
        first(coalesce(osm_number(tags['height']), osm_number(tags['building:height'])) ORDER BY place) AS height_m,
        first(osm_number(tags['building:levels']) ORDER BY place) AS floors,
        max(observed_on) AS observed_on
    FROM member
    GROUP BY building_id
)
SELECT
    f.footprint_id AS building_id, f.feed, f.is_official, f.official_type, coalesce(o.osm_ids, []) AS osm_ids, o.name,
    -- What the authority itself calls gone or not yet built is; that it lists a building as standing does not undo a razed outline.
    coalesce(nullif(f.state, 'standing'), o.state, 'standing') AS state,
    CASE WHEN o.height_m > 0 THEN o.height_m END AS height_m, CASE WHEN o.floors > 0 THEN o.floors END AS floors,
    greatest(f.observed_on, o.observed_on) AS observed_on,
    f.footprint_m2, ST_PointOnSurface(f.geom) AS point, f.geom
FROM staging.footprint AS f LEFT JOIN osm AS o ON o.building_id = f.footprint_id
WHERE f.is_official OR o.building_id IS NOT NULL
