-- The parts of the atypicality score, in points; they add up to it exactly.
-- inputs: core.building, core.size, core.standing, core.tag, score.type, score.heritage, reference.building_type, reference.parameter
-- key: building_id, item
-- columns:
--   building_id | VARCHAR | - | Gebouw | building
--   item | VARCHAR | - | Onderdeel | rarity, outlier, heritage, disagreement, ordinary, floor
--   value | DECIMAL(18,6) | points | Punten | what it adds
--   detail_nl | VARCHAR | - | Uitleg | in Dutch
--   detail_en | VARCHAR | - | Uitleg (Engels) | in English
WITH standing AS (
    SELECT b.building_id, b.footprint_m2, z.height_m, ln(pow(ST_Perimeter(b.geom), 2) / b.footprint_m2) AS spread, t.type, t.is_atypical, t.disagreement
    FROM core.building AS b JOIN core.size AS z USING (building_id) JOIN score.type AS t USING (building_id) SEMI JOIN core.standing USING (building_id)
),
share AS (
    -- Small municipalities have few of anything: their counts are smoothed with the region's share.
    SELECT t.type, t.label_nl, t.label_en, count(s.building_id) AS n,
        (count(s.building_id) + param('rarity_smoothing') * t.prior_share)
            / (sum(count(s.building_id)) OVER () + param('rarity_smoothing')) AS p
    FROM reference.building_type AS t LEFT JOIN standing AS s USING (type)
    GROUP BY t.type, t.label_nl, t.label_en, t.prior_share
),
middle AS (
    SELECT median(ln(footprint_m2)) AS size, mad(ln(footprint_m2)) AS size_mad,
        median(height_m) AS height, mad(height_m) AS height_mad, median(spread) AS spread, mad(spread) AS spread_mad
    FROM standing
),
far AS (
    -- How far from the middle of the municipality, in robust standard deviations; what is not known is no outlier.
    SELECT s.building_id, f.what, f.z
    FROM standing AS s CROSS JOIN middle AS m, LATERAL (
        VALUES ('size', (ln(s.footprint_m2) - m.size) / nullif(1.4826 * m.size_mad, 0)),
            ('height', (s.height_m - m.height) / nullif(1.4826 * m.height_mad, 0)),
            ('shape', (s.spread - m.spread) / nullif(1.4826 * m.spread_mad, 0))
    ) AS f (what, z)
    WHERE f.z > 0
),
outlier AS (
    SELECT building_id, arg_max(what, (z, what)) AS what, least(1, max(z) / param('outlier_z')) AS share FROM far GROUP BY building_id
),
heritage AS (
    SELECT building_id, max(share) AS share, arg_max(label_nl, (share, label_nl)) AS label
    FROM (
        SELECT building_id, share, label_nl FROM score.heritage
        UNION ALL
        SELECT building_id, param('heritage_tag_share') * score, 'heritage=' || value FROM core.tag
        WHERE key = 'heritage' AND prefix = '' AND origin = 'outline' AND value <> 'no'
    )
    GROUP BY building_id
),
part AS (
    SELECT s.building_id, 'rarity' AS item, param('weight_rarity') * least(1, -log2(h.p) / param('rarity_bits')) AS value,
        'zeldzaam type: ' || h.label_nl || ' (' || h.n || ' in de gemeente)' AS detail_nl,
        'rare type: ' || h.label_en || ' (' || h.n || ' in the municipality)' AS detail_en
    FROM standing AS s JOIN share AS h USING (type) WHERE s.is_atypical
    UNION ALL
    SELECT building_id, 'outlier', param('weight_outlier') * share,
        CASE WHEN share < 0.5 THEN '' ELSE 'veel ' END
            || CASE what WHEN 'height' THEN 'hoger' WHEN 'size' THEN 'groter' ELSE 'grilliger van vorm' END || ' dan de meeste gebouwen',
        CASE WHEN share < 0.5 THEN '' ELSE 'much ' END
            || CASE what WHEN 'height' THEN 'higher' WHEN 'size' THEN 'larger' ELSE 'less compact' END || ' than most buildings'
    FROM outlier
    UNION ALL
    SELECT h.building_id, 'heritage', param('weight_heritage') * h.share, h.label, h.label
    FROM heritage AS h SEMI JOIN standing AS s USING (building_id)
    UNION ALL
    SELECT building_id, 'disagreement', -param('weight_disagreement') * disagreement,
        'bronnen spreken elkaar tegen: ' || round(100 * disagreement) || '% noemt een ander type',
        'sources disagree: ' || round(100 * disagreement) || '% name another type'
    FROM standing WHERE disagreement > 0
),
rounded AS (
    SELECT building_id, item, CAST(value AS DECIMAL(18, 6)) AS value, detail_nl, detail_en FROM part
),
total AS (
    SELECT s.building_id, s.is_atypical OR s.type = 'unknown' AS may_exceed, coalesce(sum(r.value), 0) AS total
    FROM standing AS s LEFT JOIN rounded AS r USING (building_id) GROUP BY ALL
)
SELECT * FROM rounded
UNION ALL
SELECT building_id, 'ordinary', CAST(param('ordinary_max') - total AS DECIMAL(18, 6)), 'een gewoon type blijft gewoon', 'an ordinary type stays ordinary'
FROM total WHERE NOT may_exceed AND total > param('ordinary_max')
UNION ALL
SELECT building_id, 'floor', CAST(-total AS DECIMAL(18, 6)), 'niet onder nul', 'not below zero' FROM total WHERE total < 0
