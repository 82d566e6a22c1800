-- What the place of a parcel or building in a business park says of sharing it: how far from the middle, what is missing within a walk,
-- whether it can flood. No row: not known.
-- inputs: score.park_subject, score.park_stock, core.business_park, core.building, core.park_parcel, core.park_building,
--   staging.place, staging.facility, staging.area,
--   reference.park_rule, reference.park_amenity, reference.park_shared_use, reference.area_class, reference.feed
-- params: as_of
-- key: subject_kind, subject_id, measure
-- check: low <= value AND value <= high AND low <= high
-- check: value >= 0 AND (low IS NOT NULL OR high IS NOT NULL)
-- columns:
--   subject_kind | VARCHAR | - | Soort | parcel or building
--   subject_id | VARCHAR | - | Perceel of gebouw | parcel or building
--   measure | VARCHAR | - | Maat | code in reference.park_sharing_label
--   value | DOUBLE | - | Waarde | in the unit of reference.park_sharing_part; null where only bounds are known
--   low | DOUBLE | - | Ondergrens | least it can be; null for no bound
--   high | DOUBLE | - | Bovengrens | most it can be; null for no bound
--   feeds | VARCHAR[] | - | Gegevensstromen | feeds it was made from
WITH rule AS (
    SELECT max(value) FILTER (name = 'walk_m') AS walk_m, max(value) FILTER (name = 'known_share_min') AS known_min FROM reference.park_rule
),
park AS (SELECT park_id, feed, seen_share AS seen, geom FROM core.business_park),
middle AS (
    -- Decimals: sums of floating point depend on the order of the threads.
    SELECT s.park_id, sum((ST_X(b.point) * s.outline_m2)::DECIMAL(28, 3))::DOUBLE / sum(s.outline_m2::DECIMAL(18, 3))::DOUBLE AS x,
        sum((ST_Y(b.point) * s.outline_m2)::DECIMAL(28, 3))::DOUBLE / sum(s.outline_m2::DECIMAL(18, 3))::DOUBLE AS y,
        list_sort(list_distinct(list(b.feed))) AS feeds
    FROM score.park_stock AS s JOIN core.building AS b USING (building_id) GROUP BY s.park_id
),
central AS (
    SELECT s.subject_kind, s.subject_id, greatest(0, 1 - hypot(ST_X(s.point) - m.x, ST_Y(s.point) - m.y) / r.walk_m) AS value, p.seen,
        list_sort(list_distinct(list_concat(m.feeds, [s.feed, s.park_feed]))) AS feeds
    FROM score.park_subject AS s JOIN middle AS m USING (park_id) JOIN park AS p USING (park_id) CROSS JOIN rule AS r WHERE p.seen >= r.known_min
),
map_feed AS (SELECT list(DISTINCT feed ORDER BY feed) AS feeds FROM staging.place HAVING count(*) > 0),
wanted AS (
    SELECT amenity, split_part(pair, '=', 1) AS key, split_part(pair, '=', 2) AS value
    FROM (SELECT amenity, unnest(string_split(tags, ' ')) AS pair FROM reference.park_amenity SEMI JOIN reference.park_shared_use USING (amenity))
),
thing AS (
    -- First what is near a park: a city has thousands.
    SELECT DISTINCT p.park_id, w.amenity, x.geom
    FROM (SELECT geom, unnest(map_entries(tags)) AS entry FROM (SELECT tags, geom FROM staging.place UNION ALL SELECT tags, geom FROM staging.facility)
        -- What is out of use serves nobody.
        WHERE coalesce(tags['disused'] <> 'yes', true) AND coalesce(tags['abandoned'] <> 'yes', true)) AS x
    JOIN wanted AS w ON w.key = x.entry.key AND w.value = x.entry.value CROSS JOIN rule AS r JOIN park AS p ON ST_DWithin(p.geom, x.geom, r.walk_m)
),
found AS (
    SELECT DISTINCT s.subject_kind, s.subject_id, t.amenity
    FROM score.park_subject AS s JOIN thing AS t USING (park_id) CROSS JOIN rule AS r WHERE ST_Distance(s.point, t.geom) <= r.walk_m
),
missing AS (
    SELECT s.subject_kind, s.subject_id, a.amenity, f.amenity IS NULL AS is_missing, list_sort(list_distinct(list_concat(m.feeds, [s.feed]))) AS feeds
    FROM score.park_subject AS s CROSS JOIN (SELECT DISTINCT amenity FROM wanted) AS a CROSS JOIN map_feed AS m
    LEFT JOIN found AS f ON f.subject_kind = s.subject_kind AND f.subject_id = s.subject_id AND f.amenity = a.amenity
),
water AS (
    SELECT a.area_id, a.geom, c.class
    FROM (
        SELECT * FROM staging.area WHERE theme = 'flood' AND feed IN (SELECT feed FROM reference.feed WHERE visibility = 'public')
            AND coalesce(valid_from <= getvariable('as_of'), true) AND coalesce(valid_to > getvariable('as_of'), true)
    ) AS a LEFT JOIN reference.area_class AS c ON c.theme = 'flood' AND regexp_matches(lower(strip_accents(a.class)), c.pattern)
    QUALIFY row_number() OVER (PARTITION BY a.area_id ORDER BY c.place NULLS LAST) = 1
),
flood_feed AS (
    SELECT list(DISTINCT feed ORDER BY feed) AS feeds FROM staging.area
    WHERE theme = 'flood' AND feed IN (SELECT feed FROM reference.feed WHERE visibility = 'public') HAVING count(*) > 0
),
wet AS (
    SELECT g.subject_kind, g.subject_id, coalesce(ST_Area(ST_Union_Agg(ST_Intersection(w.geom, g.geom) ORDER BY w.area_id) FILTER (w.class IN ('effective', 'possible'))), 0) AS sure_m2,
        ST_Area(ST_Union_Agg(ST_Intersection(w.geom, g.geom) ORDER BY w.area_id)) AS any_m2
    FROM (SELECT 'parcel' AS subject_kind, parcel_id AS subject_id, geom FROM core.park_parcel
        UNION ALL SELECT 'building', building_id, geom FROM core.building SEMI JOIN core.park_building USING (building_id)) AS g
    JOIN (SELECT * FROM water WHERE class IS DISTINCT FROM 'none') AS w ON ST_Intersects(w.geom, g.geom) GROUP BY ALL
),
flood AS (
    SELECT s.subject_kind, s.subject_id, least(1, coalesce(w.sure_m2, 0) / s.area_m2) AS value, least(1, greatest(coalesce(w.sure_m2, 0), coalesce(w.any_m2, 0)) / s.area_m2) AS high,
        list_sort(list_distinct(list_concat(f.feeds, [s.feed]))) AS feeds
    FROM score.park_subject AS s CROSS JOIN flood_feed AS f LEFT JOIN wet AS w USING (subject_kind, subject_id)
)
SELECT subject_kind, subject_id, 'central' AS measure, value, least(value, value * seen) AS low, greatest(value, value * seen + 1 - seen) AS high, feeds FROM central
UNION ALL
-- What the map does not show may be there; what it shows is.
SELECT subject_kind, subject_id, 'no_' || amenity, is_missing::INTEGER, 0, is_missing::INTEGER, feeds FROM missing
UNION ALL
SELECT subject_kind, subject_id, 'flood', value, value, high, feeds FROM flood
