-- Which building an observation is about: the one it names, what took that one's place, those that its area holds, the one at its
-- position, or the one at its address.
-- inputs: staging.observation, core.building, core.address, core.succession
-- key: feed, observation_id, building_id
-- accounts_for: staging.observation
-- check: score BETWEEN 0 AND 1
-- columns:
--   feed | VARCHAR | - | Gegevensstroom | list
--   observation_id | VARCHAR | - | Waarneming | row of the list
--   source_row | VARCHAR | - | Bronrij | table and place of the row in the feed
--   building_id | VARCHAR | - | Gebouw | building
--   method | VARCHAR | - | Methode | named, successor, inside, nearest, in the area or address, normalised
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
    FROM (SELECT * FROM staging.observation WHERE geom IS NOT NULL AND ST_Dimension(geom) < 2) AS o
    JOIN core.building AS b ON ST_DWithin(o.geom, b.geom, 10)
    QUALIFY row_number() OVER (PARTITION BY o.feed, o.observation_id ORDER BY b.state <> 'standing', ST_Distance(o.geom, b.geom), b.footprint_m2, b.building_id) = 1
),
held AS (
    -- An area is about the buildings that lie in it for at least half. The shed on the yard is not what was looked at.
    SELECT o.feed, o.observation_id, b.building_id
    FROM (SELECT * FROM staging.observation WHERE geom IS NOT NULL AND ST_Dimension(geom) = 2) AS o
    JOIN core.building AS b ON ST_Intersects(o.geom, b.geom)
    WHERE b.state = 'standing' AND shared_area(b.geom, o.geom) >= 0.5 * b.footprint_m2
    QUALIFY b.footprint_m2 >= 0.25 * max(b.footprint_m2) OVER (PARTITION BY o.feed, o.observation_id)
        AND (coalesce(b.official_type, '') <> 'bijgebouw'
             OR bool_and(coalesce(b.official_type, '') = 'bijgebouw') OVER (PARTITION BY o.feed, o.observation_id))
),
held_one AS (
    -- Which of several was meant, nobody says: each is less sure.
    SELECT feed, observation_id, building_id, count(*) OVER (PARTITION BY feed, observation_id) AS building_count FROM held
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
),
found AS (
    SELECT feed, observation_id, building_id, 1 AS step, 'named' AS method, 1.0 AS score FROM named
    UNION ALL
    SELECT feed, observation_id, building_id, 2, 'successor', 0.9 * score FROM successor
    UNION ALL
    -- A named building that is gone is not replaced by whatever stands nearby, unless the list says where.
    SELECT feed, observation_id, building_id, 3, if(building_count = 1, 'in the area', 'in the area, one of several buildings'),
        if(building_count = 1, 0.95, 0.6)
    FROM held_one
    UNION ALL
    SELECT feed, observation_id, building_id, 3, if(distance_m = 0, 'inside', 'nearest'), if(distance_m = 0, 0.95, 0.9 - distance_m / 20) FROM near
    UNION ALL
    -- As for a register row: an address is a point somebody put.
    SELECT feed, observation_id, building_id, 4, 'address, normalised', 0.95 * if(distance_m = 0, 1.0, 0.9) FROM addressed WHERE building_count = 1
),
best AS (
    FROM found QUALIFY step = min(step) OVER (PARTITION BY feed, observation_id)
)
SELECT o.feed, o.observation_id, o.source_row, f.building_id, f.method, f.score,
    CASE WHEN f.building_id IS NOT NULL THEN NULL
         WHEN o.building_id IS NOT NULL THEN 'no such building'
         WHEN ST_Dimension(o.geom) = 2 THEN 'no building lies in the area for half of its outline or more'
         WHEN o.geom IS NOT NULL THEN 'no building within 10 m'
         WHEN a.building_count > 1 THEN 'the address lies in several buildings'
         WHEN a.building_count = 0 THEN 'the address is known, no building lies there'
         WHEN k.street_key IS NOT NULL THEN 'the house number is not in the address file'
         WHEN EXISTS (FROM core.address) THEN 'the street is not in the address file'
         ELSE 'no address file to look the street up in' END AS reject_reason,
    CASE WHEN o.building_id IS NOT NULL THEN 'building_id' WHEN o.geom IS NOT NULL THEN 'geom' ELSE 'street' END AS reject_column,
    coalesce(o.building_id, ST_AsText(ST_Point(round(ST_X(ST_Centroid(o.geom)), 1), round(ST_Y(ST_Centroid(o.geom)), 1))),
        concat_ws(' ', o.street, o.house_number, o.postcode, o.municipality)) AS reject_value
FROM staging.observation AS o
LEFT JOIN best AS f USING (feed, observation_id)
LEFT JOIN addressed AS a USING (feed, observation_id)
LEFT JOIN (SELECT DISTINCT street_key FROM core.address) AS k ON k.street_key = o.street_key
