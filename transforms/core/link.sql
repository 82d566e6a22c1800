-- Crosswalk between ids: everything that was linked to a building, with method and how sure.
-- view: yes
-- inputs: core.link_footprint, core.link_parcel, core.address, core.link_register, core.link_observation, core.link_place, core.link_designation,
--   core.link_land_use, core.link_area
-- columns:
--   kind | VARCHAR | - | Soort | what the right side is
--   building_id | VARCHAR | - | Gebouw | building
--   other_id | VARCHAR | - | Ander | id of the other side
--   method | VARCHAR | - | Methode | how the two found each other
--   score | DOUBLE | - | Zekerheid | how sure the link is
SELECT 'footprint' AS kind, right_id AS building_id, left_id AS other_id, method, score FROM core.link_footprint
UNION ALL SELECT 'parcel', building_id, parcel_id, 'overlap', share FROM core.link_parcel
UNION ALL SELECT 'address', building_id, address_id, CASE WHEN distance_m = 0 THEN 'inside' ELSE 'nearest' END, 1 - distance_m / 20
    FROM core.address WHERE building_id IS NOT NULL
UNION ALL SELECT 'register_row', building_id, feed || ':' || register_id, method, score FROM core.link_register
UNION ALL SELECT 'observation', building_id, feed || ':' || observation_id, method, score FROM core.link_observation
UNION ALL SELECT 'place', building_id, place_id, method, score FROM core.link_place
UNION ALL SELECT 'designation', building_id, designation_id, method, score FROM core.link_designation
UNION ALL SELECT 'land_use', building_id, land_use_id, method, score FROM core.link_land_use
UNION ALL SELECT 'area', building_id, area_id, 'overlap', share FROM core.link_area
