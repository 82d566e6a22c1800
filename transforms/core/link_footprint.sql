-- Which OSM outline is which official building: by the reference OSM states, else by overlap. Several to several is allowed.
-- inputs: staging.footprint
-- key: left_id, right_id
-- check: score BETWEEN 0 AND 1
-- columns:
--   left_id | VARCHAR | - | OSM-gebouw | OSM footprint
--   right_id | VARCHAR | - | Officieel gebouw | official footprint
--   feed | VARCHAR | - | Gegevensstroom | feed of the OSM footprint
--   source_row | VARCHAR | - | Bronrij | row of the OSM footprint
--   method | VARCHAR | - | Methode | reference, or overlap
--   score | DOUBLE | - | Zekerheid | 1 for a reference that overlaps, else shared area over the smaller area
--   share_left | DOUBLE | - | Aandeel links | shared area over the OSM footprint
--   share_right | DOUBLE | - | Aandeel rechts | shared area over the official footprint
WITH outline AS (
    SELECT footprint_id, feed, source_row, official_id, footprint_m2, geom FROM staging.footprint WHERE NOT is_official
),
official AS (
    SELECT footprint_id, footprint_m2, geom FROM staging.footprint WHERE is_official
),
overlap AS MATERIALIZED (
    SELECT
        o.footprint_id AS left_id, g.footprint_id AS right_id, o.feed, o.source_row,
        o.official_id IS NOT DISTINCT FROM g.footprint_id AS is_reference,
        o.footprint_m2 AS left_m2, g.footprint_m2 AS right_m2,
        shared_area(o.geom, g.geom) AS shared_m2
    FROM outline AS o JOIN official AS g ON ST_Intersects(o.geom, g.geom)
),
judged AS (
    SELECT *,
        least(1, shared_m2 / least(left_m2, right_m2)) AS share_smaller,
        -- Neighbours in a row share a wall or a sliver: only an outline that covers a good part of the smaller is a partner.
        CASE WHEN is_reference AND shared_m2 > 0 THEN 'reference'
             WHEN shared_m2 / least(left_m2, right_m2) >= 0.3 THEN 'overlap' END AS method
    FROM overlap
    WHERE shared_m2 > 0
),
refused AS (
    -- Only outlines that touch something or name something: an outline alone in the field is simply a building of its own.
    SELECT left_id, feed, source_row, right_id, share_smaller, 'overlaps official buildings too little' AS reason
    FROM judged
    QUALIFY max(method IS NOT NULL) OVER (PARTITION BY left_id) = false
        AND row_number() OVER (PARTITION BY left_id ORDER BY share_smaller DESC, right_id) = 1
    UNION ALL BY NAME
    SELECT o.footprint_id AS left_id, o.feed, o.source_row, o.official_id AS right_id, 0.0 AS share_smaller,
        'the official building it names does not lie under it' AS reason
    FROM outline AS o
    WHERE o.official_id IS NOT NULL
        AND EXISTS (SELECT 1 FROM official)
        AND o.footprint_id NOT IN (SELECT left_id FROM judged)
)
SELECT
    left_id, right_id, feed, source_row, method,
    CASE method WHEN 'reference' THEN 1.0 ELSE share_smaller END AS score,
    least(1, shared_m2 / left_m2) AS share_left, least(1, shared_m2 / right_m2) AS share_right,
    CAST(NULL AS VARCHAR) AS reject_reason, CAST(NULL AS VARCHAR) AS reject_column, CAST(NULL AS VARCHAR) AS reject_value
FROM judged
WHERE method IS NOT NULL
UNION ALL BY NAME
SELECT left_id, right_id, feed, source_row, reason AS reject_reason, 'geom' AS reject_column,
    right_id || ' (' || round(share_smaller, 2) || ')' AS reject_value
FROM refused
