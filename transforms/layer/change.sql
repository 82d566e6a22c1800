-- What changed since the layer before; empty until runs are kept as history.
-- inputs: layer.building
-- key: audience, building_id
-- columns:
--   audience | VARCHAR | - | Doelgroep | public or city // Voor wie: public of city
--   building_id | VARCHAR | - | Gebouw-id | Building // Gebouw
--   change | VARCHAR | - | Wijziging | appeared, gone, moved band, rescored // Verschenen, verdwenen, andere klasse, anders gescoord
--   replaced_by | VARCHAR | - | Vervangen door | Building that took its place // Gebouw dat in de plaats kwam
--   changed_on | DATE | - | Gewijzigd op | Day of the run that saw it // Dag van de run die het zag
SELECT audience, building_id, CAST(NULL AS VARCHAR) AS change, CAST(NULL AS VARCHAR) AS replaced_by, CAST(NULL AS DATE) AS changed_on
FROM layer.building WHERE false
