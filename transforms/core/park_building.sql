-- Which standing building is of which business park, and on which of its parcels it stands with the most of itself. What a border cuts
-- so that no park holds half of it is refused and counted; of two parks over one another the one that holds more has it.
-- inputs: core.building, core.standing, core.business_park, core.park_parcel, reference.park_survey
-- key: building_id
-- check: share > 0 AND share <= 1
-- check: parcel_share > 0 AND parcel_share <= 1
-- columns:
--   building_id | VARCHAR | - | Gebouw | building
--   feed | VARCHAR | - | Gegevensstroom | feed that gave the outline
--   source_row | VARCHAR | - | Bronrij | the building again
--   park_id | VARCHAR | - | Terrein | park it is of
--   share | DOUBLE | - | Aandeel in het terrein | share of the outline that lies in the park
--   park_count | BIGINT | parks | Terreinen | parks that hold half of it or more: several where parks lie over one another
--   parcel_id | VARCHAR | - | Perceel | parcel of that park with the most of the outline; null where it stands on none
--   parcel_share | DOUBLE | - | Aandeel op het perceel | share of the outline on that parcel
WITH rule AS (
    SELECT max(value) FILTER (name = 'assigned_share_min') AS half, max(value) FILTER (name = 'sliver_share') AS sliver FROM reference.park_survey
),
building AS (
    SELECT b.building_id, b.feed, b.footprint_m2, b.geom FROM core.building AS b SEMI JOIN core.standing USING (building_id)
),
overlap AS (
    SELECT b.building_id, b.feed, p.park_id, least(1, shared_area(b.geom, p.geom) / b.footprint_m2) AS share
    FROM building AS b JOIN core.business_park AS p ON ST_Intersects(b.geom, p.geom)
),
main AS (
    SELECT o.*, r.half, count(*) FILTER (share >= half) OVER (PARTITION BY building_id) AS park_count
    FROM overlap AS o CROSS JOIN rule AS r WHERE share >= sliver AND share > 0
    QUALIFY row_number() OVER (PARTITION BY building_id ORDER BY share DESC, park_id) = 1
),
on_parcel AS (
    SELECT b.building_id, c.park_id, c.parcel_id, least(1, shared_area(b.geom, c.geom) / b.footprint_m2) AS share
    FROM (SELECT * FROM building SEMI JOIN main USING (building_id)) AS b JOIN core.park_parcel AS c ON ST_Intersects(b.geom, c.geom)
),
parcel AS (
    SELECT o.building_id, o.parcel_id, o.share FROM on_parcel AS o JOIN main AS m USING (building_id, park_id)
    CROSS JOIN rule AS r WHERE o.share >= r.sliver AND o.share > 0
    QUALIFY row_number() OVER (PARTITION BY o.building_id ORDER BY o.share DESC, o.parcel_id) = 1
)
SELECT m.building_id, m.feed, m.building_id AS source_row, m.park_id, m.share, m.park_count, c.parcel_id, c.share AS parcel_share,
    CASE WHEN m.share < m.half THEN 'no park holds half of it' END AS reject_reason,
    CASE WHEN m.share < m.half THEN 'share' END AS reject_column, CASE WHEN m.share < m.half THEN m.park_id || ' ' || round(m.share, 2) END AS reject_value
FROM main AS m LEFT JOIN parcel AS c USING (building_id)
