-- Which types of buildings an authority can speak of: that no firm is registered in a dwelling says nothing.
-- inputs: reference.evidence_authority, reference.building_type
-- key: authority, type
-- columns:
--   authority | VARCHAR | - | Herkomst | who says something
--   type | VARCHAR | - | Type | type of building it can speak of
SELECT e.authority, t.type
FROM reference.evidence_authority AS e
JOIN reference.building_type AS t
    ON e.applies_to = 'all' OR (e.applies_to = 'non_residential' AND NOT t.is_residential) OR list_contains(string_split(e.applies_to, ' '), t.type)
