-- Each supply with what it can be for every use, as it goes into the matching; `mark` changes with whatever a match depends on.
-- inputs: match.supply, match.supply_use
-- key: supply_kind, supply_id
-- columns:
--   supply_kind | VARCHAR | - | Soort | building or offer
--   supply_id | VARCHAR | - | Aanbod | building, or advert that offers
--   x | DOUBLE | m | X | a point in it
--   y | DOUBLE | m | Y | the same point
--   height_low_m | DOUBLE | m | Vrije hoogte, ondergrens | free height
--   height_high_m | DOUBLE | m | Vrije hoogte, bovengrens | upper bound
--   atypical | DOUBLE | - | Atypisch | 0..1
--   free_low | DOUBLE | - | Leeg deel, laagste | smallest share that is empty
--   free_high | DOUBLE | - | Leeg deel, hoogste | largest share that is empty
--   from_on | DATE | - | Vanaf | first day of an offer
--   by_use | STRUCT("use" VARCHAR, fit DOUBLE, fit_low DOUBLE, fit_high DOUBLE, usable_low_m2 DOUBLE, usable_m2 DOUBLE, usable_high_m2 DOUBLE, rent_low_eur_m2_year DOUBLE, rent_eur_m2_year DOUBLE, rent_high_eur_m2_year DOUBLE, temporary_fit DOUBLE, years_fit DOUBLE, permanent_fit DOUBLE)[] | - | Per gebruik | rows of match.supply_use, by use
--   mark | VARCHAR | - | Kenmerk | hash of the row
WITH whole AS (
    SELECT s.supply_kind, s.supply_id, any_value(s.x) AS x, any_value(s.y) AS y, any_value(s.height_low_m) AS height_low_m,
        any_value(s.height_high_m) AS height_high_m, any_value(s.atypical) AS atypical, any_value(s.free_low) AS free_low,
        any_value(s.free_high) AS free_high, any_value(s.from_on) AS from_on,
        coalesce(list({'use': u.use, 'fit': u.fit, 'fit_low': u.fit_low, 'fit_high': u.fit_high, 'usable_low_m2': u.usable_low_m2,
            'usable_m2': u.usable_m2, 'usable_high_m2': u.usable_high_m2, 'rent_low_eur_m2_year': u.rent_low_eur_m2_year,
            'rent_eur_m2_year': u.rent_eur_m2_year, 'rent_high_eur_m2_year': u.rent_high_eur_m2_year, 'temporary_fit': u.temporary_fit,
            'years_fit': u.years_fit, 'permanent_fit': u.permanent_fit} ORDER BY u.use) FILTER (u.use IS NOT NULL), []) AS by_use
    FROM match.supply AS s LEFT JOIN match.supply_use AS u USING (supply_kind, supply_id)
    GROUP BY ALL
)
SELECT *, md5(CAST(row(x, y, height_low_m, height_high_m, atypical, free_low, free_high, from_on, by_use) AS VARCHAR)) AS mark FROM whole
