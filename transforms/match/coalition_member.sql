-- Who is in a coalition: for which use, how much area, and whether it can pay.
-- inputs: match.coalition_try, match.supply_use, match.request
-- key: coalition_id, request_id
-- check: area_m2 > 0
-- check: budget_eur_m2_year IS NULL OR rent_low_eur_m2_year IS NULL OR budget_eur_m2_year >= rent_low_eur_m2_year
-- columns:
--   coalition_id | VARCHAR | - | Coalitie | coalition // coalitie
--   request_id | VARCHAR | - | Zoekertje | advert that asks // zoekertje dat vraagt
--   use | VARCHAR | - | Gebruik | one of the uses it wants, that the building is open to // een van de gevraagde gebruiken, die het gebouw kan hebben
--   area_m2 | DECIMAL(18,2) | m2 | Oppervlakte | usable area it takes // bruikbare oppervlakte die het inneemt
--   middle | DOUBLE | points | Midden | middle of the bounds of its score in this building for this use // midden van de grenzen van zijn score in dit gebouw voor dit gebruik
--   rent_low_eur_m2_year | DOUBLE | EUR/m2/year | Huur, ondergrens | lowest rent that may do for this use; null where not known // laagste huur die kan volstaan voor dit gebruik; leeg waar niet bekend
--   rent_eur_m2_year | DOUBLE | EUR/m2/year | Huur | likely rent // waarschijnlijke huur
--   budget_eur_m2_year | DOUBLE | EUR/m2/year | Budget | most it can pay; null where not said // hoogste dat het kan betalen; leeg waar niet gezegd
--   to_ask | BOOLEAN | - | Te vragen | did not say with whom it shares, or that a part will do // zei niet met wie het deelt, of dat een deel volstaat
SELECT t.building_id || ':' || t.place AS coalition_id, m.request_id, m.as_use AS use, CAST(m.area_m2 AS DECIMAL(18, 2)) AS area_m2, m.middle,
    u.rent_low_eur_m2_year, u.rent_eur_m2_year, r.budget_eur_m2_year, m.to_ask
FROM (SELECT building_id, place, unnest(members) AS m FROM match.coalition_try WHERE place > 0) AS t
JOIN match.supply_use AS u ON u.supply_kind = 'building' AND u.supply_id = t.building_id AND u.use = m.as_use
JOIN match.request AS r ON r.request_id = m.request_id
