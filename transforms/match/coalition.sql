-- Sets of parties that together fill most of a large building: the best three of each building, all of whom would share with each other.
-- Of the likely area: of the largest possible, nobody could say that it is really filled.
-- inputs: match.coalition_try, match.coalition_member
-- key: coalition_id
-- check: fill_share BETWEEN 0.6 AND 1
-- check: member_count >= 2
-- check: to_ask_count BETWEEN 0 AND member_count
-- columns:
--   coalition_id | VARCHAR | - | Coalitie | building and place // gebouw en plaats
--   building_id | VARCHAR | - | Gebouw | building // gebouw
--   place | INTEGER | - | Plaats | 1 is the fullest; of those that fill it, the best match // 1 vult het meest; van wie het vult, de beste
--   usable_m2 | DECIMAL(18,2) | m2 | Bruikbaar | likely usable area that is free, for this mix of uses // waarschijnlijke bruikbare vrije oppervlakte, voor deze mix van gebruiken
--   filled_m2 | DECIMAL(18,2) | m2 | Gevuld | area the members take // oppervlakte die de leden innemen
--   fill_share | DOUBLE | - | Aandeel gevuld | share of the usable area, 0.6 to 1 // aandeel van de bruikbare oppervlakte, 0,6 tot 1
--   member_count | BIGINT | - | Leden | parties in it // partijen erin
--   uses | VARCHAR[] | - | Gebruiken | what they do in it // wat ze er doen
--   score | DOUBLE | points | Score | 0..100, middles of the members by the share each takes // 0..100, middens van de leden volgens het aandeel dat elk inneemt
--   exchange | VARCHAR[] | - | Uitwisseling | codes one of them brings and another seeks // codes die de een brengt en een ander zoekt
--   gap | DOUBLE | - | Marge | some other set could fill more by this share, at most // een andere groep kan hoogstens dit aandeel meer vullen
--   status | VARCHAR | - | Toestand | optimal within the gap; pool_limit: not all who fit were looked at; cut_nodes, cut_time: the search was cut off // optimal binnen de marge; pool_limit: niet al wie past werd bekeken; cut_nodes, cut_time: het zoeken werd afgebroken
--   to_ask_count | BIGINT | - | Te vragen | members who did not say with whom they share, or that a part will do // leden die niet zeiden met wie ze delen, of dat een deel volstaat
--   mark | VARCHAR | - | Kenmerk | hash of all it depends on // hash van alles waarvan ze afhangt
SELECT t.building_id || ':' || t.place AS coalition_id, t.building_id, t.place, CAST(m.filled_m2::DOUBLE / t.fill_share AS DECIMAL(18, 2)) AS usable_m2,
    m.filled_m2, t.fill_share, m.member_count, m.uses, t.middle AS score, t.exchange, t.gap, t.status, t.to_ask_count, s.mark
FROM match.coalition_try AS t
JOIN (
    SELECT coalition_id, CAST(sum(area_m2) AS DECIMAL(18, 2)) AS filled_m2, count(*) AS member_count, list_sort(list(DISTINCT "use")) AS uses
    FROM match.coalition_member GROUP BY coalition_id
) AS m ON m.coalition_id = t.building_id || ':' || t.place
JOIN match.coalition_try AS s ON s.building_id = t.building_id AND s.place = 0
WHERE t.place > 0
