-- The parcels of each business park: usage parcels of the authority, by the park they name, else by where they lie; in a park without
-- any, the cadastral parcels in it, of which use, building and offer are not known.
-- inputs: staging.area, core.business_park, core.parcel, staging.parcel, reference.park_word, reference.park_survey
-- key: parcel_id
-- check: share > 0 AND share <= 1
-- check: source IN ('usage', 'cadastre') AND method IN ('id', 'area')
-- columns:
--   parcel_id | VARCHAR | - | Perceel | issuer and id
--   park_id | VARCHAR | - | Terrein | park it is of
--   feed | VARCHAR | - | Gegevensstroom | feed that gave it
--   source_row | VARCHAR | - | Bronrij | table and place of the row in the feed
--   source | VARCHAR | - | Bron | usage (of the authority that maps parks) or cadastre
--   method | VARCHAR | - | Methode | id (it names the park) or area
--   share | DOUBLE | - | Aandeel | share of the parcel that lies in the park; null where it only names the park
--   in_use | VARCHAR | - | Gebruik | in_use (at least a part) or not_in_use; null where unknown
--   built | VARCHAR | - | Bebouwing | built or unbuilt; null where unknown
--   availability | VARCHAR | - | Aanbod | offered, not_offered or option; null where unknown
--   parcel_function | VARCHAR | - | Functie | code of what it is used for; null where unknown
--   restriction | VARCHAR | - | Beperking | to_clean_up, reserve or none; null where unknown
--   unread | VARCHAR | - | Ongelezen | words of the provider that no code stands for; null for none
--   area_m2 | DOUBLE | m2 | Oppervlakte | area
--   geom | GEOMETRY | - | Geometrie | polygon or multipolygon
WITH usage AS (
    SELECT area_id AS parcel_id, feed, source_row, attributes, geom, ST_Area(geom) AS area_m2 FROM staging.area WHERE theme = 'park_parcel'
),
word AS (
    SELECT u.parcel_id, u.entry.key AS about, u.entry.value AS word, w.code
    FROM (SELECT parcel_id, unnest(map_entries(attributes)) AS entry FROM usage) AS u
    LEFT JOIN reference.park_word AS w ON w.about = u.entry.key AND w.word = replace(lower(trim(u.entry.value)), ' ', '')
    WHERE u.entry.key <> 'park_id'
),
said AS (
    SELECT parcel_id, max(code) FILTER (about = 'use') AS in_use, max(code) FILTER (about = 'building') AS built,
        max(code) FILTER (about = 'availability') AS availability, max(code) FILTER (about = 'function') AS parcel_function,
        max(code) FILTER (about = 'restriction') AS restriction,
        string_agg(about || ': ' || word, '; ' ORDER BY about) FILTER (code IS NULL) AS unread
    FROM word GROUP BY parcel_id
),
inside AS (
    SELECT u.parcel_id, p.park_id, least(1, shared_area(u.geom, p.geom) / u.area_m2) AS share
    FROM usage AS u JOIN core.business_park AS p ON ST_Intersects(u.geom, p.geom)
),
main AS (
    SELECT parcel_id, park_id, share FROM inside WHERE share > 0
    QUALIFY row_number() OVER (PARTITION BY parcel_id ORDER BY share DESC, park_id) = 1
),
assigned AS (
    SELECT u.*, coalesce(n.park_id, CASE WHEN m.share >= r.value THEN m.park_id END) AS park_id, CASE WHEN n.park_id IS NULL THEN 'area' ELSE 'id' END AS method,
        CASE WHEN n.park_id IS NULL THEN m.share ELSE nullif(i.share, 0) END AS share
    FROM usage AS u CROSS JOIN (SELECT value FROM reference.park_survey WHERE name = 'assigned_share_min') AS r
    LEFT JOIN core.business_park AS n ON n.park_id = u.attributes['park_id']
    LEFT JOIN main AS m ON m.parcel_id = u.parcel_id
    LEFT JOIN inside AS i ON i.parcel_id = u.parcel_id AND i.park_id = n.park_id
),
cadastre AS (
    SELECT c.parcel_id, p.park_id, c.area_m2, c.geom, least(1, shared_area(c.geom, p.geom) / c.area_m2) AS share
    FROM core.parcel AS c JOIN core.business_park AS p ON ST_Intersects(c.geom, p.geom)
    WHERE p.park_id NOT IN (SELECT park_id FROM assigned WHERE park_id IS NOT NULL) AND c.area_m2 > 0
)
SELECT a.parcel_id, a.park_id, a.feed, a.source_row, 'usage' AS source, a.method, a.share, s.in_use, s.built, s.availability, s.parcel_function,
    s.restriction, s.unread, a.area_m2, a.geom,
    CASE WHEN a.park_id IS NULL THEN 'in no park for half of it' END AS reject_reason,
    CAST(NULL AS VARCHAR) AS reject_column, CASE WHEN a.park_id IS NULL THEN a.attributes['park_id'] END AS reject_value
FROM assigned AS a LEFT JOIN said AS s USING (parcel_id)
UNION ALL
SELECT c.parcel_id, c.park_id, p.feed, p.source_row, 'cadastre', 'area', c.share, NULL, NULL, NULL, NULL, NULL, NULL, c.area_m2, c.geom, NULL, NULL, NULL
FROM cadastre AS c JOIN staging.parcel AS p USING (parcel_id)
WHERE c.share >= (SELECT value FROM reference.park_survey WHERE name = 'assigned_share_min')
QUALIFY row_number() OVER (PARTITION BY c.parcel_id ORDER BY c.share DESC, c.park_id) = 1
