-- The matrix of reuse written out: for each use, criterion and class its level, and whether the class stands in the way by itself.
-- inputs: reference.reuse_use, reference.reuse_rule, reference.reuse_veto
-- key: use, criterion, class
-- columns:
--   use | VARCHAR | - | Gebruik | use of the reuse matrix
--   criterion | VARCHAR | - | Criterium | criterion
--   class | VARCHAR | - | Klasse | class of the criterion
--   level | DOUBLE | - | Niveau | +2 strong advantage .. -2 strong constraint, times the weight
--   worst | DOUBLE | - | Slechtste | lowest level of the criterion for this use
--   best | DOUBLE | - | Beste | highest level of the criterion for this use
--   is_veto | BOOLEAN | - | Veto | the class forbids the use
--   origin | VARCHAR | - | Herkomst | where the weight comes from
WITH rule AS (
    SELECT u.use, r.criterion, r.weight, r.levels, r.origin
    FROM reference.reuse_use AS u JOIN reference.reuse_rule AS r ON r.use IN (u.use, '*')
    QUALIFY row_number() OVER (PARTITION BY u.use, r.criterion ORDER BY r.use = '*') = 1
),
cell AS (
    SELECT use, criterion, split_part(pair, ':', 1) AS class, weight * CAST(split_part(pair, ':', 2) AS DOUBLE) AS level, origin
    FROM (SELECT * EXCLUDE (levels), unnest(string_split(levels, ' ')) AS pair FROM rule)
)
SELECT c.use, c.criterion, c.class, c.level, min(c.level) OVER by_cell AS worst, max(c.level) OVER by_cell AS best,
    EXISTS (SELECT 1 FROM reference.reuse_veto AS v WHERE v.use IN (c.use, '*') AND v.criterion = c.criterion AND v.class = c.class) AS is_veto, c.origin
FROM cell AS c
WINDOW by_cell AS (PARTITION BY use, criterion)
