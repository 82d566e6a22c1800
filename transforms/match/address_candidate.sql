-- Step 1: every address a register row can mean, wherever it lies. Which of them it does mean, the next steps decide.
-- Reads the views addr_row_in and addr_point_in; settings as variables addr_*.

-- Rows in one spelling. A second number may be the end of a range or a flat: candidates tell (below).
CREATE OR REPLACE TEMP TABLE addr_row AS
SELECT row_id, lower(trim(street)) AS written, trim(house_number) AS number_written, addr_street(street) AS street_key,
    addr_street_other(street) AS other_key, addr_number(house_number) AS n, addr_suffix(house_number) AS suffix,
    coalesce(addr_second(house_number), addr_number(house_number_to)) AS second,
    addr_box(coalesce(box_number, addr_label_box(house_number))) AS box, addr_postcode(postcode) AS postcode, addr_street(municipality) AS municipality
FROM addr_row_in;

-- Rows that ask the same are answered once: nine units of one building are one question.
CREATE OR REPLACE TEMP TABLE addr_question AS
SELECT row_number() OVER (ORDER BY ALL) AS question, *
FROM (SELECT DISTINCT street_key, other_key, n, suffix, second, postcode, municipality FROM addr_row WHERE street_key IS NOT NULL AND n IS NOT NULL);

CREATE OR REPLACE TEMP TABLE addr_name AS
SELECT street, street_key FROM (SELECT street, addr_street(street) AS street_key FROM (SELECT DISTINCT street FROM addr_point_in)) WHERE street_key IS NOT NULL;

-- Names a question may mean: its own, else (only where the file has no such name at all) names that differ by a slip of the pen.
-- Two slips at most, one in short names; digits must agree (2e and 3e are different streets). To compare few names: a slip
-- leaves either the first three letters alone or the last three before the usual ending.
CREATE OR REPLACE TEMP TABLE addr_meant AS
WITH asked AS (SELECT DISTINCT street_key AS asked_key FROM addr_question UNION SELECT other_key FROM addr_question WHERE other_key IS NOT NULL),
unknown AS (
    SELECT asked_key AS k, regexp_replace(asked_key, '(straat|steenweg|laan|lei|plein|plaats|baan|weg|dreef|kaai|hof)$', '') AS stem
    FROM asked ANTI JOIN addr_name ON street_key = asked_key
),
known AS (SELECT DISTINCT street_key AS k, regexp_replace(street_key, '(straat|steenweg|laan|lei|plein|plaats|baan|weg|dreef|kaai|hof)$', '') AS stem FROM addr_name),
pair AS (
    SELECT u.k AS asked_key, k.k AS street_key FROM unknown AS u JOIN known AS k ON left(u.k, 3) = left(k.k, 3) AND abs(length(u.k) - length(k.k)) <= 2
    UNION
    SELECT u.k, k.k FROM unknown AS u JOIN known AS k ON right(u.stem, 3) = right(k.stem, 3) AND abs(length(u.k) - length(k.k)) <= 2
)
SELECT asked_key, street_key, slips FROM (SELECT *, damerau_levenshtein(asked_key, street_key) AS slips FROM pair)
WHERE slips <= CASE WHEN length(asked_key) >= getvariable('addr_two_slips_from') THEN 2 ELSE 1 END AND length(asked_key) >= getvariable('addr_one_slip_from')
    AND regexp_replace(asked_key, '[^0-9]', '', 'g') = regexp_replace(street_key, '[^0-9]', '', 'g')
UNION ALL
SELECT asked_key, asked_key, 0 FROM asked SEMI JOIN addr_name ON street_key = asked_key;

-- The points of those streets only: a register needs few of a region's millions.
CREATE OR REPLACE TEMP TABLE addr_point AS
SELECT p.address_id, n.street_key, lower(trim(p.street)) AS written, trim(p.street) AS street, trim(p.house_number) AS number_written,
    addr_number(p.house_number) AS n, addr_suffix(p.house_number) AS suffix, addr_second(p.house_number) AS second,
    addr_box(coalesce(p.box_number, addr_label_box(p.house_number))) AS box, addr_postcode(p.postcode) AS postcode, addr_street(p.municipality) AS municipality, p.x, p.y
FROM addr_point_in AS p JOIN addr_name AS n ON n.street = p.street
WHERE n.street_key IN (SELECT street_key FROM addr_meant) AND isfinite(p.x) AND isfinite(p.y);

-- A point's own label may be a range too (12-14); it counts from its first number to its last.
CREATE OR REPLACE TEMP TABLE addr_house AS
SELECT row_number() OVER (ORDER BY street_key, n, last_n, suffix, postcode, municipality, x, y) AS house, *
FROM (
    SELECT DISTINCT street_key, n, CASE WHEN second > n AND second - n <= getvariable('addr_range_max') AND (second - n) % 2 = 0 THEN second ELSE n END AS last_n,
        suffix, postcode, municipality, round(x) AS x, round(y) AS y
    FROM addr_point WHERE n IS NOT NULL
);

-- Tier 1 the number itself, 2 by a range, 3 the letter is on one side only, 4 the letters differ. A typo in the name asks
-- for a number that is right.
CREATE OR REPLACE TEMP TABLE addr_direct AS
WITH meant AS (
    SELECT q.*, m.street_key AS file_key, m.slips
    FROM addr_question AS q JOIN addr_meant AS m ON m.asked_key = q.street_key OR m.asked_key = q.other_key
)
SELECT m.question, m.slips, h.house, m.file_key, h.n, h.suffix, h.postcode, h.municipality, h.x, h.y, NULL::BIGINT AS below, NULL::BIGINT AS above,
    CASE WHEN h.n = m.n AND h.suffix IS NOT DISTINCT FROM m.suffix THEN 1
         WHEN h.n <> m.n THEN 2
         WHEN h.suffix IS NULL OR m.suffix IS NULL THEN 3 ELSE 4 END AS tier
FROM meant AS m JOIN addr_house AS h ON h.street_key = m.file_key
    AND h.n <= CASE WHEN m.second > m.n AND m.second - m.n <= getvariable('addr_range_max') AND (m.second - m.n) % 2 = 0 THEN m.second ELSE m.n END
    AND h.last_n >= m.n
    -- A range runs along one side of the street.
    AND (h.n - m.n) % 2 = 0
QUALIFY tier <= 3 OR slips = 0;

-- Tier 5: the number is missing, but the next ones below and above on that side stand close together: it lies between.
CREATE OR REPLACE TEMP TABLE addr_between AS
WITH wanted AS (
    SELECT q.question, q.n, m.street_key FROM addr_question AS q JOIN addr_meant AS m ON (m.asked_key = q.street_key OR m.asked_key = q.other_key) AND m.slips = 0
)
SELECT w.question, 0 AS slips, NULL::BIGINT AS house, w.street_key AS file_key, w.n, NULL::VARCHAR AS suffix,
    CASE WHEN a.postcode = b.postcode THEN a.postcode END AS postcode, CASE WHEN a.municipality = b.municipality THEN a.municipality END AS municipality,
    a.x + (b.x - a.x) * (w.n - a.last_n) / (b.n - a.last_n) AS x, a.y + (b.y - a.y) * (w.n - a.last_n) / (b.n - a.last_n) AS y,
    a.house AS below, b.house AS above, 5 AS tier
FROM wanted AS w
JOIN addr_house AS a ON a.street_key = w.street_key AND a.last_n < w.n AND w.n - a.last_n <= getvariable('addr_gap_max') AND (w.n - a.last_n) % 2 = 0
JOIN addr_house AS b ON b.street_key = w.street_key AND b.n > w.n AND b.n - w.n <= getvariable('addr_gap_max') AND (b.n - w.n) % 2 = 0
WHERE addr_distance(a.x, a.y, b.x, b.y) <= getvariable('addr_between_m')
-- The nearest numbers say most.
QUALIFY b.n - a.last_n <= 2 + min(b.n - a.last_n) OVER (PARTITION BY w.question);

CREATE OR REPLACE TEMP TABLE addr_option AS
SELECT row_number() OVER (ORDER BY question, tier, slips, file_key, n, suffix, x, y, house, below, above) AS option, *
FROM (SELECT * EXCLUDE (n, suffix), n, suffix FROM addr_direct UNION ALL BY NAME FROM addr_between);

-- Options of one question closer together than spot_m are one spot, by chains: the lowest number in reach, again and again.
CREATE OR REPLACE TEMP TABLE addr_reach AS
SELECT a.option, b.option AS neighbour FROM addr_option AS a JOIN addr_option AS b
    ON a.question = b.question AND addr_distance(a.x, a.y, b.x, b.y) <= getvariable('addr_spot_m');

CREATE OR REPLACE TEMP TABLE addr_chain AS
WITH RECURSIVE chain(option, spot, step) AS (
    SELECT option, option, 0 FROM addr_option
    UNION ALL
    SELECT c.option, min(n.spot), any_value(c.step) + 1
    FROM chain AS c JOIN addr_reach AS r ON r.option = c.option JOIN chain AS n ON n.option = r.neighbour
    WHERE c.step < 6 GROUP BY c.option
)
SELECT option, min(spot) AS spot FROM chain GROUP BY option;

-- One place per spot, by its best options; the rest only come along.
CREATE OR REPLACE TEMP TABLE addr_spot AS
WITH ranked AS (
    SELECT o.*, c.spot FROM addr_option AS o JOIN addr_chain AS c USING (option)
    QUALIFY (tier, slips) = min((tier, slips)) OVER (PARTITION BY c.spot)
)
SELECT spot, any_value(question) AS question, min(tier) AS tier, min(slips) AS slips, min(file_key) AS file_key, median(x) AS x, median(y) AS y,
    list(DISTINCT postcode) AS postcodes, list(DISTINCT municipality) AS municipalities
FROM ranked GROUP BY spot;
