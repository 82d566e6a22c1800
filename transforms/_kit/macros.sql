-- Spelling rules that more than one table needs; the runner defines them before it builds.

-- Leading digits of a house number; null where there are none.
CREATE OR REPLACE TEMP MACRO house_number_value(label) AS
    try_cast(nullif(regexp_extract(trim(label), '^[0-9]+'), '') AS INTEGER);

-- What follows the digits, without separators: 12A -> a, 12_2 -> 2, 12 bis -> bis; a range's second number is not part of it.
CREATE OR REPLACE TEMP MACRO house_number_suffix(label) AS
    nullif(regexp_replace(lower(regexp_replace(regexp_extract(trim(label), '^[0-9]+(.*)$', 1), '^ *- *[0-9]+.*$', '')), '[^a-z0-9]', '', 'g'), '');

-- CAPAKEY in its one spelling: capitals, slash, exponent underscore kept; null where it is none.
CREATE OR REPLACE TEMP MACRO capakey_key(key) AS
    nullif(regexp_extract(upper(replace(trim(key), '-', '/')), '^[0-9]{5}[A-Z][0-9]{4}/[0-9]{2}[A-Z_][0-9]{3}$'), '');

-- A date in the spellings registers use: ISO, 2014/10/23 00:00:00+00, 23/10/2014, epoch milliseconds.
CREATE OR REPLACE TEMP MACRO register_date(text) AS
    coalesce(
        try_cast(replace(regexp_extract(text, '^[0-9]{4}[-/][0-9]{1,2}[-/][0-9]{1,2}'), '/', '-') AS DATE),
        CAST(try_strptime(regexp_extract(text, '^[0-9]{1,2}[-/.][0-9]{1,2}[-/.][0-9]{4}'), ['%d/%m/%Y', '%d-%m-%Y', '%d.%m.%Y']) AS DATE),
        CASE WHEN regexp_matches(text, '^-?[0-9]{12,13}$') THEN CAST(epoch_ms(CAST(text AS BIGINT)) AS DATE) END);

-- A length or count as OSM writes it: '12', '12.5', '12,5 m'; null where it is no plain number.
CREATE OR REPLACE TEMP MACRO osm_number(text) AS
    try_cast(replace(nullif(regexp_extract(trim(text), '^([0-9]+([.,][0-9]+)?) *m?$', 1), ''), ',', '.') AS DOUBLE);

CREATE OR REPLACE TEMP MACRO logistic(x) AS 1.0 / (1.0 + exp(-(x)));

-- Only the polygons of a geometry, valid and in two dimensions; may be empty, null stays null.
CREATE OR REPLACE TEMP MACRO only_polygons(g) AS
    CASE WHEN ST_GeometryType(g) IN ('POLYGON', 'MULTIPOLYGON') AND ST_IsValid(g) THEN ST_Force2D(g)
         ELSE ST_CollectionExtract(ST_MakeValid(ST_Force2D(g)), 3) END;

-- Why a geometry cannot be used, or null: nothing there, or coordinates of another CRS (a Lambert 2008 in a Lambert 72 file).
CREATE OR REPLACE TEMP MACRO geometry_problem(g) AS
    CASE WHEN g IS NULL OR ST_IsEmpty(g) THEN 'no geometry'
         WHEN ST_XMin(g) < getvariable('crs_min_x') OR ST_XMax(g) > getvariable('crs_max_x')
           OR ST_YMin(g) < getvariable('crs_min_y') OR ST_YMax(g) > getvariable('crs_max_y')
           THEN 'coordinate outside the area of the CRS' END;

-- Where a rejected geometry lies, as text, for whoever mends the source.
CREATE OR REPLACE TEMP MACRO geometry_place(g, problem) AS
    CASE WHEN problem LIKE 'coordinate%' THEN ST_AsText(ST_Point(round(ST_XMin(g), 1), round(ST_YMin(g), 1))) END;

-- A number of reference.parameter by its name.
CREATE OR REPLACE TEMP MACRO param(wanted) AS (SELECT any_value(value) FROM reference.parameter WHERE name = wanted);

-- Area two polygons share, in square units of the CRS. Most neighbours only touch, most buildings lie whole in their parcel: neither
-- needs an overlay. Less than half a square metre of common extent counts as none.
CREATE OR REPLACE TEMP MACRO shared_area(a, b) AS
    CASE WHEN (least(ST_XMax(a), ST_XMax(b)) - greatest(ST_XMin(a), ST_XMin(b)))
            * (least(ST_YMax(a), ST_YMax(b)) - greatest(ST_YMin(a), ST_YMin(b))) < 0.5 THEN 0.0
         WHEN ST_Within(a, b) THEN ST_Area(a)
         ELSE ST_Area(ST_Intersection(a, b)) END;
