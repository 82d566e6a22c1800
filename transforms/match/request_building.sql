-- For each advert the buildings that could serve it best, and for each building the adverts it could serve best, with what the score is
-- made of. Distance and parts tell where the advert looks: they are for the city and the platform, and in no product.
-- inputs: match.pair, match.supply_use
-- key: request_id, building_id
-- columns:
--   request_id | VARCHAR | - | Zoekertje | advert
--   building_id | VARCHAR | - | Gebouw | building
--   use | VARCHAR | - | Gebruik | the wanted use that suits best of those that can be
--   score | DOUBLE | points | Score | 0..100 by what is known; null where nothing is
--   low | DOUBLE | points | Ondergrens | when everything unknown turns out worst
--   high | DOUBLE | points | Bovengrens | when everything unknown turns out best
--   middle | DECIMAL(9,6) | points | Midden | what pairs are ranked by: middle of the bounds, what was not asked for counting half
--   request_place | INTEGER | - | Plaats bij het zoekertje | place among the buildings of the advert; null if it is only in the other list
--   building_place | INTEGER | - | Plaats bij het gebouw | place among the adverts of the building; null if it is only in the other list
--   distance_m | DOUBLE | m | Afstand | from the point the advert names; null where it names none
--   use_part | DOUBLE | - | Deel gebruik | how well the use suits, 0..1; of each part null: not asked for, or not known
--   size_part | DOUBLE | - | Deel grootte | how well the likely area fits
--   place_part | DOUBLE | - | Deel plaats | 1 at the point that was named, 0.5 at the edge
--   budget_part | DOUBLE | - | Deel budget | 0.25 for the lowest rent that may do, 0.75 for the likely one
--   time_part | DOUBLE | - | Deel duur | how well so long a use bears the works
--   free_part | DOUBLE | - | Deel leeg | middle of the share that is empty
--   atypical_part | DOUBLE | - | Deel atypisch | how well the building is what was wished for
--   usable_low_m2 | DOUBLE | m2 | Bruikbaar, ondergrens | usable area of what is free, for this use
--   usable_m2 | DOUBLE | m2 | Bruikbaar | likely
--   usable_high_m2 | DOUBLE | m2 | Bruikbaar, bovengrens | upper bound
--   rent_low_eur_m2_year | DOUBLE | EUR/m2/year | Huur, ondergrens | lowest rent that may do
--   rent_eur_m2_year | DOUBLE | EUR/m2/year | Huur | likely
--   rent_high_eur_m2_year | DOUBLE | EUR/m2/year | Huur, bovengrens | highest
--   to_check | VARCHAR[] | - | Na te kijken | criteria that may forbid the use, and are not known
SELECT p.request_id, p.supply_id AS building_id, p.use, p.score, p.low, p.high, p.middle, p.request_place, p.supply_place AS building_place,
    p.distance_m, p.use_part, p.size_part, p.place_part, p.budget_part, p.time_part, p.free_part, p.atypical_part,
    u.usable_low_m2, u.usable_m2, u.usable_high_m2, u.rent_low_eur_m2_year, u.rent_eur_m2_year, u.rent_high_eur_m2_year, u.to_check
FROM match.pair AS p
JOIN match.supply_use AS u ON u.supply_kind = p.supply_kind AND u.supply_id = p.supply_id AND u.use = p.use
WHERE p.supply_kind = 'building' AND p.supply_id IS NOT NULL
