-- The buildings that stand: neither OSM nor a register says that they are gone, and they are not merely planned.
-- inputs: core.building, core.link_register, staging.register_row
-- key: building_id
-- params: as_of
-- columns:
--   building_id | VARCHAR | - | Gebouw | building
SELECT building_id
FROM core.building
WHERE state = 'standing'
    AND building_id NOT IN (
        SELECT l.building_id
        FROM core.link_register AS l JOIN staging.register_row AS r USING (feed, register_id)
        -- A row that may be about a neighbour does not make a building disappear.
        WHERE r.status = 'demolished' AND l.score >= 0.8 AND coalesce(r.listed_on <= getvariable('as_of'), true)
    )
