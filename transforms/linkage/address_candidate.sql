-- Step 2: every address a register row can mean, wherever it lies. Which of them it does mean, the next steps decide.

-- Numbers a question and a house stand for, one per line: equal numbers find each other by hash, however long the street.
-- A range runs along one side of the street.
CREATE OR REPLACE TEMP TABLE addr_wanted AS
SELECT q.question, q.n, q.suffix, m.street_key AS file_key, m.slips, unnest(range(q.n, 1 +
    CASE WHEN q.second > q.n AND q.second - q.n <= getvariable('addr_range_max') AND (q.second - q.n) % 2 = 0 THEN q.second ELSE q.n END, 2))::INTEGER AS number
FROM addr_question AS q JOIN (
    SELECT question, street_key AS asked_key FROM addr_question UNION SELECT question, other_key FROM addr_question
) AS k USING (question) JOIN addr_meant AS m USING (asked_key);

-- Tier 1 the number itself, 2 by a range, 3 the letter is on one side only, 4 the letters differ. A typo in the name asks
-- for a number that is right.
CREATE OR REPLACE TEMP TABLE addr_direct AS
WITH standing AS (SELECT *, unnest(range(n, last_n + 1, 2))::INTEGER AS number FROM addr_house),
found AS (
    SELECT DISTINCT w.question, w.slips, h.house, w.file_key, h.n, h.suffix, h.postcode, h.municipality, h.x, h.y,
        CASE WHEN h.n = w.n AND h.suffix IS NOT DISTINCT FROM w.suffix THEN 1
             WHEN h.n <> w.n THEN 2
             WHEN h.suffix IS NULL OR w.suffix IS NULL THEN 3 ELSE 4 END AS tier
    FROM addr_wanted AS w JOIN standing AS h ON h.street_key = w.file_key AND h.number = w.number
)
SELECT * FROM found WHERE tier <= 3 OR slips = 0;

-- Tier 5: the number is missing, but the next ones below and above on that side stand close together: it lies between.
CREATE OR REPLACE TEMP TABLE addr_between AS
WITH below AS (SELECT *, last_n + unnest(range(2, 2 * getvariable('addr_gap_max')::INTEGER + 1, 2)) AS next_n FROM addr_house),
gap AS (
    SELECT a.street_key, a.house AS below, b.house AS above, a.last_n, b.n AS next_n, a.x AS ax, a.y AS ay, b.x AS bx, b.y AS by_,
        CASE WHEN a.postcode = b.postcode THEN a.postcode END AS postcode, CASE WHEN a.municipality = b.municipality THEN a.municipality END AS municipality
    FROM below AS a JOIN addr_house AS b ON b.street_key = a.street_key AND b.n = a.next_n
    WHERE addr_distance(a.x, a.y, b.x, b.y) <= getvariable('addr_between_m')
    -- Only the very next number: what stands between is not missing.
    QUALIFY b.n = min(b.n) OVER (PARTITION BY a.house)
),
missing AS (SELECT *, unnest(range(last_n + 2, next_n, 2))::INTEGER AS n FROM gap)
SELECT w.question, 0 AS slips, NULL::BIGINT AS house, m.street_key AS file_key, m.n, NULL::VARCHAR AS suffix, m.postcode, m.municipality,
    m.ax + (m.bx - m.ax) * (m.n - m.last_n) / (m.next_n - m.last_n) AS x, m.ay + (m.by_ - m.ay) * (m.n - m.last_n) / (m.next_n - m.last_n) AS y,
    m.below, m.above, 5 AS tier
FROM addr_wanted AS w JOIN missing AS m ON m.street_key = w.file_key AND m.n = w.number
WHERE w.number = w.n AND w.slips = 0 AND m.n - m.last_n <= getvariable('addr_gap_max') AND m.next_n - m.n <= getvariable('addr_gap_max');

CREATE OR REPLACE TEMP TABLE addr_option AS
SELECT row_number() OVER (ORDER BY question, tier, slips, file_key, n, suffix, x, y, house, below, above) AS option, *
FROM (FROM addr_direct UNION ALL BY NAME FROM addr_between);

-- Options of one question closer together than spot_m are one spot, by chains: the lowest number in reach, again and again.
CREATE OR REPLACE TEMP TABLE addr_reach AS
SELECT a.option, b.option AS neighbour FROM addr_option AS a JOIN addr_option AS b
    ON a.question = b.question AND a.file_key = b.file_key AND addr_distance(a.x, a.y, b.x, b.y) <= getvariable('addr_spot_m');

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
    list(DISTINCT postcode ORDER BY postcode) FILTER (postcode IS NOT NULL) AS postcodes,
    list(DISTINCT municipality ORDER BY municipality) FILTER (municipality IS NOT NULL) AS municipalities
FROM ranked GROUP BY spot;
