-- Everything that names a building's type: one row per building, type, way of naming and time.
-- inputs: core.building, core.tag, core.link_land_use, score.type_word, reference.tag_rule, reference.official_type_rule,
--   reference.land_use_rule
-- key: building_id, type, tier, origin, is_former, family
-- check: weight > 0
-- columns:
--   building_id | VARCHAR | - | Gebouw | building
--   type | VARCHAR | - | Type | type it names
--   tier | VARCHAR | - | Trap | form (what was built), use (what takes place), word (a name or description), area (surroundings)
--   origin | VARCHAR | - | Herkomst | outline, place, grounds, designation, official, land_use
--   is_former | BOOLEAN | - | Vroeger | it names a use that is over
--   family | VARCHAR | - | Familie | family of types a general word stands for (industrial, civic); empty for a word that names the type itself
--   weight | DOUBLE | - | Gewicht | how much it says, times how sure it belongs to the building
--   source | VARCHAR | - | Bron | the words themselves
WITH tagged AS (
    SELECT t.building_id, r.type, r.tier, t.origin, t.is_ended AS is_former, r.family,
        -- A place inside speaks for as much of the building as such a place fills.
        r.weight * t.score * CASE WHEN t.origin = 'place' THEN least(1, r.unit_m2 / b.footprint_m2) ELSE 1 END AS weight,
        CASE t.prefix WHEN '' THEN '' ELSE t.prefix || ':' END || t.key || '=' || t.value AS source
    FROM core.tag AS t
    JOIN core.building AS b USING (building_id)
    JOIN reference.tag_rule AS r ON r.key = t.key AND r.value IN (t.value, '*')
        AND coalesce(b.footprint_m2 >= r.m2_from, true) AND coalesce(b.footprint_m2 < r.m2_to, true)
        AND (r.floors_from IS NULL OR b.floors >= r.floors_from)
    WHERE t.value <> 'no' AND NOT (t.origin <> 'outline' AND t.key = 'building')
    -- Of several rules for one tag the most particular speaks.
    QUALIFY row_number() OVER (
        PARTITION BY t.building_id, t.element_id, t.prefix, t.key
        ORDER BY r.value = '*', r.floors_from IS NULL, r.m2_from IS NULL AND r.m2_to IS NULL
    ) = 1
),
official AS (
    SELECT b.building_id, r.type, 'form' AS tier, 'official' AS origin, false AS is_former, r.family, r.weight, b.official_type AS source
    FROM core.building AS b JOIN reference.official_type_rule AS r ON r.official_type = lower(trim(b.official_type))
),
area AS (
    SELECT l.building_id, r.type, 'area' AS tier, 'land_use' AS origin, false AS is_former, r.family, r.weight, 'landuse=' || l.land_use AS source
    FROM core.link_land_use AS l
    JOIN core.building AS b USING (building_id)
    JOIN reference.land_use_rule AS r ON r.land_use = l.land_use AND coalesce(b.footprint_m2 >= r.m2_from, true)
    QUALIFY row_number() OVER (PARTITION BY l.building_id ORDER BY r.m2_from DESC NULLS LAST) = 1
)
-- One fact told twice counts once: of several tags or names of one kind only the strongest stays.
SELECT building_id, type, tier, origin, is_former, coalesce(family, '') AS family, max(weight) AS weight, arg_max(source, (weight, source)) AS source
FROM (
    SELECT * FROM tagged
    UNION ALL
    SELECT building_id, type, 'word', origin, is_former, family, weight, source FROM score.type_word
    UNION ALL SELECT * FROM official
    UNION ALL SELECT * FROM area
)
GROUP BY ALL
