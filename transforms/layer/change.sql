-- What changed since the layer before; empty until runs are kept as history.
-- inputs: layer.building
-- key: audience, building_id
-- columns:
--   audience | VARCHAR | - | Doelgroep | public or city
--   building_id | VARCHAR | - | Gebouw-id | Building
--   change | VARCHAR | - | Wijziging | appeared, gone, moved band, rescored
--   replaced_by | VARCHAR | - | Vervangen door | Building that took its place
--   changed_on | DATE | - | Gewijzigd op | Day of the run that saw it
SELECT audience, building_id, CAST(NULL AS VARCHAR) AS change, CAST(NULL AS VARCHAR) AS replaced_by, CAST(NULL AS DATE) AS changed_on
FROM layer.building WHERE false
