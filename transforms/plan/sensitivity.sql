-- The three inputs that move the needed rent of a plan most, with the rent at their low and at their high.
-- inputs: plan.scenario, plan.variant, plan.input
-- key: building_id, use, place
-- check: place BETWEEN 1 AND 3
-- check: low <= likely AND likely <= high
-- columns:
--   building_id | VARCHAR | - | Gebouw | building
--   use | VARCHAR | - | Gebruik | use of the reuse matrix
--   place | INTEGER | - | Plaats | 1 for the input that moves it most
--   input | VARCHAR | - | Gegeven | name in reference.plan_label
--   unit | VARCHAR | - | Eenheid | unit of the next three
--   low | DOUBLE | - | Laagste | low of the input
--   likely | DOUBLE | - | Waarschijnlijk | what the plan is made with
--   high | DOUBLE | - | Hoogste | high of the input
--   rent_at_low_eur_m2_year | DECIMAL(18,2) | EUR/m2/year | Huur bij het laagste | needed rent when this input alone is at its low
--   rent_at_high_eur_m2_year | DECIMAL(18,2) | EUR/m2/year | Huur bij het hoogste | needed rent when this input alone is at its high
WITH move AS (
    SELECT use, condition, heritage, input,
        any_value(rent_eur_m2_year) FILTER (side = 'low') AS rent_at_low_eur_m2_year,
        any_value(rent_eur_m2_year) FILTER (side = 'high') AS rent_at_high_eur_m2_year
    FROM plan.variant WHERE side <> 'likely' GROUP BY use, condition, heritage, input
),
placed AS (
    SELECT m.*, i.unit, i.low, i.likely, i.high,
        CAST(row_number() OVER (
            PARTITION BY m.use, m.condition, m.heritage ORDER BY abs(rent_at_high_eur_m2_year - rent_at_low_eur_m2_year) DESC, input
        ) AS INTEGER) AS place
    -- The floor area is no input of the table: what a square metre asks does not depend on it.
    FROM move AS m JOIN plan.input AS i USING (use, condition, heritage, input)
)
SELECT s.building_id, s.use, p.place, p.input, p.unit, p.low, p.likely, p.high, p.rent_at_low_eur_m2_year, p.rent_at_high_eur_m2_year
FROM plan.scenario AS s JOIN placed AS p USING (use, condition, heritage)
WHERE s.unknown IS NULL AND p.place <= 3
