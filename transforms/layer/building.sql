-- The published layer: per audience one row per building that score.shown names.
-- inputs: core.building, core.address, core.link_parcel, score.building, score.shown, score.priority_rank, score.underuse,
--   score.reason, score.heritage, score.size, score.measure, score.site_member, score.site,
--   evidence.item, core.tag, core.link_designation, staging.designation, staging.parcel, reference.building_type,
--   reference.reuse_use, reference.feed
-- key: audience, building_id
-- params: nis_code, run_id, as_of
-- check: underuse_band IN ('confirmed', 'likely', 'signal', 'unknown')
-- check: audience = 'city' OR type <> 'dwelling' AND type <> 'apartments'
-- columns:
--   audience | VARCHAR | - | Doelgroep | public or city // Voor wie: public of city
--   building_id | VARCHAR | - | Gebouw-id | Stable id of the building: issuer and the issuer's own id // Vaste sleutel van het gebouw: uitgever en diens eigen sleutel
--   name | VARCHAR | - | Naam | Name of the building, where a source gives one // Naam van het gebouw, waar een bron er een geeft
--   type | VARCHAR | - | Type (code) | Type of the building, by everything that names it // Type van het gebouw, volgens alles wat het benoemt
--   type_label | VARCHAR | - | Type | Type of the building in Dutch // Type van het gebouw in het Nederlands
--   former_use | VARCHAR | - | Vroeger gebruik | Use that is over, in Dutch; empty where none is known // Gebruik dat voorbij is; leeg waar er geen bekend is
--   address | VARCHAR | - | Adres | First address in the building // Eerste adres in het gebouw
--   nis_code | VARCHAR | - | NIS-code | Municipality // Gemeente
--   capakey | VARCHAR | - | Capakey | Cadastral parcel that holds most of the building // Kadastraal perceel waarop het grootste deel van het gebouw staat
--   footprint_m2 | DOUBLE | m2 | Grondoppervlakte | Area of the outline // Oppervlakte van de omtrek
--   height_m | DOUBLE | m | Hoogte | Height of the roof; empty where unknown // Hoogte van het dak; leeg waar onbekend
--   floors | DOUBLE | storeys | Bouwlagen | Storeys above ground; empty where unknown // Bouwlagen boven de grond; leeg waar onbekend
--   floor_area_m2 | DOUBLE | m2 | Vloeroppervlakte | Outline times storeys, gross; empty where storeys are unknown // Omtrek maal bouwlagen, bruto; leeg waar de bouwlagen onbekend zijn
--   floor_area_low_m2 | DOUBLE | m2 | Vloeroppervlakte, ondergrens | Lower end of the 80% interval; can be known where the floor area is not // Ondergrens van het 80%-interval; kan bekend zijn waar de vloeroppervlakte dat niet is
--   floor_area_high_m2 | DOUBLE | m2 | Vloeroppervlakte, bovengrens | Upper end of the 80% interval // Bovengrens van het 80%-interval
--   volume_m3 | DOUBLE | m3 | Volume | Outline times mean height; empty where unknown // Omtrek maal gemiddelde hoogte; leeg waar onbekend
--   volume_low_m3 | DOUBLE | m3 | Volume, ondergrens | Lower end of the 80% interval // Ondergrens van het 80%-interval
--   volume_high_m3 | DOUBLE | m3 | Volume, bovengrens | Upper end of the 80% interval // Bovengrens van het 80%-interval
--   size_source | VARCHAR | - | Bron van de maten | What height, storeys and volume rest on, and what contradicts them // Waarop hoogte, bouwlagen en volume steunen, en wat ze tegenspreekt
--   site_id | VARCHAR | - | Site-id | Site it is part of; empty where it stands by itself // Site waarvan het deel is; leeg waar het op zichzelf staat
--   site_name | VARCHAR | - | Site | Name of the site // Naam van de site
--   site_building_count | INTEGER | - | Site, gebouwen | Buildings of the site // Aantal gebouwen van de site
--   site_floor_area_m2 | DOUBLE | m2 | Site, vloeroppervlakte | Gross floor area of all its buildings; empty where one is unknown // Bruto vloeroppervlakte van al haar gebouwen; leeg waar er een onbekend is
--   site_volume_m3 | DOUBLE | m3 | Site, volume | Volume of all its buildings; empty where one is unknown // Volume van al haar gebouwen; leeg waar er een onbekend is
--   heritage | VARCHAR | - | Erfgoed | Strongest heritage status; empty where none is known // Sterkste erfgoedstatus; leeg waar er geen bekend is
--   atypicality_score | DOUBLE | points | Atypisch (0-100) | How unusual the building is in its municipality // Hoe ongewoon het gebouw is in zijn gemeente
--   underuse_probability | DOUBLE | - | Kans op onderbenutting | Probability that the building, or the part that the register names, is out of use: a signal, not a status // Kans dat het gebouw, of het deel dat het register noemt, buiten gebruik is: een signaal, geen status
--   underuse_low | DOUBLE | - | Kans, ondergrens | Lower end of the 80% interval // Ondergrens van het 80%-interval
--   underuse_high | DOUBLE | - | Kans, bovengrens | Upper end of the 80% interval // Bovengrens van het 80%-interval
--   underuse_band | VARCHAR | - | Klasse | confirmed (an authority registered it), likely, signal, or unknown // confirmed = bevestigd (een overheid registreerde het), likely = waarschijnlijk, signal = signaal, unknown = onbekend
--   legal_status | VARCHAR | - | Wettelijke status | What a register says, apart from any judgement: registered, appealed, announced, striking_off_requested or struck_off; empty for none // Wat een register zegt, los van elk oordeel: registered = opgenomen, appealed = betwist, announced = aangekondigd, striking_off_requested = schrapping gevraagd, struck_off = geschrapt; leeg = niets
--   vacant_share_low | DOUBLE | - | Leeg aandeel, laagste | Smallest share of the building that is empty by the register's words // Kleinste deel van het gebouw dat volgens de woorden van het register leeg is
--   vacant_share_high | DOUBLE | - | Leeg aandeel, hoogste | Largest share of the building that is empty by the register's words // Grootste deel van het gebouw dat volgens de woorden van het register leeg is
--   reuse_best | VARCHAR | - | Beste hergebruik | Use the building suits best; empty where too little is known to name one // Gebruik waarvoor het gebouw het best past; leeg waar te weinig bekend is om er een te noemen
--   reuse_score | DOUBLE | points | Hergebruik (0-100) | Index of that use from the known criteria // Index van dat gebruik volgens de gekende criteria
--   reuse_low | DOUBLE | points | Hergebruik, ondergrens | Index when every unknown turns out worst // Index als al wat onbekend is tegenvalt
--   reuse_high | DOUBLE | points | Hergebruik, bovengrens | Index when every unknown turns out best // Index als al wat onbekend is meevalt
--   priority_score | DOUBLE | points | Prioriteit (0-100) | Expected worth of a visit // Verwachte waarde van een bezoek
--   priority_rank | INTEGER | - | Rang | Place by priority in this layer // Plaats volgens prioriteit in deze laag
--   priority_rank_low | INTEGER | - | Rang, hoogste plaats | Best place when every weight is drawn again within a quarter of itself (10% quantile) // Hoogste plaats als elk gewicht opnieuw getrokken wordt, tot een kwart meer of minder (10%-kwantiel)
--   priority_rank_high | INTEGER | - | Rang, laagste plaats | Worst place under the same draws (90% quantile) // Laagste plaats bij dezelfde trekkingen (90%-kwantiel)
--   priority_rank_is_stable | BOOLEAN | - | Vaste rang | Those places lie within a tenth of the list // Die plaatsen liggen binnen een tiende van de lijst
--   reasons | VARCHAR | - | Redenen | The three strongest reasons, in Dutch // De drie sterkste redenen
--   reasons_en | VARCHAR | - | Redenen (Engels) | The three strongest reasons, in English // De drie sterkste redenen, in het Engels
--   evidence_count | INTEGER | - | Aantal waarnemingen | Observations that count in // Aantal waarnemingen dat meetelt
--   oldest_evidence_on | DATE | - | Oudste waarneming | Day of the oldest one // Dag van de oudste waarneming
--   newest_evidence_on | DATE | - | Jongste waarneming | Day of the newest one // Dag van de jongste waarneming
--   sources | VARCHAR | - | Bronnen | Sources of the outline and the observations // Bronnen van de omtrek en de waarnemingen
--   sources_age_days | INTEGER | days | Ouderdom van de bronnen | From the day that the oldest of those sources describes to the day of the layer // Van de dag die de oudste van die bronnen beschrijft tot de dag van de laag
--   old_sources | VARCHAR | - | Verouderde bronnen | Those that are older than they should be, with their age in days; empty for none // Die ouder zijn dan ze mogen zijn, met hun ouderdom in dagen; leeg voor geen
--   licence | VARCHAR | - | Licentie | Licences of those sources // Licenties van die bronnen
--   run_id | VARCHAR | - | Run | Run that made the row // Run die de rij maakte
--   config_version | VARCHAR | - | Configuratie | Version and hash of the numbers it was scored with // Versie en hash van de getallen waarmee gescoord werd
--   geom | GEOMETRY | - | Geometrie | Outline in the city's CRS // Omtrek in het coördinatenstelsel van de stad
WITH shown AS (
    SELECT s.*, u.oldest_on, u.newest_on, u.vacant_low, u.vacant_high, u.legal_status, k.rank, k.rank_low, k.rank_high, k.is_stable
    FROM score.building AS s JOIN score.underuse AS u USING (audience, building_id)
    JOIN score.priority_rank AS k USING (audience, building_id)
),
address AS (
    SELECT building_id, first(street || ' ' || house_number ORDER BY distance_m, street, number_value, house_number, address_id) AS address
    FROM core.address WHERE building_id IS NOT NULL GROUP BY building_id
),
heritage AS (
    SELECT building_id, arg_min(label_nl, (place, designation_id)) AS label, arg_min(name, (place, designation_id)) FILTER (class <> 'area') AS name
    FROM score.heritage GROUP BY building_id
),
tagged_heritage AS (
    SELECT building_id, 'erfgoed volgens OpenStreetMap' AS label FROM core.tag
    WHERE key = 'heritage' AND prefix = '' AND origin = 'outline' AND value <> 'no' GROUP BY building_id
),
reasons AS (
    SELECT audience, building_id, string_agg(text_nl, ' | ' ORDER BY place) AS reasons, string_agg(text_en, ' | ' ORDER BY place) AS reasons_en
    FROM score.reason GROUP BY ALL
),
used_feed AS (
    SELECT s.audience, s.building_id, c.feed FROM shown AS s JOIN core.building AS c USING (building_id)
    UNION SELECT s.audience, s.building_id, i.feed FROM shown AS s JOIN evidence.item AS i USING (building_id)
        WHERE i.visibility = 'public' OR s.audience = 'city'
    UNION SELECT s.audience, s.building_id, z.elevation_feed FROM shown AS s JOIN score.size AS z USING (building_id)
        WHERE z.elevation_feed IS NOT NULL
    UNION SELECT s.audience, s.building_id, t.feed FROM shown AS s JOIN core.tag AS t USING (building_id)
    -- What lies near counts in the score of reuse, so its licence counts as well.
    UNION SELECT s.audience, s.building_id, unnest(m.feeds) FROM shown AS s JOIN score.measure AS m USING (building_id)
    UNION SELECT s.audience, s.building_id, a.feed FROM shown AS s JOIN core.address AS a USING (building_id)
    UNION SELECT s.audience, s.building_id, p.feed
        FROM shown AS s JOIN core.link_parcel AS l USING (building_id) JOIN staging.parcel AS p USING (parcel_id)
    UNION SELECT s.audience, s.building_id, d.feed
        FROM shown AS s JOIN core.link_designation AS l USING (building_id) JOIN staging.designation AS d USING (designation_id)
),
aged_feed AS (
    SELECT feed, title, licence, CAST(greatest(0, getvariable('as_of') - snapshot_on) AS INTEGER) AS age_days,
        CASE WHEN age_days > max_age_days THEN format('{} ({})', title, age_days) END AS old
    FROM reference.feed
),
source AS (
    SELECT u.audience, u.building_id, string_agg(DISTINCT f.title, '; ' ORDER BY f.title) AS sources,
        max(f.age_days) AS age_days, string_agg(DISTINCT f.old, '; ' ORDER BY f.old) AS old_sources,
        string_agg(DISTINCT f.licence, '; ' ORDER BY f.licence) AS licence
    FROM used_feed AS u JOIN aged_feed AS f USING (feed)
    GROUP BY ALL
)
SELECT s.audience, s.building_id, coalesce(c.name, CASE WHEN s.is_atypical THEN h.name END) AS name, s.type, t.label_nl AS type_label,
    f.label_nl AS former_use, a.address, coalesce(p.nis_code, getvariable('nis_code')) AS nis_code, p.capakey, c.footprint_m2,
    z.height_m, z.floors, z.floor_area_m2, z.floor_area_low_m2, z.floor_area_high_m2, z.volume_m3, z.volume_low_m3, z.volume_high_m3,
    nullif(concat_ws(' | ', 'hoogte: ' || z.height_source, 'bouwlagen: ' || z.floors_source, 'volume: ' || z.volume_source), '') AS size_source,
    m.site_id, x.name AS site_name, x.building_count AS site_building_count, x.floor_area_m2 AS site_floor_area_m2, x.volume_m3 AS site_volume_m3,
    coalesce(h.label, o.label) AS heritage, s.atypicality_score::DOUBLE AS atypicality_score, s.underuse_probability, s.underuse_low,
    s.underuse_high, s.underuse_band, s.legal_status, s.vacant_low AS vacant_share_low, s.vacant_high AS vacant_share_high,
    r.label_nl AS reuse_best, s.reuse_score::DOUBLE AS reuse_score, s.reuse_low, s.reuse_high,
    s.priority_score::DOUBLE AS priority_score,
    s.rank AS priority_rank, s.rank_low AS priority_rank_low, s.rank_high AS priority_rank_high, s.is_stable AS priority_rank_is_stable,
    w.reasons, w.reasons_en, s.evidence_count, s.oldest_on AS oldest_evidence_on, s.newest_on AS newest_evidence_on, q.sources, q.age_days AS sources_age_days,
    q.old_sources, q.licence,
    getvariable('run_id') AS run_id, s.config_version, c.geom
FROM shown AS s
JOIN core.building AS c USING (building_id)
JOIN score.size AS z USING (building_id)
JOIN reference.building_type AS t ON t.type = s.type
LEFT JOIN reference.building_type AS f ON f.type = s.former_type
LEFT JOIN reference.reuse_use AS r ON r.use = s.reuse_best
LEFT JOIN address AS a USING (building_id)
LEFT JOIN heritage AS h USING (building_id)
LEFT JOIN tagged_heritage AS o USING (building_id)
LEFT JOIN core.link_parcel AS p ON p.building_id = s.building_id AND p.is_main
LEFT JOIN score.site_member AS m ON m.audience = s.audience AND m.building_id = s.building_id
LEFT JOIN score.site AS x ON x.audience = s.audience AND x.site_id = m.site_id
LEFT JOIN reasons AS w ON w.audience = s.audience AND w.building_id = s.building_id
LEFT JOIN source AS q ON q.audience = s.audience AND q.building_id = s.building_id
