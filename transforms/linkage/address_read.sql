-- Step 1: rows, points and street names in one spelling, and which names a row may mean.
-- Reads the views addr_row_in and addr_point_in; settings as variables addr_*.

-- Rows in one spelling. A second number may be the end of a range or a flat: candidates tell (below).
CREATE OR REPLACE TEMP TABLE addr_row AS
SELECT row_id, lower(trim(street)) AS written, trim(house_number) AS number_written, street_key(street) AS street_key,
    street_key_other(street) AS other_key, addr_number(house_number) AS n, addr_suffix(house_number) AS suffix,
    coalesce(addr_second(house_number), addr_number(house_number_to)) AS second,
    addr_box(coalesce(box_number, addr_label_box(house_number))) AS box, addr_postcode(postcode) AS postcode, street_key(municipality) AS municipality
FROM addr_row_in;

-- Rows that ask the same are answered once: nine units of one building are one question.
CREATE OR REPLACE TEMP TABLE addr_question AS
SELECT row_number() OVER (ORDER BY street_key, other_key, n, suffix, second, postcode, municipality) AS question, *
FROM (SELECT DISTINCT street_key, other_key, n, suffix, second, postcode, municipality FROM addr_row WHERE street_key IS NOT NULL AND n IS NOT NULL);

-- A region has some ten thousand names on millions of points: each is reduced once, which the optimiser must not undo.
CREATE OR REPLACE TEMP TABLE addr_name AS
WITH name AS MATERIALIZED (SELECT DISTINCT street FROM addr_point_in),
reduced AS MATERIALIZED (SELECT street, street_key(street) AS street_key FROM name)
SELECT street, street_key FROM reduced WHERE street_key IS NOT NULL;

-- Names a question may mean: its own, else (only where the file has no such name at all) names that differ by a slip of the pen.
-- The letters before the usual ending count, on the shorter side: six forgive one slip, eleven two. Digits must agree: 2e and
-- 3e are different streets. To compare few names: a slip leaves the first three letters alone, or the last three before the ending.
CREATE OR REPLACE TEMP TABLE addr_meant AS
WITH asked AS (SELECT DISTINCT street_key AS asked_key FROM addr_question UNION SELECT other_key FROM addr_question WHERE other_key IS NOT NULL),
unknown AS MATERIALIZED (
    SELECT asked_key AS k, regexp_replace(asked_key, '(straat|steenweg|laan|lei|plein|plaats|baan|weg|dreef|kaai|hof)$', '') AS stem FROM asked ANTI JOIN addr_name ON street_key = asked_key
),
known AS MATERIALIZED (SELECT DISTINCT street_key AS k, regexp_replace(street_key, '(straat|steenweg|laan|lei|plein|plaats|baan|weg|dreef|kaai|hof)$', '') AS stem FROM addr_name),
pair AS (
    SELECT u.k AS asked_key, k.k AS street_key, least(length(u.stem), length(k.stem)) AS letters
    FROM unknown AS u JOIN known AS k ON left(u.k, 3) = left(k.k, 3) AND abs(length(u.k) - length(k.k)) <= 2
    UNION
    SELECT u.k, k.k, least(length(u.stem), length(k.stem))
    FROM unknown AS u JOIN known AS k ON right(u.stem, 3) = right(k.stem, 3) AND abs(length(u.k) - length(k.k)) <= 2
)
SELECT asked_key, street_key, slips FROM (SELECT *, damerau_levenshtein(asked_key, street_key) AS slips FROM pair)
WHERE slips <= CASE WHEN letters >= getvariable('addr_two_slips_from') THEN 2 WHEN letters >= getvariable('addr_one_slip_from') THEN 1 ELSE 0 END
    AND regexp_replace(asked_key, '[^0-9]', '', 'g') = regexp_replace(street_key, '[^0-9]', '', 'g')
UNION ALL
SELECT asked_key, asked_key, 0 FROM asked SEMI JOIN addr_name ON street_key = asked_key;

-- The points of those streets only: a register needs few of a region's millions.
CREATE OR REPLACE TEMP TABLE addr_point AS
SELECT p.address_id, n.street_key, lower(trim(p.street)) AS written, trim(p.street) AS street, trim(p.house_number) AS number_written,
    addr_number(p.house_number) AS n, addr_suffix(p.house_number) AS suffix, addr_second(p.house_number) AS second,
    addr_box(coalesce(p.box_number, addr_label_box(p.house_number))) AS box, addr_postcode(p.postcode) AS postcode, street_key(p.municipality) AS municipality, p.x, p.y
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
