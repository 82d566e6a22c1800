-- Everything that names a building's type: one row per building, type, way of naming and time.
-- inputs: core.building, core.tag, core.link_designation, staging.designation, core.link_land_use, reference.tag_rule,
--   reference.name_word, reference.official_type_rule, reference.land_use_rule
-- key: building_id, type, tier, origin, is_former
-- check: weight > 0
-- columns:
--   building_id | VARCHAR | - | Gebouw | building
--   type | VARCHAR | - | Type | type it names
--   tier | VARCHAR | - | Trap | form (what was built), use (what takes place), word (a name or description), area (surroundings)
--   origin | VARCHAR | - | Herkomst | outline, place, grounds, designation, official, land_use
--   is_former | BOOLEAN | - | Vroeger | it names a use that is over
--   weight | DOUBLE | - | Gewicht | how much it says, times how sure it belongs to the building
--   source | VARCHAR | - | Bron | the words themselves
WITH tagged AS (
    SELECT t.building_id, r.type, r.tier, t.origin, t.is_ended AS is_former, r.weight * t.score AS weight,
        CASE t.prefix WHEN '' THEN '' ELSE t.prefix || ':' END || t.key || '=' || t.value AS source
    FROM core.tag AS t
    JOIN reference.tag_rule AS r ON r.key = t.key AND r.value IN (t.value, '*')
    WHERE t.value <> 'no' AND NOT (t.origin <> 'outline' AND t.key = 'building')
    QUALIFY row_number() OVER (PARTITION BY t.building_id, t.element_id, t.prefix, t.key ORDER BY r.value = '*') = 1
),
text AS (
    SELECT building_id, origin, score * CASE key WHEN 'description' THEN 0.6 ELSE 1.0 END AS score, key = 'old_name' AS is_former, value
    FROM core.tag
    WHERE key IN ('name', 'old_name', 'alt_name', 'description') AND prefix = '' AND origin <> 'grounds'
    UNION ALL
    -- Only a designation about one object names it; one over a whole street names the street.
    SELECT l.building_id, 'designation', 0.8 * l.score, false, d.name
    FROM core.link_designation AS l JOIN staging.designation AS d USING (designation_id)
    WHERE d.name IS NOT NULL
    QUALIFY count(*) OVER (PARTITION BY l.designation_id) <= 10
),
token AS (
    SELECT building_id, origin, score, is_former, value,
        unnest(list_distinct(regexp_split_to_array(lower(strip_accents(value)), '[^a-z]+'))) AS token
    FROM text
),
distinct_token AS MATERIALIZED (
    SELECT token, w.type, w.weight
    FROM (SELECT DISTINCT token FROM token WHERE length(token) >= 4) AS t
    JOIN reference.name_word AS w
        ON t.token = strip_accents(w.word) OR (w.position = 'end' AND suffix(t.token, strip_accents(w.word)))
    -- The longest word that fits: a brandweerkazerne is no kazerne.
    QUALIFY row_number() OVER (PARTITION BY token ORDER BY length(w.word) DESC, w.word) = 1
),
worded AS (
    SELECT t.building_id, d.type, 'word' AS tier, t.origin, t.is_former, d.weight * t.score AS weight, t.value AS source
    FROM token AS t JOIN distinct_token AS d USING (token)
),
official AS (
    SELECT b.building_id, r.type, 'form' AS tier, 'official' AS origin, false AS is_former, r.weight, b.official_type AS source
    FROM core.building AS b JOIN reference.official_type_rule AS r ON r.official_type = lower(trim(b.official_type))
),
area AS (
    SELECT l.building_id, r.type, 'area' AS tier, 'land_use' AS origin, false AS is_former, r.weight, 'landuse=' || l.land_use AS source
    FROM core.link_land_use AS l JOIN reference.land_use_rule AS r USING (land_use)
)
-- One fact told twice counts once: of several tags or names of one kind only the strongest stays.
SELECT building_id, type, tier, origin, is_former, max(weight) AS weight, arg_max(source, (weight, source)) AS source
FROM (SELECT * FROM tagged UNION ALL SELECT * FROM worded UNION ALL SELECT * FROM official UNION ALL SELECT * FROM area)
GROUP BY ALL
