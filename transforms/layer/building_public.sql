-- The public layer, one row per building: what anybody may see, scored from the sources anybody may see. The view for analysts:
-- layer.building holds a building once per audience, and a count over it counts twice.
-- view: yes
-- inputs: layer.building
-- like: layer.building without audience
SELECT * EXCLUDE (audience) FROM layer.building WHERE audience = 'public'
