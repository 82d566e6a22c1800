-- The scores of each site, per audience: of the whole, beside those of its buildings.
-- inputs: score.site_member, score.site_underuse_part, score.site_tie, score.underuse, score.silence, score.atypicality_part, score.reuse,
--   score.type, score.size, core.building, reference.evidence_kind,
--   staging.place, reference.parameter
-- key: audience, site_id
-- params: config_version
-- check: building_count >= 2
-- check: low <= probability AND probability <= high
-- check: priority_score = priority_atypicality + priority_reuse AND priority_score BETWEEN 0 AND 100
-- check: floor_area_low_m2 <= floor_area_high_m2 AND volume_low_m3 <= volume_high_m3
-- columns:
--   audience | VARCHAR | - | Doelgroep | public or city
--   site_id | VARCHAR | - | Site | site: and the building_id of its main building
--   main_building_id | VARCHAR | - | Hoofdgebouw | largest atypical building
--   name | VARCHAR | - | Naam | of the grounds, else of the main building, else of the largest building that has one
--   type | VARCHAR | - | Type | of the main building
--   building_count | INTEGER | - | Gebouwen | buildings of the site
--   methods | VARCHAR | - | Methodes | what ties them
--   certainty | DOUBLE | - | Zekerheid | of the least sure building
--   footprint_m2 | DOUBLE | m2 | Oppervlakte | of all outlines
--   floor_area_m2 | DOUBLE | m2 | Vloeroppervlakte | of all buildings; null where one is unknown
--   floor_area_low_m2 | DOUBLE | m2 | Vloeroppervlakte, minstens | of the buildings where it is known; null where it is of none
--   floor_area_high_m2 | DOUBLE | m2 | Vloeroppervlakte, hoogstens | of all buildings; null where one is unknown: then nothing bounds it
--   volume_m3 | DOUBLE | m3 | Volume | of all buildings; null where one is unknown
--   volume_low_m3 | DOUBLE | m3 | Volume, minstens | of the buildings where it is known; null where it is of none
--   volume_high_m3 | DOUBLE | m3 | Volume, hoogstens | of all buildings; null where one is unknown
--   atypicality_score | DECIMAL(18,6) | points | Atypisch | of its most unusual building
--   log_odds | DECIMAL(18,6) | log-odds | Log-odds | sum of score.site_underuse_part
--   probability | DOUBLE | - | Kans | probability that the site is out of use
--   low | DOUBLE | - | Ondergrens | lower end of the 80% interval
--   high | DOUBLE | - | Bovengrens | upper end of the 80% interval
--   band | VARCHAR | - | Klasse | confirmed (its main building is), likely, signal or unknown
--   signal_share | DOUBLE | - | Aandeel met signaal | share of the footprint in buildings with an item that speaks for out of use
--   evidence_count | INTEGER | - | Waarnemingen | items about its buildings
--   oldest_on | DATE | - | Oudste waarneming | oldest item
--   newest_on | DATE | - | Jongste waarneming | newest item
--   priority_atypicality | DECIMAL(18,6) | points | Prioriteit, atypisch | part of the priority
--   priority_reuse | DECIMAL(18,6) | points | Prioriteit, hergebruik | part of the priority; best reuse of its buildings
--   priority_score | DECIMAL(18,6) | points | Prioriteit | the sum of both
--   config_version | VARCHAR | - | Configuratie | version and hash of the numbers it was scored with
WITH size AS (
    -- Decimals: sums must not depend on the order of the rows.
    SELECT z.building_id, b.footprint_m2::DECIMAL(18, 3) AS footprint, z.floor_area_m2::DECIMAL(18, 3) AS area,
        z.floor_area_low_m2::DECIMAL(18, 3) AS area_low, z.floor_area_high_m2::DECIMAL(18, 3) AS area_high,
        z.volume_m3::DECIMAL(18, 3) AS volume, z.volume_low_m3::DECIMAL(18, 3) AS volume_low, z.volume_high_m3::DECIMAL(18, 3) AS volume_high
    FROM score.size AS z JOIN core.building AS b USING (building_id)
),
atypicality AS (
    SELECT building_id, CAST(sum(value) AS DECIMAL(18, 6)) AS score FROM score.atypicality_part GROUP BY building_id
),
silence AS (
    -- Who is silent of the main building is silent of the site, unless it spoke of another member.
    SELECT w.audience, w.site_id, sum(n.variance) AS variance
    FROM (SELECT audience, site_id, type FROM score.site_member JOIN score.type USING (building_id) WHERE is_main) AS w
    JOIN score.silence AS n ON n.audience = w.audience AND n.type = w.type
    ANTI JOIN (
        SELECT p.audience, p.site_id, k.authority FROM score.site_underuse_part AS p JOIN reference.evidence_kind AS k USING (kind)
    ) AS said ON said.audience = w.audience AND said.site_id = w.site_id AND said.authority = n.authority
    GROUP BY ALL
),
named AS (
    SELECT building_id, min(p.tags['name']) AS name
    FROM (SELECT building_id, via FROM score.site_tie WHERE method = 'grounds' AND refusal IS NULL
          UNION SELECT other_id, via FROM score.site_tie WHERE method = 'grounds' AND refusal IS NULL) AS t
    JOIN staging.place AS p ON p.place_id = t.via
    GROUP BY building_id
),
whole AS (
    SELECT m.audience, m.site_id, any_value(m.building_id) FILTER (m.is_main) AS main_building_id,
        coalesce(any_value(n.name) FILTER (m.is_main), any_value(b.name) FILTER (m.is_main),
            arg_max(b.name, (b.footprint_m2, b.building_id)) FILTER (b.name IS NOT NULL)) AS name,
        any_value(t.type) FILTER (m.is_main) AS type, CAST(count(*) AS INTEGER) AS building_count,
        array_to_string(list_sort(list_distinct(flatten(list(string_split(m.methods, '; '))))), '; ') AS methods,
        min(m.score) AS certainty, sum(s.footprint) AS footprint_m2,
        CASE WHEN count(s.area) = count(*) THEN sum(s.area) END AS floor_area_m2, sum(s.area_low) AS floor_area_low_m2,
        CASE WHEN count(s.area_high) = count(*) THEN sum(s.area_high) END AS floor_area_high_m2,
        CASE WHEN count(s.volume) = count(*) THEN sum(s.volume) END AS volume_m3, sum(s.volume_low) AS volume_low_m3,
        CASE WHEN count(s.volume_high) = count(*) THEN sum(s.volume_high) END AS volume_high_m3,
        max(coalesce(a.score, 0)) AS atypicality_score, max(r.middle) AS reuse_score,
        -- As for a building: what a register calls empty counts by its share.
        sum(s.footprint * coalesce((u.vacant_low + u.vacant_high) / 2, 1))::DOUBLE / sum(s.footprint)::DOUBLE AS worth,
        any_value(u.band) FILTER (m.is_main) AS main_band, max(u.positive_count) AS positive_count,
        coalesce(sum(s.footprint) FILTER (u.positive_count > 0), 0)::DOUBLE / sum(s.footprint)::DOUBLE AS signal_share,
        CAST(sum(u.evidence_count) AS INTEGER) AS evidence_count, min(u.oldest_on) AS oldest_on, max(u.newest_on) AS newest_on
    FROM score.site_member AS m
    JOIN core.building AS b USING (building_id)
    JOIN score.type AS t USING (building_id)
    JOIN score.underuse AS u USING (audience, building_id)
    LEFT JOIN atypicality AS a USING (building_id)
    LEFT JOIN score.reuse AS r ON r.building_id = m.building_id AND r.place = 1
    JOIN size AS s USING (building_id)
    LEFT JOIN named AS n USING (building_id)
    GROUP BY m.audience, m.site_id
),
part AS (
    SELECT audience, site_id, CAST(sum(value) AS DECIMAL(18, 6)) AS log_odds, sum(CAST(value_sd * value_sd AS DECIMAL(18, 9))) AS variance
    FROM score.site_underuse_part GROUP BY ALL
),
odds AS (
    SELECT p.audience, p.site_id, p.log_odds, logistic(p.log_odds::DOUBLE) AS p, sqrt(CAST(p.variance + coalesce(n.variance, 0) AS DOUBLE)) AS sd
    FROM part AS p LEFT JOIN silence AS n USING (audience, site_id)
),
priority AS (
    SELECT w.audience, w.site_id,
        -- As for a building: where no use could be assessed, the other half speaks alone.
        CAST(o.p * w.worth * CASE WHEN w.reuse_score IS NULL THEN 1.0 ELSE param('priority_atypicality') END * w.atypicality_score AS DECIMAL(18, 6)) AS atypicality,
        CAST(coalesce(o.p * w.worth * param('priority_reuse') * w.reuse_score, 0) AS DECIMAL(18, 6)) AS reuse
    FROM whole AS w JOIN odds AS o USING (audience, site_id)
)
SELECT w.audience, w.site_id, w.main_building_id, w.name, w.type, w.building_count, w.methods, w.certainty,
    w.footprint_m2::DOUBLE AS footprint_m2, w.floor_area_m2::DOUBLE AS floor_area_m2, w.floor_area_low_m2::DOUBLE AS floor_area_low_m2,
    w.floor_area_high_m2::DOUBLE AS floor_area_high_m2, w.volume_m3::DOUBLE AS volume_m3, w.volume_low_m3::DOUBLE AS volume_low_m3,
    w.volume_high_m3::DOUBLE AS volume_high_m3, w.atypicality_score, o.log_odds, o.p AS probability,
    logistic(o.log_odds::DOUBLE - param('interval_z') * o.sd) AS low, logistic(o.log_odds::DOUBLE + param('interval_z') * o.sd) AS high,
    CASE WHEN w.main_band = 'confirmed' AND o.p >= param('band_likely') THEN 'confirmed'
         WHEN w.positive_count > 0 AND o.p >= param('band_likely') THEN 'likely'
         WHEN w.positive_count > 0 AND o.p >= param('band_signal') THEN 'signal'
         ELSE 'unknown' END AS band,
    w.signal_share, w.evidence_count, w.oldest_on, w.newest_on, p.atypicality AS priority_atypicality, p.reuse AS priority_reuse,
    CAST(p.atypicality + p.reuse AS DECIMAL(18, 6)) AS priority_score, getvariable('config_version') AS config_version
FROM whole AS w JOIN odds AS o USING (audience, site_id) JOIN priority AS p USING (audience, site_id)
