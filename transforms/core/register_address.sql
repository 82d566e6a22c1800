-- The addresses a register row can mean, after the places that bear the same name have been told apart.
-- A street name occurs in several districts. Rows of the same postcode (or municipality) lie together: where those whose
-- street has one place lie, tells which place the others mean. Where two places remain possible, no address is given.
-- inputs: staging.register_row, core.address
-- key: feed, register_id, address_id
-- columns:
--   feed | VARCHAR | - | Gegevensstroom | register
--   register_id | VARCHAR | - | Registernummer | row of the register
--   address_id | VARCHAR | - | Adres | address
--   building_id | VARCHAR | - | Gebouw | building at the address; null where none
--   distance_m | DOUBLE | m | Afstand | from the address point to the building
--   method | VARCHAR | - | Methode | exact, range, or number (letter or bis differs)
--   problem | VARCHAR | - | Probleem | why the address cannot be used; null where it can
--   place_text | VARCHAR | - | Kandidaat | the address as text
WITH candidate AS MATERIALIZED (
    SELECT r.feed, r.register_id, a.address_id, a.building_id, a.distance_m, a.geom,
        coalesce(r.postcode, street_key(r.municipality)) AS area,
        ST_X(a.geom) AS x, ST_Y(a.geom) AS y,
        a.street || ' ' || a.house_number AS place_text,
        CASE WHEN r.number_last > r.number_value THEN 'range'
             WHEN a.number_suffix IS NOT DISTINCT FROM r.number_suffix THEN 'exact' ELSE 'number' END AS method
    FROM staging.register_row AS r
    JOIN core.address AS a
        ON a.street_key = r.street_key
        AND a.number_value BETWEEN r.number_value AND r.number_last
        -- A range runs along one side of the street.
        AND (a.number_value - r.number_value) % 2 = 0
        AND (a.postcode IS NULL OR r.postcode IS NULL OR a.postcode = r.postcode)
    -- A letter that fits wins over the bare number.
    QUALIFY (method = 'exact') >= max(method = 'exact') OVER (PARTITION BY r.feed, r.register_id)
),
spread AS (
    SELECT feed, register_id, area, hypot(max(x) - min(x), max(y) - min(y)) AS spread_m, (min(x) + max(x)) / 2 AS x, (min(y) + max(y)) / 2 AS y
    FROM candidate GROUP BY ALL
),
anchor AS (
    -- The middle of an area's rows that have one place, and how far these lie from it.
    SELECT s.feed, s.area, m.x, m.y, quantile_cont(hypot(s.x - m.x, s.y - m.y), 0.9) AS radius_m
    FROM spread AS s
    JOIN (SELECT feed, area, median(x) AS x, median(y) AS y FROM spread WHERE spread_m <= 150 GROUP BY ALL HAVING count(*) >= 5) AS m
        USING (feed, area)
    WHERE s.spread_m <= 150
    GROUP BY ALL
),
measured AS (
    SELECT c.*, s.spread_m, a.radius_m, hypot(c.x - a.x, c.y - a.y) AS anchor_m,
        min(hypot(c.x - a.x, c.y - a.y)) OVER here AS nearest_m,
        arg_min(c.x, hypot(c.x - a.x, c.y - a.y)) OVER here AS nearest_x,
        arg_min(c.y, hypot(c.x - a.x, c.y - a.y)) OVER here AS nearest_y
    FROM candidate AS c
    JOIN spread AS s USING (feed, register_id)
    LEFT JOIN anchor AS a ON a.feed = c.feed AND a.area = c.area
    WINDOW here AS (PARTITION BY c.feed, c.register_id)
),
weighed AS (
    SELECT *, hypot(x - nearest_x, y - nearest_y) <= 150 AS is_nearest_place,
        min(anchor_m) FILTER (hypot(x - nearest_x, y - nearest_y) > 150) OVER (PARTITION BY feed, register_id) AS second_m
    FROM measured
)
SELECT feed, register_id, address_id, building_id, distance_m, method,
    CASE
        WHEN spread_m > 150 AND radius_m IS NULL THEN 'the address exists in several places'
        WHEN spread_m > 150 AND nearest_m > 0.5 * second_m THEN 'the address exists in several places'
        WHEN nearest_m > 2 * radius_m + 500 THEN 'the only address of that name lies outside the district'
    END AS problem,
    place_text
FROM weighed
WHERE spread_m <= 150 OR radius_m IS NULL OR is_nearest_place OR nearest_m > 0.5 * second_m
