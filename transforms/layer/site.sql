-- The sites of the layer, per audience: buildings that are one place to visit, with the scores of the whole.
-- inputs: score.site, score.site_member, score.site_underuse_part, layer.building, core.building, reference.building_type,
--   reference.site_method, reference.feed
-- key: audience, site_id
-- params: run_id
-- check: underuse_band IN ('confirmed', 'likely', 'signal', 'unknown')
-- columns:
--   audience | VARCHAR | - | Doelgroep | public or city // Voor wie: public of city
--   site_id | VARCHAR | - | Site-id | Key of the site: its main building // Sleutel van de site: haar hoofdgebouw
--   main_building_id | VARCHAR | - | Hoofdgebouw | Largest atypical building // Grootste atypische gebouw
--   name | VARCHAR | - | Naam | Name of the grounds or of a building // Naam van het terrein of van een gebouw
--   type | VARCHAR | - | Type (code) | Type of the main building // Type van het hoofdgebouw
--   type_label | VARCHAR | - | Type | Type in Dutch // Type in het Nederlands
--   building_count | INTEGER | - | Aantal gebouwen | Buildings of the site // Gebouwen van de site
--   methods | VARCHAR | - | Wat hen bindt | What ties the buildings // Wat de gebouwen tot één site maakt
--   certainty | DOUBLE | - | Zekerheid (0-1) | How sure the least sure building belongs to it // Hoe zeker het minst zekere gebouw erbij hoort
--   footprint_m2 | DOUBLE | m2 | Oppervlakte | Area of all outlines // Oppervlakte van alle omtrekken
--   floor_area_m2 | DOUBLE | m2 | Vloeroppervlakte | Gross, of all buildings; empty where one is unknown // Bruto, van alle gebouwen; leeg waar er een onbekend is
--   floor_area_low_m2 | DOUBLE | m2 | Vloeroppervlakte, minstens | Of the buildings where it is known // Van de gebouwen waarvan ze bekend is
--   floor_area_high_m2 | DOUBLE | m2 | Vloeroppervlakte, hoogstens | Empty where one is unknown // Leeg waar er een onbekend is
--   volume_m3 | DOUBLE | m3 | Volume | Of all buildings; empty where one is unknown // Van alle gebouwen; leeg waar er een onbekend is
--   volume_low_m3 | DOUBLE | m3 | Volume, minstens | Of the buildings where it is known // Van de gebouwen waarvan het bekend is
--   volume_high_m3 | DOUBLE | m3 | Volume, hoogstens | Empty where one is unknown // Leeg waar er een onbekend is
--   atypicality_score | DOUBLE | points | Atypisch (0-100) | Of the most unusual building // Van het meest ongewone gebouw
--   underuse_probability | DOUBLE | - | Kans op onderbenutting | Probability that the site is out of use: a signal, not a status // Kans dat de site buiten gebruik is: een signaal, geen status
--   underuse_low | DOUBLE | - | Kans, ondergrens | Lower end of the 80% interval // Ondergrens van het 80%-interval
--   underuse_high | DOUBLE | - | Kans, bovengrens | Upper end of the 80% interval // Bovengrens van het 80%-interval
--   underuse_band | VARCHAR | - | Klasse | confirmed (an authority registered its main building), likely, signal, or unknown // confirmed = bevestigd (een overheid registreerde het hoofdgebouw), likely = waarschijnlijk, signal = signaal, unknown = onbekend
--   signal_share | DOUBLE | - | Aandeel met signaal | Share of the outlines with an observation that speaks for out of use // Deel van de omtrekken met een waarneming die op leegstand wijst
--   priority_score | DOUBLE | points | Prioriteit (0-100) | Expected worth of a visit // Verwachte waarde van een bezoek
--   priority_rank | INTEGER | - | Rang | Place by priority among the sites // Plaats volgens prioriteit onder de sites
--   reasons | VARCHAR | - | Redenen | The three strongest reasons, in Dutch // De drie sterkste redenen
--   evidence_count | INTEGER | - | Aantal waarnemingen | Observations about its buildings // Aantal waarnemingen over haar gebouwen
--   oldest_evidence_on | DATE | - | Oudste waarneming | Day of the oldest one // Dag van de oudste waarneming
--   newest_evidence_on | DATE | - | Jongste waarneming | Day of the newest one // Dag van de jongste waarneming
--   sources | VARCHAR | - | Bronnen | Sources of the outlines and the observations // Bronnen van de omtrekken en de waarnemingen
--   licence | VARCHAR | - | Licentie | Licences of those sources // Licenties van die bronnen
--   run_id | VARCHAR | - | Run | Run that made the row // Run die de rij maakte
--   config_version | VARCHAR | - | Configuratie | Version and hash of the numbers it was scored with // Versie en hash van de getallen waarmee gescoord werd
--   geom | GEOMETRY | - | Geometrie | Outlines of all buildings, in the city's CRS // Omtrekken van alle gebouwen, in het coördinatenstelsel van de stad
WITH reasons AS (
    SELECT audience, site_id, string_agg(detail_nl, ' | ' ORDER BY abs(value) DESC, detail_nl, item) AS reasons
    FROM (
        SELECT * FROM score.site_underuse_part WHERE building_id IS NOT NULL AND kind <> 'prior' AND value <> 0
        QUALIFY row_number() OVER (PARTITION BY audience, site_id ORDER BY abs(value) DESC, detail_nl, item) <= 3
    )
    GROUP BY ALL
),
told AS (
    SELECT m.audience, m.site_id, f.title, f.licence
    FROM score.site_member AS m JOIN core.building AS b USING (building_id) JOIN reference.feed AS f ON f.feed = b.feed
    UNION
    SELECT m.audience, m.site_id, f.title, f.licence
    FROM score.site_member AS m
    JOIN (SELECT audience, building_id, unnest(string_split(sources, '; ')) AS title FROM layer.building) AS l USING (audience, building_id)
    JOIN reference.feed AS f USING (title)
),
source AS (
    SELECT audience, site_id, string_agg(DISTINCT title, '; ' ORDER BY title) AS sources, string_agg(DISTINCT licence, '; ' ORDER BY licence) AS licence
    FROM told GROUP BY ALL
),
outline AS (
    -- In a stated order, so that two runs draw the same ring from the same corner.
    SELECT m.audience, m.site_id, ST_Multi(ST_Union_Agg(b.geom ORDER BY b.building_id)) AS geom
    FROM score.site_member AS m JOIN core.building AS b USING (building_id)
    GROUP BY ALL
),
method AS (
    SELECT x.audience, x.site_id, string_agg(k.label_nl, '; ' ORDER BY k.score DESC, k.method) AS labels
    FROM (SELECT audience, site_id, unnest(string_split(methods, '; ')) AS method FROM score.site) AS x
    JOIN reference.site_method AS k USING (method)
    GROUP BY ALL
)
SELECT s.audience, s.site_id, s.main_building_id, s.name, s.type, t.label_nl AS type_label, s.building_count, k.labels AS methods, s.certainty,
    s.footprint_m2, s.floor_area_m2, s.floor_area_low_m2, s.floor_area_high_m2, s.volume_m3, s.volume_low_m3, s.volume_high_m3,
    s.atypicality_score::DOUBLE AS atypicality_score, s.probability AS underuse_probability, s.low AS underuse_low,
    s.high AS underuse_high, s.band AS underuse_band, s.signal_share, s.priority_score::DOUBLE AS priority_score,
    CAST(row_number() OVER (PARTITION BY s.audience ORDER BY s.priority_score DESC, s.site_id) AS INTEGER) AS priority_rank,
    r.reasons, s.evidence_count, s.oldest_on AS oldest_evidence_on, s.newest_on AS newest_evidence_on, q.sources, q.licence,
    getvariable('run_id') AS run_id, s.config_version, o.geom
FROM score.site AS s
-- Nothing shows as a site what does not show as a building.
SEMI JOIN layer.building AS l ON l.audience = s.audience AND l.building_id = s.main_building_id
JOIN reference.building_type AS t ON t.type = s.type
JOIN outline AS o ON o.audience = s.audience AND o.site_id = s.site_id
JOIN method AS k ON k.audience = s.audience AND k.site_id = s.site_id
LEFT JOIN reasons AS r ON r.audience = s.audience AND r.site_id = s.site_id
LEFT JOIN source AS q ON q.audience = s.audience AND q.site_id = s.site_id
