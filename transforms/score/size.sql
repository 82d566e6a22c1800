-- Size of each building with what its type lets follow: storeys from the height, height from the storeys. It stands here and not in
-- core, because a hall of 20 m has one storey and an office of 20 m five: core.size holds what sources state or show, this table adds
-- what is derived, under the codes `height / storey height`, `levels x storey height` and `hall`. A building of unknown type gets no
-- storeys from its height, only the bounds core.size has for them.
-- inputs: core.size, core.building, score.type, reference.building_type, reference.storey_height, reference.storeyless,
--   reference.size_rule, reference.parameter
-- key: building_id
-- check: height_low_m <= height_m AND height_m <= height_high_m
-- check: floors_low <= floors_high AND floors_low <= coalesce(floors, floors_low) AND coalesce(floors, floors_high) <= floors_high
-- check: floor_area_low_m2 <= coalesce(floor_area_m2, floor_area_high_m2) AND coalesce(floor_area_m2, floor_area_low_m2) <= floor_area_high_m2
-- check: volume_low_m3 <= volume_m3 AND volume_m3 <= volume_high_m3
-- columns:
--   building_id | VARCHAR | - | Gebouw | building
--   height_m | DOUBLE | m | Hoogte | height of the roof above the ground
--   height_low_m | DOUBLE | m | Hoogte, ondergrens | lower bound; bounds hold 80%
--   height_high_m | DOUBLE | m | Hoogte, bovengrens | upper bound
--   height_source | VARCHAR | - | Bron hoogte | what gave it, in codes
--   floors | DOUBLE | storeys | Bouwlagen | storeys above ground
--   floors_low | DOUBLE | storeys | Bouwlagen, ondergrens | lower bound
--   floors_high | DOUBLE | storeys | Bouwlagen, bovengrens | upper bound
--   floors_source | VARCHAR | - | Bron bouwlagen | what gave the value
--   floor_area_m2 | DOUBLE | m2 | Vloeroppervlakte | outline times storeys, gross
--   floor_area_low_m2 | DOUBLE | m2 | Vloeroppervlakte, ondergrens | lower bound
--   floor_area_high_m2 | DOUBLE | m2 | Vloeroppervlakte, bovengrens | upper bound
--   volume_m3 | DOUBLE | m3 | Volume | outline times mean height
--   volume_low_m3 | DOUBLE | m3 | Volume, ondergrens | lower bound
--   volume_high_m3 | DOUBLE | m3 | Volume, bovengrens | upper bound
--   volume_source | VARCHAR | - | Bron volume | what gave it
--   elevation_feed | VARCHAR | - | Hoogtemodel | feed of the rasters, where they gave the height
WITH rule AS (
    SELECT map_from_entries(list((name, value))) AS r, param('interval_z') AS q FROM reference.size_rule
),
storey AS (
    SELECT t.type, t.is_hall, h.value AS storey_m, ln(h.high / h.low) / (2 * (SELECT q FROM rule)) AS storey_sd,
        NOT t.is_hall AND t.type NOT IN (SELECT type FROM reference.storeyless) AS has_storeys
    FROM reference.building_type AS t
    JOIN reference.storey_height AS h
        ON h.type = CASE WHEN t.type IN (SELECT type FROM reference.storey_height) THEN t.type ELSE '*' END
),
typed AS (
    SELECT s.*, b.footprint_m2, k.*, r, q,
        s.floors IS NULL AND k.is_hall AS is_one_hall,
        -- Without bounds least() and greatest() would pass over them, and give a sure number.
        s.floors IS NULL AND s.height_m IS NOT NULL AND s.height_low_m IS NOT NULL AND s.height_high_m IS NOT NULL
            AND k.has_storeys AND k.type <> 'unknown' AS counts_storeys,
        s.height_m IS NULL AND s.floors IS NOT NULL AND k.has_storeys AS adds_storeys,
        greatest(1, (s.height_m - r['roof_m']) / k.storey_m) AS fitting,
        s.floors * k.storey_m + r['roof_m'] AS stacked_m
    FROM core.size AS s JOIN core.building AS b USING (building_id) JOIN score.type AS t USING (building_id)
    JOIN storey AS k ON k.type = t.type CROSS JOIN rule
),
unsure AS (
    SELECT *,
        sqrt(pow(ln(height_high_m / height_low_m) / (2 * q), 2) + pow(storey_sd, 2)
            + pow(r['roof_sd_m'] / greatest(height_m - r['roof_m'], storey_m), 2)) AS fitting_sd,
        sqrt(pow(floors * storey_m * storey_sd, 2) + pow(r['roof_sd_m'], 2) + pow(storey_m * r['tag_levels_sd'], 2)) / stacked_m AS stacked_sd
    FROM typed
),
derived AS (
    SELECT * REPLACE (
        CASE WHEN adds_storeys THEN stacked_m ELSE height_m END AS height_m,
        CASE WHEN adds_storeys THEN stacked_m * exp(-q * stacked_sd) ELSE height_low_m END AS height_low_m,
        CASE WHEN adds_storeys THEN stacked_m * exp(q * stacked_sd) ELSE height_high_m END AS height_high_m,
        CASE WHEN adds_storeys THEN 'levels x storey height' ELSE height_source END AS height_source,
        CASE WHEN is_one_hall THEN 1.0 WHEN counts_storeys THEN round(fitting) ELSE floors END AS floors,
        CASE WHEN is_one_hall THEN 1.0 WHEN counts_storeys THEN greatest(1, least(round(fitting), fitting * exp(-q * fitting_sd))) ELSE floors_low END AS floors_low,
        CASE WHEN is_one_hall THEN least(r['hall_floors_high'], coalesce(floors_high, r['hall_floors_high']))
             WHEN counts_storeys THEN greatest(round(fitting), fitting * exp(q * fitting_sd)) ELSE floors_high END AS floors_high,
        CASE WHEN is_one_hall THEN 'hall' WHEN counts_storeys THEN 'height / storey height' ELSE floors_source END AS floors_source,
        CASE WHEN adds_storeys THEN footprint_m2 * r['filled'] * stacked_m ELSE volume_m3 END AS volume_m3,
        CASE WHEN adds_storeys THEN 'levels x storey height' ELSE volume_source END AS volume_source
    ),
    sqrt(pow(stacked_sd, 2) + pow(ln(r['filled_high'] / r['filled_low']) / (2 * q), 2) + pow(r['outline_sd_share'], 2)) AS volume_sd
    FROM unsure
)
SELECT building_id, height_m, height_low_m, height_high_m, height_source, floors, floors_low, floors_high, floors_source,
    footprint_m2 * floors AS floor_area_m2,
    footprint_m2 * floors_low * exp(-q * r['outline_sd_share']) AS floor_area_low_m2,
    footprint_m2 * floors_high * exp(q * r['outline_sd_share']) AS floor_area_high_m2,
    volume_m3,
    CASE WHEN adds_storeys THEN volume_m3 * exp(-q * volume_sd) ELSE volume_low_m3 END AS volume_low_m3,
    CASE WHEN adds_storeys THEN volume_m3 * exp(q * volume_sd) ELSE volume_high_m3 END AS volume_high_m3,
    volume_source, elevation_feed
FROM derived
