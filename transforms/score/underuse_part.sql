-- The parts of the log-odds that a building is out of use; they add up to it exactly. Each audience sees its own sources only.
-- inputs: core.building, score.type, score.applicable, evidence.item, reference.evidence_kind, reference.parameter
-- key: audience, building_id, item
-- columns:
--   audience | VARCHAR | - | Doelgroep | public or city
--   building_id | VARCHAR | - | Gebouw | building
--   item | VARCHAR | - | Onderdeel | prior, an evidence item, or the cap of an authority
--   kind | VARCHAR | - | Soort | prior, kind of evidence, or cap
--   value | DECIMAL(18,6) | log-odds | Waarde | what it adds; 0 where the same authority already said so
--   value_sd | DOUBLE | log-odds | Onzekerheid | how unsure that is
--   observed_on | DATE | - | Waargenomen op | day of the observation
--   detail_nl | VARCHAR | - | Uitleg | in Dutch
--   detail_en | VARCHAR | - | Uitleg (Engels) | in English
WITH audience AS (
    SELECT unnest(['public', 'city']) AS audience
),
prior AS (
    SELECT a.audience, b.building_id, 'prior' AS item, 'prior' AS kind, CAST(ln(p / (1 - p)) AS DECIMAL(18, 6)) AS value,
        param('prior_sd') AS value_sd, CAST(NULL AS DATE) AS observed_on,
        'uitgangskans ' || round(100 * p) || '%' AS detail_nl, 'starting probability ' || round(100 * p) || '%' AS detail_en
    FROM (
        SELECT building_id, CASE WHEN t.is_atypical THEN param('prior_atypical') ELSE param('prior_ordinary') END AS p
        FROM core.building JOIN score.type AS t USING (building_id)
    ) AS b CROSS JOIN audience AS a
),
told AS (
    SELECT a.audience, i.*, k.label_nl, k.label_en, p.authority IS NOT NULL AS does_apply,
        -- Register detail is for the city alone.
        CASE WHEN a.audience = 'city' OR i.kind NOT LIKE 'register%' THEN i.detail END AS told_detail,
        -- One authority counts once for and once against: its strongest word each way.
        p.authority IS NOT NULL
            AND row_number() OVER (PARTITION BY a.audience, i.building_id, i.authority, k.log_lr > 0 ORDER BY abs(i.effect) DESC, i.item_id) = 1
            AS does_count
    FROM evidence.item AS i
    JOIN audience AS a ON i.visibility = 'public' OR a.audience = 'city'
    JOIN reference.evidence_kind AS k USING (kind)
    JOIN score.type AS t USING (building_id)
    LEFT JOIN score.applicable AS p ON p.authority = i.authority AND p.type = t.type
),
item AS (
    SELECT audience, building_id, item_id AS item, kind, authority,
        CASE WHEN does_count THEN CAST(effect AS DECIMAL(18, 6)) ELSE CAST(0 AS DECIMAL(18, 6)) END AS value,
        CASE WHEN does_count THEN effect_sd ELSE 0.0 END AS value_sd, observed_on,
        label_nl || coalesce(' (' || told_detail || ')', '')
            || CASE WHEN does_count THEN '' WHEN does_apply THEN '; telt niet dubbel' ELSE '; zegt niets van dit type' END AS detail_nl,
        label_en || coalesce(' (' || told_detail || ')', '')
            || CASE WHEN does_count THEN '' WHEN does_apply THEN '; not counted twice' ELSE '; says nothing of this type' END AS detail_en
    FROM told
),
capped AS (
    SELECT audience, building_id, authority, sum(value) AS total FROM item GROUP BY ALL HAVING abs(sum(value)) > param('authority_cap')
)
SELECT audience, building_id, item, kind, value, value_sd, observed_on, detail_nl, detail_en FROM prior
UNION ALL
SELECT audience, building_id, item, kind, value, value_sd, observed_on, detail_nl, detail_en FROM item
UNION ALL
SELECT audience, building_id, 'cap ' || authority, 'cap', CAST(sign(total) * param('authority_cap') - total AS DECIMAL(18, 6)), 0.0, NULL,
    'begrensd: één bron alleen geeft geen zekerheid', 'capped: no one source alone is certain'
FROM capped
