-- What near criteria look for: places, facilities, land use and OSM outlines whose tags are on a criterion's list, and the circles they reach.
-- inputs: staging.place, staging.facility, staging.land_use, staging.footprint, reference.reuse_criterion, reference.reuse_class, reference.feed
-- key: criterion, thing_id
-- columns:
--   criterion | VARCHAR | - | Criterium | criterion that looks for it
--   thing_id | VARCHAR | - | Ding | issuer and id of the element
--   feed | VARCHAR | - | Gegevensstroom | feed that gave it
--   reach_m | DOUBLE | m | Reikwijdte | how far from a building it can matter
--   is_counted | BOOLEAN | - | Geteld | counted within the reach; else the nearest counts
--   geom | GEOMETRY | - | Geometrie | point, line or area
WITH wanted AS (
    SELECT criterion, reach_m, is_counted, ltrim(split_part(pair, '=', 1), '-') AS key, split_part(pair, '=', 2) AS value, pair[1] = '-' AS is_left_out
    FROM (
        SELECT r.criterion, r.kind = 'count_near' AS is_counted, unnest(string_split(r.tags, ' ')) AS pair,
            -- Beyond the largest limit all distances are alike.
            CASE r.kind WHEN 'count_near' THEN r.radius_m ELSE max(c.below) END AS reach_m
        FROM reference.reuse_criterion AS r JOIN reference.reuse_class AS c USING (criterion)
        WHERE r.kind IN ('count_near', 'nearest_m')
        GROUP BY r.criterion, r.kind, r.tags, r.radius_m
    )
),
thing AS (
    SELECT place_id AS thing_id, feed, tags, geom, 1 AS turn FROM staging.place
    UNION ALL SELECT facility_id, feed, tags, geom, 2 FROM staging.facility
    UNION ALL SELECT footprint_id, feed, tags, geom, 3 FROM staging.footprint WHERE NOT is_official
    UNION ALL SELECT land_use_id, feed, MAP {'landuse': land_use}, geom, 4 FROM staging.land_use
),
entry AS (
    SELECT thing_id, feed, unnest(map_entries(tags)) AS entry FROM thing
    -- What is out of use is of no use to a neighbour. Each audience is scored alike, so from public feeds only.
    WHERE coalesce(tags['disused'] <> 'yes', true) AND coalesce(tags['abandoned'] <> 'yes', true) AND coalesce(tags['ruins'] <> 'yes', true)
        AND feed IN (SELECT feed FROM reference.feed WHERE visibility = 'public')
),
found AS (
    SELECT w.criterion, e.thing_id, min(e.feed) AS feed, any_value(w.reach_m) AS reach_m, any_value(w.is_counted) AS is_counted
    FROM entry AS e JOIN wanted AS w ON e.entry.key = w.key AND (w.value = '*' OR w.value = e.entry.value)
    GROUP BY w.criterion, e.thing_id
    HAVING NOT bool_or(w.is_left_out)
),
shape AS (
    -- An area that is a place and a land use is one thing.
    SELECT thing_id, arg_min(geom, turn) AS geom FROM thing SEMI JOIN found USING (thing_id) GROUP BY thing_id
)
SELECT f.criterion, f.thing_id, f.feed, f.reach_m, f.is_counted, s.geom
FROM found AS f JOIN shape AS s USING (thing_id)
