-- What a parcel or building of a business park is, as far as it matters for sharing it: how large, how high, how much roof and open ground,
-- how much of it is free, and when. What is judged of a building is what the public layer says. No row: not known.
-- inputs: score.park_subject, score.park_stock, score.size, score.reuse, core.business_park, core.park_parcel, core.park_building, core.building, core.roof_measured,
--   staging.facility, reference.park_rule, reference.park_roof, reference.park_use_pattern, reference.park_sharing_class, reference.feed
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
    SELECT max(low) FILTER (name = 'place_m2') AS place_low, max(value) FILTER (name = 'place_m2') AS place_m2, max(high) FILTER (name = 'place_m2') AS place_high
    FROM reference.park_rule
),
free AS (
    SELECT s.building_id, c.low, c.value, c.high, s.band_feeds FROM score.park_stock AS s JOIN reference.park_sharing_class AS c ON c.about = 'band' AND c.code = s.band
),
reuse AS (
    SELECT s.building_id, CASE WHEN len(r.veto) = 0 THEN least(r.high, greatest(r.low, r.score::DOUBLE)) / 100 ELSE 0 END AS value,
        CASE WHEN len(r.veto) = 0 THEN r.low / 100 ELSE 0 END AS low, CASE WHEN len(r.veto) = 0 THEN r.high / 100 ELSE 0 END AS high, list_distinct(list_concat(s.feeds, s.band_feeds)) AS feeds
    FROM score.park_stock AS s JOIN score.reuse AS r USING (building_id) WHERE r.use = 'meeting' AND s.band IS NOT NULL
),
roof AS (
    -- Of several surveys the newest.
    SELECT r.* FROM core.roof_measured AS r JOIN reference.feed AS f USING (feed) QUALIFY row_number() OVER (PARTITION BY r.building_id ORDER BY f.snapshot_on DESC, r.feed) = 1
),
solar AS (
    SELECT x.building_id, any_value(x.feeds) AS feeds, sum((x.m2 * u.low)::DECIMAL(18, 3))::DOUBLE AS low, sum((x.m2 * u.value)::DECIMAL(18, 3))::DOUBLE AS value,
        sum((x.m2 * u.high)::DECIMAL(18, 3))::DOUBLE AS high, bool_or(x.orientation = 'unknown') AS is_guess
    FROM (
        SELECT s.building_id, list_distinct(list_append(s.feeds, coalesce(r.feed, s.feeds[1]))) AS feeds, unnest(CASE WHEN r.building_id IS NULL THEN [{'orientation': 'unknown', 'm2': s.outline_m2}]
             ELSE [{'orientation': 'flat', 'm2': s.outline_m2 * r.flat_share}, {'orientation': 'north', 'm2': s.outline_m2 * r.north_share}, {'orientation': 'east', 'm2': s.outline_m2 * r.east_share},
                 {'orientation': 'south', 'm2': s.outline_m2 * r.south_share}, {'orientation': 'west', 'm2': s.outline_m2 * r.west_share}] END, recursive := true)
        FROM score.park_stock AS s LEFT JOIN roof AS r USING (building_id)
    ) AS x JOIN reference.park_roof AS u USING (orientation) GROUP BY x.building_id
),
built AS (
    SELECT k.parcel_id, sum((b.footprint_m2 * k.parcel_share)::DECIMAL(18, 3))::DOUBLE AS m2, list_distinct(list(b.feed)) AS feeds
    FROM core.park_building AS k JOIN core.building AS b USING (building_id) WHERE k.parcel_id IS NOT NULL GROUP BY k.parcel_id
),
lot AS (
    SELECT parcel_id, list_distinct(list(feed)) AS feeds, coalesce(sum(here_m2::DECIMAL(18, 3)), 0)::DOUBLE AS m2, sum(coalesce(capacity * share, here_m2 / r.place_high)::DECIMAL(18, 3))::DOUBLE AS low,
        sum(coalesce(capacity * share, here_m2 / r.place_m2)::DECIMAL(18, 3))::DOUBLE AS value
    FROM (
        SELECT c.parcel_id, f.feed, osm_number(f.tags['capacity']) AS capacity, CASE WHEN ST_Dimension(f.geom) = 2 THEN shared_area(f.geom, c.geom) END AS here_m2,
            CASE WHEN ST_Dimension(f.geom) = 2 THEN least(1, shared_area(f.geom, c.geom) / ST_Area(f.geom)) ELSE 1 END AS share
        FROM core.park_parcel AS c JOIN (SELECT * FROM staging.facility WHERE tags['amenity'] = 'parking') AS f ON ST_Intersects(f.geom, c.geom)
    ) AS x CROSS JOIN rule AS r WHERE capacity IS NOT NULL AND share > 0 OR here_m2 > 0 GROUP BY parcel_id
),
ground AS (
    SELECT c.parcel_id, c.area_m2, coalesce(b.m2, 0) AS built_m2, l.m2 AS lot_m2, p.seen_share >= 1 OR c.built = 'unbuilt' AND b.m2 IS NULL AS is_seen, p.seen_share > 0 AS is_near,
        list_distinct(list_concat([c.feed, p.feed], coalesce(b.feeds, []))) AS feeds, coalesce(l.feeds, []) AS lot_feeds, c.in_use, c.availability, c.feed, l.low, l.value
    FROM core.park_parcel AS c JOIN core.business_park AS p USING (park_id) LEFT JOIN built AS b USING (parcel_id) LEFT JOIN lot AS l USING (parcel_id)
),
idle AS (
    SELECT g.parcel_id, c.low, c.value, c.high, [g.feed] AS feeds
    FROM ground AS g JOIN reference.park_sharing_class AS c ON c.about = 'in_use' AND c.code = g.in_use OR c.about = 'availability' AND c.code = g.availability
    -- Of two things the authority says the one that promises more.
    QUALIFY row_number() OVER (PARTITION BY g.parcel_id ORDER BY c.value DESC, c.about) = 1
)
SELECT 'building' AS subject_kind, building_id AS subject_id, 'idle' AS measure, value, low, high, band_feeds AS feeds FROM free
UNION ALL SELECT 'building', building_id, 'reuse_meeting', value, low, high, feeds FROM reuse
UNION ALL SELECT 'building', building_id, 'solar_m2', value, least(low, value), greatest(high, value), feeds FROM solar
UNION ALL SELECT 'building', building_id, 'roof_m2', outline_m2, outline_m2, outline_m2, feeds FROM score.park_stock
UNION ALL SELECT 'building', building_id, 'floor_area', floor_area_m2, floor_area_low_m2, floor_area_high_m2, feeds FROM score.park_stock WHERE coalesce(floor_area_low_m2, floor_area_high_m2) IS NOT NULL
UNION ALL SELECT 'building', building_id, 'volume', volume_m3, volume_low_m3, volume_high_m3, feeds FROM score.park_stock WHERE coalesce(volume_low_m3, volume_high_m3) IS NOT NULL
UNION ALL SELECT 'building', building_id, 'height', z.height_m, z.height_low_m, z.height_high_m, s.feeds FROM score.park_stock AS s JOIN score.size AS z USING (building_id)
    WHERE coalesce(z.height_low_m, z.height_high_m) IS NOT NULL
UNION ALL SELECT 'parcel', parcel_id, 'idle', value, low, high, feeds FROM idle
-- Where a park reaches past what is seen of the city there may be more roofs, and less open ground.
UNION ALL SELECT 'parcel', parcel_id, 'roof_m2', built_m2, built_m2, CASE WHEN is_seen THEN built_m2 END, feeds FROM ground WHERE is_seen OR built_m2 > 0
UNION ALL SELECT 'parcel', parcel_id, 'open_m2', greatest(0, area_m2 - built_m2), CASE WHEN is_seen THEN greatest(0, area_m2 - built_m2) ELSE 0 END, greatest(0, area_m2 - built_m2), feeds
    FROM ground WHERE is_seen OR is_near
UNION ALL SELECT 'parcel', parcel_id, 'places', value, low, NULL, list_distinct(list_append(lot_feeds, feed)) FROM ground WHERE value IS NOT NULL
-- A car park under a building is no second area; of both the larger is sure, and not every yard is drawn.
UNION ALL SELECT 'parcel', parcel_id, 'sealed_share', NULL, least(1, greatest(built_m2, coalesce(lot_m2, 0)) / area_m2), 1, list_distinct(list_concat(feeds, lot_feeds)) FROM ground
