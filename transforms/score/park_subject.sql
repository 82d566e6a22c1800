-- What can be shared in business parks: their parcels, and their standing buildings, with who may be told of them.
-- inputs: core.business_park, core.park_parcel, core.park_building, core.building, core.objected, score.type, reference.feed
-- key: subject_kind, subject_id
-- check: subject_kind IN ('parcel', 'building')
-- columns:
--   subject_kind | VARCHAR | - | Soort | parcel or building
--   subject_id | VARCHAR | - | Perceel of gebouw | parcel or building
--   park_id | VARCHAR | - | Terrein | park it is of
--   feed | VARCHAR | - | Gegevensstroom | feed that gave it
--   park_feed | VARCHAR | - | Gegevensstroom van het terrein | feed that gave the park
--   is_public | BOOLEAN | - | Openbaar | may stand in a public row: its outline and the park's are public, nobody objected, and it is no dwelling
--   area_m2 | DOUBLE | m2 | Oppervlakte | area of parcel or outline
--   point | GEOMETRY | - | Punt | a point in it; distances count from here
SELECT 'parcel' AS subject_kind, c.parcel_id AS subject_id, c.park_id, c.feed, p.feed AS park_feed, f.visibility = 'public' AND g.visibility = 'public' AS is_public,
    c.area_m2, ST_PointOnSurface(c.geom) AS point
FROM core.park_parcel AS c JOIN core.business_park AS p USING (park_id) JOIN reference.feed AS f ON f.feed = c.feed JOIN reference.feed AS g ON g.feed = p.feed
UNION ALL
-- Not only what the public layer shows: most of what is shared is in use. A dwelling or an objection keeps a building out.
SELECT 'building', k.building_id, k.park_id, b.feed, p.feed,
    f.visibility = 'public' AND g.visibility = 'public' AND t.is_residential IS NOT true AND k.building_id NOT IN (SELECT building_id FROM core.objected),
    b.footprint_m2, b.point
FROM core.park_building AS k JOIN core.business_park AS p USING (park_id) JOIN core.building AS b USING (building_id) JOIN score.type AS t USING (building_id)
JOIN reference.feed AS f ON f.feed = b.feed JOIN reference.feed AS g ON g.feed = p.feed
