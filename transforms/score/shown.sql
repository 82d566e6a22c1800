-- Which buildings each audience is shown, the one definition for every product. Public: atypical and not a dwelling, and nobody
-- objected; city: also everything with a sign of underuse.
-- inputs: core.standing, score.type, score.underuse, core.objected
-- key: audience, building_id
-- columns:
--   audience | VARCHAR | - | Doelgroep | public or city
--   building_id | VARCHAR | - | Gebouw | building
SELECT u.audience, u.building_id
FROM score.underuse AS u JOIN score.type AS t USING (building_id) SEMI JOIN core.standing USING (building_id)
WHERE ((t.is_atypical AND t.is_residential IS NOT true) OR (u.audience = 'city' AND u.positive_count > 0))
    -- Who objected is heard before anything leaves the house.
    AND NOT (u.audience = 'public' AND u.building_id IN (SELECT building_id FROM core.objected))
