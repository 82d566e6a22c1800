-- What the codes and words in the columns of the layer mean, in Dutch and in English: for value lists, for readers, for another language.
-- inputs: reference.building_type, reference.reuse_use, reference.heritage_rule, reference.evidence_kind, reference.evidence_authority,
--   reference.park_code
-- key: column_name, code
-- columns:
--   column_name | VARCHAR | - | Kolom | Column of the layer that holds the value // Kolom van de laag met deze waarde
--   code | VARCHAR | - | Waarde | Value as it stands in that column // Waarde zoals ze in die kolom staat
--   title_nl | VARCHAR | - | Nederlands | In Dutch // In het Nederlands
--   title_en | VARCHAR | - | Engels | In English // In het Engels
--   place | INTEGER | - | Volgorde | Order in a list // Volgorde in een lijst
WITH word AS (
    FROM (VALUES
        ('underuse_band', 'confirmed', 'bevestigd', 'confirmed', 1),
        ('underuse_band', 'likely', 'waarschijnlijk', 'likely', 2),
        ('underuse_band', 'signal', 'signaal', 'signal', 3),
        ('underuse_band', 'unknown', 'onbekend', 'unknown', 4),
        ('legal_status', 'registered', 'geregistreerd', 'registered', 1),
        ('legal_status', 'appealed', 'betwist in beroep', 'under appeal', 2),
        ('legal_status', 'announced', 'aangekondigd', 'announced', 3),
        ('legal_status', 'striking_off_requested', 'schrapping aangevraagd', 'striking-off requested', 4),
        ('legal_status', 'struck_off', 'geschrapt', 'struck off', 5),
        ('heritage', 'erfgoed volgens OpenStreetMap', 'erfgoed volgens OpenStreetMap', 'heritage according to OpenStreetMap', 99),
        ('change', 'replaced', 'vervangen', 'replaced', 1),
        ('change', 'withdrawn', 'ingetrokken', 'withdrawn', 2),
        ('request_kind', 'space', 'zoekt ruimte', 'looks for space', 1),
        ('request_kind', 'partner', 'zoekt partners', 'looks for partners', 2),
        ('request_kind', 'offer', 'biedt ruimte', 'offers space', 3),
        ('search_status', 'optimal', 'niets beters binnen de marge', 'nothing better within the gap', 1),
        ('search_status', 'pool_limit', 'niet al wie past werd bekeken', 'not all who fit were looked at', 2),
        ('search_status', 'cut_nodes', 'zoeken afgebroken', 'search cut off', 3),
        ('search_status', 'cut_time', 'zoeken afgebroken (tijd)', 'search cut off (time)', 4)
    ) AS v(column_name, code, title_nl, title_en, place)
    UNION ALL SELECT 'type', type, label_nl, label_en, 0 FROM reference.building_type
    UNION ALL SELECT 'type_label', label_nl, label_nl, label_en, 0 FROM reference.building_type
    UNION ALL SELECT 'former_use', label_nl, label_nl, label_en, 0 FROM reference.building_type
    UNION ALL SELECT 'use', use, label_nl, label_en, 0 FROM reference.reuse_use
    UNION ALL SELECT 'reuse_best', label_nl, label_nl, label_en, 0 FROM reference.reuse_use
    UNION ALL SELECT 'heritage', label_nl, label_nl, label_en, place FROM reference.heritage_rule
    UNION ALL SELECT 'kind', kind, label_nl, label_en, 0 FROM reference.evidence_kind
    UNION ALL SELECT 'authority', authority, label_nl, label_en, 0 FROM reference.evidence_authority
    UNION ALL SELECT about, code, label_nl, label_en, 0 FROM reference.park_code
)
-- Where two types or rules share a word, it is listed once.
SELECT column_name, code, first(title_nl ORDER BY title_nl) AS title_nl, first(title_en ORDER BY title_en) AS title_en,
    CAST(row_number() OVER (PARTITION BY column_name ORDER BY min(place), first(title_nl ORDER BY title_nl), code) AS INTEGER) AS place
FROM word GROUP BY column_name, code
