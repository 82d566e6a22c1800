-- Business parks, per audience one row per park, with the headline numbers of layer.park_indicator. Empty is not known, and never none.
-- inputs: core.business_park, core.park_parcel, score.park_indicator, score.park_stock, reference.feed
-- key: audience, park_id
-- params: run_id
-- columns:
--   audience | VARCHAR | - | Doelgroep | public or city // Voor wie: public of city
--   park_id | VARCHAR | - | Terrein-id | Business park: issuer and id // Bedrijventerrein: uitgever en sleutel
--   name | VARCHAR | - | Naam | Name of the park, where a source gives one // Naam van het terrein, waar een bron er een geeft
--   park_type | VARCHAR | - | Soort | Kind of park as the provider writes it; the land use in OpenStreetMap // Soort terrein zoals de uitgever het schrijft; het landgebruik in OpenStreetMap
--   park_source | VARCHAR | - | Herkomst | authority: mapped by an authority; osm: pieces of land use that lie together // authority: kaart van een overheid; osm: stukken landgebruik die bij elkaar liggen
--   area_m2 | DOUBLE | m2 | Oppervlakte | Area // Oppervlakte
--   inside_share | DOUBLE | - | Aandeel binnen de grens | Share of it inside the city's boundary; empty where none is given // Deel binnen de stadsgrens; leeg waar geen grens gegeven is
--   seen_share | DOUBLE | - | Gezien aandeel | Share of it that lies inside the boundary and among the buildings of the city: beyond, nothing is known // Deel dat binnen de grens en tussen de gebouwen van de stad ligt: daarbuiten is niets bekend
--   building_count | INTEGER | buildings | Gebouwen | Standing buildings in it, for half of their outline or more // Gebouwen die er voor de helft of meer in liggen
--   parcel_count | INTEGER | parcels | Percelen | Usage parcels, or cadastral ones where there are none // Gebruikspercelen, of kadastrale waar die er niet zijn
--   built_share | DOUBLE | - | Bebouwd aandeel | Outlines over the ground; empty where not known // Gebouwen op de oppervlakte; leeg waar onbekend
--   floor_area_ratio | DOUBLE | - | Vloerindex (V/T) | Gross floor area over the ground; empty where not known // Bruto vloeroppervlakte op de oppervlakte; leeg waar onbekend
--   volume_m3_per_m2 | DOUBLE | m3 per m2 | Bouwvolume per m² | Built volume over the ground; empty where not known // Bouwvolume op de oppervlakte; leeg waar onbekend
--   idle_parcel_share | DOUBLE | - | Percelen niet in gebruik | Share of the usage parcels of which no part is in use, by area; empty where not known // Aandeel van de gebruikspercelen waarvan geen deel in gebruik is, naar oppervlakte; leeg waar onbekend
--   reserve_m2 | DOUBLE | m2 | Reservegrond | Ground that firms hold in reserve; empty where not known // Grond die bedrijven in reserve houden; leeg waar onbekend
--   offered_m2 | DOUBLE | m2 | Aangeboden grond | Usage parcels on offer; empty where not known // Gebruikspercelen in aanbod; leeg waar onbekend
--   idle_volume_m3 | DOUBLE | m3 | Volume met signaal | Volume of buildings that are likely out of use or registered so: a signal, not a status; empty where not known // Volume van gebouwen die waarschijnlijk of volgens een register buiten gebruik zijn: een signaal, geen status; leeg waar onbekend
--   idle_volume_low_m3 | DOUBLE | m3 | Volume met signaal, ondergrens | Least it can be; empty where not known // Minst mogelijke; leeg waar onbekend
--   idle_volume_high_m3 | DOUBLE | m3 | Volume met signaal, bovengrens | Most it can be of buildings with any sign; empty where not known // Meest mogelijke, van gebouwen met enig signaal; leeg waar onbekend
--   unjudged_volume_m3 | DOUBLE | m3 | Volume zonder signaal | Volume of buildings of which the use is not known; empty where not known // Volume van gebouwen waarvan het gebruik niet bekend is; leeg waar onbekend
--   roof_m2 | DOUBLE | m2 | Dakoppervlakte | Roofs in plan; empty where not known // Daken in grondvlak; leeg waar onbekend
--   solar_kwp | DOUBLE | kWp | Zonnevermogen | Indicative power of panels on the roofs; empty where no raster shows most of them // Indicatief vermogen van panelen op de daken; leeg waar geen hoogtemodel de meeste toont
--   solar_low_kwp | DOUBLE | kWp | Zonnevermogen, ondergrens | Least, by judgement of what is usable; empty where not known // Minst, volgens wat bruikbaar geacht wordt; leeg waar onbekend
--   solar_high_kwp | DOUBLE | kWp | Zonnevermogen, bovengrens | Most, by judgement of what is usable; empty where not known // Meest, volgens wat bruikbaar geacht wordt; leeg waar onbekend
--   parking_places | DOUBLE | places | Parkeerplaatsen | On mapped car parks, estimated where their number is not tagged; empty where not known // Op gekarteerde parkings, geschat waar hun aantal niet vermeld is; leeg waar onbekend
--   stops_500m | DOUBLE | stops | Haltes binnen 500 m | Stops of public transport within 500 m; empty where not known // Haltes van openbaar vervoer binnen 500 m; leeg waar onbekend
--   departures_500m | DOUBLE | per day | Vertrekken binnen 500 m | Departures on an average weekday, of the timetables the city has; empty where not known // Vertrekken op een gemiddelde weekdag, van de dienstregelingen die de stad heeft; leeg waar onbekend
--   establishments | DOUBLE | establishments | Vestigingen | Active establishments matched to its buildings; empty where not known // Actieve vestigingen in zijn gebouwen; leeg waar onbekend
--   amenities_500m | DOUBLE | kinds | Voorzieningen binnen 500 m | Kinds of amenities found within 500 m; empty where not known // Soorten voorzieningen gevonden binnen 500 m; leeg waar onbekend
--   sealed_low_share | DOUBLE | - | Verhard, minstens | Surely built or paved; empty where not known // Zeker bebouwd of verhard; leeg waar onbekend
--   green_low_share | DOUBLE | - | Groen, minstens | Surely green; empty where not known // Zeker groen; leeg waar onbekend
--   flood_share | DOUBLE | - | Overstromingsgevoelig | Share of its ground that can flood; empty where not known // Aandeel van de grond dat kan overstromen; leeg waar onbekend
--   known_share | DOUBLE | - | Bekend aandeel | Share of the indicators that have a value // Aandeel van de indicatoren met een waarde
--   coverage | DOUBLE | - | Dekking | Mean coverage of the indicators // Gemiddelde dekking van de indicatoren
--   sources | VARCHAR | - | Bronnen | Sources of the outline and the numbers // Bronnen van de omtrek en de getallen
--   licence | VARCHAR | - | Licentie | Licences of those sources // Licenties van die bronnen
--   run_id | VARCHAR | - | Run | Run that made the row // Run die de rij maakte
--   geom | GEOMETRY | - | Geometrie | Outline in the city's CRS // Omtrek in het coördinatenstelsel van de stad
WITH shown AS (
    SELECT a.audience, p.* FROM core.business_park AS p JOIN reference.feed AS f USING (feed) CROSS JOIN (SELECT unnest(['public', 'city']) AS audience) AS a
    WHERE f.visibility = 'public' OR a.audience = 'city'
),
stock AS (SELECT park_id, CAST(count(*) AS INTEGER) AS n FROM score.park_stock GROUP BY park_id),
parcel AS (
    SELECT a.audience, c.park_id, CAST(count(*) AS INTEGER) AS n, list(DISTINCT c.feed) AS feeds
    FROM core.park_parcel AS c JOIN reference.feed AS f USING (feed) CROSS JOIN (SELECT unnest(['public', 'city']) AS audience) AS a
    WHERE f.visibility = 'public' OR a.audience = 'city' GROUP BY ALL
),
number AS (
    SELECT audience, park_id,
        any_value(value) FILTER (indicator = 'built_share') AS built_share,
        any_value(value) FILTER (indicator = 'floor_area_ratio') AS floor_area_ratio,
        any_value(value) FILTER (indicator = 'volume_ratio') AS volume_m3_per_m2,
        any_value(value) FILTER (indicator = 'idle_parcel_share') AS idle_parcel_share,
        any_value(value) FILTER (indicator = 'reserve_m2') AS reserve_m2,
        any_value(value) FILTER (indicator = 'offered_m2') AS offered_m2,
        any_value(value) FILTER (indicator = 'idle_volume_m3') AS idle_volume_m3,
        any_value(low) FILTER (indicator = 'idle_volume_m3') AS idle_volume_low_m3,
        any_value(high) FILTER (indicator = 'idle_volume_m3') AS idle_volume_high_m3,
        any_value(value) FILTER (indicator = 'unjudged_volume_m3') AS unjudged_volume_m3,
        any_value(value) FILTER (indicator = 'roof_m2') AS roof_m2,
        any_value(value) FILTER (indicator = 'solar_kwp') AS solar_kwp,
        any_value(low) FILTER (indicator = 'solar_kwp') AS solar_low_kwp,
        any_value(high) FILTER (indicator = 'solar_kwp') AS solar_high_kwp,
        any_value(value) FILTER (indicator = 'parking_places') AS parking_places,
        any_value(value) FILTER (indicator = 'stops_500m') AS stops_500m,
        any_value(value) FILTER (indicator = 'departures_500m') AS departures_500m,
        any_value(value) FILTER (indicator = 'establishments') AS establishments,
        any_value(value) FILTER (indicator = 'amenities_500m') AS amenities_500m,
        any_value(low) FILTER (indicator = 'sealed_share') AS sealed_low_share,
        any_value(low) FILTER (indicator = 'green_share') AS green_low_share,
        any_value(value) FILTER (indicator = 'flood_share') AS flood_share,
        count(value) / count(*) AS known_share, avg(coverage::DECIMAL(18, 6))::DOUBLE AS coverage, flatten(list(feeds)) AS feeds
    FROM score.park_indicator GROUP BY ALL
),
used AS (
    SELECT s.audience, s.park_id, unnest(list_distinct(list_concat([s.feed], n.feeds, coalesce(c.feeds, [])))) AS feed
    FROM shown AS s JOIN number AS n USING (audience, park_id) LEFT JOIN parcel AS c USING (audience, park_id)
),
source AS (
    SELECT u.audience, u.park_id, string_agg(DISTINCT f.title, '; ' ORDER BY f.title) AS sources, string_agg(DISTINCT f.licence, '; ' ORDER BY f.licence) AS licence
    FROM used AS u JOIN reference.feed AS f USING (feed) GROUP BY ALL
)
SELECT s.audience, s.park_id, s.name, s.park_type, s.source AS park_source, s.area_m2, s.inside_share, s.seen_share, coalesce(k.n, 0) AS building_count, coalesce(c.n, 0) AS parcel_count,
    n.* EXCLUDE (audience, park_id, feeds), q.sources, q.licence, getvariable('run_id') AS run_id, s.geom
FROM shown AS s
JOIN number AS n USING (audience, park_id)
LEFT JOIN stock AS k USING (park_id)
LEFT JOIN parcel AS c ON c.audience = s.audience AND c.park_id = s.park_id
LEFT JOIN source AS q ON q.audience = s.audience AND q.park_id = s.park_id
