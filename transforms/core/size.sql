-- Height, storeys, floor area and volume of each building, as far as a source states or shows them. What follows from the type (a
-- church of 20 m has no six storeys) is score.size's to add: here heights and storeys are not derived from one another.
-- Values are null where unknown; low and high hold 80% and may be known where the value is not. Sources are named in codes: elevation,
-- osm:height, osm:building:levels; "; contradicted by ..." says that another source lies so far off that the bounds take in both.
-- inputs: core.building, core.height_measured, reference.size_rule, reference.parameter, reference.feed
-- key: building_id
-- check: height_low_m <= height_m AND height_m <= height_high_m
-- check: floors_low <= floors_high AND floors_low <= coalesce(floors, floors_low) AND coalesce(floors, floors_high) <= floors_high
-- check: floor_area_low_m2 <= coalesce(floor_area_m2, floor_area_high_m2) AND coalesce(floor_area_m2, floor_area_low_m2) <= floor_area_high_m2
-- check: volume_low_m3 <= volume_m3 AND volume_m3 <= volume_high_m3
-- check: (height_m IS NULL) = (height_source IS NULL) AND (floors IS NULL) = (floors_source IS NULL)
-- columns:
--   building_id | VARCHAR | - | Gebouw | building
--   height_m | DOUBLE | m | Hoogte | height of the roof above the ground
--   height_low_m | DOUBLE | m | Hoogte, ondergrens | lower bound
--   height_high_m | DOUBLE | m | Hoogte, bovengrens | upper bound
--   height_source | VARCHAR | - | Bron hoogte | what gave it
--   floors | DOUBLE | storeys | Bouwlagen | storeys above ground
--   floors_low | DOUBLE | storeys | Bouwlagen, ondergrens | lower bound; from the height where only that is known
--   floors_high | DOUBLE | storeys | Bouwlagen, bovengrens | upper bound; from the height where only that is known
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
shown AS (
    -- Of several surveys the newest that shows a building: one flown before it was built shows a field.
    SELECT h.* FROM core.height_measured AS h JOIN reference.feed AS f USING (feed) CROSS JOIN rule
    WHERE h.covered_share >= r['covered_min'] AND h.middle_m >= r['building_min_m'] AND h.mean_m > 0
    QUALIFY row_number() OVER (PARTITION BY h.building_id ORDER BY f.snapshot_on DESC, h.feed) = 1
),
claim AS (
    -- Deviations (.._sd) are relative, so that bounds of what cannot be negative stay above zero.
    SELECT b.building_id, b.footprint_m2, b.height_m AS tag_m, b.floors, s.feed, s.top_m, s.mean_m, r, q,
        sqrt(pow(r['tag_height_sd_m'] / b.height_m, 2) + pow(r['tag_height_sd_share'], 2)) AS tag_sd,
        sqrt(2 * pow(s.vertical_sd_m, 2) + pow(r['terrain_sd_m'], 2) + pow(r['roof_doubt'] * (s.top_m - s.middle_m), 2))
            / s.covered_share / s.top_m AS top_sd,
        sqrt((2 * pow(s.vertical_sd_m, 2) + pow(r['terrain_sd_m'], 2)) / pow(s.mean_m, 2)
            + pow(r['edge_doubt'] * least(1, s.cell_m * ST_Perimeter(b.geom) / b.footprint_m2), 2)) / s.covered_share AS mean_sd,
        ln(r['filled_high'] / r['filled_low']) / (2 * q) AS filled_sd, r['outline_sd_share'] AS outline_sd
    FROM core.building AS b LEFT JOIN shown AS s USING (building_id) CROSS JOIN rule
),
height AS (
    SELECT *, coalesce(top_m, tag_m) AS height_m, coalesce(top_sd, tag_sd) AS height_sd,
        coalesce(abs(ln(top_m / tag_m)) > r['contradiction_z'] * sqrt(pow(top_sd, 2) + pow(tag_sd, 2)), false) AS tag_differs,
        footprint_m2 * coalesce(mean_m, r['filled'] * tag_m) AS volume_m3,
        CASE WHEN mean_m IS NULL THEN sqrt(pow(tag_sd, 2) + pow(filled_sd, 2) + pow(outline_sd, 2))
             ELSE sqrt(pow(mean_sd, 2) + pow(outline_sd, 2)) END AS volume_sd
    FROM claim
),
bound AS (
    SELECT *, height_m * exp(-q * height_sd) AS own_low, height_m * exp(q * height_sd) AS own_high,
        CASE WHEN tag_differs THEN tag_m * exp(-q * tag_sd) END AS tag_low, CASE WHEN tag_differs THEN tag_m * exp(q * tag_sd) END AS tag_high
    FROM height
),
judged AS (
    -- So many storeys do not go into so little height, even at its upper bound.
    SELECT *, coalesce(greatest(own_high, tag_high) < r['storey_min_m'] * floors, false) AS floors_differ FROM bound
),
ranged AS (
    SELECT *, least(own_low, tag_low) AS height_low_m,
        greatest(own_high, tag_high, CASE WHEN floors_differ THEN floors * r['storey_max_m'] END) AS height_high_m,
        concat_ws('; contradicted by ', CASE WHEN top_m IS NOT NULL THEN 'elevation' WHEN tag_m IS NOT NULL THEN 'osm:height' END,
            CASE WHEN tag_differs THEN 'osm:height' END, CASE WHEN floors_differ THEN 'osm:building:levels' END) AS height_source,
        CASE WHEN floors IS NULL OR floors_differ THEN least(floors, 1) ELSE least(floors, greatest(1, floors - q * r['tag_levels_sd'])) END AS stated_low
    FROM judged
),
counted AS (
    SELECT *, CASE WHEN floors IS NOT NULL THEN stated_low WHEN height_m IS NOT NULL THEN 1.0 END AS floors_low,
        CASE WHEN floors IS NOT NULL THEN floors + q * r['tag_levels_sd'] ELSE greatest(1, height_high_m / r['storey_min_m']) END AS floors_high
    FROM ranged
)
SELECT building_id, height_m, height_low_m, height_high_m, nullif(height_source, '') AS height_source,
    floors, floors_low, CASE WHEN floors_low IS NOT NULL THEN floors_high END AS floors_high,
    CASE WHEN floors IS NOT NULL THEN 'osm:building:levels' || CASE WHEN floors_differ THEN '; contradicted by ' || split_part(height_source, ';', 1) ELSE '' END END AS floors_source,
    footprint_m2 * floors AS floor_area_m2,
    footprint_m2 * floors_low * exp(-q * outline_sd) AS floor_area_low_m2,
    CASE WHEN floors_low IS NOT NULL THEN footprint_m2 * floors_high * exp(q * outline_sd) END AS floor_area_high_m2,
    volume_m3,
    least(volume_m3 * exp(-q * volume_sd), CASE WHEN tag_differs OR floors_differ THEN footprint_m2 * r['filled_low'] * height_low_m END) AS volume_low_m3,
    greatest(volume_m3 * exp(q * volume_sd), CASE WHEN tag_differs OR floors_differ THEN footprint_m2 * height_high_m END) AS volume_high_m3,
    nullif(height_source, '') AS volume_source, feed AS elevation_feed
FROM counted
