-- The type of each building, how sure it is, and what it was before.
-- inputs: core.building, score.type_vote, reference.building_type
-- key: building_id
-- check: confidence BETWEEN 0 AND 1
-- columns:
--   building_id | VARCHAR | - | Gebouw | building
--   type | VARCHAR | - | Type | type of the building; unknown where nothing names it
--   former_type | VARCHAR | - | Vroeger type | type of a use that is over; null where none is known
--   confidence | DOUBLE | - | Zekerheid | weight of the votes for the type over all votes and one of doubt; null for unknown
--   disagreement | DOUBLE | - | Tegenspraak | share of the votes that name another type; null where nothing names one
--   agreeing | VARCHAR | - | Bronnen voor | what names this type
--   disagreeing | VARCHAR | - | Bronnen tegen | what names another
--   is_atypical | BOOLEAN | - | Atypisch | the type is one the layer is about
--   is_residential | BOOLEAN | - | Wonen | the type is a dwelling; null for unknown
WITH counted AS (
    SELECT *,
        -- A present use makes what the building was a matter of history; without one it still is what it was.
        CASE WHEN is_former AND bool_or(tier = 'use' AND NOT is_former AND origin <> 'grounds') OVER (PARTITION BY building_id) THEN 0
             WHEN is_former THEN 0.85 * weight
             ELSE weight END AS counted
    FROM score.type_vote
),
per_type AS (
    SELECT building_id, type, sum(CAST(counted AS DECIMAL(18, 6))) AS counted, sum(CAST(weight AS DECIMAL(18, 6))) FILTER (is_former) AS former,
        string_agg(source, '; ' ORDER BY weight DESC, source) FILTER (counted > 0) AS sources
    FROM counted
    GROUP BY ALL
),
per_building AS (
    SELECT building_id, arg_max(type, (counted, type)) AS type, CAST(max(counted) AS DOUBLE) AS best, CAST(sum(counted) AS DOUBLE) AS total,
        arg_max(type, (former, type)) FILTER (former IS NOT NULL) AS former_type
    FROM per_type
    GROUP BY building_id
),
against AS (
    SELECT p.building_id, max(p.sources) FILTER (p.type = b.type) AS agreeing,
        string_agg(p.type || ': ' || p.sources, '; ' ORDER BY p.counted DESC, p.type) FILTER (p.type <> b.type AND p.counted > 0) AS disagreeing
    FROM per_type AS p JOIN per_building AS b USING (building_id)
    GROUP BY p.building_id
),
decided AS (
    SELECT b.building_id,
        -- Less than 0.3 is a guess from the surroundings.
        CASE WHEN p.best / (p.total + 1) >= 0.3 THEN p.type ELSE 'unknown' END AS type,
        p.former_type, p.best / (p.total + 1) AS confidence,
        CASE WHEN p.total > 0 THEN (p.total - p.best) / p.total END AS disagreement, a.agreeing, a.disagreeing
    FROM core.building AS b LEFT JOIN per_building AS p USING (building_id) LEFT JOIN against AS a USING (building_id)
)
SELECT d.building_id, d.type, d.former_type, CASE WHEN d.type <> 'unknown' THEN d.confidence END AS confidence, d.disagreement,
    d.agreeing, d.disagreeing, t.is_atypical, CASE WHEN d.type <> 'unknown' THEN t.is_residential END AS is_residential
FROM decided AS d JOIN reference.building_type AS t ON t.type = d.type
