-- What would make the plan of a coalition fail, with the number behind it and the limit it is held to. What a member can pay is in no row:
-- only whether the rent is more.
-- inputs: plan.coalition, plan.coalition_part, plan.input, match.coalition, match.coalition_member, match.request, score.reuse, score.reuse_level, reference.plan_limit, reference.coalition_limit, reference.plan_risk
-- key: coalition_id, place, subject
-- columns:
--   coalition_id | VARCHAR | - | Coalitie | coalition
--   place | BIGINT | - | Volgorde | the gravest first
--   risk | VARCHAR | - | Risico | name in reference.plan_risk, where its words and its unit are
--   subject | VARCHAR | - | Waarover | member (advert), criterion of the reuse matrix, or class of heritage or condition; - for none
--   value | DOUBLE | - | Getal | the number behind it, in the unit of the risk
--   limit_value | DOUBLE | - | Grens | what it is held to; null where there is no limit
WITH bound AS (
    SELECT map_from_entries(list((name, value))) AS b FROM reference.plan_limit
),
room AS (
    SELECT coalition_id, sum(filled_m2)::DOUBLE AS filled_m2, sum(let_m2)::DOUBLE AS let_m2 FROM plan.coalition_part GROUP BY coalition_id
),
-- The dearest of its uses: one building has one condition, and one heritage.
price AS (
    SELECT p.coalition_id, max(i.likely) FILTER (i.input = 'works') AS works, max(i.high) FILTER (i.input = 'works') AS works_high,
        max(i.likely) FILTER (i.input = 'heritage_surcharge') AS surcharge, max(i.high) FILTER (i.input = 'heritage_surcharge') AS surcharge_high
    FROM plan.coalition AS c JOIN plan.coalition_part AS p USING (coalition_id) JOIN plan.input AS i ON (i.use, i.condition, i.heritage) = (p.use, c.condition, c.heritage)
    GROUP BY p.coalition_id
),
plan AS (
    SELECT c.*, r.filled_m2, r.let_m2, p.* EXCLUDE (coalition_id), b, m.to_ask_count,
        r.let_m2 * c.rent_ceiling_eur_m2_year::DOUBLE AS income_eur_year, 1 - least(1, c.gross_m2::DOUBLE * c.fill_share / c.gross_high_m2::DOUBLE) AS empty_high,
        (SELECT 1 - any_value(value) FROM reference.coalition_limit WHERE name = 'fill_least') AS empty_most
    FROM plan.coalition AS c JOIN room AS r USING (coalition_id) JOIN price AS p USING (coalition_id) JOIN match.coalition AS m USING (coalition_id) CROSS JOIN bound
),
member AS (
    SELECT m.*, c.rent_low_eur_m2_year AS low, c.rent_eur_m2_year AS likely, c.rent_high_eur_m2_year AS high, q.duration,
        c.yearly_eur_year::DOUBLE / nullif(c.let_m2 - m.area_m2::DOUBLE * p.let_m2::DOUBLE / nullif(p.usable_m2::DOUBLE, 0), 0) AS rent_without,
        row_number() OVER (PARTITION BY m.coalition_id ORDER BY m.area_m2 DESC, m.request_id) AS size_place
    FROM match.coalition_member AS m JOIN plan AS c USING (coalition_id) JOIN plan.coalition_part AS p USING (coalition_id, use)
    JOIN match.request AS q USING (request_id)
),
forbidding AS (
    SELECT use, criterion, min(level) AS level FROM score.reuse_level WHERE is_veto GROUP BY use, criterion
),
found AS (
    SELECT coalition_id, 'rent_above_ceiling' AS risk, '-' AS subject, rent_low_eur_m2_year::DOUBLE AS value, rent_ceiling_eur_m2_year::DOUBLE AS limit_value
    FROM plan WHERE rent_low_eur_m2_year > rent_ceiling_eur_m2_year
    UNION ALL
    SELECT coalition_id, 'rent_may_be_above', '-', rent_eur_m2_year, rent_ceiling_eur_m2_year
    FROM plan WHERE rent_eur_m2_year > rent_ceiling_eur_m2_year AND rent_low_eur_m2_year <= rent_ceiling_eur_m2_year
    UNION ALL
    SELECT coalition_id, 'member_cannot_pay', request_id, likely, NULL FROM member WHERE budget_eur_m2_year < likely
    UNION ALL
    SELECT coalition_id, 'member_may_not_pay', request_id, high, NULL FROM member WHERE budget_eur_m2_year >= likely AND budget_eur_m2_year < high
    UNION ALL
    SELECT coalition_id, 'budget_unsaid', '-', count(*), NULL FROM member WHERE budget_eur_m2_year IS NULL GROUP BY coalition_id
    UNION ALL
    SELECT coalition_id, 'member_leaves', request_id, rent_without, likely FROM member WHERE size_place = 1
    UNION ALL
    SELECT coalition_id, 'members_to_ask', '-', to_ask_count, NULL FROM plan WHERE to_ask_count > 0
    UNION ALL
    SELECT coalition_id, 'stays_short', '-', sum(area_m2) FILTER (duration IN ('temporary', 'years')) / sum(area_m2), NULL
    FROM member GROUP BY coalition_id HAVING count(*) FILTER (duration IN ('temporary', 'years')) > 0
    UNION ALL
    SELECT coalition_id, 'stays_empty', '-', 1 - fill_share, NULL FROM plan WHERE 1 - fill_share > b['empty_told']
    UNION ALL
    SELECT coalition_id, 'may_stay_empty', '-', empty_high, empty_most FROM plan WHERE empty_high > empty_most
    UNION ALL
    SELECT coalition_id, 'may_not_fit', '-', usable_low_m2, filled_m2 FROM plan WHERE usable_low_m2 < filled_m2
    UNION ALL
    SELECT coalition_id, 'part_in_use', '-', 1 - (free_low + free_high) / 2, NULL FROM plan WHERE 1 - (free_low + free_high) / 2 > b['empty_told']
    UNION ALL
    SELECT coalition_id, 'free_unknown', '-', NULL, NULL FROM plan WHERE free_low IS NULL
    UNION ALL
    SELECT t.coalition_id, 'to_check', t.criterion, min(f.level), NULL
    FROM (
        SELECT c.coalition_id, r.use, unnest(r.to_check) AS criterion FROM plan AS c JOIN score.reuse AS r ON r.building_id = c.building_id AND list_contains(c.uses, r.use)
    ) AS t JOIN forbidding AS f USING (use, criterion) GROUP BY t.coalition_id, t.criterion
    UNION ALL
    SELECT coalition_id, 'cover', '-', (income_eur_year - operating_eur_year) / annuity_eur_year, b['cover_min']
    FROM plan WHERE annuity_eur_year > 0 AND (income_eur_year - operating_eur_year) / annuity_eur_year < b['cover_min']
    UNION ALL
    SELECT coalition_id, 'loan_share', '-', loan_eur / nullif(investment_eur, 0), b['loan_share_max']
    FROM plan WHERE loan_eur > b['loan_share_max'] * investment_eur + 1  -- A cent of rounding is no risk.
    UNION ALL
    SELECT coalition_id, 'shares', '-', shares, b['shares_max'] FROM plan WHERE shares > b['shares_max']
    UNION ALL
    SELECT coalition_id, 'condition_unknown', '-', works_high, NULL FROM plan WHERE condition = 'unknown'
    UNION ALL
    SELECT coalition_id, 'condition_poor', condition, works, NULL FROM plan WHERE condition = 'poor'
    UNION ALL
    SELECT coalition_id, 'heritage', heritage, surcharge, NULL FROM plan WHERE heritage NOT IN ('none', 'unknown')
    UNION ALL
    SELECT coalition_id, 'heritage_unknown', '-', surcharge_high, NULL FROM plan WHERE heritage = 'unknown'
)
SELECT f.coalition_id, r.place, f.risk, f.subject, CAST(f.value AS DOUBLE) AS value, CAST(f.limit_value AS DOUBLE) AS limit_value
FROM found AS f JOIN reference.plan_risk AS r USING (risk)
