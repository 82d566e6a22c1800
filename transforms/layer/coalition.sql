-- Sets of parties that together fill most of a large building: one row a member. Nobody was asked: who is in a set does not know the others.
-- The public sees a set only if it may see every member.
-- inputs: match.coalition, match.coalition_member, layer.advert, layer.building, reference.reuse_use, reference.advert_code
-- key: audience, coalition_id, request_id
-- params: run_id
-- columns:
--   audience | VARCHAR | - | Doelgroep | public or city // Voor wie: public of city
--   coalition_id | VARCHAR | - | Coalitie | Building and place of the set in it // Gebouw en plaats van de groep daarin
--   building_id | VARCHAR | - | Gebouw-id | Building // Gebouw
--   place | INTEGER | - | Plaats | 1 fills the building most; of those that fill it, it matches best // 1 vult het gebouw het meest; van wie het vult, past die het best
--   building_name | VARCHAR | - | Naam | Name of the building, where a source gives one // Naam van het gebouw, waar een bron er een geeft
--   building_type | VARCHAR | - | Type | Type of the building in Dutch // Type van het gebouw in het Nederlands
--   member_count | INTEGER | parties | Leden | Parties in the set // Partijen in de groep
--   usable_m2 | DOUBLE | m2 | Bruikbaar | Likely usable area that is free // Waarschijnlijke bruikbare vrije oppervlakte
--   filled_m2 | DOUBLE | m2 | Gevuld | Area the members take together // Oppervlakte die de leden samen innemen
--   fill_share | DOUBLE | - | Aandeel gevuld | Share of the usable area they fill // Deel van de bruikbare oppervlakte dat ze vullen
--   gap | DOUBLE | - | Marge | Some other set could fill more by this share, at most // Een andere groep kan hoogstens dit aandeel meer vullen
--   score | DOUBLE | points | Score (0-100) | Match of the members, by the share each takes // Hoe goed de leden passen, volgens het aandeel dat elk inneemt
--   search_status | VARCHAR | - | Zoektocht | Whether a better set can be excluded // Of een betere groep uitgesloten is
--   to_ask_count | INTEGER | parties | Te vragen | Members who did not say with whom they share, or that a part will do // Leden die niet zeiden met wie ze delen, of dat een deel volstaat
--   exchange | VARCHAR | - | Uitwisseling | What one of them brings and another seeks, in Dutch // Wat de een brengt en een ander zoekt
--   exchange_en | VARCHAR | - | Uitwisseling (Engels) | The same in English // Hetzelfde in het Engels
--   request_id | VARCHAR | - | Zoekertje | Member: an advert // Lid: een zoekertje
--   use | VARCHAR | - | Gebruik (code) | What it would do there // Wat het er zou doen
--   use_label | VARCHAR | - | Gebruik | That use in Dutch // Dat gebruik in het Nederlands
--   use_label_en | VARCHAR | - | Gebruik (Engels) | That use in English // Dat gebruik in het Engels
--   area_m2 | DOUBLE | m2 | Oppervlakte | Usable area it would take // Bruikbare oppervlakte die het zou innemen
--   area_share | DOUBLE | - | Aandeel | Share of the usable area // Deel van de bruikbare oppervlakte
--   is_to_ask | BOOLEAN | - | Te vragen lid | It did not say with whom it shares, or that a part will do // Het zei niet met wie het deelt, of dat een deel volstaat
--   who | VARCHAR | - | Wie | Who looks, in Dutch, without telling who it is // Wie zoekt, zonder te zeggen wie het is
--   who_en | VARCHAR | - | Wie (Engels) | The same in English // Hetzelfde in het Engels
--   run_id | VARCHAR | - | Run | Run that made the row // Run die de rij maakte
WITH member AS (
    SELECT a.audience, m.*, a.who, a.who_en
    FROM match.coalition_member AS m JOIN layer.advert AS a USING (request_id)
),
-- Places count the sets alone that the audience may see: a gap would tell that there is another.
whole AS (
    SELECT n.audience, c.* EXCLUDE (place), CAST(row_number() OVER (PARTITION BY n.audience, c.building_id ORDER BY c.place) AS INTEGER) AS place
    FROM match.coalition AS c JOIN (SELECT audience, coalition_id, count(*) AS n FROM member GROUP BY ALL) AS n USING (coalition_id)
    WHERE n.n = c.member_count
),
word AS (
    SELECT exchange, string_agg(c.label_nl, '; ' ORDER BY x.code) AS label, string_agg(c.label_en, '; ' ORDER BY x.code) AS label_en
    FROM (SELECT exchange, unnest(exchange) AS code FROM (SELECT DISTINCT exchange FROM match.coalition)) AS x
    JOIN reference.advert_code AS c USING (code)
    GROUP BY exchange
)
SELECT c.audience, c.building_id || ':' || c.place AS coalition_id, c.building_id, c.place, b.name AS building_name, b.type_label AS building_type,
    CAST(c.member_count AS INTEGER) AS member_count, c.usable_m2::DOUBLE AS usable_m2, c.filled_m2::DOUBLE AS filled_m2, c.fill_share, c.gap,
    round(c.score) AS score, c.status AS search_status, CAST(c.to_ask_count AS INTEGER) AS to_ask_count, w.label AS exchange, w.label_en AS exchange_en,
    m.request_id, m.use, u.label_nl AS use_label, u.label_en AS use_label_en, m.area_m2::DOUBLE AS area_m2,
    m.area_m2::DOUBLE / c.usable_m2::DOUBLE AS area_share, m.to_ask AS is_to_ask, m.who, m.who_en, getvariable('run_id') AS run_id
FROM whole AS c
JOIN member AS m ON m.audience = c.audience AND m.coalition_id = c.coalition_id
-- Nothing shows in a set what does not show as a building.
JOIN layer.building AS b ON b.audience = 'public' AND b.building_id = c.building_id
JOIN reference.reuse_use AS u ON u.use = m.use
LEFT JOIN word AS w ON w.exchange = c.exchange
