-- Which buildings are one site, per audience. A building that belongs to no site is not here.
-- inputs: score.site_component, score.type, core.building, core.objected
-- key: audience, building_id
-- check: weight > 0 AND weight <= 1
-- columns:
--   audience | VARCHAR | - | Doelgroep | public or city; who objects is in no public site
--   site_id | VARCHAR | - | Site | site: and the building_id of its main building
--   building_id | VARCHAR | - | Gebouw | building
--   is_main | BOOLEAN | - | Hoofdgebouw | largest atypical building of the site
--   weight | DOUBLE | - | Gewicht | its outline over the main building's, 1 at most
--   methods | VARCHAR | - | Methodes | what ties it to the site, the surest first
--   score | DOUBLE | - | Zekerheid | how sure it belongs to the site
WITH member AS (
    SELECT a.audience, c.component_id, c.building_id, c.methods, c.score, b.footprint_m2,
        t.is_atypical AND t.is_residential IS NOT true AS is_core
    FROM score.site_component AS c
    JOIN core.building AS b USING (building_id)
    JOIN score.type AS t USING (building_id)
    CROSS JOIN (SELECT unnest(['public', 'city']) AS audience) AS a
    WHERE c.component_id IS NOT NULL AND NOT (a.audience = 'public' AND c.building_id IN (SELECT building_id FROM core.objected))
),
main AS (
    SELECT audience, component_id, arg_min(building_id, (-footprint_m2, building_id)) FILTER (is_core) AS main_id,
        max(footprint_m2) FILTER (is_core) AS main_m2
    FROM member GROUP BY ALL
    HAVING count(*) >= 2 AND bool_or(is_core)
)
SELECT m.audience, 'site:' || n.main_id AS site_id, m.building_id, m.building_id = n.main_id AS is_main,
    least(1, m.footprint_m2 / n.main_m2) AS weight, m.methods, m.score
FROM member AS m JOIN main AS n USING (audience, component_id)
