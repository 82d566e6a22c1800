-- What OSM says of a building, key by key, with OSM's prefixes for another time taken apart.
-- inputs: staging.footprint, staging.place, core.building, core.link_footprint, core.link_place, reference.lifecycle_prefix,
--   reference.tag_rule.key, reference.main_use_key, reference.state_tag
-- key: building_id, element_id, prefix, key
-- columns:
--   building_id | VARCHAR | - | Gebouw | building
--   element_id | VARCHAR | - | OSM-element | element that carries the tag
--   feed | VARCHAR | - | Gegevensstroom | feed that gave the element
--   origin | VARCHAR | - | Herkomst | outline (the building itself), place (inside it), grounds (around it)
--   score | DOUBLE | - | Zekerheid | how sure the element belongs to the building
--   prefix | VARCHAR | - | Voorvoegsel | disused, was, ...; empty for none
--   strength | VARCHAR | - | Sterkte | strong or weak, of a prefix for the past
--   key | VARCHAR | - | Sleutel | key without the prefix
--   value | VARCHAR | - | Waarde | value
--   is_main_use | BOOLEAN | - | Hoofdgebruik | the key names a main use
--   is_ended | BOOLEAN | - | Beëindigd | the use is over: a prefix for the past, or the element is tagged disused
--   observed_on | DATE | - | Waargenomen op | check_date or survey:date, else last edit
WITH element AS (
    SELECT l.right_id AS building_id, f.footprint_id AS element_id, f.feed, 'outline' AS origin,
        -- An outline over several buildings speaks for each as far as it covers it.
        CASE WHEN l.method IN ('reference', 'decided by hand') THEN 1.0 ELSE greatest(l.score, l.share_right) * least(1, 0.5 + l.share_right) END AS score,
        f.tags, f.observed_on
    FROM core.link_footprint AS l JOIN staging.footprint AS f ON f.footprint_id = l.left_id
    UNION ALL
    SELECT f.footprint_id, f.footprint_id, f.feed, 'outline', 1.0, f.tags, f.observed_on
    FROM staging.footprint AS f SEMI JOIN core.building AS b ON b.building_id = f.footprint_id
    WHERE NOT f.is_official
    UNION ALL
    SELECT l.building_id, p.place_id, p.feed, CASE l.method WHEN 'inside' THEN 'place' ELSE 'grounds' END, l.score, p.tags, p.observed_on
    FROM core.link_place AS l JOIN staging.place AS p USING (place_id)
),
entry AS (
    SELECT building_id, element_id, feed, origin, score,
        coalesce(try_cast(tags['check_date'] AS DATE), try_cast(tags['survey:date'] AS DATE), observed_on) AS observed_on,
        coalesce(tags['disused'] = 'yes' OR tags['abandoned'] = 'yes' OR tags['ruins'] = 'yes', false) AS is_out_of_use,
        unnest(map_entries(tags)) AS entry
    FROM element
),
parted AS (
    SELECT e.* EXCLUDE (entry), coalesce(p.prefix, '') AS prefix, p.state, p.strength,
        CASE WHEN p.prefix IS NULL THEN entry.key ELSE entry.key[length(p.prefix) + 2:] END AS key, entry.value
    FROM entry AS e LEFT JOIN reference.lifecycle_prefix AS p
        ON p.prefix = split_part(entry.key, ':', 1) AND contains(entry.key, ':')
),
wanted AS (
    SELECT key FROM reference.tag_rule UNION SELECT key FROM reference.main_use_key UNION SELECT key FROM reference.state_tag
    UNION VALUES ('name'), ('old_name'), ('alt_name'), ('description'), ('opening_hours'), ('heritage'), ('religion'), ('building:use')
)
SELECT building_id, element_id, feed, origin, score, prefix, CASE WHEN state = 'gone' THEN 'weak' ELSE strength END AS strength,
    key, value,
    key IN (SELECT key FROM reference.main_use_key) AS is_main_use,
    -- What was razed or removed is over too; whether the building itself still stands is core.building's to say.
    -- The hours of what is tagged disused are those it once kept.
    coalesce(state IN ('former', 'gone'), false)
        OR (is_out_of_use AND (key = 'opening_hours' OR key IN (SELECT key FROM reference.main_use_key)))
        OR value = 'vacant' AS is_ended,
    observed_on
FROM parted SEMI JOIN wanted USING (key)
WHERE state IS DISTINCT FROM 'future' AND prefix <> 'no' AND NOT (key = 'building' AND coalesce(state = 'gone', false))
