-- What to say first about a building: its three strongest contributions, in words a citizen understands.
-- One scale: a part's share of what its score can reach, log-odds over authority_cap and points over 100. Where the observations
-- outweigh the uncertainty of the starting probability, the one that decides is always among the three: for `confirmed` the
-- registration, else the strongest of the heavier side.
-- inputs: score.shown, score.underuse, score.underuse_part, score.atypicality_part, score.heritage, evidence.sentence, reference.evidence_kind,
--   reference.parameter
-- key: audience, building_id, place
-- check: place BETWEEN 1 AND 3
-- check: strength > 0
-- columns:
--   audience | VARCHAR | - | Doelgroep | public or city
--   building_id | VARCHAR | - | Gebouw | building that is shown to the audience
--   place | INTEGER | - | Plaats | 1 is the strongest
--   item | VARCHAR | - | Onderdeel | part of underuse or atypicality in score.contribution
--   strength | DOUBLE | - | Sterkte | share of what the score can reach
--   text_nl | VARCHAR | - | Reden | in Dutch
--   text_en | VARCHAR | - | Reden (Engels) | in English
WITH shown AS (
    SELECT audience, building_id, band FROM score.underuse SEMI JOIN score.shown USING (audience, building_id)
),
observed AS (
    SELECT p.audience, p.building_id, p.item, p.value, w.band, k.is_legal,
        sum(p.value) OVER (PARTITION BY p.audience, p.building_id) AS net,
        coalesce(s.text_nl || CASE WHEN p.audience = 'city' AND s.part IS NOT NULL THEN ' (' || s.part || ')' ELSE '' END, p.detail_nl) AS text_nl,
        coalesce(s.text_en || CASE WHEN p.audience = 'city' AND s.part IS NOT NULL THEN ' (' || s.part || ')' ELSE '' END, p.detail_en) AS text_en
    FROM score.underuse_part AS p
    JOIN shown AS w USING (audience, building_id)
    JOIN reference.evidence_kind AS k USING (kind)
    LEFT JOIN evidence.sentence AS s ON s.item_id = p.item
    WHERE p.value <> 0
),
heritage AS (
    SELECT building_id, CASE arg_min(class, (place, designation_id)) WHEN 'monument' THEN 'heritage: protected monument'
        WHEN 'listed' THEN 'heritage: listed building' ELSE 'heritage: protected surroundings' END AS text_en
    FROM score.heritage GROUP BY building_id
),
unusual AS (
    SELECT p.building_id, p.item, p.value,
        CASE WHEN p.item = 'heritage' AND p.detail_nl LIKE 'heritage=%' THEN 'erfgoed volgens OpenStreetMap (' || p.detail_nl || ')'
             WHEN p.item = 'heritage' THEN 'erfgoed: ' || p.detail_nl
             ELSE p.detail_nl END AS text_nl,
        CASE WHEN p.item = 'heritage' AND p.detail_nl LIKE 'heritage=%' THEN 'heritage according to OpenStreetMap (' || p.detail_nl || ')'
             WHEN p.item = 'heritage' THEN coalesce(h.text_en, 'heritage')
             ELSE p.detail_en END AS text_en
    FROM score.atypicality_part AS p LEFT JOIN heritage AS h USING (building_id)
    WHERE p.value > 0 AND p.item <> 'floor'
),
reason AS (
    SELECT audience, building_id, item, CAST(abs(value) AS DOUBLE) / param('authority_cap') AS strength, text_nl, text_en,
        abs(net) >= param('prior_sd') AND row_number() OVER (PARTITION BY audience, building_id
            ORDER BY band = 'confirmed' AND is_legal DESC, sign(value) = sign(net) DESC, abs(value) DESC, item) = 1 AS is_deciding
    FROM observed
    UNION ALL
    SELECT w.audience, w.building_id, u.item, CAST(u.value AS DOUBLE) / 100, replace(u.text_nl, '|', '/'), replace(u.text_en, '|', '/'), false
    FROM unusual AS u JOIN shown AS w USING (building_id)
),
chosen AS (
    FROM reason
    QUALIFY row_number() OVER (PARTITION BY audience, building_id ORDER BY is_deciding DESC, strength DESC, item) <= 3
)
SELECT audience, building_id, CAST(row_number() OVER (PARTITION BY audience, building_id ORDER BY strength DESC, item) AS INTEGER) AS place,
    item, strength, text_nl, text_en
FROM chosen
