-- The outlines of one file ($own) in the CRS of the match, and what of them can be matched: flat, valid, with an area.
CREATE OR REPLACE TEMP TABLE outline_$own AS SELECT id, $placed AS geom FROM file_$own;

CREATE OR REPLACE TEMP TABLE usable_$own AS
WITH looked_at AS MATERIALIZED (
    SELECT id, ST_Force2D(geom) AS geom, ST_GeometryType(geom) IN ('POLYGON', 'MULTIPOLYGON') AND ST_IsValid(geom) AS is_sound
    FROM outline_$own
    -- An empty outline has no extent; a coordinate outside what the CRS can show comes out infinite, and cannot be mended.
    WHERE isfinite(ST_XMin(geom)) AND isfinite(ST_YMin(geom)) AND isfinite(ST_XMax(geom)) AND isfinite(ST_YMax(geom))
),
part AS (
    -- Mending may leave lines beside the polygons, and a collection may hold both: only what has an area is a footprint.
    SELECT id, unnest(ST_Dump(ST_CollectionExtract(ST_MakeValid(geom), 3))).geom AS geom FROM looked_at WHERE NOT is_sound
)
SELECT id, geom FROM looked_at WHERE is_sound
UNION ALL
SELECT id, ST_Union_Agg(geom) AS geom FROM part WHERE ST_Area(geom) > 0 GROUP BY id
