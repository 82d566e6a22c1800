-- The heritage designations that hold for a building on the day the city is looked at, with their weight.
-- inputs: core.link_designation, staging.designation, reference.heritage_rule
-- key: building_id, designation_id
-- params: as_of
-- columns:
--   building_id | VARCHAR | - | Gebouw | building
--   designation_id | VARCHAR | - | Aanduiding | designation
--   name | VARCHAR | - | Naam | name of the designated object
--   place | BIGINT | - | Volgorde | 10 is the strongest kind
--   class | VARCHAR | - | Klasse | monument, listed or area
--   share | DOUBLE | - | Aandeel | share of the heritage points, times the share of the building that is covered
--   label_nl | VARCHAR | - | Soort | legal kind in Dutch
SELECT l.building_id, l.designation_id, d.name, r.place, r.class, r.share * l.score AS share, r.label_nl
FROM core.link_designation AS l
JOIN staging.designation AS d USING (designation_id)
JOIN reference.heritage_rule AS r ON regexp_matches(lower(strip_accents(d.designation_type)), r.pattern)
-- One that began after as_of, or ended before it, does not hold then.
WHERE coalesce(d.valid_from <= getvariable('as_of'), true) AND coalesce(d.valid_to > getvariable('as_of'), true)
QUALIFY row_number() OVER (PARTITION BY l.building_id, l.designation_id ORDER BY r.place) = 1
