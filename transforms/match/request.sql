-- What is asked for: adverts of who looks for space, alone or with partners. A table of its own, so that a change elsewhere in an advert
-- matches nothing again; `mark` changes with whatever a match depends on.
-- inputs: staging.space_request
-- key: request_id
-- columns:
--   request_id | VARCHAR | - | Zoekertje | advert
--   uses | VARCHAR[] | - | Gebruik | uses wanted; one will do
--   area_min_m2 | DOUBLE | m2 | Oppervlakte vanaf | smallest usable area; null where not said
--   area_max_m2 | DOUBLE | m2 | Oppervlakte tot | largest usable area; null where not said
--   height_min_m | DOUBLE | m | Hoogte vanaf | smallest free height; null where not said
--   height_max_m | DOUBLE | m | Hoogte tot | largest free height; null where not said
--   x | DOUBLE | m | X | middle of where, in the city's CRS; null where an area was named, or nothing
--   y | DOUBLE | m | Y | middle of where
--   radius_m | DOUBLE | m | Straal | how far from there
--   outline | GEOMETRY | - | Gebied | where, if an area was named; null: anywhere, or around the point
--   is_whole | BOOLEAN | - | Geheel | wants a whole building; false: a part will do, or not said
--   duration | VARCHAR | - | Duur | temporary, years, permanent; null where not said
--   from_on | DATE | - | Vanaf | from which day; null: any
--   budget_eur_m2_year | DOUBLE | EUR/m2/year | Budget | most it can pay; null where not said
--   atypical | DOUBLE | - | Atypisch | 1 wanted, 0 unwanted; null: indifferent, or not said
--   mark | VARCHAR | - | Kenmerk | hash of the row
WITH needed AS (
    SELECT request_id, uses, area_min_m2, area_max_m2, height_min_m, height_max_m,
        CASE WHEN radius_m > 0 THEN ST_X(point) END AS x, CASE WHEN radius_m > 0 THEN ST_Y(point) END AS y,
        CASE WHEN radius_m > 0 THEN radius_m END AS radius_m, CASE WHEN radius_m > 0 THEN NULL ELSE geom END AS outline,
        coalesce(extent = 'whole', false) AS is_whole, duration, from_on, budget_eur_m2_year::DOUBLE AS budget_eur_m2_year,
        CASE atypical WHEN 'wanted' THEN 1.0::DOUBLE WHEN 'unwanted' THEN 0.0::DOUBLE END AS atypical
    FROM staging.space_request WHERE kind IN ('space', 'partner')
)
SELECT *, md5(CAST(row(uses, area_min_m2, area_max_m2, height_min_m, height_max_m, x, y, radius_m, hex(ST_AsWKB(outline)), is_whole, duration,
    from_on, budget_eur_m2_year, atypical) AS VARCHAR)) AS mark
FROM needed
