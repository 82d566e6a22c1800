-- How well each assessed building suits each use: advantages over advantages and constraints, with bounds from what is unknown.
-- inputs: score.reuse_part, score.reuse_level, reference.reuse_limit
-- key: building_id, use
-- check: score BETWEEN 0 AND 100
-- check: 0 <= low AND low <= score + 0.001 AND score <= high + 0.001 AND high <= 100
-- check: low <= high AND middle BETWEEN low - 0.001 AND high + 0.001
-- check: known_share BETWEEN 0 AND 1
-- check: place IS NULL OR len(veto) = 0
-- columns:
--   building_id | VARCHAR | - | Gebouw | building
--   use | VARCHAR | - | Gebruik | use of the reuse matrix
--   score | DECIMAL(18,6) | points | Hergebruikscore | index 0..100 from the known criteria; null where all known ones are neutral
--   low | DOUBLE | points | Ondergrens | index when everything unknown turns out worst
--   high | DOUBLE | points | Bovengrens | index when everything unknown turns out best
--   middle | DECIMAL(18,6) | points | Midden | middle of low and high: what uses and buildings are ranked by
--   known_count | INTEGER | - | Gekende criteria | criteria that are known
--   known_share | DOUBLE | - | Gekend aandeel | share of what the criteria can make or break for this use that is settled
--   to_check | VARCHAR[] | - | Na te kijken | criteria that may stand in the way by themselves, and are not known
--   veto | VARCHAR[] | - | Veto | criteria that stand in the way by themselves
--   place | INTEGER | - | Plaats | 1 for the best use; null where a veto is known, or too little
WITH span AS (
    SELECT use, criterion, any_value(worst) AS worst, any_value(best) AS best, bool_or(is_veto) AS has_veto
    FROM score.reuse_level GROUP BY use, criterion
),
whole AS (
    -- A use of which nothing is known: every class is open.
    SELECT use, sum(greatest(worst, 0)) AS low_for, sum(abs(worst)) AS low_all, sum(greatest(best, 0)) AS high_for, sum(abs(best)) AS high_all,
        sum(best - worst) AS open_all, coalesce(list(criterion ORDER BY criterion) FILTER (has_veto), []) AS vetoes
    FROM span GROUP BY use
),
told AS (
    SELECT building_id, use, sum(value) AS score, sum(abs(level)) AS weighed, count(class) AS known_count,
        sum(greatest(level_low, 0) - greatest(worst, 0)) AS low_for, sum(abs(level_low) - abs(worst)) AS low_all,
        sum(greatest(level_high, 0) - greatest(best, 0)) AS high_for, sum(abs(level_high) - abs(best)) AS high_all,
        sum((best - worst) - (level_high - level_low)) AS settled,
        coalesce(list(criterion ORDER BY criterion) FILTER (must_veto), []) AS veto,
        -- What is known, for or against, need not be checked.
        coalesce(list(criterion) FILTER (must_veto OR NOT may_veto), []) AS checked
    FROM score.reuse_part GROUP BY building_id, use
),
scored AS (
    SELECT t.building_id, t.use, CASE WHEN t.weighed > 0 THEN CAST(t.score AS DECIMAL(18, 6)) END AS score,
        -- Nothing for and nothing against says nothing: the bound stays where it can be.
        CASE WHEN w.low_all + t.low_all > 0 THEN 100 * (w.low_for + t.low_for) / (w.low_all + t.low_all) ELSE 0 END AS low,
        CASE WHEN w.high_all + t.high_all > 0 THEN 100 * (w.high_for + t.high_for) / (w.high_all + t.high_all) ELSE 100 END AS high,
        CAST(t.known_count AS INTEGER) AS known_count, coalesce(t.settled / nullif(w.open_all, 0), 1) AS known_share,
        list_filter(w.vetoes, lambda c: NOT list_contains(t.checked, c)) AS to_check, t.veto
    FROM told AS t JOIN whole AS w USING (use)
),
ranked AS (
    SELECT *, CAST((low + high) / 2 AS DECIMAL(18, 6)) AS middle,
        score IS NOT NULL AND len(veto) = 0
            AND known_share >= (SELECT any_value(value) FROM reference.reuse_limit WHERE name = 'known_share_min') AS is_named
    FROM scored
)
SELECT building_id, use, score, low, high, middle, known_count, known_share, to_check, veto,
    CASE WHEN is_named THEN CAST(row_number() OVER (PARTITION BY building_id, is_named ORDER BY middle DESC, low DESC, use) AS INTEGER) END AS place
FROM ranked
