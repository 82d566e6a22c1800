-- Every observation about a building of the city's layer, beside the building, the source and what it did to the score. Not for publication.
-- view: yes
-- inputs: layer.evidence, layer.building, layer.source, score.underuse_part
-- like: layer.evidence without audience
-- columns:
--   counted | DOUBLE | log-odds | Telt mee voor | What it added to the log-odds; 0 where a stronger observation of the same authority already said so // Wat ze toevoegde aan de log-odds; 0 waar een sterkere waarneming van dezelfde herkomst het al zei
--   building_name | VARCHAR | - | Naam | Name of the building // Naam van het gebouw
--   building_address | VARCHAR | - | Adres | First address in the building // Eerste adres in het gebouw
--   building_type | VARCHAR | - | Type (code) | Type of the building // Type van het gebouw
--   underuse_band | VARCHAR | - | Klasse | Band of the building, by all its observations together // Klasse van het gebouw, volgens al zijn waarnemingen samen
--   source_title | VARCHAR | - | Bron | Title of the source // Titel van de bron
--   source_licence | VARCHAR | - | Licentie | Licence of the source // Licentie van de bron
--   source_visibility | VARCHAR | - | Zichtbaarheid | Whether the source may be published: public, or city // Of de bron gepubliceerd mag worden: public of city
SELECT e.* EXCLUDE (audience), CAST(p.value AS DOUBLE) AS counted, b.name AS building_name, b.address AS building_address,
    b.type AS building_type, b.underuse_band, s.title AS source_title, s.licence AS source_licence, s.visibility AS source_visibility
FROM layer.evidence AS e
JOIN layer.building AS b USING (audience, building_id)
JOIN layer.source AS s USING (feed)
JOIN score.underuse_part AS p ON p.audience = e.audience AND p.building_id = e.building_id AND p.item = e.item_id
WHERE e.audience = 'city'
