-- Tombstones: buildings that were published once and are not any more, with what took their place.
-- inputs: history.published, core.succession, layer.building
-- key: audience, building_id
-- check: change IN ('replaced', 'withdrawn')
-- columns:
--   audience | VARCHAR | - | Doelgroep | public or city // Voor wie: public of city
--   building_id | VARCHAR | - | Gebouw-id | Building that is no longer in the layer // Gebouw dat niet meer in de laag staat
--   change | VARCHAR | - | Wijziging | replaced (by another building), or withdrawn // replaced = vervangen door een ander gebouw, withdrawn = ingetrokken
--   replaced_by | VARCHAR | - | Vervangen door | Building or buildings that took its place // Gebouw of gebouwen die in de plaats kwamen
--   changed_on | DATE | - | Gewijzigd op | Day of the run that no longer had it // Dag van de run die het niet meer had
WITH successor AS (
    SELECT old_id, string_agg(new_id, '; ' ORDER BY score DESC, new_id) AS replaced_by FROM core.succession GROUP BY old_id
)
SELECT p.audience, p.building_id, CASE WHEN s.replaced_by IS NULL THEN 'withdrawn' ELSE 'replaced' END AS change, s.replaced_by,
    p.last_seen_on AS changed_on
FROM history.published AS p
LEFT JOIN successor AS s ON s.old_id = p.building_id
WHERE NOT EXISTS (SELECT 1 FROM layer.building AS b WHERE b.audience = p.audience AND b.building_id = p.building_id)
