-- The layer as the city sees it, one row per building: atypical buildings and, of all other types, only those with a sign of underuse.
-- A share by type means something where is_atypical holds; of a dwelling or a shop without a sign there is no row. Not for publication.
-- view: yes
-- inputs: layer.building, score.type
-- like: layer.building without audience
-- columns:
--   is_atypical | BOOLEAN | - | Atypisch type | The type is one the layer is about: all such buildings that stand are in it // Het type is er een waarover de laag gaat: alle zulke gebouwen die er staan, zitten erin
SELECT b.* EXCLUDE (audience), t.is_atypical
FROM layer.building AS b JOIN score.type AS t USING (building_id)
WHERE b.audience = 'city'
