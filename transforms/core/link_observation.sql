-- Which building an observation is about: the one it names, what took that one's place, the one at its position, or the one at
-- its address.
-- inputs: staging.observation, core.building, core.address, core.succession
-- key: feed, observation_id
-- accounts_for: staging.observation
-- check: score BETWEEN 0 AND 1
-- columns:
--   feed | VARCHAR | - | Gegevensstroom | list
--   observation_id | VARCHAR | - | Waarneming | row of the list
--   source_row | VARCHAR | - | Bronrij | table and place of the row in the feed
--   building_id | VARCHAR | - | Gebouw | building
--   method | VARCHAR | - | Methode | named, successor, inside, nearest or address, normalised
--   score | DOUBLE | - | Zekerheid | how sure the match is (judgement, by method)
WITH known AS (
    SELECT building_id AS id, building_id FROM core.building
    UNION
    SELECT unnest(osm_ids), building_id FROM core.building
),
named AS (
    -- An OSM outline over two buildings names neither.
    SELECT o.feed, o.observation_id, any_value(k.building_id) AS building_id
    FROM (SELECT feed, observation_id, unnest([building_id, 'osm:' || building_id]) AS id FROM staging.observation WHERE building_id IS NOT NULL) AS o
    JOIN known AS k USING (id)
    GROUP BY ALL HAVING count(DISTINCT k.building_id) = 1
),
successor AS (
    SELECT o.feed, o.observation_id, arg_max(s.new_id, (s.score, s.new_id)) AS building_id, max(s.score) AS score
    FROM staging.observation AS o JOIN core.succession AS s ON s.old_id = o.building_id
    GROUP BY ALL HAVING count(DISTINCT s.new_id) = 1
),
near AS (
    SELECT o.feed, o.observation_id, b.building_id, ST_Distance(o.geom, b.geom) AS distance_m
    FROM (SELECT * FROM staging.observation WHERE geom IS NOT NULL) AS o
    JOIN core.building AS b ON ST_DWithin(o.geom, b.geom, 10)
    QUALIFY row_number() OVER (PARTITION BY o.feed, o.observation_id ORDER BY b.state <> 'standing', ST_Distance(o.geom, b.geom), b.footprint_m2, b.building_id) = 1
),
written AS (
    SELECT feed, observation_id, street_key, number_value, number_suffix, box_number, postcode, lower(strip_accents(trim(municipality))) AS town
    FROM staging.observation WHERE street_key IS NOT NULL AND number_value IS NOT NULL AND building_id IS NULL AND geom IS NULL
),
point AS (
    SELECT street_key, number_value, number_suffix, box_number, trim(postcode) AS postcode, lower(strip_accents(trim(municipality))) AS town,
        building_id, distance_m
    FROM core.address
),
same_number AS (
    -- The postcode decides where both have one; else the municipality where both have one; else the street must be the only one.
    SELECT w.feed, w.observation_id, w.box_number = p.box_number AS is_box, p.building_id, p.distance_m
    FROM written AS w JOIN point AS p USING (street_key, number_value, postcode)
    WHERE w.number_suffix IS NOT DISTINCT FROM p.number_suffix
    UNION ALL
    SELECT w.feed, w.observation_id, w.box_number = p.box_number, p.building_id, p.distance_m
    FROM written AS w JOIN (FROM point WHERE postcode IS NULL) AS p USING (street_key, number_value)
    WHERE w.number_suffix IS NOT DISTINCT FROM p.number_suffix AND coalesce(w.town = p.town, true)
    UNION ALL
    SELECT w.feed, w.observation_id, w.box_number = p.box_number, p.building_id, p.distance_m
    FROM (FROM written WHERE postcode IS NULL) AS w JOIN (FROM point WHERE postcode IS NOT NULL) AS p USING (street_key, number_value)
    WHERE w.number_suffix IS NOT DISTINCT FROM p.number_suffix AND coalesce(w.town = p.town, true)
),
addressed AS (
    -- Only an address whose points lie in one building says which.
    SELECT feed, observation_id, any_value(building_id) AS building_id, count(DISTINCT building_id) AS building_count, min(distance_m) AS distance_m
    FROM (
        SELECT * FROM same_number
        QUALIFY coalesce(is_box, false) = max(coalesce(is_box, false)) OVER (PARTITION BY feed, observation_id)
    )
    GROUP BY feed, observation_id
)
SELECT o.feed, o.observation_id, o.source_row, coalesce(n.building_id, s.building_id, p.building_id, a.building_id) AS building_id,
    CASE WHEN n.building_id IS NOT NULL THEN 'named' WHEN s.building_id IS NOT NULL THEN 'successor'
         WHEN p.distance_m = 0 THEN 'inside' WHEN p.building_id IS NOT NULL THEN 'nearest' ELSE 'address, normalised' END AS method,
    CASE WHEN n.building_id IS NOT NULL THEN 1.0 WHEN s.building_id IS NOT NULL THEN 0.9 * s.score
         WHEN p.distance_m = 0 THEN 0.95 WHEN p.building_id IS NOT NULL THEN 0.9 - p.distance_m / 20
         -- As for a register row: an address is a point somebody put.
         ELSE 0.95 * CASE WHEN a.distance_m = 0 THEN 1.0 ELSE 0.9 END END AS score,
    CASE WHEN coalesce(n.building_id, s.building_id, p.building_id) IS NOT NULL OR a.building_count = 1 THEN NULL
         WHEN o.building_id IS NOT NULL THEN 'no such building'
         WHEN o.geom IS NOT NULL THEN 'no building within 10 m'
         WHEN a.building_count > 1 THEN 'the address lies in several buildings'
         WHEN a.building_count = 0 THEN 'the address is known, no building lies there'
         WHEN k.street_key IS NULL THEN CASE WHEN EXISTS (FROM core.address) THEN 'the street is not in the address file'
              ELSE 'no address file to look the street up in' END
         ELSE 'the house number is not in the address file' END AS reject_reason,
    CASE WHEN o.building_id IS NOT NULL THEN 'building_id' WHEN o.geom IS NOT NULL THEN 'geom' ELSE 'street' END AS reject_column,
    coalesce(o.building_id, ST_AsText(ST_Point(round(ST_X(ST_Centroid(o.geom)), 1), round(ST_Y(ST_Centroid(o.geom)), 1))),
        concat_ws(' ', o.street, o.house_number, o.postcode, o.municipality)) AS reject_value
FROM staging.observation AS o
LEFT JOIN named AS n USING (feed, observation_id)
LEFT JOIN successor AS s USING (feed, observation_id)
-- A named building that is gone is not replaced by whatever stands nearby, unless the list says where.
LEFT JOIN near AS p USING (feed, observation_id)
LEFT JOIN addressed AS a USING (feed, observation_id)
LEFT JOIN (SELECT DISTINCT street_key FROM core.address) AS k ON k.street_key = o.street_key
