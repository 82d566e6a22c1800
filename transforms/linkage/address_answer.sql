-- Step 4: one answer or one refusal for every row.
-- Scores order the methods and say how far the area bears them out; they are no probabilities.

CREATE OR REPLACE TEMP TABLE addr_asked AS
SELECT r.*, q.question
FROM addr_row AS r LEFT JOIN addr_question AS q
    ON q.street_key = r.street_key AND q.n = r.n AND q.other_key IS NOT DISTINCT FROM r.other_key AND q.suffix IS NOT DISTINCT FROM r.suffix
    AND q.second IS NOT DISTINCT FROM r.second AND q.postcode IS NOT DISTINCT FROM r.postcode AND q.municipality IS NOT DISTINCT FROM r.municipality;

-- The points at the chosen spots. All numbers of a range count; of other answers only the best tier.
CREATE OR REPLACE TEMP TABLE addr_chosen AS
SELECT v.question, v.spot, v.tier AS best_tier, v.slips, v.inside, o.tier, p.address_id, p.street, p.written, p.number_written, p.n, p.suffix, p.box, p.x, p.y,
    addr_distance(p.x, p.y, s.x, s.y) AS off_m
FROM addr_verdict AS v
JOIN addr_spot AS s USING (spot)
JOIN addr_chain AS c ON c.spot = v.spot
JOIN addr_option AS o ON o.option = c.option AND o.slips = v.slips AND (o.tier = v.tier OR (o.tier <= 2 AND v.tier <= 2))
JOIN addr_house AS h ON h.house = o.house
JOIN addr_point AS p ON p.street_key = h.street_key AND p.n = h.n AND p.suffix IS NOT DISTINCT FROM h.suffix AND round(p.x) = h.x AND round(p.y) = h.y
    AND p.postcode IS NOT DISTINCT FROM h.postcode AND p.municipality IS NOT DISTINCT FROM h.municipality
WHERE v.doubt IS NULL;

-- Per row and number one point: the row's own box, else the one in the middle.
CREATE OR REPLACE TEMP TABLE addr_answer AS
WITH fitting AS (
    SELECT r.row_id, r.written = c.written AND r.number_written = c.number_written AS is_literal, r.second, r.n AS asked_n, r.box IS NOT NULL AND r.box = c.box AS has_box,
        r.number_written AS asked_number, c.*
    FROM addr_asked AS r JOIN addr_chosen AS c USING (question)
    QUALIFY row_number() OVER (PARTITION BY r.row_id, c.n, c.suffix ORDER BY has_box DESC, c.tier, c.off_m, c.address_id) = 1
)
SELECT *, row_number() OVER (PARTITION BY row_id ORDER BY tier, n, suffix NULLS FIRST, off_m, address_id) AS rank, count(DISTINCT n) OVER (PARTITION BY row_id) AS numbers
FROM fitting;

CREATE OR REPLACE TEMP TABLE address_match AS
WITH answered AS (
    SELECT row_id, rank, address_id, x, y, inside, best_tier,
        CASE WHEN slips > 0 THEN 'fuzzy' WHEN best_tier = 2 OR numbers > 1 AND best_tier = 1 THEN 'range' WHEN is_literal THEN 'exact' ELSE 'normalised' END AS method,
        CASE WHEN slips > 0 THEN 0.8 - 0.1 * slips WHEN best_tier = 2 THEN 0.85 WHEN numbers > 1 AND best_tier = 1 THEN 0.95
             WHEN best_tier = 3 THEN 0.85 WHEN best_tier = 4 THEN 0.7 WHEN is_literal THEN 1.0 ELSE 0.98 END AS base,
        concat_ws('; ',
            CASE WHEN slips > 0 THEN 'the name differs by ' || slips || CASE WHEN slips = 1 THEN ' letter' ELSE ' letters' END || ' from ' || street
                 WHEN is_literal THEN 'street and number as written' ELSE 'street ' || street END,
            CASE WHEN best_tier = 2 THEN 'number ' || number_written || ' of the range' WHEN numbers > 1 AND best_tier = 1 THEN 'number ' || number_written || ', one of ' || numbers || ' of the range'
                 WHEN best_tier = 3 THEN 'number ' || number_written || ' stands for ' || asked_number || ': the letter is missing on one side'
                 WHEN best_tier = 4 THEN 'number ' || number_written || ' stands for ' || asked_number || ': another letter'
                 WHEN NOT is_literal THEN 'number ' || number_written END,
            CASE WHEN numbers = 1 AND second IS NOT NULL AND best_tier <> 2 THEN 'the second number ' || second || ' is taken for a flat' END,
            CASE WHEN has_box THEN 'box ' || box END) AS said
    FROM addr_answer
    UNION ALL
    SELECT r.row_id, 1, NULL, s.x, s.y, v.inside, 5, 'inferred', 0.6, 'the number is missing; it lies between '
        || h.below_n || ' and ' || h.above_n || ', ' || round(h.gap_m)::INTEGER || ' m apart on that side of the street'
    FROM addr_asked AS r JOIN addr_verdict AS v USING (question) JOIN addr_spot AS s USING (spot)
    JOIN (
        SELECT c.spot, a.last_n AS below_n, b.n AS above_n, addr_distance(a.x, a.y, b.x, b.y) AS gap_m
        FROM addr_chain AS c JOIN addr_option AS o USING (option) JOIN addr_house AS a ON a.house = o.below JOIN addr_house AS b ON b.house = o.above
        QUALIFY row_number() OVER (PARTITION BY c.spot ORDER BY b.n - a.last_n, o.option) = 1
    ) AS h ON h.spot = v.spot
    WHERE v.doubt IS NULL AND v.tier = 5
)
SELECT row_id, rank, address_id, x, y, round(base * CASE WHEN inside IS NULL THEN 0.85 ELSE 0.8 + 0.2 * inside END, 3) AS score, method,
    concat_ws('; ', said, CASE WHEN inside IS NULL THEN 'nothing tells the district; there is one such place' ELSE 'votes of the rows around it for its district: ' || round(100 * inside)::INTEGER || '%' END) AS reasons
FROM answered ORDER BY row_id, rank;

-- Why not, for every row that is not answered.
CREATE OR REPLACE TEMP TABLE addr_refused AS
SELECT r.row_id, r.question, r.street_key, r.other_key, r.n,
    CASE WHEN r.street_key IS NULL THEN 'no street'
         WHEN r.n IS NULL THEN 'no house number that can be read'
         WHEN v.doubt IS NOT NULL THEN v.doubt
         WHEN EXISTS (SELECT 1 FROM addr_spot AS s WHERE s.question = r.question AND s.slips = 0) THEN 'such an address exists, but only outside the district of the row'
         WHEN EXISTS (SELECT 1 FROM addr_name AS k WHERE k.street_key = r.street_key OR k.street_key = r.other_key) THEN 'the street has no such number'
         ELSE 'the address file has no such street' END AS reason
FROM addr_asked AS r LEFT JOIN addr_verdict AS v USING (question)
WHERE r.row_id NOT IN (SELECT row_id FROM address_match);

-- Candidates a person can judge: where they lie, and how far from the nearest row of the same area.
CREATE OR REPLACE TEMP TABLE addr_candidate AS
WITH wanted AS (SELECT DISTINCT question, street_key, other_key, n FROM addr_refused WHERE question IS NOT NULL),
placed AS (
    SELECT w.question, w.spot, w.tier, w.slips, w.x, w.y, w.area, min(addr_distance(w.x, w.y, a.x, a.y)) AS own_m
    FROM addr_weighed AS w SEMI JOIN wanted USING (question) LEFT JOIN addr_witness AS a ON a.level = w.level AND a.area = w.area AND a.street_key <> w.file_key
    GROUP BY ALL
),
named AS (
    SELECT p.question, p.slips, p.tier, p.own_m, p.area, p.x, p.y, min(coalesce(t.street, p_name.street)) AS street,
        min_by(coalesce(h.n::VARCHAR || upper(coalesce(h.suffix, '')), 'near ' || o.n), o.option) AS number
    FROM placed AS p JOIN addr_chain AS c ON c.spot = p.spot JOIN addr_option AS o ON o.option = c.option AND o.tier = p.tier
    LEFT JOIN addr_house AS h ON h.house = o.house
    LEFT JOIN addr_name AS t ON t.street_key = h.street_key LEFT JOIN addr_name AS p_name ON p_name.street_key = o.file_key
    GROUP BY p.question, p.spot, p.slips, p.tier, p.own_m, p.area, p.x, p.y
    UNION ALL
    -- No such number: the nearest ones of the street.
    SELECT w.question, 9, abs(h.n - w.n), NULL, NULL, h.x, h.y, t.street, h.n::VARCHAR || upper(coalesce(h.suffix, ''))
    FROM wanted AS w ANTI JOIN addr_spot AS s ON s.question = w.question JOIN addr_house AS h ON h.street_key IN (w.street_key, w.other_key)
    JOIN (SELECT street_key, min(street) AS street FROM addr_name GROUP BY street_key) AS t ON t.street_key = h.street_key
    QUALIFY row_number() OVER (PARTITION BY w.question ORDER BY abs(h.n - w.n), h.house) <= 5
),
ordered AS (
    SELECT *, row_number() OVER (PARTITION BY question ORDER BY slips, tier, own_m, street, number, x, y) AS place FROM named
)
SELECT question, count(*) AS candidate_count, string_agg(street || ' ' || number || ' at ' || round(x)::INTEGER || ' ' || round(y)::INTEGER
    || CASE WHEN own_m IS NOT NULL THEN ' (' || CASE WHEN own_m < 950 THEN round(own_m)::INTEGER || ' m' ELSE round(own_m / 1000, 1) || ' km' END || ' from the rows of ' || area || ')' ELSE '' END,
    '; ' ORDER BY place) FILTER (place <= 5) AS candidates
FROM ordered GROUP BY question;

CREATE OR REPLACE TEMP TABLE address_refusal AS
SELECT r.row_id, r.reason, c.candidates, coalesce(c.candidate_count, 0) AS candidate_count
FROM addr_refused AS r LEFT JOIN addr_candidate AS c USING (question) ORDER BY r.row_id;
