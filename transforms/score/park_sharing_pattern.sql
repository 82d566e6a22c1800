-- When the neighbours of a parcel or building in a business park are at work, and when its own places are free: by the types of the
-- buildings, as nobody counts cars. A type without a pattern may be anything. No row: not known.
-- inputs: score.park_subject, score.park_stock, core.business_park, core.park_parcel, core.park_building, reference.park_use_pattern
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
WITH stock AS (
    SELECT s.park_id, s.building_id, k.parcel_id, s.outline_m2 AS m2, CASE WHEN u.type IS NOT NULL THEN s.outline_m2 ELSE 0 END AS known_m2,
        s.outline_m2 * coalesce(u.day, 0) AS day, s.outline_m2 * coalesce(u.evening, 0) AS evening, s.outline_m2 * coalesce(u.weekend, 0) AS weekend, s.feeds
    FROM score.park_stock AS s JOIN core.park_building AS k USING (building_id) LEFT JOIN reference.park_use_pattern AS u USING (type)
),
-- Decimals: sums of floating point depend on the order of the threads.
own AS (
    SELECT 'building' AS subject_kind, building_id AS subject_id, sum(m2::DECIMAL(18, 3)) AS m2, sum(known_m2::DECIMAL(18, 3)) AS known_m2, sum(day::DECIMAL(18, 3)) AS day,
        sum(evening::DECIMAL(18, 3)) AS evening, sum(weekend::DECIMAL(18, 3)) AS weekend FROM stock GROUP BY building_id
    UNION ALL
    SELECT 'parcel', parcel_id, sum(m2::DECIMAL(18, 3)), sum(known_m2::DECIMAL(18, 3)), sum(day::DECIMAL(18, 3)), sum(evening::DECIMAL(18, 3)), sum(weekend::DECIMAL(18, 3))
    FROM stock WHERE parcel_id IS NOT NULL GROUP BY parcel_id
),
whole AS (
    SELECT park_id, sum(m2::DECIMAL(18, 3)) AS m2, sum(known_m2::DECIMAL(18, 3)) AS known_m2, sum(day::DECIMAL(18, 3)) AS day, sum(evening::DECIMAL(18, 3)) AS evening,
        sum(weekend::DECIMAL(18, 3)) AS weekend, list_sort(list_distinct(flatten(list(feeds)))) AS feeds
    FROM stock GROUP BY park_id
),
beside AS (
    SELECT s.subject_kind, s.subject_id, p.seen_share * ((w.known_m2 - coalesce(o.known_m2, 0)) / (w.m2 - coalesce(o.m2, 0)))::DOUBLE AS known,
        list_sort(list_distinct(list_concat(w.feeds, [s.feed, s.park_feed]))) AS feeds, nullif((w.known_m2 - coalesce(o.known_m2, 0))::DOUBLE, 0) AS rest_m2,
        [w.day - coalesce(o.day, 0), w.evening - coalesce(o.evening, 0), w.weekend - coalesce(o.weekend, 0)]::DOUBLE[] AS rest,
        o.m2::DOUBLE AS own_m2, o.known_m2::DOUBLE AS own_known_m2, [o.day, o.evening, o.weekend]::DOUBLE[] AS own, p.seen_share AS seen
    FROM score.park_subject AS s JOIN whole AS w USING (park_id) JOIN core.business_park AS p USING (park_id) LEFT JOIN own AS o USING (subject_kind, subject_id)
    WHERE w.known_m2 > coalesce(o.known_m2, 0)
),
slot AS (
    SELECT b.subject_kind, b.subject_id, b.feeds, b.slot, least(1, b.rest[b.slot] / b.rest_m2) AS taken, least(1, b.known) AS known,
        -- A parcel that is not in use takes no places; one without buildings takes none either, where all are seen.
        CASE WHEN c.in_use = 'not_in_use' OR b.own_m2 IS NULL AND (b.seen >= 1 OR c.built = 'unbuilt') THEN 0.0 WHEN b.own_known_m2 > 0 THEN least(1, b.own[b.slot] / b.own_known_m2) END AS mine,
        CASE WHEN c.in_use = 'not_in_use' OR b.own_m2 IS NULL THEN 1.0 ELSE least(1, b.seen * b.own_known_m2 / b.own_m2) END AS mine_known
    FROM (SELECT *, generate_subscripts(rest, 1) AS slot FROM beside) AS b LEFT JOIN core.park_parcel AS c ON b.subject_kind = 'parcel' AND c.parcel_id = b.subject_id
)
SELECT subject_kind, subject_id, 'neighbours_day' AS measure, taken AS value, least(taken, taken * known) AS low, greatest(taken, taken * known + 1 - known) AS high, feeds FROM slot WHERE slot = 1
UNION ALL
-- The time of the week at which most places are free here and wanted there.
SELECT subject_kind, subject_id, 'free_pattern', max(least(1 - mine, taken)), least(max(least(1 - mine, taken)), max(least(mine_known * (1 - mine), taken * known))),
    greatest(max(least(1 - mine, taken)), max(least(1 - mine * mine_known, taken * known + 1 - known))), any_value(feeds)
FROM slot WHERE subject_kind = 'parcel' AND mine IS NOT NULL GROUP BY subject_kind, subject_id
