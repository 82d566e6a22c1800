-- Tombstones: buildings that were published once and are not any more, with what took their place.
-- inputs: history.published, core.succession, layer.building, reference.objection
-- key: audience, building_id
-- check: change IN ('replaced', 'withdrawn')
-- columns:
--   audience | VARCHAR | - | Doelgroep | public or city // Voor wie: public of city
--   building_id | VARCHAR | - | Gebouw-id | Building that is no longer in the layer // Gebouw dat niet meer in de laag staat
--   change | VARCHAR | - | Wijziging | replaced (by another building), or withdrawn // replaced = vervangen door een ander gebouw, withdrawn = ingetrokken
--   replaced_by | VARCHAR | - | Vervangen door | Building or buildings that took its place; to the public only those it is shown // Gebouw of gebouwen die in de plaats kwamen; voor het publiek alleen wat het te zien krijgt
--   changed_on | DATE | - | Gewijzigd op | Day of the run that no longer had it // Dag van de run die het niet meer had
WITH successor AS (
    SELECT a.audience, s.old_id, string_agg(s.new_id, '; ' ORDER BY s.score DESC, s.new_id) AS replaced_by
    FROM core.succession AS s, (VALUES ('public'), ('city')) AS a(audience)
    -- The public learns of nothing here that it is not shown anyway: no dwelling that was built there, and of a building whose owner
    -- or user objected its id and no more.
    WHERE a.audience = 'city' OR (s.new_id IN (SELECT building_id FROM layer.building WHERE audience = 'public')
        AND s.old_id NOT IN (SELECT building_id FROM reference.objection))
    GROUP BY ALL
)
SELECT p.audience, p.building_id, CASE WHEN s.replaced_by IS NULL THEN 'withdrawn' ELSE 'replaced' END AS change, s.replaced_by,
    p.last_seen_on AS changed_on
FROM history.published AS p
LEFT JOIN successor AS s ON s.audience = p.audience AND s.old_id = p.building_id
WHERE NOT EXISTS (SELECT 1 FROM layer.building AS b WHERE b.audience = p.audience AND b.building_id = p.building_id)
