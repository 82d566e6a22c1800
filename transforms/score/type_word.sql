-- Words in names and descriptions that name a building's type: one row per text and type.
-- inputs: core.tag, core.link_designation, staging.designation, reference.name_word, reference.time_word, reference.type_setting
-- key: building_id, origin, source, is_former, type
-- check: weight > 0
-- columns:
--   building_id | VARCHAR | - | Gebouw | building
--   type | VARCHAR | - | Type | type the word names
--   origin | VARCHAR | - | Herkomst | outline, place, designation
--   is_former | BOOLEAN | - | Vroeger | the text says that it is over: an old name, or words such as voormalig
--   family | VARCHAR | - | Familie | family of types a general word stands for; null for a word that names the type itself
--   weight | DOUBLE | - | Gewicht | how much the word says, times how sure the text belongs to the building
--   source | VARCHAR | - | Bron | the text
WITH setting AS (
    SELECT max(value) FILTER (name = 'description_share') AS description, max(value) FILTER (name = 'designation_share') AS designation,
        max(value) FILTER (name = 'designation_buildings_max') AS buildings_max, max(value) FILTER (name = 'later_word_share') AS later
    FROM reference.type_setting
),
moment AS (
    SELECT '(' || string_agg(CASE position WHEN 'start' THEN '^' ELSE '(^|[ ,;:(])' END || word || '([ ,;:.)]|$)', '|' ORDER BY word) || ')' AS past,
        (SELECT '[ ,;(](' || string_agg(word, '|' ORDER BY word) || ')[ ,:]' FROM reference.time_word WHERE moment = 'present') AS present
    FROM reference.time_word
    WHERE moment = 'past'
),
text AS (
    SELECT building_id, origin, score * CASE key WHEN 'description' THEN description ELSE 1 END AS score, key = 'old_name' AS is_former, value
    FROM core.tag CROSS JOIN setting
    WHERE key IN ('name', 'old_name', 'alt_name', 'description') AND prefix = '' AND origin <> 'grounds'
    UNION ALL
    -- Only a designation about one object names it; one over a whole street names the street.
    SELECT l.building_id, 'designation', s.designation * l.score, false, d.name
    FROM core.link_designation AS l JOIN staging.designation AS d USING (designation_id) CROSS JOIN setting AS s
    WHERE d.name IS NOT NULL
    QUALIFY count(*) OVER (PARTITION BY l.designation_id) <= s.buildings_max
),
-- Each text once, however many buildings carry it. 'Politiebureau, nu bibliotheek': what stands before `nu` is over.
distinct_text AS MATERIALIZED (
    SELECT value, parts, place, lower(strip_accents(value)) AS plain
    FROM (
        SELECT value, parts, unnest(range(1, len(parts) + 1)) AS place
        FROM (SELECT DISTINCT value, regexp_split_to_array(lower(strip_accents(value)), present) AS parts FROM text CROSS JOIN moment)
    )
),
token AS (
    SELECT value, is_past, unnest(tokens) AS token, unnest(range(len(tokens))) AS place
    FROM (
        SELECT value, regexp_split_to_array(parts[place], '[^a-z]+') AS tokens,
            CASE WHEN len(parts) > 1 THEN place = 1 ELSE regexp_matches(plain, past) END AS is_past
        FROM distinct_text CROSS JOIN moment
    )
),
distinct_token AS MATERIALIZED (
    SELECT token, w.type, w.family, w.weight
    FROM (SELECT DISTINCT token FROM token WHERE length(token) >= 4) AS t
    JOIN reference.name_word AS w
        ON t.token = strip_accents(w.word) OR (w.position = 'end' AND suffix(t.token, strip_accents(w.word)))
    -- The longest word that fits: a brandweerkazerne is no kazerne.
    QUALIFY row_number() OVER (PARTITION BY token ORDER BY length(w.word) DESC, w.word) = 1
),
worded AS (
    -- Names begin with what a thing is: Zwembad Watermolen is no mill.
    SELECT value, is_past, type, family, weight * CASE WHEN row_number() OVER (PARTITION BY value, is_past ORDER BY place) = 1 THEN 1 ELSE later END AS weight
    FROM token JOIN distinct_token USING (token) CROSS JOIN setting
)
SELECT t.building_id, w.type, t.origin, t.is_former OR w.is_past AS is_former, arg_max(w.family, w.weight) AS family,
    max(w.weight * t.score) AS weight, t.value AS source
FROM text AS t JOIN worded AS w USING (value)
GROUP BY t.building_id, w.type, t.origin, t.is_former OR w.is_past, t.value
