-- Every number that went into a score, long: per building, audience and score the values add up to the score exactly.
-- view: yes
-- inputs: score.atypicality_part, score.underuse_part, score.reuse_part, score.priority_part
-- columns:
--   building_id | VARCHAR | - | Gebouw | building
--   audience | VARCHAR | - | Doelgroep | public, city, or both
--   score | VARCHAR | - | Score | atypicality, underuse (log-odds), reuse:<use>, priority
--   item | VARCHAR | - | Onderdeel | what added it
--   value | DECIMAL(18,6) | - | Waarde | what it added
--   detail_nl | VARCHAR | - | Uitleg | in Dutch
--   detail_en | VARCHAR | - | Uitleg (Engels) | in English
SELECT building_id, 'both' AS audience, 'atypicality' AS score, item, value, detail_nl, detail_en FROM score.atypicality_part
UNION ALL SELECT building_id, audience, 'underuse', item, value, detail_nl, detail_en FROM score.underuse_part
UNION ALL SELECT building_id, 'both', 'reuse:' || use, criterion, value, coalesce(class, 'een van: ' || classes), coalesce(class, 'one of: ' || classes) FROM score.reuse_part
UNION ALL SELECT building_id, audience, 'priority', item, value, detail_nl, detail_en FROM score.priority_part
