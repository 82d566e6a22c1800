-- How many things of a list lie near each assessed building, or how far the nearest is; never a thing of the building itself.
-- Every thing is put in the squares it can reach, so that a building looks only at those of its own square.
-- inputs: score.reuse_building, score.measure_thing, core.tag, staging.place, staging.facility
-- key: building_id, measure
-- check: low >= 0 AND coalesce(low <= high, true)
-- columns:
--   building_id | VARCHAR | - | Gebouw | building
--   measure | VARCHAR | - | Maat | criterion it is measured for
--   low | DOUBLE | - | Laagste | fewest there can be, or the least distance in metres
--   high | DOUBLE | - | Hoogste | most there can be, or the largest distance; null for no bound
--   feeds | VARCHAR[] | - | Gegevensstromen | feeds the things came from
WITH coverage AS (
    -- What lies outside the points a map gives is not known to be empty. A timetable has no places: it knows of its own operator's
    -- stops alone, so however far they reach, what else lies there is not known.
    SELECT ST_ConvexHull(ST_Collect(list(geom))) AS hull
    FROM (SELECT geom FROM staging.place UNION ALL SELECT geom FROM staging.facility WHERE feed IN (SELECT feed FROM staging.place))
    WHERE ST_Dimension(geom) = 0
),
building AS (
    SELECT b.building_id, b.point, ST_X(b.point) AS x, ST_Y(b.point) AS y,
        CASE WHEN ST_Contains(c.hull, b.point) THEN ST_Distance(b.point, ST_Boundary(c.hull)) ELSE 0 END AS border_m
    FROM score.reuse_building AS b CROSS JOIN coverage AS c
),
criterion AS (
    -- A list that finds nothing anywhere in the city may be one that its sources do not hold: no row, not a no.
    SELECT criterion, any_value(reach_m) AS reach_m, any_value(is_counted) AS is_counted, list(DISTINCT feed ORDER BY feed) AS feeds,
        bool_or(feed IN (SELECT feed FROM staging.place)) AS is_mapped
    FROM score.measure_thing GROUP BY criterion
),
thing AS (
    SELECT criterion, thing_id, reach_m, is_counted, ST_XMin(geom) AS x0, ST_XMax(geom) AS x1, ST_YMin(geom) AS y0, ST_YMax(geom) AS y1
    FROM score.measure_thing
),
square AS (
    SELECT * EXCLUDE (rows), unnest(rows) AS row
    FROM (
        SELECT *, unnest(range(CAST(floor((x0 - reach_m) / reach_m) AS BIGINT), CAST(floor((x1 + reach_m) / reach_m) AS BIGINT) + 1)) AS col,
            range(CAST(floor((y0 - reach_m) / reach_m) AS BIGINT), CAST(floor((y1 + reach_m) / reach_m) AS BIGINT) + 1) AS rows
        FROM thing
    )
),
looking AS (
    SELECT c.criterion, b.building_id, b.x, b.y, CAST(floor(b.x / c.reach_m) AS BIGINT) AS col, CAST(floor(b.y / c.reach_m) AS BIGINT) AS row
    FROM building AS b CROSS JOIN criterion AS c
),
pair AS MATERIALIZED (
    -- The box around a thing says how near and how far it can be; of a point both are its distance.
    SELECT l.criterion, l.building_id, s.thing_id, s.is_counted, s.reach_m,
        hypot(greatest(s.x0 - l.x, 0, l.x - s.x1), greatest(s.y0 - l.y, 0, l.y - s.y1)) AS least_m,
        hypot(greatest(l.x - s.x0, s.x1 - l.x), greatest(l.y - s.y0, s.y1 - l.y)) AS most_m
    FROM looking AS l JOIN square AS s USING (criterion, col, row)
    WHERE least_m < s.reach_m
        AND NOT EXISTS (FROM core.tag AS own WHERE own.building_id = l.building_id AND own.element_id = s.thing_id)
),
nearest AS (
    SELECT criterion, building_id, min(most_m) AS most_m FROM pair WHERE NOT is_counted GROUP BY criterion, building_id
),
-- Only what the box leaves open is measured: what can be the nearest, or may or may not lie within reach.
distance AS (
    SELECT p.criterion, p.building_id, p.most_m AS distance_m
    FROM pair AS p WHERE p.is_counted AND p.most_m < p.reach_m
    UNION ALL
    SELECT p.criterion, p.building_id, p.most_m
    FROM pair AS p JOIN nearest AS n USING (criterion, building_id)
    WHERE NOT p.is_counted AND p.least_m = p.most_m AND p.most_m <= n.most_m
    UNION ALL
    SELECT o.criterion, o.building_id, ST_Distance(b.point, t.geom) AS distance_m
    FROM (
        SELECT p.criterion, p.building_id, p.thing_id, p.reach_m
        FROM pair AS p LEFT JOIN nearest AS n USING (criterion, building_id)
        WHERE CASE WHEN p.is_counted THEN p.most_m >= p.reach_m ELSE p.least_m < p.most_m AND p.least_m <= n.most_m END
    ) AS o JOIN building AS b USING (building_id) JOIN score.measure_thing AS t USING (criterion, thing_id)
    WHERE distance_m < o.reach_m
),
near AS (
    SELECT criterion, building_id, count(*) AS n, min(distance_m) AS nearest_m FROM distance GROUP BY criterion, building_id
)
SELECT b.building_id, c.criterion AS measure,
    -- Nearer than the border of what is known, a distance is certain; beyond it, something nearer may lie outside.
    CASE WHEN c.is_counted THEN CAST(coalesce(n.n, 0) AS DOUBLE) WHEN c.is_mapped THEN least(coalesce(n.nearest_m, c.reach_m), b.border_m) ELSE 0 END AS low,
    CASE WHEN NOT c.is_counted THEN n.nearest_m WHEN c.is_mapped AND b.border_m >= c.reach_m THEN CAST(coalesce(n.n, 0) AS DOUBLE) END AS high, c.feeds
FROM building AS b CROSS JOIN criterion AS c LEFT JOIN near AS n ON n.building_id = b.building_id AND n.criterion = c.criterion
