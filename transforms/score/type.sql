-- The type of each building, how sure it is, and what it was before.
-- inputs: core.building, score.type_vote, reference.building_type, reference.type_family, reference.type_setting
-- key: building_id
-- check: confidence BETWEEN 0 AND 1
-- check: (type = 'unknown') = (confidence IS NULL)
-- columns:
--   building_id | VARCHAR | - | Gebouw | building
--   type | VARCHAR | - | Type | type of the building; unknown where nothing names it
--   former_type | VARCHAR | - | Vroeger type | type of a use that is over; null where none is known
--   confidence | DOUBLE | - | Zekerheid | weight of the votes for the type over all votes and some doubt; null for unknown
--   disagreement | DOUBLE | - | Tegenspraak | share of the votes that name another type; null where nothing names one
--   agreeing | VARCHAR | - | Bronnen voor | what names this type
--   disagreeing | VARCHAR | - | Bronnen tegen | what names another
--   is_atypical | BOOLEAN | - | Atypisch | the type is one the layer is about
--   is_residential | BOOLEAN | - | Wonen | the type is a dwelling; null for unknown
WITH setting AS (
    SELECT max(value) FILTER (name = 'former_share') AS former_share, max(value) FILTER (name = 'specific_min') AS specific_min,
        max(value) FILTER (name = 'decision_doubt') AS decision_doubt, max(value) FILTER (name = 'decision_min') AS decision_min,
        max(value) FILTER (name = 'confidence_doubt') AS confidence_doubt
    FROM reference.type_setting
),
counted AS (
    SELECT v.*,
        -- A present use makes what the building was a matter of history; without one it still is what it was.
        CASE WHEN is_former AND bool_or(tier = 'use' AND NOT is_former AND origin <> 'grounds' AND weight >= specific_min) OVER (PARTITION BY building_id) THEN 0
             WHEN is_former THEN former_share * weight
             ELSE weight END AS counted
    FROM score.type_vote AS v CROSS JOIN setting
),
-- What names a type itself, rather than a family of types.
specific AS (
    SELECT building_id, type, sum(CAST(counted AS DECIMAL(18, 6))) AS counted
    FROM counted CROSS JOIN setting
    WHERE family = '' AND tier <> 'area'
    GROUP BY building_id, type, specific_min
    HAVING sum(CAST(counted AS DECIMAL(18, 6))) >= specific_min
),
member AS (
    SELECT c.building_id, c.family, arg_max(s.type, (s.counted, s.type)) FILTER (f.type IS NOT NULL) AS type
    FROM (SELECT DISTINCT building_id, family FROM counted WHERE family <> '') AS c
    JOIN specific AS s USING (building_id)
    LEFT JOIN (SELECT family, unnest(types) AS type FROM reference.type_family) AS f ON f.family = c.family AND f.type = s.type
    GROUP BY ALL
),
settled AS (
    -- A general word (industrial, civic) speaks for the member of its family that something names; where another family
    -- is named it says less; alone it stands for its own type.
    SELECT c.building_id, coalesce(m.type, c.type) AS type, c.is_former, c.tier, c.origin, c.weight, c.source,
        CASE WHEN m.building_id IS NOT NULL AND m.type IS NULL THEN f.keeps ELSE 1 END * c.counted AS counted
    FROM counted AS c
    LEFT JOIN member AS m ON m.building_id = c.building_id AND m.family = c.family
    LEFT JOIN reference.type_family AS f ON f.family = c.family
),
per_type AS (
    SELECT building_id, type, sum(CAST(counted AS DECIMAL(18, 6))) AS counted,
        -- What goes on here today is not what it once was.
        CASE WHEN NOT bool_or(tier = 'use' AND NOT is_former AND origin <> 'grounds') THEN sum(CAST(weight AS DECIMAL(18, 6))) FILTER (is_former) END AS former,
        string_agg(source, '; ' ORDER BY weight DESC, source) FILTER (counted > 0) AS sources
    FROM settled
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
    SELECT b.building_id, CASE WHEN p.best / (p.total + decision_doubt) >= decision_min THEN p.type ELSE 'unknown' END AS type,
        p.former_type, p.best / (p.total + confidence_doubt) AS confidence,
        CASE WHEN p.total > 0 THEN (p.total - p.best) / p.total END AS disagreement, a.agreeing, a.disagreeing
    FROM core.building AS b LEFT JOIN per_building AS p USING (building_id) LEFT JOIN against AS a USING (building_id) CROSS JOIN setting
)
SELECT d.building_id, d.type, d.former_type, CASE WHEN d.type <> 'unknown' THEN d.confidence END AS confidence, d.disagreement,
    d.agreeing, d.disagreeing, t.is_atypical, CASE WHEN d.type <> 'unknown' THEN t.is_residential END AS is_residential
FROM decided AS d JOIN reference.building_type AS t ON t.type = d.type
