-- The classes each assessed building can have by each criterion: one where it is known, several where only bounds are known.
-- inputs: score.measure, reference.reuse_criterion, reference.reuse_class
-- key: building_id, criterion
-- columns:
--   building_id | VARCHAR | - | Gebouw | building
--   criterion | VARCHAR | - | Criterium | criterion of the reuse matrix; one without row is unknown
--   class | VARCHAR | - | Klasse | class the building falls in; null where more than one is possible
--   classes | VARCHAR | - | Mogelijke klassen | every class it can be, in alphabetical order, with a space between
WITH possible AS (
    SELECT m.building_id, r.criterion, c.class
    FROM score.measure AS m
    JOIN reference.reuse_criterion AS r ON m.measure = coalesce(r.measure, r.criterion)
    JOIN reference.reuse_class AS c ON c.criterion = r.criterion
    WHERE m.class = c.class
        OR (m.class IS NULL AND (c.at_least IS NOT NULL OR c.below IS NOT NULL)
            AND coalesce(m.low < c.below, true) AND coalesce(m.high >= c.at_least, true))
),
told AS (
    SELECT building_id, criterion, CASE WHEN count(*) = 1 THEN min(class) END AS class, string_agg(class, ' ' ORDER BY class) AS classes, count(*) AS n
    FROM possible GROUP BY building_id, criterion
),
total AS (
    SELECT criterion, count(*) AS n FROM reference.reuse_class GROUP BY criterion
)
SELECT t.building_id, t.criterion, t.class, t.classes
-- What can still be anything is not known at all.
FROM told AS t JOIN total AS a USING (criterion) WHERE t.n < a.n
