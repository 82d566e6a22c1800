-- What each supply can be for each use: how well it suits, how much of it can be used, at what rent. A use a known veto forbids, or that
-- is none of those an offer allows, has no row.
-- inputs: match.supply, score.reuse, plan.scenario, reference.reuse_use.use, reference.match_time
-- key: supply_kind, supply_id, use
-- check: fit_low BETWEEN 0 AND 1 AND fit_high BETWEEN 0 AND 1
-- check: usable_low_m2 <= usable_high_m2
-- columns:
--   supply_kind | VARCHAR | - | Soort | building or offer
--   supply_id | VARCHAR | - | Aanbod | building, or advert that offers
--   use | VARCHAR | - | Gebruik | use
--   fit | DOUBLE | - | Geschikt | 0..1 by the known criteria; null where they say nothing. Who offers space for a use says that it suits
--   fit_low | DOUBLE | - | Geschikt, ondergrens | when everything unknown turns out worst
--   fit_high | DOUBLE | - | Geschikt, bovengrens | when everything unknown turns out best
--   to_check | VARCHAR[] | - | Na te kijken | criteria that may forbid it, and are not known
--   usable_low_m2 | DOUBLE | m2 | Bruikbaar, ondergrens | usable area of what is free; null where unknown
--   usable_m2 | DOUBLE | m2 | Bruikbaar | likely
--   usable_high_m2 | DOUBLE | m2 | Bruikbaar, bovengrens | upper bound
--   rent_low_eur_m2_year | DOUBLE | EUR/m2/year | Huur, ondergrens | lowest rent that may do; of an offer the price asked
--   rent_eur_m2_year | DOUBLE | EUR/m2/year | Huur | likely
--   rent_high_eur_m2_year | DOUBLE | EUR/m2/year | Huur, bovengrens | highest
--   temporary_fit | DOUBLE | - | Tijdelijk | how well a few months bear the works, 0..1; null where the works are not known
--   years_fit | DOUBLE | - | Jaren | how well some years do
--   permanent_fit | DOUBLE | - | Blijvend | how well a use that stays does
WITH bearing AS (
    SELECT works_level, any_value(fit) FILTER (duration = 'temporary') AS temporary_fit, any_value(fit) FILTER (duration = 'years') AS years_fit,
        any_value(fit) FILTER (duration = 'permanent') AS permanent_fit
    FROM reference.match_time GROUP BY works_level
)
SELECT s.supply_kind, s.supply_id, r.use, r.score::DOUBLE / 100 AS fit, r.low / 100 AS fit_low, r.high / 100 AS fit_high, r.to_check,
    -- Where nobody says how much of it is empty, all of it may be.
    p.usable_low_m2::DOUBLE * coalesce(s.free_low, 1) AS usable_low_m2, p.usable_m2::DOUBLE * coalesce((s.free_low + s.free_high) / 2, 1) AS usable_m2,
    p.usable_high_m2::DOUBLE * coalesce(s.free_high, 1) AS usable_high_m2,
    p.rent_low_eur_m2_year::DOUBLE AS rent_low_eur_m2_year, p.rent_eur_m2_year::DOUBLE AS rent_eur_m2_year,
    p.rent_high_eur_m2_year::DOUBLE AS rent_high_eur_m2_year, b.temporary_fit, b.years_fit, b.permanent_fit
FROM match.supply AS s
JOIN score.reuse AS r ON r.building_id = s.supply_id
LEFT JOIN plan.scenario AS p ON p.building_id = r.building_id AND p.use = r.use
LEFT JOIN bearing AS b ON b.works_level = p.works_level
WHERE s.supply_kind = 'building' AND len(r.veto) = 0
UNION ALL
SELECT s.supply_kind, s.supply_id, use, 1.0, 1.0, 1.0, CAST([] AS VARCHAR[]), s.area_min_m2, s.area_max_m2, s.area_max_m2,
    s.price_eur_m2_year, s.price_eur_m2_year, s.price_eur_m2_year, 1.0, 1.0, 1.0
FROM (SELECT *, unnest(uses) AS use FROM match.supply WHERE supply_kind = 'offer') AS s
