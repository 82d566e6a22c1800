-- Which building a register row is about: as decided by hand, through its CAPAKEY, its address, the last place of a dead CAPAKEY,
-- what the register drew. Refused otherwise.
-- inputs: staging.register_row, core.building, core.parcel, core.address, core.link_parcel, core.register_address,
--   history.parcel, reference.decision
-- key: feed, register_id, building_id
-- accounts_for: staging.register_row
-- check: score BETWEEN 0 AND 1
-- columns:
--   feed | VARCHAR | - | Gegevensstroom | register
--   register_id | VARCHAR | - | Registernummer | row of the register
--   source_row | VARCHAR | - | Bronrij | table and place of the row in the feed
--   building_id | VARCHAR | - | Gebouw | building
--   method | VARCHAR | - | Methode | how the row found the building
--   score | DOUBLE | - | Zekerheid | how sure the match is (judgement, by method)
WITH on_parcel AS (
    SELECT r.feed, r.register_id, b.building_id,
        count(*) OVER (PARTITION BY r.feed, r.register_id) AS building_count
    FROM staging.register_row AS r
    JOIN core.link_parcel AS l ON l.capakey = r.capakey AND l.share >= 0.5
    JOIN core.building AS b USING (building_id)
    -- The shed in the garden is not what the register lists.
    QUALIFY b.footprint_m2 >= 0.25 * max(b.footprint_m2) OVER (PARTITION BY r.feed, r.register_id)
        AND (coalesce(b.official_type, '') <> 'bijgebouw'
             OR bool_and(coalesce(b.official_type, '') = 'bijgebouw') OVER (PARTITION BY r.feed, r.register_id))
),
at_address AS (
    SELECT feed, register_id, building_id, min(distance_m) AS distance_m, arg_max(method, (score, method)) AS method, max(score) AS score
    FROM core.register_address
    WHERE problem IS NULL AND building_id IS NOT NULL
    GROUP BY ALL
),
on_earlier_parcel AS (
    -- A parcel that was split or renumbered: its last known outline still says where the row belongs.
    SELECT r.feed, r.register_id, b.building_id, count(*) OVER (PARTITION BY r.feed, r.register_id) AS building_count
    FROM staging.register_row AS r
    JOIN history.parcel AS h ON h.capakey = r.capakey
    JOIN (SELECT building_id, point, footprint_m2 FROM core.building) AS b ON ST_Intersects(h.geom, b.point)
    WHERE r.capakey NOT IN (SELECT capakey FROM core.parcel)
    QUALIFY b.footprint_m2 >= 0.25 * max(b.footprint_m2) OVER (PARTITION BY r.feed, r.register_id)
),
decided AS (
    SELECT r.feed, r.register_id, d.right_id AS building_id, d.verdict
    FROM staging.register_row AS r JOIN reference.decision AS d ON d.left_id = r.feed || ':' || r.register_id
),
drawn AS (
    SELECT r.feed, r.register_id, b.building_id
    FROM staging.register_row AS r
    JOIN core.building AS b ON ST_Intersects(r.geom, b.geom)
    WHERE r.geom IS NOT NULL AND (ST_Dimension(r.geom) = 0 OR ST_Area(ST_Intersection(r.geom, b.geom)) >= 0.5 * b.footprint_m2)
),
option AS (
    SELECT feed, register_id, building_id, 'decided by hand' AS method, 1.0 AS score, 0 AS choice
    FROM decided SEMI JOIN core.building USING (building_id) WHERE verdict = 'same'
    UNION ALL
    SELECT p.feed, p.register_id, p.building_id,
        CASE WHEN a.building_id IS NOT NULL THEN 'capakey and address'
             WHEN p.building_count = 1 THEN 'capakey' ELSE 'capakey, one of several buildings' END AS method,
        CASE WHEN a.building_id IS NOT NULL THEN 0.98 WHEN p.building_count = 1 THEN 0.95 ELSE 0.6 END AS score,
        CASE WHEN a.building_id IS NOT NULL THEN 1 ELSE 2 END AS choice
    FROM on_parcel AS p LEFT JOIN at_address AS a USING (feed, register_id, building_id)
    UNION ALL
    SELECT feed, register_id, building_id, 'address, ' || method,
        -- An address is a point somebody put: even a sure one does not always lie in its building.
        0.95 * score * CASE WHEN distance_m = 0 THEN 1.0 ELSE 0.9 END, 3
    FROM at_address
    UNION ALL
    SELECT feed, register_id, building_id, CASE WHEN building_count = 1 THEN 'earlier parcel' ELSE 'earlier parcel, one of several buildings' END,
        CASE WHEN building_count = 1 THEN 0.85 ELSE 0.55 END, 4
    FROM on_earlier_parcel
    UNION ALL
    SELECT feed, register_id, building_id, 'geometry', 0.8, 5 FROM drawn
),
chosen AS (
    SELECT feed, register_id, building_id, method, score
    FROM option AS o
    WHERE NOT EXISTS (
        SELECT 1 FROM decided AS d
        WHERE d.feed = o.feed AND d.register_id = o.register_id AND d.building_id = o.building_id AND d.verdict = 'different'
    )
    QUALIFY choice = min(choice) OVER (PARTITION BY feed, register_id)
),
tried AS (
    SELECT feed, register_id, max(problem) AS problem, min(place_text) AS place_text FROM core.register_address GROUP BY ALL
)
SELECT r.feed, r.register_id, r.source_row, c.building_id, c.method, CAST(c.score AS DOUBLE) AS score,
    CASE WHEN c.building_id IS NULL THEN
        concat_ws('; ',
            CASE WHEN r.capakey IS NOT NULL AND NOT EXISTS (FROM core.parcel) THEN 'no cadastre to look the capakey up in'
                 WHEN r.capakey IS NOT NULL AND r.capakey NOT IN (SELECT capakey FROM core.parcel) THEN 'the capakey is not in the cadastre'
                 WHEN r.capakey IS NOT NULL THEN 'no building on the parcel' END,
            CASE WHEN t.register_id IS NULL THEN 'no address'
                 WHEN NOT EXISTS (FROM core.address) THEN 'no address file to look the street up in'
                 ELSE coalesce(t.problem, 'the address is known, no building lies there') END)
    END AS reject_reason,
    CASE WHEN c.building_id IS NULL THEN CASE WHEN r.capakey IS NOT NULL THEN 'capakey' ELSE 'street' END END AS reject_column,
    CASE WHEN c.building_id IS NULL THEN concat_ws(' ', r.capakey, r.street, r.number_value, r.postcode, '-> ' || t.place_text) END AS reject_value
FROM staging.register_row AS r
LEFT JOIN chosen AS c USING (feed, register_id)
LEFT JOIN tried AS t USING (feed, register_id)
