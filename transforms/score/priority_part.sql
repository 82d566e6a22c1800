-- The parts of the priority: expected worth of a visit, in points; they add up to it exactly. What the register calls empty counts
-- by its share: one unit of nine is worth a ninth of the visit.
-- inputs: core.standing, score.underuse, score.atypicality_part, score.reuse, reference.reuse_use, reference.parameter
-- key: audience, building_id, item
-- columns:
--   audience | VARCHAR | - | Doelgroep | public or city
--   building_id | VARCHAR | - | Gebouw | building
--   item | VARCHAR | - | Onderdeel | atypicality, reuse
--   value | DECIMAL(18,6) | points | Punten | probability of underuse times the share that is empty, the weight and the score
--   detail_nl | VARCHAR | - | Uitleg | in Dutch
--   detail_en | VARCHAR | - | Uitleg (Engels) | in English
WITH atypicality AS (
    SELECT building_id, sum(value) AS score FROM score.atypicality_part GROUP BY building_id
),
best AS (
    -- The middle of the bounds, not the index: three known advantages are no certainty.
    SELECT r.building_id, r.middle AS score, u.label_nl, u.label_en
    FROM score.reuse AS r JOIN reference.reuse_use AS u USING (use)
    WHERE r.place = 1
),
part AS (
    SELECT u.audience, u.building_id, u.probability * coalesce((u.vacant_low + u.vacant_high) / 2, 1) AS probability,
        CASE WHEN (u.vacant_low + u.vacant_high) / 2 < 1
             THEN ' x deel ' || round(u.vacant_low, 2) || '-' || round(u.vacant_high, 2) ELSE '' END AS share_nl,
        CASE WHEN (u.vacant_low + u.vacant_high) / 2 < 1
             THEN ' x share ' || round(u.vacant_low, 2) || '-' || round(u.vacant_high, 2) ELSE '' END AS share_en,
        a.score AS atypicality, b.score AS reuse, b.label_nl, b.label_en,
        -- Where no use could be assessed, the other half speaks alone: an unknown is not a zero.
        CASE WHEN b.score IS NULL THEN 1.0 ELSE param('priority_atypicality') END AS weight_atypicality
    FROM score.underuse AS u
    JOIN core.standing USING (building_id)
    LEFT JOIN atypicality AS a USING (building_id)
    LEFT JOIN best AS b USING (building_id)
)
SELECT audience, building_id, 'atypicality' AS item, CAST(probability * weight_atypicality * coalesce(atypicality, 0) AS DECIMAL(18, 6)) AS value,
    'kans op onderbenutting' || share_nl || ' x atypisch' AS detail_nl, 'probability of underuse' || share_en || ' x atypicality' AS detail_en
FROM part
UNION ALL
SELECT audience, building_id, 'reuse', CAST(probability * param('priority_reuse') * reuse AS DECIMAL(18, 6)),
    'kans op onderbenutting' || share_nl || ' x ' || label_nl, 'probability of underuse' || share_en || ' x ' || label_en
FROM part WHERE reuse IS NOT NULL
