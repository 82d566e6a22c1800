-- Which buildings a coalition is looked for in, and why not in the others. Large, atypical, and the first by priority as far as the limit goes:
-- who comes next is counted here, not forgotten. The priority itself moves with the day, so it is not in here.
-- inputs: match.supply, match.supply_use, score.building, reference.coalition_limit
-- key: building_id
-- check: reason IN ('not_atypical', 'no_use', 'area_unknown', 'too_small', 'limit')
-- columns:
--   building_id | VARCHAR | - | Gebouw | building of match.supply
--   usable_m2 | DOUBLE | m2 | Bruikbaar | likely usable area of what is free, for the use that gives most; null where unknown
--   reason | VARCHAR | - | Reden | why none is looked for: not_atypical, no_use (none is open), area_unknown, too_small, limit; null: one is
WITH lim AS (
    SELECT any_value(value) FILTER (name = 'usable_least') AS usable_least, any_value(value) FILTER (name = 'buildings') AS most
    FROM reference.coalition_limit
),
area AS (
    SELECT supply_id, max(usable_m2) AS usable_m2 FROM match.supply_use WHERE supply_kind = 'building' GROUP BY supply_id
),
sifted AS (
    SELECT s.building_id, a.usable_m2, b.priority_score,
        CASE WHEN NOT coalesce(b.is_atypical, false) THEN 'not_atypical' WHEN a.supply_id IS NULL THEN 'no_use'
             WHEN a.usable_m2 IS NULL THEN 'area_unknown' WHEN a.usable_m2 < l.usable_least THEN 'too_small' END AS reason
    FROM match.supply AS s CROSS JOIN lim AS l
    LEFT JOIN score.building AS b ON b.building_id = s.building_id AND b.audience = 'public'
    LEFT JOIN area AS a ON a.supply_id = s.supply_id
    WHERE s.supply_kind = 'building'
)
SELECT building_id, usable_m2,
    CASE WHEN reason IS NOT NULL THEN reason
         WHEN row_number() OVER (PARTITION BY reason ORDER BY priority_score DESC, building_id) > l.most THEN 'limit' END AS reason
FROM sifted CROSS JOIN lim AS l
