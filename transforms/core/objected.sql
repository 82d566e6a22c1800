-- Buildings somebody objected to: by the id the objection names, or by the one that took its place. An id that finds none is told by the run.
-- inputs: reference.objection, core.building, core.succession
-- key: building_id, objection_id
-- columns:
--   building_id | VARCHAR | - | Gebouw | building that stands now
--   objection_id | VARCHAR | - | Bezwaar | id on the list of objections
SELECT b.building_id, o.building_id AS objection_id FROM reference.objection AS o JOIN core.building AS b USING (building_id)
UNION
-- A building is renumbered when it is measured again: whoever objected need not know.
SELECT s.new_id, o.building_id FROM reference.objection AS o JOIN core.succession AS s ON s.old_id = o.building_id
