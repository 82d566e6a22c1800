-- One row per observation that a building is in or out of use, as known on the day the city is looked at.
-- inputs: staging.register_row, staging.observation, core.size, core.address, core.link_register, core.link_observation, core.tag,
--   reference.evidence_kind, reference.register_evidence, reference.state_tag, reference.part_word, reference.parameter, reference.feed
-- key: item_id
-- params: as_of
-- check: freshness BETWEEN 0 AND 1
-- check: observed_on <= getvariable('as_of')
-- columns:
--   item_id | VARCHAR | - | Waarneming | kind, building, and a hash of the row and what it says
--   building_id | VARCHAR | - | Gebouw | building
--   kind | VARCHAR | - | Soort | kind of evidence
--   authority | VARCHAR | - | Herkomst | who says so; one fact told twice by one authority counts once
--   feed | VARCHAR | - | Gegevensstroom | feed that gave it
--   visibility | VARCHAR | - | Zichtbaarheid | public, or city
--   source_id | VARCHAR | - | Bronsleutel | row or element it was read from
--   detail | VARCHAR | - | Detail | what it says
--   observed_on | DATE | - | Waargenomen op | day of the observation
--   age_days | INTEGER | days | Ouderdom | from the observation, or from the register that still holds it, to as_of
--   freshness | DOUBLE | - | Versheid | 2^(-age/half-life)
--   match_method | VARCHAR | - | Koppeling | how it found the building
--   match_score | DOUBLE | - | Zekerheid koppeling | how sure it belongs to the building
--   log_lr | DOUBLE | log-odds | Gewicht | weight of the kind when fresh and sure
--   log_lr_sd | DOUBLE | log-odds | Onzekerheid gewicht | how unsure that weight is
--   effect | DOUBLE | log-odds | Uitwerking | log_lr x freshness x match score
--   effect_sd | DOUBLE | log-odds | Onzekerheid uitwerking | log_lr_sd: an old or unsure observation weighs less, and is no surer
--   is_legal | BOOLEAN | - | Wettelijk | an authority registered it
--   vacant_low | DOUBLE | - | Leeg aandeel laag | smallest share of the building the wording can mean; null where it names none
--   vacant_high | DOUBLE | - | Leeg aandeel hoog | largest share the wording can mean
WITH words AS (
    SELECT part, unit, low, high
    FROM (SELECT DISTINCT part FROM staging.register_row WHERE part IS NOT NULL)
    JOIN reference.part_word ON regexp_matches(lower(strip_accents(trim(part))), pattern)
    QUALIFY row_number() OVER (PARTITION BY part ORDER BY place) = 1
),
unit AS (
    -- Where the address file knows the units of a building, one of nine is about a ninth of it.
    SELECT building_id, count(DISTINCT box_number) AS n FROM core.address
    WHERE building_id IS NOT NULL AND box_number IS NOT NULL GROUP BY building_id HAVING n > 1
),
register AS (
    SELECT l.building_id, e.kind, r.feed, r.register_id AS source_id,
        concat_ws(', ', r.part, r.listed_on) AS detail,
        -- A row lives as long as the newest register holds it: its age counts from that register.
        coalesce(r.listed_on, f.snapshot_on) AS observed_on, greatest(f.snapshot_on, r.listed_on) AS alive_on,
        l.method, l.score,
        -- DuckDB's least and greatest pass over null: storeys that are unknown are not one storey.
        CASE WHEN w.unit = 'building' THEN w.low
             WHEN r.box_number IS NOT NULL AND u.n > 1 THEN param('unit_share_low') / u.n
             WHEN w.unit = 'storey' THEN least(1, w.low / greatest(1, coalesce(b.floors, b.floors_high, param('storeys_max')))) END AS vacant_low,
        CASE WHEN w.unit = 'building' THEN w.high
             WHEN r.box_number IS NOT NULL AND u.n > 1 THEN least(1, param('unit_share_high') / u.n)
             WHEN w.unit = 'storey' THEN least(1, w.high / greatest(1, coalesce(b.floors, b.floors_low, 1))) END AS vacant_high
    FROM staging.register_row AS r
    JOIN core.link_register AS l USING (feed, register_id)
    JOIN core.size AS b USING (building_id)
    JOIN reference.register_evidence AS e ON e.status = r.status AND e.inventory = r.inventory
    JOIN reference.feed AS f ON f.feed = r.feed
    LEFT JOIN words AS w ON w.part = r.part
    LEFT JOIN unit AS u ON u.building_id = l.building_id
),
observed AS (
    SELECT l.building_id, o.kind, o.feed, o.observation_id AS source_id, o.detail, coalesce(o.observed_on, f.snapshot_on) AS observed_on,
        l.method, l.score, o.vacant_low, o.vacant_high
    FROM staging.observation AS o JOIN core.link_observation AS l USING (feed, observation_id) JOIN reference.feed AS f USING (feed)
),
tag AS (
    SELECT t.*, coalesce(t.observed_on, f.snapshot_on) AS seen_on
    FROM core.tag AS t JOIN reference.feed AS f USING (feed)
    WHERE coalesce(t.observed_on, f.snapshot_on) <= getvariable('as_of')
),
stated AS (
    SELECT t.building_id, s.kind, t.feed, t.element_id AS source_id, t.key || '=' || t.value AS detail, t.seen_on, t.origin, t.score
    FROM tag AS t JOIN reference.state_tag AS s ON s.key = t.key AND s.value = t.value
    WHERE t.prefix = '' AND t.origin <> 'grounds'
),
ended AS (
    -- A prefix on the main use is a statement about it; on `building` itself the tagging is deprecated and unclear.
    SELECT building_id,
        CASE WHEN is_main_use AND strength = 'strong' THEN 'osm_former_use' ELSE 'osm_unclear_lifecycle' END AS kind,
        feed, element_id AS source_id, prefix || ':' || key || '=' || value AS detail, seen_on, origin, score
    FROM tag
    WHERE is_ended AND prefix <> '' AND (is_main_use OR key = 'building') AND origin <> 'grounds'
),
in_use AS (
    SELECT building_id, feed, element_id AS source_id, key || '=' || value AS detail, seen_on, origin, score
    FROM tag
    WHERE prefix = '' AND NOT is_ended AND (is_main_use OR key = 'opening_hours') AND origin <> 'grounds'
        AND value NOT IN ('no', 'vacant') AND key NOT IN ('man_made', 'military')
),
present_use AS (
    -- A present use tells against a former one when it was seen no earlier: on the same element it always was.
    SELECT u.building_id, 'osm_present_use' AS kind, u.feed, u.source_id, u.detail || ' + ' || e.detail AS detail, u.seen_on,
        u.origin, u.score
    FROM in_use AS u
    JOIN (SELECT * FROM ended UNION ALL SELECT * FROM stated) AS e USING (building_id)
    WHERE u.source_id = e.source_id OR u.seen_on >= e.seen_on
    QUALIFY row_number() OVER (PARTITION BY u.building_id, u.source_id ORDER BY e.detail, u.detail) = 1
),
osm AS (
    SELECT * FROM stated UNION ALL SELECT * FROM ended UNION ALL SELECT * FROM present_use
    UNION ALL
    -- The main tag of an outline outlives the use it names: only what takes place inside, and hours, are of today.
    SELECT building_id, 'osm_recent_use', feed, source_id, detail, seen_on, origin, score FROM in_use
    WHERE origin = 'place' OR detail LIKE 'opening_hours=%'
    QUALIFY row_number() OVER (PARTITION BY building_id, source_id ORDER BY detail) = 1
),
item AS (
    SELECT building_id, kind, feed, source_id, detail, observed_on, alive_on, method, score, vacant_low, vacant_high FROM register
    UNION ALL
    SELECT building_id, kind, feed, source_id, detail, observed_on, observed_on, method, score, vacant_low, vacant_high FROM observed
    UNION ALL
    SELECT building_id, kind, feed, source_id, detail, seen_on, seen_on, origin, score, NULL, NULL FROM osm
),
aged AS (
    SELECT i.*, greatest(0, getvariable('as_of') - i.alive_on) AS age_days FROM item AS i WHERE i.observed_on <= getvariable('as_of')
)
SELECT
    -- Which row of a register it was is for the city alone, and an id goes everywhere.
    a.kind || ' ' || a.building_id || ' ' || md5(concat_ws('|', a.feed, a.source_id, a.detail))[:12] AS item_id,
    a.building_id, a.kind, k.authority, a.feed, f.visibility, a.source_id, a.detail, a.observed_on,
    CAST(a.age_days AS INTEGER) AS age_days, pow(2, -a.age_days / 30.4375 / k.half_life_months) AS freshness,
    a.method AS match_method, a.score AS match_score, k.log_lr, k.log_lr_sd,
    k.log_lr * pow(2, -a.age_days / 30.4375 / k.half_life_months) * a.score AS effect,
    k.log_lr_sd AS effect_sd,
    k.is_legal, a.vacant_low, a.vacant_high
FROM aged AS a JOIN reference.evidence_kind AS k USING (kind) JOIN reference.feed AS f ON f.feed = a.feed
-- Who stood before the building later has seen more: an earlier look at it is over, whatever it said.
QUALIFY k.authority <> 'field check' OR a.observed_on = max(a.observed_on) OVER (PARTITION BY a.building_id, k.authority, f.visibility)
