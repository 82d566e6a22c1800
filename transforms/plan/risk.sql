-- What would make a plan fail, with the number behind it and the limit it is held to.
-- inputs: plan.scenario, plan.input, score.reuse, score.reuse_level, reference.plan_use, reference.plan_limit, reference.plan_risk
-- key: building_id, use, place, subject
-- columns:
--   building_id | VARCHAR | - | Gebouw | building
--   use | VARCHAR | - | Gebruik | use of the reuse matrix
--   place | BIGINT | - | Volgorde | the gravest first
--   risk | VARCHAR | - | Risico | name in reference.plan_risk, where its words and its unit are
--   subject | VARCHAR | - | Waarover | criterion of the reuse matrix, or class of heritage or condition; - for none
--   value | DOUBLE | - | Getal | the number behind it, in the unit of the risk; null where nothing is known
--   limit_value | DOUBLE | - | Grens | what it is held to; null where there is no limit
WITH bound AS (
    SELECT map_from_entries(list((name, value))) AS b FROM reference.plan_limit
),
price AS (
    SELECT use, condition, heritage, any_value(likely) FILTER (input = 'works') AS works, any_value(high) FILTER (input = 'works') AS works_high,
        any_value(likely) FILTER (input = 'heritage_surcharge') AS surcharge, any_value(high) FILTER (input = 'heritage_surcharge') AS surcharge_high
    FROM plan.input GROUP BY use, condition, heritage
),
-- What a class that forbids the use weighs in the index.
forbidding AS (
    SELECT use, criterion, min(level) AS level FROM score.reuse_level WHERE is_veto GROUP BY use, criterion
),
suited AS (
    SELECT building_id, use, place, middle, veto, to_check, max(middle) OVER (PARTITION BY building_id) AS best
    FROM score.reuse SEMI JOIN (SELECT building_id FROM plan.scenario) AS s USING (building_id)
),
plan AS (
    SELECT s.*, u.usable_min_m2, p.* EXCLUDE (use, condition, heritage), b,
        -- What the market would pay a year for what is let, of which the yearly cost and the needed rent tell how much that is.
        s.rent_ceiling_eur_m2_year::DOUBLE * s.yearly_eur_year / nullif(s.rent_eur_m2_year, 0) AS income_eur_year
    FROM plan.scenario AS s JOIN reference.plan_use AS u USING (use) JOIN price AS p USING (use, condition, heritage) CROSS JOIN bound
),
found AS (
    SELECT building_id, use, 'rent_above_ceiling' AS risk, '-' AS subject, rent_low_eur_m2_year::DOUBLE AS value, rent_ceiling_eur_m2_year::DOUBLE AS limit_value
    FROM plan WHERE rent_low_eur_m2_year > rent_ceiling_eur_m2_year
    UNION ALL
    SELECT building_id, use, 'rent_may_be_above', '-', rent_eur_m2_year, rent_ceiling_eur_m2_year
    FROM plan WHERE rent_eur_m2_year > rent_ceiling_eur_m2_year AND rent_low_eur_m2_year <= rent_ceiling_eur_m2_year
    UNION ALL
    SELECT v.building_id, v.use, v.risk, v.criterion, f.level, NULL
    FROM (
        SELECT building_id, use, 'veto' AS risk, unnest(veto) AS criterion FROM suited
        UNION ALL SELECT building_id, use, 'to_check', unnest(to_check) FROM suited
    ) AS v JOIN forbidding AS f USING (use, criterion) SEMI JOIN reference.plan_use AS u ON u.use = v.use
    UNION ALL
    SELECT building_id, use, 'floor_area_unknown', '-', NULL, NULL FROM plan WHERE unknown = 'floor_area'
    UNION ALL
    SELECT building_id, use, 'too_small', '-', usable_high_m2, usable_min_m2 FROM plan WHERE usable_high_m2 < usable_min_m2
    UNION ALL
    SELECT building_id, use, 'may_be_too_small', '-', usable_m2, usable_min_m2
    FROM plan WHERE usable_m2 < usable_min_m2 AND coalesce(usable_high_m2 >= usable_min_m2, true)
    UNION ALL
    SELECT building_id, use, 'not_named', '-', middle, best FROM suited CROSS JOIN bound WHERE coalesce(place > b['named_uses'], true)
        AND use IN (SELECT use FROM reference.plan_use)
    UNION ALL
    SELECT building_id, use, 'cover', '-', (income_eur_year - operating_eur_year) / annuity_eur_year, b['cover_min']
    FROM plan WHERE annuity_eur_year > 0 AND (income_eur_year - operating_eur_year) / annuity_eur_year < b['cover_min']
    UNION ALL
    SELECT building_id, use, 'loan_share', '-', loan_eur / nullif(investment_eur, 0), b['loan_share_max']
    -- A cent of rounding is no risk.
    FROM plan WHERE loan_eur > b['loan_share_max'] * investment_eur + 1
    UNION ALL
    SELECT building_id, use, 'shares', '-', shares, b['shares_max'] FROM plan WHERE shares > b['shares_max']
    UNION ALL
    SELECT building_id, use, 'condition_unknown', '-', works_high, NULL FROM plan WHERE condition = 'unknown'
    UNION ALL
    SELECT building_id, use, 'condition_poor', condition, works, NULL FROM plan WHERE condition = 'poor'
    UNION ALL
    SELECT building_id, use, 'heritage', heritage, surcharge, NULL FROM plan WHERE heritage NOT IN ('none', 'unknown')
    UNION ALL
    SELECT building_id, use, 'heritage_unknown', '-', surcharge_high, NULL FROM plan WHERE heritage = 'unknown'
)
SELECT f.building_id, f.use, r.place, f.risk, f.subject, CAST(f.value AS DOUBLE) AS value, CAST(f.limit_value AS DOUBLE) AS limit_value
FROM found AS f JOIN reference.plan_risk AS r USING (risk)
