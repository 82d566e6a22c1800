-- Floor of what is free in a building that a coalition plans for: by use what its members take, and what stays empty.
-- Members take the floor they asked for, whatever the building's size turns out to be: in a larger one more stays empty; in a smaller one
-- all take less in proportion. What stays empty is made ready as the rest is, in the same mix of uses: it costs, and pays no rent.
-- inputs: match.coalition, match.coalition_member, match.supply, match.supply_use, plan.scenario
-- key: coalition_id, use, is_empty
-- check: gross_low_m2 <= gross_m2 AND gross_m2 <= gross_high_m2 AND gross_low_m2 >= 0
-- check: is_empty OR gross_m2 > 0
-- columns:
--   coalition_id | VARCHAR | - | Coalitie | coalition
--   building_id | VARCHAR | - | Gebouw | building
--   use | VARCHAR | - | Gebruik | use of the reuse matrix
--   is_empty | BOOLEAN | - | Blijft leeg | no member takes it
--   condition | VARCHAR | - | Toestand | good, fair, poor or unknown
--   heritage | VARCHAR | - | Erfgoed | monument, listed, area, none or unknown
--   gross_low_m2 | DECIMAL(18,2) | m2 | Vloer, ondergrens | gross floor area when the building, and what of it is free, is as small as it may be
--   gross_m2 | DECIMAL(18,2) | m2 | Vloer | likely gross floor area
--   gross_high_m2 | DECIMAL(18,2) | m2 | Vloer, bovengrens | gross floor area when it is as large as it may be
WITH share AS (
    SELECT m.coalition_id, c.building_id, c.fill_share, m.use, sum(m.area_m2::DOUBLE / u.usable_m2) AS share
    FROM match.coalition_member AS m JOIN match.coalition AS c USING (coalition_id)
    JOIN match.supply_use AS u ON u.supply_kind = 'building' AND u.supply_id = c.building_id AND u.use = m.use
    GROUP BY ALL
),
-- Where nobody says how much of it is free, all of it may be: as in match.supply_use.
free AS (
    SELECT p.building_id, p.use, p.condition, p.heritage, p.gross_low_m2::DOUBLE * coalesce(s.free_low, 1) AS low,
        p.gross_m2::DOUBLE * coalesce((s.free_low + s.free_high) / 2, 1) AS likely, p.gross_high_m2::DOUBLE * coalesce(s.free_high, 1) AS high
    FROM plan.scenario AS p JOIN match.supply AS s ON s.supply_kind = 'building' AND s.supply_id = p.building_id
),
taken AS (
    -- Areas of members are to the centimetre, so their shares are brought to the share that is filled.
    SELECT *, share / sum(share) OVER (PARTITION BY coalition_id) AS part, fill_share * likely AS filled
    FROM share JOIN free USING (building_id, use)
)
SELECT coalition_id, building_id, use, false AS is_empty, condition, heritage,
    CAST(round(part * least(filled, low), 2) AS DECIMAL(18, 2)) AS gross_low_m2,
    CAST(round(part * filled, 2) AS DECIMAL(18, 2)) AS gross_m2, CAST(round(part * filled, 2) AS DECIMAL(18, 2)) AS gross_high_m2
FROM taken
UNION ALL
SELECT coalition_id, building_id, use, true, condition, heritage, CAST(round(part * greatest(0, low - filled), 2) AS DECIMAL(18, 2)),
    CAST(round(part * (likely - filled), 2) AS DECIMAL(18, 2)), CAST(round(part * (high - filled), 2) AS DECIMAL(18, 2))
FROM taken
