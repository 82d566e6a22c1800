-- How well each assessed building suits each use: advantages over advantages and constraints, with bounds from what is unknown.
-- inputs: score.reuse_part, reference.reuse_criterion
-- key: building_id, use
-- check: score BETWEEN 0 AND 100
-- check: low <= score + 0.001 AND score <= high + 0.001
-- columns:
--   building_id | VARCHAR | - | Gebouw | building
--   use | VARCHAR | - | Gebruik | use of the reuse matrix
--   score | DECIMAL(18,6) | points | Hergebruikscore | index 0..100 from the known criteria; null where all known ones are neutral
--   low | DOUBLE | points | Ondergrens | index when every unknown criterion turns out worst
--   high | DOUBLE | points | Bovengrens | index when every unknown criterion turns out best
--   known_count | INTEGER | - | Gekende criteria | criteria that are known
--   to_check | VARCHAR[] | - | Na te kijken | unknown criteria that can stand in the way by themselves
SELECT p.building_id, p.use,
    CASE WHEN sum(abs(p.level)) > 0 THEN CAST(sum(p.value) AS DECIMAL(18, 6)) END AS score,
    100 * sum(greatest(p.level_low, 0)) / nullif(sum(abs(p.level_low)), 0) AS low,
    100 * sum(greatest(p.level_high, 0)) / nullif(sum(abs(p.level_high)), 0) AS high,
    CAST(count(p.level) AS INTEGER) AS known_count,
    coalesce(list(p.criterion ORDER BY p.criterion) FILTER (p.level IS NULL AND c.is_veto), []) AS to_check
FROM score.reuse_part AS p JOIN reference.reuse_criterion AS c USING (criterion)
GROUP BY p.building_id, p.use
