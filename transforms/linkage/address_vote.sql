-- Step 3, run several times: do the rows that lie around a spot belong to the area (postcode, else district) of the row that asks?
-- Nobody gives the area's border. The rows whose place is known draw it; each round knows more of them, and drops those
-- that lie among strangers: a street that the file lacks here and has elsewhere would otherwise vouch for itself.
-- Reads addr_spot, addr_known (question, spot): the spots held to be right so far.

-- Witnesses: one per area, street and 200 m, so that one long list of flats does not outvote its neighbours.
CREATE OR REPLACE TEMP TABLE addr_witness AS
WITH said AS (
    SELECT s.x, s.y, q.street_key, q.postcode, q.municipality FROM addr_known AS k JOIN addr_spot AS s USING (spot) JOIN addr_question AS q ON q.question = k.question
    UNION ALL
    -- An address file that has postcodes or districts on some points bears witness too.
    SELECT x, y, street_key, postcode, municipality FROM addr_house WHERE postcode IS NOT NULL OR municipality IS NOT NULL
),
labelled AS (
    SELECT 1 AS level, postcode AS area, street_key, x, y FROM said WHERE postcode IS NOT NULL
    UNION ALL
    SELECT 2, municipality, street_key, x, y FROM said WHERE municipality IS NOT NULL
)
SELECT level, area, street_key, median(x) AS x, median(y) AS y, floor(median(x) / getvariable('addr_reach_m')) AS tile_x, floor(median(y) / getvariable('addr_reach_m')) AS tile_y
FROM labelled GROUP BY level, area, street_key, floor(x / 200), floor(y / 200);

CREATE OR REPLACE TEMP TABLE addr_area AS
SELECT level, area, count(DISTINCT street_key) AS streets FROM addr_witness GROUP BY level, area;

-- The postcode decides where enough other streets show where it lies; else the district; else nobody knows.
CREATE OR REPLACE TEMP TABLE addr_ask AS
SELECT q.question, q.street_key, CASE WHEN p.streets > getvariable('addr_streets_min') THEN 1 WHEN m.streets > getvariable('addr_streets_min') THEN 2 END AS level,
    CASE WHEN p.streets > getvariable('addr_streets_min') THEN q.postcode WHEN m.streets > getvariable('addr_streets_min') THEN q.municipality END AS area
FROM addr_question AS q
LEFT JOIN addr_area AS p ON p.level = 1 AND p.area = q.postcode
LEFT JOIN addr_area AS m ON m.level = 2 AND m.area = q.municipality;

-- Near witnesses weigh more, by the cube of the distance: the border runs between the last of one and the first of the other.
-- Rows of the same street do not vote: if the file lacks a street here, all of them lie wrong together.
CREATE OR REPLACE TEMP TABLE addr_near AS
WITH placed AS (
    SELECT s.spot, s.file_key, s.x, s.y, a.level, a.area, a.street_key,
        floor(s.x / getvariable('addr_reach_m')) + dx.i AS tile_x, floor(s.y / getvariable('addr_reach_m')) + dy.i AS tile_y
    FROM addr_spot AS s JOIN addr_ask AS a USING (question), (VALUES (-1), (0), (1)) AS dx(i), (VALUES (-1), (0), (1)) AS dy(i)
    WHERE a.level IS NOT NULL
)
SELECT p.spot, min(addr_distance(p.x, p.y, w.x, w.y)) FILTER (w.area = p.area) AS own_m,
    sum(1 / pow(100 + addr_distance(p.x, p.y, w.x, w.y), 3)) FILTER (w.area = p.area) AS own,
    sum(1 / pow(100 + addr_distance(p.x, p.y, w.x, w.y), 3)) FILTER (w.area <> p.area) AS strange
FROM placed AS p JOIN addr_witness AS w ON w.level = p.level AND w.tile_x = p.tile_x AND w.tile_y = p.tile_y
    AND w.street_key <> p.street_key AND w.street_key <> p.file_key AND addr_distance(p.x, p.y, w.x, w.y) <= getvariable('addr_reach_m')
GROUP BY p.spot;

-- Beyond the outermost rows there are no strangers to object. How far a right place may lie from its own area's rows is seen from
-- the known ones: three times what nineteen in twenty keep to. With few of them anything in reach goes.
SET VARIABLE addr_edge_m = (
    SELECT CASE WHEN count(*) >= getvariable('addr_edge_rows_min') THEN 3 * quantile_cont(own_m, 0.95) END FROM addr_known JOIN addr_near USING (spot)
);

-- An area of which the file lacks most streets is not in the file: what it has of them are namesakes.
CREATE OR REPLACE TEMP TABLE addr_covered AS
SELECT postcode, municipality, count(DISTINCT CASE WHEN EXISTS (SELECT 1 FROM addr_spot AS s WHERE s.question = q.question AND s.slips = 0) THEN q.street_key END)
    / count(DISTINCT q.street_key) AS share
FROM addr_question AS q GROUP BY postcode, municipality;

-- `inside`: 0..1; null where nobody knows the area. One vote from the edge of reach weighs against.
CREATE OR REPLACE TEMP TABLE addr_weighed AS
SELECT s.*, a.level, a.area,
    CASE
        -- What the file itself says of a point goes before what its neighbours say.
        WHEN q.postcode IS NOT NULL AND len(s.postcodes) > 0 THEN list_contains(s.postcodes, q.postcode)::INTEGER::DOUBLE
        WHEN q.municipality IS NOT NULL AND list_contains(s.municipalities, q.municipality) THEN 1.0
        WHEN len(s.municipalities) > 0 AND q.municipality IN (SELECT municipality FROM addr_house WHERE municipality IS NOT NULL) THEN 0.0
        WHEN coalesce(n.own_m, getvariable('addr_reach_m')) > getvariable('addr_edge_m') AND a.level IS NOT NULL THEN 0.0
        WHEN a.level IS NOT NULL
            THEN coalesce(n.own, 0) / (coalesce(n.own, 0) + coalesce(n.strange, 0) + 1 / pow(100 + getvariable('addr_reach_m'), 3))
        WHEN coalesce(q.postcode, q.municipality) IS NOT NULL AND c.share < getvariable('addr_covered_min') THEN 0.0
    END AS inside
FROM addr_spot AS s JOIN addr_question AS q USING (question) JOIN addr_ask AS a USING (question) LEFT JOIN addr_near AS n USING (spot)
JOIN addr_covered AS c ON c.postcode IS NOT DISTINCT FROM q.postcode AND c.municipality IS NOT DISTINCT FROM q.municipality;

-- The best spot of every question and what speaks against it.
CREATE OR REPLACE TEMP TABLE addr_verdict AS
WITH possible AS (
    -- Inside where the area is known; everywhere where it is not.
    SELECT *, CASE WHEN tier <= 2 THEN 1 ELSE tier END AS class FROM addr_weighed WHERE coalesce(inside, 1) >= getvariable('addr_inside_min')
),
rivals AS (
    SELECT *, row_number() OVER best AS place, lead(inside) OVER best AS second_inside, lead(class) OVER best AS second_class,
        lead(slips) OVER best AS second_slips, lead(spot) OVER best AS second_spot,
        count(DISTINCT file_key) OVER (PARTITION BY question) AS names
    FROM possible WINDOW best AS (PARTITION BY question ORDER BY class, slips, inside DESC NULLS LAST, tier, spot)
)
SELECT question, spot, tier, slips, inside, CASE
        -- Another spot that fits as well, and is not clearly further outside.
        WHEN slips > 0 AND names > 1 THEN 'several street names look like it'
        WHEN second_spot IS NULL THEN NULL
        WHEN inside IS NULL AND second_class <= 4 THEN 'the address exists in several places'
        WHEN inside IS NULL THEN CASE WHEN class = 5 THEN 'the number is missing in several places' END
        WHEN second_class > class THEN NULL
        WHEN second_slips > slips THEN NULL
        WHEN inside / (1.000001 - inside) >= getvariable('addr_odds_min') * second_inside / (1.000001 - second_inside) THEN NULL
        ELSE 'the address exists in several places'
    END AS doubt
FROM rivals WHERE place = 1;

CREATE OR REPLACE TEMP TABLE addr_known AS
SELECT question, spot FROM addr_verdict WHERE doubt IS NULL AND tier <= 3 AND slips = 0 AND inside >= 0.5;
