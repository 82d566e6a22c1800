-- The three inputs that move the needed rent of a coalition most, with the rent at their low and at their high. The floor area is one of
-- them: what members do not take of a larger building is paid for all the same.
-- inputs: plan.coalition_floor, plan.coalition_variant, plan.input
-- key: coalition_id, place
-- check: place BETWEEN 1 AND 3
-- check: low <= likely AND likely <= high
-- columns:
--   coalition_id | VARCHAR | - | Coalitie | coalition
--   place | INTEGER | - | Plaats | 1 for the input that moves it most
--   input | VARCHAR | - | Gegeven | name in reference.plan_label
--   unit | VARCHAR | - | Eenheid | unit of the next three
--   low | DOUBLE | - | Laagste | low of the input: where it differs by use, the mean by the floor each takes
--   likely | DOUBLE | - | Waarschijnlijk | what the plan is made with
--   high | DOUBLE | - | Hoogste | high of the input
--   rent_at_low_eur_m2_year | DECIMAL(18,2) | EUR/m2/year | Huur bij het laagste | needed rent when this input alone is at its low; null where nothing may be free
--   rent_at_high_eur_m2_year | DECIMAL(18,2) | EUR/m2/year | Huur bij het hoogste | needed rent when this input alone is at its high
WITH floor_area AS (
    SELECT coalition_id, use, condition, heritage, sum(gross_low_m2)::DOUBLE AS low, sum(gross_m2)::DOUBLE AS likely, sum(gross_high_m2)::DOUBLE AS high
    FROM plan.coalition_floor GROUP BY ALL
),
span AS (
    SELECT f.coalition_id, i.input, any_value(i.unit) AS unit,
        round(sum(i.low * f.likely) / sum(f.likely), 6) AS low, round(sum(i.likely * f.likely) / sum(f.likely), 6) AS likely,
        round(sum(i.high * f.likely) / sum(f.likely), 6) AS high
    FROM floor_area AS f JOIN plan.input AS i USING (use, condition, heritage) GROUP BY f.coalition_id, i.input
    UNION ALL
    SELECT coalition_id, 'floor_area', 'm2', sum(low), sum(likely), sum(high) FROM floor_area GROUP BY coalition_id
),
move AS (
    SELECT v.coalition_id, v.input, any_value(l.rent_eur_m2_year) AS rent,
        any_value(v.rent_eur_m2_year) FILTER (v.side = 'low') AS at_low, any_value(v.rent_eur_m2_year) FILTER (v.side = 'high') AS at_high
    FROM plan.coalition_variant AS v JOIN plan.coalition_variant AS l ON l.coalition_id = v.coalition_id AND l.side = 'likely'
    WHERE v.side <> 'likely' GROUP BY v.coalition_id, v.input
),
placed AS (
    SELECT *, CAST(row_number() OVER (
        PARTITION BY coalition_id ORDER BY abs(coalesce(at_high, rent) - coalesce(at_low, rent)) DESC, input
    ) AS INTEGER) AS place
    FROM move
)
SELECT p.coalition_id, p.place, p.input, s.unit, s.low, s.likely, s.high, p.at_low AS rent_at_low_eur_m2_year, p.at_high AS rent_at_high_eur_m2_year
FROM placed AS p JOIN span AS s USING (coalition_id, input)
WHERE p.place <= 3
