-- What is known of each business park in six themes, one row per indicator: value or why there is none, bounds, coverage, place among
-- the parks of the city, and the value before it.
-- inputs: score.park_indicator, core.business_park, reference.park_indicator, reference.park_reason, reference.park_rule, reference.feed, history.park_indicator
-- key: audience, park_id, indicator
-- params: run_id
-- check: park_rank BETWEEN 1 AND parks_compared
-- columns:
--   audience | VARCHAR | - | Doelgroep | public or city // Voor wie: public of city
--   park_id | VARCHAR | - | Terrein-id | Business park: issuer and id // Bedrijventerrein: uitgever en sleutel
--   park_name | VARCHAR | - | Terrein | Name of the park, where a source gives one // Naam van het terrein, waar een bron er een geeft
--   theme | VARCHAR | - | Thema | space, energy, mobility, materials, people or environment // ruimte, energie, mobiliteit, materialen, mensen of omgeving
--   indicator | VARCHAR | - | Indicator (code) | Code of what is looked at // Code van wat bekeken wordt
--   label | VARCHAR | - | Indicator | What is looked at, in Dutch // Wat bekeken wordt
--   label_en | VARCHAR | - | Indicator (Engels) | The same in English // Hetzelfde in het Engels
--   value | DOUBLE | - | Waarde | In the unit of the row; empty where not enough is known // In de eenheid van de rij; leeg waar te weinig bekend is
--   low | DOUBLE | - | Ondergrens | Least it can be; empty for no bound // Minst mogelijke; leeg waar geen grens bekend is
--   high | DOUBLE | - | Bovengrens | Most it can be; empty for no bound // Meest mogelijke; leeg waar geen grens bekend is
--   unit | VARCHAR | - | Eenheid | Unit of value and bounds // Eenheid van waarde en grenzen
--   coverage | DOUBLE | - | Dekking | Share of the park's area, buildings, parcels or establishments for which it is known // Deel van de oppervlakte, gebouwen, percelen of vestigingen waarvoor het bekend is
--   unknown_because | VARCHAR | - | Onbekend omdat | Why there is no value, in Dutch; empty where there is one // Waarom er geen waarde is; leeg waar er een is
--   unknown_because_en | VARCHAR | - | Onbekend omdat (Engels) | The same in English // Hetzelfde in het Engels
--   detail | VARCHAR | - | Toelichting | What the number is made up of, in Dutch // Waaruit het getal bestaat
--   detail_en | VARCHAR | - | Toelichting (Engels) | The same in English // Hetzelfde in het Engels
--   park_rank | INTEGER | - | Plaats | Place among the parks of the city with a value, the highest first; empty where too few have one // Plaats onder de terreinen van de stad met een waarde, de hoogste eerst; leeg waar te weinig er een hebben
--   parks_compared | INTEGER | parks | Vergeleken terreinen | Parks with a value // Terreinen met een waarde
--   percentile | DOUBLE | - | Percentiel (0-1) | Share of the other parks with a lower value // Deel van de andere terreinen met een lagere waarde
--   previous_value | DOUBLE | - | Vorige waarde | Value before this one in an earlier run; empty where it never differed // Waarde voor deze in een vroegere run; leeg als ze nooit anders was
--   previous_on | DATE | - | Vorige waarde sinds | Day from which that one held // Dag vanaf wanneer die gold
--   sources | VARCHAR | - | Bronnen | Sources of the value // Bronnen van de waarde
--   licence | VARCHAR | - | Licentie | Licences of those sources // Licenties van die bronnen
--   run_id | VARCHAR | - | Run | Run that made the row // Run die de rij maakte
WITH shown AS (
    SELECT s.*, p.name FROM score.park_indicator AS s JOIN core.business_park AS p USING (park_id) JOIN reference.feed AS f ON f.feed = p.feed
    -- A park that only the city may see is in no public layer.
    WHERE f.visibility = 'public' OR s.audience = 'city'
),
compared AS (
    SELECT audience, park_id, indicator, CAST(rank() OVER others AS INTEGER) AS park_rank, CAST(count(*) OVER (PARTITION BY audience, indicator) AS INTEGER) AS parks_compared,
        percent_rank() OVER (PARTITION BY audience, indicator ORDER BY value) AS percentile
    FROM shown WHERE value IS NOT NULL
    WINDOW others AS (PARTITION BY audience, indicator ORDER BY value DESC)
    QUALIFY parks_compared >= (SELECT value FROM reference.park_rule WHERE name = 'compared_min')
),
before AS (
    SELECT s.audience, s.park_id, s.indicator, arg_max(h.value, h.since_on) AS value, max(h.since_on) AS since_on
    FROM shown AS s JOIN history.park_indicator AS h USING (audience, park_id, indicator)
    -- To six digits: what only the order of a sum moved has not changed.
    WHERE h.value IS NOT NULL AND coalesce(abs(h.value - s.value) > 1e-6 * abs(s.value), true)
    GROUP BY ALL
),
source AS (
    SELECT u.audience, u.park_id, u.indicator, string_agg(DISTINCT f.title, '; ' ORDER BY f.title) AS sources, string_agg(DISTINCT f.licence, '; ' ORDER BY f.licence) AS licence
    FROM (SELECT audience, park_id, indicator, unnest(feeds) AS feed FROM shown) AS u JOIN reference.feed AS f USING (feed) GROUP BY ALL
)
SELECT s.audience, s.park_id, s.name AS park_name, s.theme, s.indicator, i.label_nl AS label, i.label_en, s.value, s.low, s.high, s.unit, s.coverage,
    r.label_nl AS unknown_because, r.label_en AS unknown_because_en, s.detail_nl AS detail, s.detail_en, c.park_rank, c.parks_compared, c.percentile,
    b.value AS previous_value, b.since_on AS previous_on, q.sources, q.licence, getvariable('run_id') AS run_id
FROM shown AS s
JOIN reference.park_indicator AS i USING (indicator)
LEFT JOIN reference.park_reason AS r ON r.reason = s.reason
LEFT JOIN compared AS c ON c.audience = s.audience AND c.park_id = s.park_id AND c.indicator = s.indicator
LEFT JOIN before AS b ON b.audience = s.audience AND b.park_id = s.park_id AND b.indicator = s.indicator
LEFT JOIN source AS q ON q.audience = s.audience AND q.park_id = s.park_id AND q.indicator = s.indicator
