-- Which building an observation is about: the one it names, what took that one's place, or the one at its position.
-- inputs: staging.observation, core.building, core.succession
-- key: feed, observation_id
-- accounts_for: staging.observation
-- check: score BETWEEN 0 AND 1
-- columns:
--   feed | VARCHAR | - | Gegevensstroom | list
--   observation_id | VARCHAR | - | Waarneming | row of the list
--   source_row | VARCHAR | - | Bronrij | table and place of the row in the feed
--   building_id | VARCHAR | - | Gebouw | building
--   method | VARCHAR | - | Methode | named, successor, inside or nearest
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
)
SELECT o.feed, o.observation_id, o.source_row, coalesce(n.building_id, s.building_id, p.building_id) AS building_id,
    CASE WHEN n.building_id IS NOT NULL THEN 'named' WHEN s.building_id IS NOT NULL THEN 'successor'
         WHEN p.distance_m = 0 THEN 'inside' ELSE 'nearest' END AS method,
    CASE WHEN n.building_id IS NOT NULL THEN 1.0 WHEN s.building_id IS NOT NULL THEN 0.9 * s.score
         WHEN p.distance_m = 0 THEN 0.95 ELSE 0.9 - p.distance_m / 20 END AS score,
    CASE WHEN coalesce(n.building_id, s.building_id, p.building_id) IS NULL
         THEN CASE WHEN o.building_id IS NULL THEN 'no building within 10 m' ELSE 'no such building' END END AS reject_reason,
    CASE WHEN o.building_id IS NULL THEN 'geom' ELSE 'building_id' END AS reject_column,
    coalesce(o.building_id, ST_AsText(ST_Point(round(ST_X(ST_Centroid(o.geom)), 1), round(ST_Y(ST_Centroid(o.geom)), 1)))) AS reject_value
FROM staging.observation AS o
LEFT JOIN named AS n USING (feed, observation_id)
LEFT JOIN successor AS s USING (feed, observation_id)
-- A named building that is gone is not replaced by whatever stands nearby, unless the list says where.
LEFT JOIN near AS p USING (feed, observation_id)
