-- What each criterion that is not unknown does to each use's index, in points; the values add up to it exactly. Constraints weigh in
-- the divisor. A criterion without row is unknown: it is in no sum, and every class stays open to it.
-- inputs: score.criterion, score.reuse_level
-- key: building_id, use, criterion
-- check: level_low <= level AND level <= level_high
-- check: class IS NULL OR level_low = level_high
-- columns:
--   building_id | VARCHAR | - | Gebouw | building
--   use | VARCHAR | - | Gebruik | use of the reuse matrix
--   criterion | VARCHAR | - | Criterium | criterion
--   class | VARCHAR | - | Klasse | class the building falls in; null where more than one is possible
--   classes | VARCHAR | - | Mogelijke klassen | every class it can be
--   level | DOUBLE | - | Niveau | +2 strong advantage .. -2 strong constraint, times the weight; of several possible ones what they share
--   level_low | DOUBLE | - | Laagste niveau | the level, or the worst it can be
--   level_high | DOUBLE | - | Hoogste niveau | the level, or the best it can be
--   worst | DOUBLE | - | Slechtste | lowest level any building can have here
--   best | DOUBLE | - | Beste | highest level any building can have here
--   may_veto | BOOLEAN | - | Mogelijk veto | a class it can be forbids the use
--   must_veto | BOOLEAN | - | Veto | every class it can be forbids the use
--   value | DECIMAL(18,6) | points | Punten | what it adds to the index; 0 for a constraint, a neutral and what is not sure
WITH met AS (
    -- Many buildings, few different answers: the matrix is looked up once for each.
    SELECT k.criterion, k.class, k.classes, l.use, min(l.level) AS level_low, max(l.level) AS level_high, min(l.worst) AS worst, max(l.best) AS best,
        bool_or(l.is_veto) AS may_veto, bool_and(l.is_veto) AS must_veto
    FROM (SELECT DISTINCT criterion, class, classes FROM score.criterion) AS k
    JOIN score.reuse_level AS l ON l.criterion = k.criterion AND list_contains(string_split(k.classes, ' '), l.class)
    GROUP BY ALL
),
cell AS (
    SELECT c.building_id, m.use, c.criterion, c.class, c.classes, -- Two possible classes that both speak for a use are at least as good as the lesser; where they disagree, nothing is sure.
        greatest(m.level_low, 0) + least(m.level_high, 0) AS level, m.level_low, m.level_high, m.worst, m.best, m.may_veto, m.must_veto
    FROM score.criterion AS c JOIN met AS m USING (criterion, classes)
)
SELECT *, -- Rounded down, so that the parts of 100 never add up to more.
    CAST(floor(coalesce(1e8 * greatest(level, 0) / nullif(sum(abs(level)) OVER (PARTITION BY building_id, use), 0), 0)) / 1e6 AS DECIMAL(18, 6)) AS value
FROM cell
