-- The observations behind the published buildings, per audience.
-- inputs: evidence.item, layer.building, reference.evidence_kind
-- key: audience, item_id
-- columns:
--   audience | VARCHAR | - | Doelgroep | public or city // Voor wie: public of city
--   item_id | VARCHAR | - | Waarneming | Kind, building, and a hash of the source's row // Soort, gebouw, en een hash van de rij van de bron
--   building_id | VARCHAR | - | Gebouw-id | Building the observation is about // Gebouw waarover de waarneming gaat
--   kind | VARCHAR | - | Soort (code) | Kind of evidence // Soort aanwijzing
--   label | VARCHAR | - | Soort | Kind of evidence in Dutch // Soort aanwijzing in het Nederlands
--   label_en | VARCHAR | - | Soort (Engels) | Kind of evidence in English // Soort aanwijzing in het Engels
--   detail | VARCHAR | - | Detail | What the source says // Wat de bron zegt
--   authority | VARCHAR | - | Herkomst | Who says so // Wie het zegt
--   feed | VARCHAR | - | Gegevensstroom | Feed that gave it // Gegevensstroom die het gaf
--   source_id | VARCHAR | - | Bronsleutel | Row or element it was read from // Rij of element waaruit het gelezen werd
--   observed_on | DATE | - | Waargenomen op | Day of the observation // Dag van de waarneming
--   freshness | DOUBLE | - | Versheid (0-1) | Halves with every half-life of its kind // Halveert met elke halfwaardetijd van haar soort
--   match_method | VARCHAR | - | Koppeling | How it found the building // Hoe ze het gebouw vond
--   match_score | DOUBLE | - | Zekerheid koppeling (0-1) | How sure it belongs to the building // Hoe zeker ze bij het gebouw hoort
--   effect | DOUBLE | log-odds | Gewicht | What it adds to the log-odds when it is the strongest of its authority // Wat ze toevoegt aan de log-odds als ze de sterkste van haar herkomst is
SELECT b.audience, i.item_id, i.building_id, i.kind, k.label_nl AS label, k.label_en,
    -- Which part, and which row of a register, is for the city alone.
    CASE WHEN b.audience = 'city' OR i.kind NOT LIKE 'register%' THEN i.detail END AS detail, i.authority, i.feed,
    CASE WHEN b.audience = 'city' OR i.kind NOT LIKE 'register%' THEN i.source_id END AS source_id, i.observed_on,
    i.freshness, i.match_method, i.match_score, i.effect
FROM evidence.item AS i
JOIN layer.building AS b ON b.building_id = i.building_id AND (b.audience = 'city' OR i.visibility = 'public')
JOIN reference.evidence_kind AS k USING (kind)
