-- What can be had: buildings of the public layer with a sign of underuse, and what somebody offers. What is known of a building alone by
-- the city is not in here. Nothing that moves with the day: a night in which nothing changed finds the same rows.
-- inputs: score.shown, score.underuse, score.building, score.reuse_building, core.building, staging.space_request, reference.reuse_limit
-- key: supply_kind, supply_id
-- check: free_low <= free_high
-- columns:
--   supply_kind | VARCHAR | - | Soort | building or offer
--   supply_id | VARCHAR | - | Aanbod | building, or advert that offers
--   building_id | VARCHAR | - | Gebouw | the building; of an offer null where it does not say
--   x | DOUBLE | m | X | a point in it, in the city's CRS; null where an offer does not say
--   y | DOUBLE | m | Y | the same point
--   height_low_m | DOUBLE | m | Vrije hoogte, ondergrens | free height: of a hall its height, else of a storey; null where unknown
--   height_high_m | DOUBLE | m | Vrije hoogte, bovengrens | upper bound
--   atypical | DOUBLE | - | Atypisch | 0..1; null for an offer without a building
--   free_low | DOUBLE | - | Leeg deel, laagste | smallest share that is empty, by what the public may know; null where nobody says
--   free_high | DOUBLE | - | Leeg deel, hoogste | largest share that is empty
--   area_min_m2 | DOUBLE | m2 | Oppervlakte vanaf | smallest part that is offered; null for a building
--   area_max_m2 | DOUBLE | m2 | Oppervlakte tot | all that is offered; null for a building
--   price_eur_m2_year | DOUBLE | EUR/m2/year | Prijs | price asked; null for a building, or where not said
--   uses | VARCHAR[] | - | Gebruik | uses an offer allows; null for a building
--   from_on | DATE | - | Vanaf | first day of an offer; null for a building, or where not said
WITH building AS (
    SELECT b.building_id, ST_X(p.point) AS x, ST_Y(p.point) AS y,
        CASE WHEN r.is_hall AND r.storey_low_m IS NULL THEN r.height_low_m
             WHEN r.storey_low_m IS NOT NULL
             THEN greatest(0, r.storey_low_m - (SELECT any_value(value) FROM reference.reuse_limit WHERE name = 'floor_build_up_m')) END AS height_low_m,
        CASE WHEN r.is_hall AND r.storey_low_m IS NULL THEN r.height_high_m ELSE r.storey_high_m END AS height_high_m,
        b.atypicality_score::DOUBLE / 100 AS atypical, u.vacant_low, u.vacant_high, u.band
    FROM score.building AS b
    JOIN score.underuse AS u USING (audience, building_id)
    SEMI JOIN score.shown AS s ON s.audience = b.audience AND s.building_id = b.building_id
    JOIN core.building AS p ON p.building_id = b.building_id
    LEFT JOIN score.reuse_building AS r ON r.building_id = b.building_id
    WHERE b.audience = 'public'
)
SELECT 'building' AS supply_kind, building_id AS supply_id, building_id, x, y, height_low_m, height_high_m, atypical,
    CASE WHEN vacant_low IS NOT NULL THEN least(vacant_low, 1.0) END AS free_low,
    CASE WHEN vacant_high IS NOT NULL THEN least(vacant_high, 1.0) END AS free_high,
    CAST(NULL AS DOUBLE) AS area_min_m2, CAST(NULL AS DOUBLE) AS area_max_m2, CAST(NULL AS DOUBLE) AS price_eur_m2_year,
    CAST(NULL AS VARCHAR[]) AS uses, CAST(NULL AS DATE) AS from_on
FROM building WHERE band <> 'unknown'
UNION ALL
SELECT 'offer', o.request_id, b.building_id, coalesce(b.x, ST_X(ST_PointOnSurface(o.geom))), coalesce(b.y, ST_Y(ST_PointOnSurface(o.geom))),
    o.height_min_m, coalesce(o.height_max_m, o.height_min_m), b.atypical, 1.0, 1.0, o.area_min_m2, coalesce(o.area_max_m2, o.area_min_m2),
    o.budget_eur_m2_year::DOUBLE, o.uses, o.from_on
FROM staging.space_request AS o LEFT JOIN building AS b USING (building_id)
WHERE o.kind = 'offer'
