-- A made-up layer: as many buildings as the variable `n` says, with every kind of NULL, on a grid in Lambert 72.
-- One in ten is for the city only. Building 1 has two parts and a hole in which its centre lies; one in ten scores
-- exactly on the limit of a class; one in eleven names no source.
CREATE SCHEMA layer;
CREATE SCHEMA meta;

CREATE TABLE layer.building AS
WITH cell AS (
    SELECT i, 104000 + 40 * (i % side) AS x, 193000 + 40 * (i // side) AS y, hash(i) % 1000 / 1000.0::DOUBLE AS u
    FROM (SELECT i, ceil(sqrt(getvariable('n')))::BIGINT AS side FROM range(getvariable('n')) AS r(i))
), shaped AS (
    SELECT *, ST_MakeEnvelope(x, y, x + 10 + 20 * u, y + 12 + 15 * u) AS box FROM cell
), made AS (
    SELECT i, u, CASE WHEN i = 1
        THEN ST_Union(
            ST_Difference(ST_MakeEnvelope(x, y, x + 20, y + 20), ST_MakeEnvelope(x + 7, y + 7, x + 13, y + 13)),
            ST_MakeEnvelope(x + 22, y, x + 30, y + 8))
        ELSE box END AS geom
    FROM shaped
)
SELECT
    a.audience,
    format('grb:{:07d}', i) AS building_id,
    CASE WHEN i % 2 = 0 THEN format('Sint-Jan & "Zoon" é {}', i) END AS name,
    ['church', 'factory', 'school', 'office'][1 + i % 4] AS type,
    ['Kerk', 'Fabriek', 'School', 'Kantoor'][1 + i % 4] AS type_label,
    NULL::VARCHAR AS former_use,
    CASE WHEN i % 3 > 0 THEN format('Kerkstraat {}, 9000 Gent', i) END AS address,
    '44021' AS nis_code,
    CASE WHEN i % 3 > 0 THEN '44021A0001/00A000' END AS capakey,
    ST_Area(geom) AS footprint_m2,
    CASE WHEN i % 5 > 0 THEN 4 + 10 * u END AS height_m,
    CASE WHEN i % 5 > 0 THEN (1 + i % 6)::INTEGER END AS floors,
    CASE WHEN i % 5 > 0 THEN ST_Area(geom) * (1 + i % 6) END AS floor_area_m2,
    CASE WHEN i % 9 > 0 THEN ST_Area(geom) END AS floor_area_low_m2,
    CASE WHEN i % 9 > 0 THEN ST_Area(geom) * 9 END AS floor_area_high_m2,
    CASE WHEN i % 5 > 0 THEN ST_Area(geom) * (4 + 10 * u) END AS volume_m3,
    CASE WHEN i % 5 > 0 THEN ST_Area(geom) * 3 END AS volume_low_m3,
    CASE WHEN i % 5 > 0 THEN ST_Area(geom) * 20 END AS volume_high_m3,
    NULL::VARCHAR AS heritage,
    round(100 * u, 1) AS atypicality_score,
    CASE WHEN i % 7 > 0 THEN u END AS underuse_probability,
    CASE WHEN i % 7 > 0 THEN u / 2 END AS underuse_low,
    CASE WHEN i % 7 > 0 THEN (1 + u) / 2 END AS underuse_high,
    CASE WHEN i % 7 = 0 THEN 'unknown' WHEN u > 0.9 THEN 'confirmed' WHEN u > 0.6 THEN 'likely'
        WHEN u > 0.2 THEN 'signal' ELSE 'unknown' END AS underuse_band,
    CASE WHEN i % 6 = 1 THEN 'registered' END AS legal_status,
    NULL::DOUBLE AS vacant_share_low,
    NULL::DOUBLE AS vacant_share_high,
    CASE WHEN i % 4 > 0 THEN 'culture' END AS reuse_best,
    CASE WHEN i % 4 > 0 THEN 100 * u END AS reuse_score,
    NULL::DOUBLE AS reuse_low,
    NULL::DOUBLE AS reuse_high,
    CASE WHEN i % 7 > 0 THEN CASE WHEN i % 10 = 2 THEN 50 ELSE round(100 * u * u, 3) END END AS priority_score,
    CASE WHEN i % 7 > 0
        THEN row_number() OVER (PARTITION BY a.audience ORDER BY i % 7 = 0, u DESC, i)::INTEGER
    END AS priority_rank,
    CASE WHEN i % 7 > 0 THEN 'Register: volledig pand; 1e | OSM: disused=yes | Geen onderneming | Vierde'
    END AS reasons,
    CASE WHEN i % 7 > 0 THEN 'Register: whole building; 1st | OSM: disused=yes | No enterprise | Fourth' END AS reasons_en,
    (i % 3)::INTEGER AS evidence_count,
    CASE WHEN i % 3 > 0 THEN DATE '2024-05-01' END AS oldest_evidence_on,
    CASE WHEN i % 3 > 0 THEN DATE '2026-02-03' END AS newest_evidence_on,
    CASE WHEN i % 11 = 0 THEN NULL WHEN i % 3 > 0 THEN 'GRB, gebouwen; OpenStreetMap' ELSE 'GRB, gebouwen' END AS sources,
    (i % 400)::INTEGER AS sources_age_days,
    CASE WHEN i % 13 = 0 THEN 'OpenStreetMap (75)' END AS old_sources,
    'ODbL-1.0' AS licence,
    'run-7' AS run_id,
    'c1' AS config_version,
    geom
FROM made, (VALUES ('public'), ('city')) AS a(audience)
WHERE a.audience = 'city' OR i % 10 <> 9;

CREATE TABLE layer.site AS
SELECT audience, 'site:' || min(building_id) AS site_id, min(building_id) AS main_building_id, min(name) AS name, min(type_label) AS type_label,
    count(*)::INTEGER AS building_count, 12.5::DECIMAL(9, 3) AS footprint_m2, NULL::DOUBLE AS floor_area_m2,
    ['confirmed', 'likely', 'signal', 'unknown'][1 + n % 4] AS underuse_band, CASE WHEN n % 5 > 0 THEN n::DOUBLE END AS priority_score,
    CASE WHEN n % 5 > 0 THEN (n + 1)::INTEGER END AS priority_rank, NULL::VARCHAR AS reasons,
    ST_Multi(ST_Union_Agg(geom ORDER BY building_id)) AS geom
FROM (SELECT *, right(building_id, 7)::INTEGER // 10 AS n FROM layer.building) WHERE n < 10 GROUP BY audience, n;
ALTER TABLE layer.building ADD COLUMN site_id VARCHAR;
UPDATE layer.building SET site_id = 'site:' || left(building_id, 10) || '0' WHERE right(building_id, 7)::INTEGER < 100;

CREATE TABLE layer.evidence AS
SELECT audience, building_id, 'register' AS kind, 'in het register' AS label, 'in the register' AS label_en,
    CASE WHEN priority_rank % 2 = 0 THEN 6.5::DECIMAL(4, 1) END AS weight,
    DATE '2026-02-03' AS observed_on, TIMESTAMP '2026-02-03 04:05:06' AS fetched_at, ['a', 'b'] AS tags
FROM layer.building WHERE evidence_count > 0;

-- What only some products show.
ALTER TABLE layer.building ADD COLUMN IF NOT EXISTS legal_status VARCHAR;
ALTER TABLE layer.building ADD COLUMN IF NOT EXISTS floor_area_low_m2 DOUBLE;
ALTER TABLE layer.building ADD COLUMN IF NOT EXISTS floor_area_high_m2 DOUBLE;
ALTER TABLE layer.building ADD COLUMN IF NOT EXISTS volume_low_m3 DOUBLE;
ALTER TABLE layer.building ADD COLUMN IF NOT EXISTS volume_high_m3 DOUBLE;
ALTER TABLE layer.building ADD COLUMN IF NOT EXISTS priority_rank_low INTEGER;
ALTER TABLE layer.building ADD COLUMN IF NOT EXISTS priority_rank_high INTEGER;
ALTER TABLE layer.building ADD COLUMN IF NOT EXISTS site_name VARCHAR;
ALTER TABLE layer.building ADD COLUMN IF NOT EXISTS site_building_count INTEGER;
ALTER TABLE layer.building ADD COLUMN IF NOT EXISTS reasons_en VARCHAR;
ALTER TABLE layer.evidence ADD COLUMN IF NOT EXISTS item_id VARCHAR;
ALTER TABLE layer.evidence ADD COLUMN IF NOT EXISTS authority VARCHAR;
ALTER TABLE layer.evidence ADD COLUMN IF NOT EXISTS feed VARCHAR;
ALTER TABLE layer.evidence ADD COLUMN IF NOT EXISTS detail VARCHAR;
UPDATE layer.building SET reasons_en = 'Register: whole building; 1st | OSM: disused=yes | No enterprise | Fourth' WHERE reasons IS NOT NULL;
UPDATE layer.evidence SET item_id = 'register ' || building_id, authority = 'municipal register', feed = 'grb';

CREATE TABLE layer.reuse AS
SELECT audience, building_id, place::INTEGER AS place, ['culture', 'housing'][place] AS use, ['cultuur', 'wonen'][place] AS label,
    ['culture', 'housing'][place] AS label_en, reuse_score / place AS score, 10.0::DOUBLE AS low, 90.0::DOUBLE AS high,
    0.5::DOUBLE AS known_share, 'bestemming' AS to_check, 'zoning' AS to_check_en
FROM layer.building, (VALUES (1), (2)) AS p(place) WHERE reuse_best IS NOT NULL;

CREATE TABLE layer.code AS
FROM (VALUES ('type', 'church', 'Kerk', 'Church', 1), ('type', 'factory', 'Fabriek', 'Factory', 2), ('type', 'school', 'School', 'School', 3),
    ('type', 'office', 'Kantoor', 'Office', 4), ('type_label', 'Kerk', 'Kerk', 'Church', 1),
    ('type_label', 'Fabriek', 'Fabriek', 'Factory', 2), ('type_label', 'School', 'School', 'School', 3), ('type_label', 'Kantoor', 'Kantoor', 'Office', 4),
    ('underuse_band', 'confirmed', 'bevestigd', 'confirmed', 1),
    ('underuse_band', 'likely', 'waarschijnlijk', 'likely', 2), ('underuse_band', 'signal', 'signaal', 'signal', 3),
    ('underuse_band', 'unknown', 'onbekend', 'unknown', 4), ('reuse_best', 'culture', 'cultuur', 'culture', 1)
) AS v(column_name, code, title_nl, title_en, place);

CREATE TABLE layer.source AS
SELECT 'grb' AS feed, 'GRB, gebouwen' AS title, 'Digitaal Vlaanderen' AS publisher, 'Gratis Open Data Licentie' AS licence,
    NULL::VARCHAR AS licence_uri, 'https://grb.example/' AS landing_page, 'Bron: GRB, Digitaal Vlaanderen' AS attribution, DATE '2026-02-28' AS snapshot_on, 'public' AS visibility
UNION ALL
SELECT 'osm', 'OpenStreetMap', 'OpenStreetMap', 'ODbL-1.0', 'https://opendatacommons.org/licenses/odbl/1-0/',
    'https://www.openstreetmap.org/copyright', '© OpenStreetMap contributors', DATE '2026-03-01', 'public'
UNION ALL
SELECT 'lijst', 'Interne lijst', 'Stad', NULL, NULL, NULL, 'Interne lijst van de stad', DATE '2026-03-01', 'city';

CREATE TABLE layer.change (audience VARCHAR, building_id VARCHAR, change VARCHAR, replaced_by VARCHAR, changed_on DATE);

-- Of a city without adverts: tables without rows, as a run makes them.
CREATE TABLE layer.advert (audience VARCHAR, request_id VARCHAR, feed VARCHAR, request_kind VARCHAR, who VARCHAR, who_en VARCHAR);
CREATE TABLE layer.match (audience VARCHAR, request_id VARCHAR, request_kind VARCHAR, building_id VARCHAR, building_name VARCHAR, use VARCHAR,
    use_label VARCHAR, use_label_en VARCHAR, score DOUBLE, score_low DOUBLE, score_high DOUBLE, request_place INTEGER, building_place INTEGER,
    usable_low_m2 DOUBLE, usable_high_m2 DOUBLE, rent_low_eur_m2_year DOUBLE, rent_high_eur_m2_year DOUBLE, to_check VARCHAR,
    to_check_en VARCHAR, why_building VARCHAR, why_building_en VARCHAR, who VARCHAR, who_en VARCHAR, geom GEOMETRY);
CREATE TABLE layer.advert_offer (audience VARCHAR, request_id VARCHAR, offer_id VARCHAR, use VARCHAR, use_label VARCHAR, use_label_en VARCHAR,
    score DOUBLE, score_low DOUBLE, score_high DOUBLE, request_place INTEGER, offer_place INTEGER);
CREATE TABLE layer.advert_partner (audience VARCHAR, request_id VARCHAR, partner_id VARCHAR, place INTEGER, brings VARCHAR[],
    brings_label VARCHAR, brings_label_en VARCHAR, sought_share DOUBLE, gets VARCHAR[], shared_uses VARCHAR[]);
CREATE TABLE layer.coalition (audience VARCHAR, coalition_id VARCHAR, building_id VARCHAR, place INTEGER, member_count INTEGER,
    usable_m2 DOUBLE, filled_m2 DOUBLE, fill_share DOUBLE, gap DOUBLE, score DOUBLE, search_status VARCHAR, to_ask_count INTEGER,
    exchange VARCHAR, exchange_en VARCHAR, request_id VARCHAR, use VARCHAR, use_label VARCHAR, use_label_en VARCHAR, area_m2 DOUBLE,
    area_share DOUBLE, is_to_ask BOOLEAN, who VARCHAR, who_en VARCHAR);

CREATE TABLE layer.run AS
SELECT * FROM (VALUES ('run_id', 'run-7'), ('as_of', '2026-03-02'), ('code', '0.1')) AS t(key, value);

CREATE TABLE meta.column AS
SELECT schema_name, table_name, column_name, column_index AS position, data_type AS type,
    CASE WHEN suffix(column_name, '_m2') THEN 'm2' ELSE '' END AS unit, 'NL ' || column_name AS title_nl,
    'EN ' || column_name AS title_en, 'meaning of ' || column_name AS meaning_en,
    CASE WHEN column_name = 'name' THEN 'betekenis van name' END AS meaning_nl
FROM duckdb_columns() WHERE schema_name = 'layer';
