-- The scores of each building, per audience. A judgement, not a status: a registered status is in evidence.item.
-- inputs: core.standing, score.type, score.underuse, score.atypicality_part, score.reuse, score.priority_part
-- key: audience, building_id
-- params: config_version
-- check: atypicality_score BETWEEN 0 AND 100
-- check: priority_score BETWEEN 0 AND 100
-- columns:
--   audience | VARCHAR | - | Doelgroep | public or city
--   building_id | VARCHAR | - | Gebouw | building
--   type | VARCHAR | - | Type | type of the building
--   former_type | VARCHAR | - | Vroeger type | type of a use that is over
--   type_confidence | DOUBLE | - | Zekerheid type | how sure the type is
--   is_atypical | BOOLEAN | - | Atypisch | the type is one the layer is about
--   is_residential | BOOLEAN | - | Wonen | the type is a dwelling; null for unknown
--   atypicality_score | DECIMAL(18,6) | points | Atypisch | 0..100, sum of its parts
--   underuse_log_odds | DECIMAL(18,6) | log-odds | Log-odds | sum of its parts
--   underuse_probability | DOUBLE | - | Kans | probability of being out of use
--   underuse_low | DOUBLE | - | Ondergrens | lower end of the 80% interval
--   underuse_high | DOUBLE | - | Bovengrens | upper end of the 80% interval
--   underuse_band | VARCHAR | - | Klasse | confirmed, likely, signal or unknown
--   positive_count | INTEGER | - | Aanwijzingen | items that speak for out of use
--   evidence_count | INTEGER | - | Waarnemingen | all items
--   reuse_best | VARCHAR | - | Beste gebruik | use that suits it best without a known veto; null where too little is known to name one
--   reuse_score | DECIMAL(18,6) | points | Hergebruikscore | its index
--   reuse_low | DOUBLE | points | Ondergrens | its lower bound
--   reuse_high | DOUBLE | points | Bovengrens | its upper bound
--   priority_score | DECIMAL(18,6) | points | Prioriteit | sum of its parts
--   config_version | VARCHAR | - | Configuratie | version and hash of the numbers it was scored with
WITH atypicality AS (
    SELECT building_id, CAST(sum(value) AS DECIMAL(18, 6)) AS score FROM score.atypicality_part GROUP BY building_id
),
priority AS (
    SELECT audience, building_id, CAST(sum(value) AS DECIMAL(18, 6)) AS score FROM score.priority_part GROUP BY ALL
),
best AS (
    SELECT * FROM score.reuse WHERE place = 1
)
SELECT u.audience, u.building_id, t.type, t.former_type, t.confidence AS type_confidence, t.is_atypical, t.is_residential,
    coalesce(a.score, 0) AS atypicality_score, u.log_odds AS underuse_log_odds,
    u.probability AS underuse_probability, u.low AS underuse_low, u.high AS underuse_high, u.band AS underuse_band,
    u.positive_count, u.evidence_count, b.use AS reuse_best, b.score AS reuse_score, b.low AS reuse_low, b.high AS reuse_high,
    p.score AS priority_score, getvariable('config_version') AS config_version
FROM core.standing AS c
JOIN score.underuse AS u USING (building_id)
JOIN score.type AS t USING (building_id)
LEFT JOIN atypicality AS a USING (building_id)
LEFT JOIN best AS b USING (building_id)
JOIN priority AS p ON p.building_id = c.building_id AND p.audience = u.audience
