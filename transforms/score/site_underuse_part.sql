-- The parts of the log-odds that a site is out of use; they add up to it exactly. Made of the parts of its buildings: what is said of
-- the main building or of the whole parcel counts in full, what is said of another building as far as it is large.
-- inputs: score.site_member, score.underuse_part, evidence.item, reference.evidence_kind, reference.parameter
-- key: audience, site_id, item
-- columns:
--   audience | VARCHAR | - | Doelgroep | public or city
--   site_id | VARCHAR | - | Site | site
--   item | VARCHAR | - | Onderdeel | prior, an evidence item, or what holds an authority to one voice
--   building_id | VARCHAR | - | Gebouw | building it was said of; null for what concerns an authority
--   kind | VARCHAR | - | Soort | prior, kind of evidence, once, or cap
--   value | DECIMAL(18,6) | log-odds | Waarde | what it adds
--   value_sd | DOUBLE | log-odds | Onzekerheid | how unsure that is; the strongest item speaks for its authority
--   detail_nl | VARCHAR | - | Uitleg | in Dutch
--   detail_en | VARCHAR | - | Uitleg (Engels) | in English
WITH part AS (
    SELECT m.audience, m.site_id, m.building_id, m.is_main, m.weight AS size, u.item, u.kind, u.value, u.value_sd, u.detail_nl, u.detail_en
    FROM score.site_member AS m JOIN score.underuse_part AS u USING (audience, building_id)
),
own AS (
    -- Where a site starts, and what it lacks, it has from its main building.
    SELECT audience, site_id, item, building_id, kind, value, value_sd, detail_nl, detail_en
    FROM part WHERE is_main AND kind <> 'cap' AND kind NOT IN (SELECT kind FROM reference.evidence_kind)
),
said AS (
    SELECT p.*, k.authority, p.value > 0 AS is_for,
        -- A row about a parcel with several buildings is about the site, whichever of them it was linked to.
        CASE WHEN p.is_main OR i.match_method LIKE '%one of several buildings' THEN 1.0 ELSE param('site_part_weight') * p.size END AS weight
    FROM part AS p JOIN reference.evidence_kind AS k USING (kind) JOIN evidence.item AS i ON i.item_id = p.item
    -- Zero is what the building's own score did not count twice.
    WHERE p.value <> 0
),
item AS (
    SELECT *, CAST(value * weight AS DECIMAL(18, 6)) AS weighted,
        row_number() OVER (PARTITION BY audience, site_id, authority, is_for ORDER BY abs(value * weight) DESC, item) AS place
    FROM said
),
voice AS (
    -- One authority has one voice each way: its items add up as they cover the site, to the strongest of them at most.
    SELECT audience, site_id, authority, is_for, CAST(sum(weighted) AS DECIMAL(18, 6)) AS total,
        CASE WHEN is_for THEN least(sum(weighted), max(value)) ELSE greatest(sum(weighted), min(value)) END::DECIMAL(18, 6) AS heard
    FROM item GROUP BY audience, site_id, authority, is_for
),
capped AS (
    SELECT audience, site_id, authority, sum(heard) AS total FROM voice GROUP BY ALL HAVING abs(sum(heard)) > param('authority_cap')
)
SELECT audience, site_id, item, building_id, kind, value, value_sd, detail_nl, detail_en FROM own
UNION ALL
SELECT i.audience, i.site_id, i.item, i.building_id, i.kind, i.weighted,
    CASE WHEN i.place = 1 THEN i.value_sd * CAST(v.heard AS DOUBLE) / CAST(i.value AS DOUBLE) ELSE 0.0 END,
    i.detail_nl || CASE WHEN i.weight < 1 THEN '; geldt voor een deel van de site' ELSE '' END,
    i.detail_en || CASE WHEN i.weight < 1 THEN '; about a part of the site' ELSE '' END
FROM item AS i JOIN voice AS v USING (audience, site_id, authority, is_for)
WHERE i.weighted <> 0
UNION ALL
SELECT audience, site_id, concat_ws(' ', 'once', CASE WHEN is_for THEN 'for' ELSE 'against' END, authority), NULL, 'once',
    CAST(heard - total AS DECIMAL(18, 6)), 0.0, 'telt niet dubbel', 'not counted twice'
FROM voice WHERE heard <> total
UNION ALL
SELECT audience, site_id, 'cap ' || authority, NULL, 'cap', CAST(sign(total) * param('authority_cap') - total AS DECIMAL(18, 6)), 0.0,
    'begrensd: één bron alleen geeft geen zekerheid', 'capped: no one source alone is certain'
FROM capped
