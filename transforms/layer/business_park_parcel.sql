-- The parcels of business parks, per audience: usage parcels with what the authority says of them; where there are none the cadastral
-- parcels, of which nothing is known but where they lie.
-- inputs: core.park_parcel, core.park_building, core.business_park, reference.feed
-- key: audience, parcel_id
-- params: run_id
-- columns:
--   audience | VARCHAR | - | Doelgroep | public or city // Voor wie: public of city
--   parcel_id | VARCHAR | - | Perceel-id | Parcel: issuer and id // Perceel: uitgever en sleutel
--   park_id | VARCHAR | - | Terrein-id | Business park it is of // Bedrijventerrein waartoe het hoort
--   park_name | VARCHAR | - | Terrein | Name of the park // Naam van het terrein
--   parcel_source | VARCHAR | - | Herkomst | usage: what is used as one, by the authority; cadastre: a cadastral parcel // usage: wat als één geheel gebruikt wordt, volgens de overheid; cadastre: een kadastraal perceel
--   in_use | VARCHAR | - | Gebruik | in_use: some part is in use; not_in_use: none is; empty where unknown // in_use: minstens een deel in gebruik; not_in_use: niets in gebruik; leeg waar onbekend
--   built | VARCHAR | - | Bebouwing | built or unbuilt; empty where unknown // built = bebouwd, unbuilt = onbebouwd; leeg waar onbekend
--   availability | VARCHAR | - | Aanbod | offered, not_offered or option; empty where unknown // offered = aangeboden, not_offered = niet aangeboden, option = in optie; leeg waar onbekend
--   parcel_function | VARCHAR | - | Functie | What it is used for; empty where unknown // Waarvoor het gebruikt wordt; leeg waar onbekend
--   restriction | VARCHAR | - | Beperking | What stands in the way; empty where unknown // Wat in de weg staat; leeg waar onbekend
--   unread | VARCHAR | - | Andere woorden | Words of the provider that are on no list of ours // Woorden van de uitgever die op geen lijst staan
--   area_m2 | DOUBLE | m2 | Oppervlakte | Area // Oppervlakte
--   building_count | INTEGER | buildings | Gebouwen | Standing buildings that stand mostly on it // Gebouwen die er grotendeels op staan
--   sources | VARCHAR | - | Bronnen | Source of the parcel // Bron van het perceel
--   licence | VARCHAR | - | Licentie | Its licence // Licentie ervan
--   run_id | VARCHAR | - | Run | Run that made the row // Run die de rij maakte
--   geom | GEOMETRY | - | Geometrie | Outline in the city's CRS // Omtrek in het coördinatenstelsel van de stad
SELECT a.audience, c.parcel_id, c.park_id, p.name AS park_name, c.source AS parcel_source, c.in_use, c.built, c.availability, c.parcel_function, c.restriction,
    c.unread, c.area_m2, coalesce(b.n, 0) AS building_count, f.title AS sources, f.licence, getvariable('run_id') AS run_id, c.geom
FROM core.park_parcel AS c
JOIN core.business_park AS p USING (park_id)
JOIN reference.feed AS f ON f.feed = c.feed
JOIN reference.feed AS g ON g.feed = p.feed
CROSS JOIN (SELECT unnest(['public', 'city']) AS audience) AS a
LEFT JOIN (SELECT parcel_id, CAST(count(*) AS INTEGER) AS n FROM core.park_building WHERE parcel_id IS NOT NULL GROUP BY parcel_id) AS b USING (parcel_id)
WHERE f.visibility = 'public' AND g.visibility = 'public' OR a.audience = 'city'
