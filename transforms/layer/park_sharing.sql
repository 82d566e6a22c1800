-- Which parcels and buildings of each business park suit which shared use best: the first of each kind, per audience, with why and with
-- what is not known. A public row says of a building only what its outline, its size and the map tell, unless the public layer shows it.
-- inputs: score.park_sharing, score.park_sharing_part, score.park_subject, layer.building, reference.park_shared_use, reference.park_sharing_part,
--   reference.park_sharing_label, reference.park_rule, reference.feed
-- key: audience, subject_kind, subject_id, shared_use
-- params: run_id
-- columns:
--   audience | VARCHAR | - | Doelgroep | public or city // Voor wie: public of city
--   park_id | VARCHAR | - | Terrein-id | Business park: issuer and id // Bedrijventerrein: uitgever en sleutel
--   subject_kind | VARCHAR | - | Soort | parcel or building // parcel = perceel, building = gebouw
--   subject_id | VARCHAR | - | Perceel of gebouw | Parcel or building: issuer and id // Perceel of gebouw: uitgever en sleutel
--   subject_name | VARCHAR | - | Naam | Name of a building of the layer, where a source gives one // Naam van een gebouw uit de laag, waar een bron er een geeft
--   shared_use | VARCHAR | - | Gedeeld gebruik (code) | meeting, canteen, parking, storage, energy or water // meeting, canteen, parking, storage, energy of water
--   shared_use_label | VARCHAR | - | Gedeeld gebruik | What it could be shared for, in Dutch // Waarvoor het gedeeld kan worden
--   shared_use_label_en | VARCHAR | - | Gedeeld gebruik (Engels) | The same in English // Hetzelfde in het Engels
--   place | INTEGER | - | Plaats | Place among those of its kind in the park, by the middle of the bounds // Plaats onder die van zijn soort in het terrein, naar het midden van de grenzen
--   score | DOUBLE | points | Score (0-100) | How well it suits by what is known // Hoe goed het past volgens wat bekend is
--   score_low | DOUBLE | points | Ondergrens | When everything unknown turns out worst // Als al wat onbekend is tegenvalt
--   score_high | DOUBLE | points | Bovengrens | When everything unknown turns out best // Als al wat onbekend is meevalt
--   why | VARCHAR | - | Waarom | What is known, what weighs most first, in Dutch // Wat bekend is, wat het meest telt eerst
--   why_en | VARCHAR | - | Waarom (Engels) | The same in English // Hetzelfde in het Engels
--   unknown | VARCHAR | - | Onbekend | What is not known of it, in Dutch; empty for nothing // Wat er niet van bekend is; leeg voor niets
--   unknown_en | VARCHAR | - | Onbekend (Engels) | The same in English // Hetzelfde in het Engels
--   sources | VARCHAR | - | Bronnen | Sources of the row // Bronnen van de rij
--   licence | VARCHAR | - | Licentie | Licences of those sources // Licenties van die bronnen
--   run_id | VARCHAR | - | Run | Run that made the row // Run die de rij maakte
WITH first AS (
    SELECT * FROM score.park_sharing WHERE place <= (SELECT value FROM reference.park_rule WHERE name = 'shared_places')
),
part AS (
    SELECT x.*, l.label_nl, l.label_en,
        CASE WHEN x.amount IS NULL THEN format('{:.0f} tot {:.0f}%', 100 * x.fit_low, 100 * x.fit_high) WHEN r.unit = '-' THEN format('{:.0f}%', 100 * x.amount)
             ELSE format('{:.0f} ', x.amount) || CASE r.unit WHEN 'm2' THEN 'm²' WHEN 'm3' THEN 'm³' WHEN 'places' THEN '' ELSE r.unit END END AS told_nl
    FROM score.park_sharing_part AS x SEMI JOIN first USING (audience, subject_kind, subject_id, shared_use)
    JOIN reference.park_sharing_part AS r USING (shared_use, subject_kind, measure) JOIN reference.park_sharing_label AS l USING (measure)
),
worded AS (
    SELECT audience, subject_kind, subject_id, shared_use,
        string_agg(label_nl || ': ' || trim(told_nl), '; ' ORDER BY weight * fit DESC, measure) FILTER (fit IS NOT NULL) AS why,
        string_agg(label_en || ': ' || trim(replace(told_nl, ' tot ', ' to ')), '; ' ORDER BY weight * fit DESC, measure) FILTER (fit IS NOT NULL) AS why_en,
        string_agg(label_nl, '; ' ORDER BY weight DESC, measure) FILTER (fit IS NULL) AS unknown, string_agg(label_en, '; ' ORDER BY weight DESC, measure) FILTER (fit IS NULL) AS unknown_en
    FROM part GROUP BY ALL
),
used AS (
    SELECT DISTINCT audience, subject_kind, subject_id, shared_use, unnest(feeds) AS feed FROM part
    UNION SELECT f.audience, f.subject_kind, f.subject_id, f.shared_use, unnest([s.feed, s.park_feed]) FROM first AS f JOIN score.park_subject AS s USING (subject_kind, subject_id)
),
source AS (
    SELECT u.audience, u.subject_kind, u.subject_id, u.shared_use, string_agg(DISTINCT f.title, '; ' ORDER BY f.title) AS sources, string_agg(DISTINCT f.licence, '; ' ORDER BY f.licence) AS licence
    FROM used AS u JOIN reference.feed AS f USING (feed) GROUP BY ALL
)
SELECT f.audience, f.park_id, f.subject_kind, f.subject_id, b.name AS subject_name, f.shared_use, u.label_nl AS shared_use_label, u.label_en AS shared_use_label_en, f.place,
    round(f.score, 1) AS score, round(f.low, 1) AS score_low, round(f.high, 1) AS score_high, w.why, w.why_en, w.unknown, w.unknown_en, q.sources, q.licence, getvariable('run_id') AS run_id
FROM first AS f
JOIN worded AS w USING (audience, subject_kind, subject_id, shared_use)
JOIN reference.park_shared_use AS u USING (shared_use)
LEFT JOIN source AS q USING (audience, subject_kind, subject_id, shared_use)
LEFT JOIN layer.building AS b ON f.subject_kind = 'building' AND b.audience = f.audience AND b.building_id = f.subject_id
