-- What ties two buildings to one site: parcel, grounds, name, a wall in common, a small area of one land use. In a group every
-- building is tied to the largest atypical one. A tie that is refused stays, with the reason.
-- inputs: core.standing, core.building, core.address, core.link_parcel, core.tag, core.link_land_use, staging.place,
--   staging.land_use, score.type, reference.tag_rule, reference.site_method, reference.site_ground_type,
--   reference.site_land_use, reference.site_annex_type, reference.parameter
-- key: building_id, other_id, method
-- check: score BETWEEN 0 AND 1
-- check: building_id <> other_id
-- columns:
--   building_id | VARCHAR | - | Gebouw | building
--   other_id | VARCHAR | - | Ander gebouw | building it belongs with
--   method | VARCHAR | - | Methode | parcel, grounds, touching or near with the same name, annex, land use
--   via | VARCHAR | - | Via | parcel, place, area or name that they share; null for an annex
--   score | DOUBLE | - | Zekerheid | how sure they are one site (judgement, by method)
--   refusal | VARCHAR | - | Weigering | why the tie does not count; null where it does
WITH node AS MATERIALIZED (
    -- A dwelling belongs to no site: the house beside the school is not the school. What nothing names may belong.
    SELECT b.building_id, b.footprint_m2, b.geom, t.type, b.name,
        t.is_residential IS true AS is_home, t.is_atypical AND t.is_residential IS NOT true AS is_core,
        t.type IN (SELECT type FROM reference.site_annex_type) AS is_annex_type,
        CASE WHEN length(regexp_replace(lower(strip_accents(b.name)), '[^a-z]', '', 'g')) >= param('site_name_letters')
             THEN regexp_replace(lower(strip_accents(b.name)), '[^a-z0-9]', '', 'g') END AS name_key,
        a.premises
    FROM core.building AS b SEMI JOIN core.standing USING (building_id) JOIN score.type AS t USING (building_id)
    LEFT JOIN (
        SELECT building_id, list(DISTINCT street_key || ' ' || house_number) AS premises FROM core.address GROUP BY building_id
    ) AS a USING (building_id)
),
ground AS (
    SELECT DISTINCT t.element_id
    FROM core.tag AS t JOIN reference.tag_rule AS r ON r.key = t.key AND r.value IN (t.value, '*')
    WHERE t.origin = 'grounds' AND r.tier = 'use' AND r.type IN (SELECT type FROM reference.site_ground_type)
),
area AS (
    SELECT l.building_id, 'parcel' AS method, l.parcel_id AS via, 0.0 AS area_m2, CAST(NULL AS VARCHAR) AS land_use
    FROM core.link_parcel AS l WHERE l.is_main AND l.share >= param('site_parcel_share')
    UNION ALL
    SELECT t.building_id, 'grounds', t.element_id, ST_Area(p.geom), NULL
    FROM (SELECT DISTINCT building_id, element_id FROM core.tag WHERE origin = 'grounds') AS t
    SEMI JOIN ground USING (element_id) JOIN staging.place AS p ON p.place_id = t.element_id
    -- The school on the grounds of the hospital is the school.
    QUALIFY row_number() OVER (PARTITION BY t.building_id ORDER BY ST_Area(p.geom), t.element_id) = 1
    UNION ALL
    SELECT l.building_id, 'land use', l.land_use_id, ST_Area(u.geom), l.land_use
    FROM core.link_land_use AS l JOIN staging.land_use AS u USING (land_use_id)
    WHERE l.land_use IN (SELECT land_use FROM reference.site_land_use)
),
held AS (
    SELECT a.method, a.via, min(a.area_m2) AS area_m2, min(a.land_use) AS land_use,
        arg_min(n.building_id, (-n.footprint_m2, n.building_id)) FILTER (n.is_core) AS other_id,
        max(n.footprint_m2) FILTER (n.is_core) AS core_m2, coalesce(max(n.footprint_m2) FILTER (n.is_home), 0) AS home_m2,
        count(*) FILTER (NOT n.is_home) AS members, count(*) FILTER (n.is_home) AS homes,
        greatest(count(DISTINCT n.name_key) FILTER (NOT n.is_home),
            len(list_distinct(flatten(list(n.premises) FILTER (NOT n.is_home AND n.premises IS NOT NULL))))) AS premises
    FROM area AS a JOIN node AS n USING (building_id)
    GROUP BY a.method, a.via
),
judged AS (
    SELECT h.*, CASE
        WHEN method = 'grounds' AND area_m2 > param('site_ground_max_m2') THEN 'the grounds are too large'
        WHEN method = 'parcel' AND premises > param('site_premises_max') THEN 'more premises on the parcel than one site has'
        WHEN method = 'land use' AND area_m2 > param('site_land_use_max_m2') THEN 'the area is too large'
        WHEN method = 'land use' AND premises > param('site_land_use_premises') THEN 'the area holds several premises'
        WHEN method = 'land use' AND members > param('site_land_use_members') THEN 'the area holds too many buildings'
        WHEN method = 'land use' AND homes > u.residential_max THEN 'the area holds dwellings'
        WHEN members > param('site_members_max') THEN 'more buildings than one site has' END AS refusal
    FROM held AS h LEFT JOIN reference.site_land_use AS u USING (land_use)
    WHERE other_id IS NOT NULL
),
grouped AS (
    SELECT n.building_id, j.other_id, j.method, j.via, coalesce(j.refusal, CASE
        -- The sheds behind a dwelling with a workshop are the dwelling's.
        WHEN NOT n.is_core AND j.home_m2 > j.core_m2 THEN 'a larger dwelling stands there' END) AS refusal
    FROM area AS a JOIN judged AS j USING (method, via) JOIN node AS n USING (building_id)
    WHERE NOT n.is_home AND n.building_id <> j.other_id
),
named AS (
    SELECT n.building_id, o.building_id AS other_id, gap_m(n.geom, o.geom) AS distance_m, n.name AS via
    FROM (SELECT *, count(*) OVER (PARTITION BY name_key) AS n FROM node WHERE name_key IS NOT NULL AND NOT is_home) AS n
    JOIN node AS o USING (name_key)
    -- A name that half the city bears is no name.
    WHERE n.building_id < o.building_id AND NOT o.is_home AND (n.is_core OR o.is_core) AND n.n <= param('site_members_max')
),
annex AS MATERIALIZED (
    -- Conditions stand in the aggregates: in the join they would make it quadratic.
    SELECT n.building_id, any_value(n.geom) AS geom, arg_min(c.building_id, (-c.footprint_m2, c.building_id)) FILTER (
        n.building_id <> c.building_id AND (n.is_annex_type OR n.type = c.type)
        AND n.footprint_m2 <= c.footprint_m2 * n.annex_share) AS other_id
    FROM (SELECT * FROM node WHERE is_core) AS c
    JOIN (SELECT *, param('site_annex_share') AS annex_share FROM node WHERE NOT is_home AND name_key IS NULL AND premises IS NULL) AS n
        ON ST_DWithin(c.geom, n.geom, 0.5)
    GROUP BY n.building_id
    HAVING other_id IS NOT NULL
),
hemmed AS (
    -- What leans on something else too may be a small house in a row.
    SELECT a.building_id
    FROM annex AS a JOIN (SELECT building_id, geom FROM node WHERE NOT is_core) AS n ON ST_DWithin(a.geom, n.geom, 0.5)
    GROUP BY a.building_id
    HAVING count(*) FILTER (n.building_id <> a.building_id) > 0
),
tie AS (
    SELECT building_id, other_id, method, via, refusal FROM grouped
    UNION ALL
    SELECT building_id, other_id, CASE WHEN distance_m <= 0.5 THEN 'touching, same name' ELSE 'near, same name' END, via, NULL
    FROM named WHERE distance_m <= param('site_name_m')
    UNION ALL
    SELECT building_id, other_id, 'annex', NULL, CASE WHEN h.building_id IS NOT NULL THEN 'it leans on another building too' END
    FROM annex LEFT JOIN hemmed AS h USING (building_id)
)
SELECT t.building_id, t.other_id, t.method, t.via, m.score, t.refusal
FROM tie AS t JOIN reference.site_method AS m USING (method)
