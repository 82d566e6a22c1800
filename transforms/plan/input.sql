-- What goes into a plan, for each use and each condition and heritage a building can have: the input of the use itself, else that for all.
-- Works run from the cheapest price of the lightest level to the dearest of the heaviest.
-- inputs: reference.plan_use, reference.plan_level, reference.plan_heritage, reference.plan_input
-- key: use, condition, heritage, input
-- check: low <= likely AND likely <= high
-- columns:
--   use | VARCHAR | - | Gebruik | use of the reuse matrix
--   condition | VARCHAR | - | Toestand | class of the criterion, or unknown
--   heritage | VARCHAR | - | Erfgoed | class of the criterion, or unknown
--   input | VARCHAR | - | Gegeven | name in reference.plan_label
--   low | DOUBLE | - | Laagste | in four of five cases it is more
--   likely | DOUBLE | - | Waarschijnlijk | what a plan is made with
--   high | DOUBLE | - | Hoogste | in four of five cases it is less
--   unit | VARCHAR | - | Eenheid | unit of the three
--   origin | VARCHAR | - | Herkomst | judgement, or fact and its source
--   valued_on | DATE | - | Gewaardeerd op | day the numbers hold for
WITH place AS (
    SELECT u.use, l.condition, l.heritage, l.level_low, l.level, l.level_high
    FROM reference.plan_use AS u CROSS JOIN reference.plan_level AS l
),
given AS (
    SELECT p.*, i.input, i.level AS own_level, i.low, i.likely, i.high, i.unit, i.origin, i.valued_on
    FROM place AS p JOIN reference.plan_input AS i ON i.use IN (p.use, '*') AND i.level IN ('*', p.level_low, p.level, p.level_high)
    QUALIFY rank() OVER (PARTITION BY p.use, p.condition, p.heritage, i.input ORDER BY i.use = '*') = 1
)
SELECT use, condition, heritage, input,
    any_value(low) FILTER (own_level IN ('*', level_low)) AS low,
    any_value(likely) FILTER (own_level IN ('*', level)) AS likely,
    any_value(high) FILTER (own_level IN ('*', level_high)) AS high,
    any_value(unit) AS unit, any_value(origin) FILTER (own_level IN ('*', level)) AS origin, min(valued_on) AS valued_on
FROM given GROUP BY use, condition, heritage, input
UNION ALL
SELECT p.use, p.condition, p.heritage, 'heritage_surcharge', h.low, h.likely, h.high, h.unit, h.origin, h.valued_on
FROM place AS p JOIN reference.plan_heritage AS h USING (heritage)
