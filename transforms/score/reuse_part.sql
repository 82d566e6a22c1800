-- What each criterion adds to each use's index, in points; they add up to it exactly. Constraints weigh in the divisor.
-- inputs: score.criterion, reference.reuse_use, reference.reuse_rule, reference.reuse_criterion
-- key: building_id, use, criterion
-- columns:
--   building_id | VARCHAR | - | Gebouw | building
--   use | VARCHAR | - | Gebruik | use of the reuse matrix
--   criterion | VARCHAR | - | Criterium | criterion
--   class | VARCHAR | - | Klasse | class the building falls in; null where unknown
--   level | DOUBLE | - | Niveau | +2 strong advantage .. -2 strong constraint, times the weight; null where unknown
--   level_low | DOUBLE | - | Laagste niveau | the level, or the worst it can be while unknown
--   level_high | DOUBLE | - | Hoogste niveau | the level, or the best it can be while unknown
--   value | DECIMAL(18,6) | points | Punten | what it adds to the index; 0 for a constraint, a neutral and an unknown
WITH rule AS (
    SELECT u.use, r.criterion, r.weight, r.levels
    FROM reference.reuse_use AS u JOIN reference.reuse_rule AS r ON r.use IN (u.use, '*')
    QUALIFY row_number() OVER (PARTITION BY u.use, r.criterion ORDER BY r.use = '*') = 1
),
level AS (
    SELECT use, criterion, split_part(pair, ':', 1) AS class, weight * CAST(split_part(pair, ':', 2) AS DOUBLE) AS level
    FROM (SELECT use, criterion, weight, unnest(string_split(levels, ' ')) AS pair FROM rule)
),
span AS (
    SELECT use, criterion, min(level) AS worst, max(level) AS best FROM level GROUP BY ALL
),
cell AS (
    SELECT b.building_id, s.use, s.criterion, c.class, l.level, coalesce(l.level, s.worst) AS level_low, coalesce(l.level, s.best) AS level_high
    FROM (SELECT DISTINCT building_id FROM score.criterion) AS b
    CROSS JOIN span AS s
    LEFT JOIN score.criterion AS c ON c.building_id = b.building_id AND c.criterion = s.criterion
    LEFT JOIN level AS l ON l.use = s.use AND l.criterion = s.criterion AND l.class = c.class
)
SELECT *, -- Rounded down, so that the parts of 100 never add up to more.
    CAST(floor(coalesce(1e8 * greatest(level, 0) / nullif(sum(abs(level)) OVER (PARTITION BY building_id, use), 0), 0)) / 1e6 AS DECIMAL(18, 6)) AS value
FROM cell
