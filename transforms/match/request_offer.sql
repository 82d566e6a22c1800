-- For each advert the offers of others that could serve it best, by the same scoring as buildings, and the other way round.
-- inputs: match.pair
-- key: request_id, offer_id
-- columns:
--   request_id | VARCHAR | - | Zoekertje | advert that asks
--   offer_id | VARCHAR | - | Aanbod | advert that offers
--   use | VARCHAR | - | Gebruik | the wanted use that suits best of those the offer allows
--   score | DOUBLE | points | Score | 0..100 by what is known
--   low | DOUBLE | points | Ondergrens | when everything unknown turns out worst
--   high | DOUBLE | points | Bovengrens | when everything unknown turns out best
--   middle | DECIMAL(9,6) | points | Midden | what pairs are ranked by: middle of the bounds, what was not asked for counting half
--   request_place | INTEGER | - | Plaats bij het zoekertje | place among the offers for the advert; null if it is only in the other list
--   offer_place | INTEGER | - | Plaats bij het aanbod | place among the adverts for the offer; null if it is only in the other list
--   distance_m | DOUBLE | m | Afstand | from the point the advert names; null where it names none
SELECT request_id, supply_id AS offer_id, use, score, low, high, middle, request_place, supply_place AS offer_place, distance_m
FROM match.pair WHERE supply_kind = 'offer' AND supply_id IS NOT NULL
