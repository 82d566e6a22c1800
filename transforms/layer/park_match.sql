-- Who asks for a place in a business park, or next to it, and what stands or is offered there: the first of each park, per audience. Where
-- an advert looks is in none of its columns but the scope: no distance, no part of the score, and the score in whole points.
-- inputs: match.park_match, match.supply_use, layer.building, core.business_park, reference.feed, reference.reuse_use, reference.park_rule
-- key: audience, request_id, supply_kind, supply_id
-- params: run_id
-- columns:
--   audience | VARCHAR | - | Doelgroep | public or city // Voor wie: public of city
--   request_id | VARCHAR | - | Zoekertje | Advert, as the platform names it, with its feed // Zoekertje, zoals het platform het noemt, met zijn gegevensstroom
--   supply_kind | VARCHAR | - | Soort aanbod | building (a sign of disuse) or offer (of somebody) // building = gebouw met een signaal van onbruik, offer = aanbod van iemand
--   supply_id | VARCHAR | - | Aanbod | Building, or advert that offers // Gebouw, of zoekertje dat aanbiedt
--   supply_park_id | VARCHAR | - | Terrein van het aanbod | Business park the supply lies in // Bedrijventerrein waarin het aanbod ligt
--   scope | VARCHAR | - | Bereik | inside: asks in this park; neighbour: asks next to it, or its area reaches into it // inside = vraagt in dit terrein, neighbour = vraagt ernaast, of zijn gebied reikt erin
--   use | VARCHAR | - | Gebruik (code) | The wanted use that suits best // Het gevraagde gebruik dat best past
--   use_label | VARCHAR | - | Gebruik | That use in Dutch // Dat gebruik in het Nederlands
--   use_label_en | VARCHAR | - | Gebruik (Engels) | That use in English // Dat gebruik in het Engels
--   score | DOUBLE | points | Score (0-100) | How well the two fit by what is known; empty where nothing is // Hoe goed de twee passen volgens wat bekend is; leeg waar niets bekend is
--   score_low | DOUBLE | points | Ondergrens | When everything unknown turns out worst // Als al wat onbekend is tegenvalt
--   score_high | DOUBLE | points | Bovengrens | When everything unknown turns out best // Als al wat onbekend is meevalt
--   place | INTEGER | - | Plaats | Place among the matches of the park with this scope // Plaats onder de matches van het terrein met dit bereik
--   why | VARCHAR | - | Waarom | Why these two, in Dutch // Waarom deze twee
--   why_en | VARCHAR | - | Waarom (Engels) | The same in English // Hetzelfde in het Engels
--   run_id | VARCHAR | - | Run | Run that made the row // Run die de rij maakte
WITH shown AS (
    SELECT a.audience, m.*
    FROM match.park_match AS m JOIN core.business_park AS p ON p.park_id = m.supply_park_id
    JOIN reference.feed AS f ON f.feed = m.request_feed JOIN reference.feed AS g ON g.feed = p.feed LEFT JOIN reference.feed AS o ON o.feed = m.offer_feed
    CROSS JOIN (SELECT unnest(['public', 'city']) AS audience) AS a
    WHERE (a.audience = 'city' OR f.visibility = 'public' AND g.visibility = 'public' AND coalesce(o.visibility = 'public', m.offer_feed IS NULL))
        -- Nothing shows in a match what does not show as a building.
        AND (m.supply_kind = 'offer' OR m.supply_id IN (SELECT building_id FROM layer.building WHERE audience = 'public'))
),
-- An advert the audience may not see leaves no hole in the places.
placed AS (
    SELECT * REPLACE (CAST(row_number() OVER (PARTITION BY audience, supply_park_id, scope ORDER BY place) AS INTEGER) AS place) FROM shown
    QUALIFY row_number() OVER (PARTITION BY audience, supply_park_id, scope ORDER BY place) <= (SELECT value FROM reference.park_rule WHERE name = 'match_places')
)
SELECT p.audience, p.request_id, p.supply_kind, p.supply_id, p.supply_park_id, p.scope, p.use, l.label_nl AS use_label, l.label_en AS use_label_en,
    round(p.score) AS score, round(p.low) AS score_low, round(p.high) AS score_high, p.place,
    concat_ws(' | ',
        CASE p.scope WHEN 'inside' THEN 'vraagt een plaats in dit terrein' ELSE 'vraagt een plaats ernaast, of tot hier' END,
        CASE WHEN p.supply_kind = 'offer' THEN 'wordt aangeboden voor ' || l.label_nl WHEN p.use_part >= 0.5 THEN 'past goed bij ' || l.label_nl ELSE 'kan dienen voor ' || l.label_nl END,
        CASE WHEN u.usable_low_m2 IS NULL THEN 'bruikbare oppervlakte onbekend'
             ELSE format('{:d} tot {:d} m² bruikbaar', round(u.usable_low_m2)::BIGINT, round(u.usable_high_m2)::BIGINT) END,
        CASE WHEN p.budget_part >= 0.75 THEN 'betaalbaar volgens wat bekend is' WHEN p.budget_part IS NOT NULL THEN 'alleen betaalbaar als de kosten meevallen' END) AS why,
    concat_ws(' | ',
        CASE p.scope WHEN 'inside' THEN 'asks for a place in this park' ELSE 'asks for a place next to it, or as far as here' END,
        CASE WHEN p.supply_kind = 'offer' THEN 'is offered for ' || l.label_en WHEN p.use_part >= 0.5 THEN 'suits ' || l.label_en ELSE 'can serve for ' || l.label_en END,
        CASE WHEN u.usable_low_m2 IS NULL THEN 'usable area unknown'
             ELSE format('{:d} to {:d} m² usable', round(u.usable_low_m2)::BIGINT, round(u.usable_high_m2)::BIGINT) END,
        CASE WHEN p.budget_part >= 0.75 THEN 'affordable by what is known' WHEN p.budget_part IS NOT NULL THEN 'affordable only if costs turn out low' END) AS why_en,
    getvariable('run_id') AS run_id
FROM placed AS p
JOIN reference.reuse_use AS l ON l.use = p.use
LEFT JOIN match.supply_use AS u ON u.supply_kind = p.supply_kind AND u.supply_id = p.supply_id AND u.use = p.use
