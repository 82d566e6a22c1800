-- What is known of each assessed building, apart from what it is good for: a number from low to high, or a class by name.
-- view: yes
-- inputs: score.measure_number, score.measure_near, score.measure_class
-- columns:
--   building_id | VARCHAR | - | Gebouw | building
--   measure | VARCHAR | - | Maat | name in reference.reuse_measure, or the criterion it was measured for
--   low | DOUBLE | - | Laagste | smallest it can be; null for no bound
--   high | DOUBLE | - | Hoogste | largest it can be; null for no bound
--   class | VARCHAR | - | Klasse | class by name
--   feeds | VARCHAR[] | - | Gegevensstromen | feeds it was made from
SELECT building_id, measure, low, high, class, feeds FROM score.measure_number
UNION ALL SELECT building_id, measure, low, high, CAST(NULL AS VARCHAR), feeds FROM score.measure_near
UNION ALL SELECT building_id, measure, CAST(NULL AS DOUBLE), CAST(NULL AS DOUBLE), class, feeds FROM score.measure_class
