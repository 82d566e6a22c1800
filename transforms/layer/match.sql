-- Which advert could be in which building, per audience: the best of both lists, in words for who looks and for who has a building. A match
-- of an advert that only the city may see is the city's; the building is always one that the public sees. Where an advert looks is in none
-- of its columns: no distance, no part of the score, and the score in whole points.
-- inputs: match.request_building, layer.advert, layer.building, core.building, reference.reuse_use, reference.match_limit,
--   reference.reuse_criterion
-- key: audience, request_id, building_id
-- params: run_id
-- check: request_place IS NOT NULL OR building_place IS NOT NULL
-- columns:
--   audience | VARCHAR | - | Doelgroep | public or city // Voor wie: public of city
--   request_id | VARCHAR | - | Zoekertje | Advert, as the platform names it, with its feed // Zoekertje, zoals het platform het noemt, met zijn gegevensstroom
--   request_kind | VARCHAR | - | Soort zoekertje | space (looks for space) or partner (looks for partners) // space = zoekt ruimte, partner = zoekt partners
--   building_id | VARCHAR | - | Gebouw-id | Building // Gebouw
--   building_name | VARCHAR | - | Naam | Name of the building, where a source gives one // Naam van het gebouw, waar een bron er een geeft
--   building_type | VARCHAR | - | Type | Type of the building in Dutch // Type van het gebouw in het Nederlands
--   use | VARCHAR | - | Gebruik (code) | The wanted use that suits the building best // Het gevraagde gebruik waarvoor het gebouw het best past
--   use_label | VARCHAR | - | Gebruik | That use in Dutch // Dat gebruik in het Nederlands
--   use_label_en | VARCHAR | - | Gebruik (Engels) | That use in English // Dat gebruik in het Engels
--   score | DOUBLE | points | Score (0-100) | How well the two fit by what is known; empty where nothing is // Hoe goed de twee passen volgens wat bekend is; leeg waar niets bekend is
--   score_low | DOUBLE | points | Ondergrens | When everything unknown turns out worst // Als al wat onbekend is tegenvalt
--   score_high | DOUBLE | points | Bovengrens | When everything unknown turns out best // Als al wat onbekend is meevalt
--   request_place | INTEGER | - | Plaats voor de zoeker | Place among the buildings for this advert; empty if further down // Plaats onder de gebouwen voor dit zoekertje; leeg als verder omlaag
--   building_place | INTEGER | - | Plaats voor het gebouw | Place among the adverts for this building; empty if further down // Plaats onder de zoekertjes voor dit gebouw; leeg als verder omlaag
--   usable_low_m2 | DOUBLE | m2 | Bruikbaar, ondergrens | Usable area for this use, lower end of the 80% interval // Bruikbare oppervlakte voor dit gebruik, ondergrens van het 80%-interval
--   usable_high_m2 | DOUBLE | m2 | Bruikbaar, bovengrens | Upper end // Bovengrens
--   rent_low_eur_m2_year | DOUBLE | EUR/m2/year | Nodige huur, ondergrens | Rent a plan needs per usable m2 and year, indicative, lower end // Huur die een plan nodig heeft per bruikbare m2 en jaar, indicatief, ondergrens
--   rent_high_eur_m2_year | DOUBLE | EUR/m2/year | Nodige huur, bovengrens | Upper end // Bovengrens
--   to_check | VARCHAR | - | Na te kijken | Criteria that may stand in the way by themselves and are not known, in Dutch // Criteria die op zich in de weg kunnen staan en niet bekend zijn
--   to_check_en | VARCHAR | - | Na te kijken (Engels) | The same in English // Hetzelfde in het Engels
--   why_building | VARCHAR | - | Waarom dit gebouw | Why this building for who looks, in Dutch // Waarom dit gebouw voor wie zoekt
--   why_building_en | VARCHAR | - | Waarom dit gebouw (Engels) | The same in English // Hetzelfde in het Engels
--   who | VARCHAR | - | Wie kan hier terecht | Who looks, in Dutch, without telling who it is // Wie zoekt, zonder te zeggen wie het is
--   who_en | VARCHAR | - | Wie kan hier terecht (Engels) | The same in English // Hetzelfde in het Engels
--   run_id | VARCHAR | - | Run | Run that made the row // Run die de rij maakte
--   geom | GEOMETRY | - | Geometrie | A point in the building, in the city's CRS // Een punt in het gebouw, in het coördinatenstelsel van de stad
WITH shown AS (
    SELECT map_from_entries(list((name, value))) AS most FROM reference.match_limit
),
-- Places count those alone that the audience may see: a gap would tell that there is another.
ranked AS (
    SELECT a.audience, a.request_kind, a.who, a.who_en, m.*, CASE WHEN m.building_place IS NOT NULL
        THEN row_number() OVER (PARTITION BY a.audience, m.building_id ORDER BY m.building_place) END AS own_place
    FROM match.request_building AS m JOIN layer.advert AS a USING (request_id)
),
pair AS (
    SELECT r.*, CASE WHEN r.request_place <= most['shown_per_request'] THEN r.request_place END AS shown_request_place,
        CAST(CASE WHEN r.own_place <= most['shown_per_supply'] THEN r.own_place END AS INTEGER) AS shown_building_place
    FROM ranked AS r CROSS JOIN shown
    WHERE r.request_place <= most['shown_per_request'] OR r.own_place <= most['shown_per_supply']
),
-- The lists repeat: each is put into words once.
checked AS (
    SELECT to_check, string_agg(c.label_nl, '; ' ORDER BY x.criterion) AS label, string_agg(c.label_en, '; ' ORDER BY x.criterion) AS label_en
    FROM (SELECT to_check, unnest(to_check) AS criterion FROM (SELECT DISTINCT to_check FROM pair)) AS x
    JOIN reference.reuse_criterion AS c USING (criterion)
    GROUP BY to_check
)
SELECT p.audience, p.request_id, p.request_kind, p.building_id, b.name AS building_name, b.type_label AS building_type, p.use, u.label_nl AS use_label,
    u.label_en AS use_label_en, round(p.score) AS score, round(p.low) AS score_low, round(p.high) AS score_high,
    p.shown_request_place AS request_place, p.shown_building_place AS building_place, round(p.usable_low_m2) AS usable_low_m2, round(p.usable_high_m2) AS usable_high_m2,
    p.rent_low_eur_m2_year, p.rent_high_eur_m2_year, c.label AS to_check, c.label_en AS to_check_en,
    concat_ws(' | ',
        CASE WHEN p.use_part >= 0.5 THEN 'past goed bij ' ELSE 'kan dienen voor ' END || u.label_nl
            || coalesce(format(' (hergebruik {:.0f} van 100)', 100 * p.use_part), ''),
        CASE WHEN p.usable_low_m2 IS NULL THEN 'bruikbare oppervlakte onbekend'
             ELSE format('{:d} tot {:d} m² bruikbaar', round(p.usable_low_m2)::BIGINT, round(p.usable_high_m2)::BIGINT) END,
        CASE WHEN p.place_part IS NOT NULL THEN 'ligt in het gevraagde gebied' END,
        CASE WHEN p.budget_part >= 0.75 THEN 'betaalbaar volgens een indicatief plan'
             WHEN p.budget_part IS NOT NULL THEN 'alleen betaalbaar als de kosten meevallen' END,
        'na te kijken: ' || c.label) AS why_building,
    concat_ws(' | ',
        CASE WHEN p.use_part >= 0.5 THEN 'suits ' ELSE 'can serve for ' END || u.label_en
            || coalesce(format(' (reuse {:.0f} of 100)', 100 * p.use_part), ''),
        CASE WHEN p.usable_low_m2 IS NULL THEN 'usable area unknown'
             ELSE format('{:d} to {:d} m² usable', round(p.usable_low_m2)::BIGINT, round(p.usable_high_m2)::BIGINT) END,
        CASE WHEN p.place_part IS NOT NULL THEN 'lies in the area asked for' END,
        CASE WHEN p.budget_part >= 0.75 THEN 'affordable by an indicative plan'
             WHEN p.budget_part IS NOT NULL THEN 'affordable only if costs turn out low' END,
        'to check: ' || c.label_en) AS why_building_en,
    p.who, p.who_en, getvariable('run_id') AS run_id, g.point AS geom
FROM pair AS p
-- Nothing shows in a match what does not show as a building.
JOIN layer.building AS b ON b.audience = 'public' AND b.building_id = p.building_id
JOIN core.building AS g ON g.building_id = p.building_id
JOIN reference.reuse_use AS u ON u.use = p.use
LEFT JOIN checked AS c ON c.to_check = p.to_check
