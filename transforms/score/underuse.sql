-- How likely each building is out of use, with an 80% interval and a band; per audience, from the sources it may see.
-- inputs: score.underuse_part, score.silence, score.applicable, score.type, evidence.item, reference.evidence_kind, reference.parameter
-- key: audience, building_id
-- check: low <= probability AND probability <= high
-- check: band IN ('confirmed', 'likely', 'signal', 'unknown')
-- columns:
--   audience | VARCHAR | - | Doelgroep | public or city
--   building_id | VARCHAR | - | Gebouw | building
--   log_odds | DECIMAL(18,6) | log-odds | Log-odds | sum of the parts
--   probability | DOUBLE | - | Kans | probability that the building, or the part a register names, is out of use
--   low | DOUBLE | - | Ondergrens | lower end of the 80% interval
--   high | DOUBLE | - | Bovengrens | upper end of the 80% interval
--   band | VARCHAR | - | Klasse | confirmed, likely, signal or unknown
--   sd | DOUBLE | log-odds | Onzekerheid | how unsure the log-odds are: weights, prior, and what was not said
--   legal_status | VARCHAR | - | Wettelijke status | registered, appealed, announced, striking_off_requested or struck_off by a register; null for none
--   positive_count | INTEGER | - | Aanwijzingen | items that speak for out of use
--   evidence_count | INTEGER | - | Waarnemingen | all items
--   oldest_on | DATE | - | Oudste waarneming | oldest item
--   newest_on | DATE | - | Jongste waarneming | newest item
--   vacant_low | DOUBLE | - | Leeg aandeel laag | smallest share that can be empty by the register's words; null where it names none
--   vacant_high | DOUBLE | - | Leeg aandeel hoog | largest share that can be empty
WITH silence AS (
    SELECT audience, type, sum(variance) AS variance FROM score.silence GROUP BY ALL
),
broken AS (
    -- Who spoke of the building was not silent about it.
    SELECT audience, building_id, sum(variance) AS variance
    FROM (
        SELECT DISTINCT n.audience, i.building_id, n.authority, n.variance
        FROM evidence.item AS i JOIN score.type AS t USING (building_id)
        JOIN score.silence AS n ON n.authority = i.authority AND n.type = t.type
        WHERE n.is_heard AND (i.visibility = 'public' OR n.audience = 'city')
    )
    GROUP BY ALL
),
part AS (
    SELECT audience, building_id, CAST(sum(value) AS DECIMAL(18, 6)) AS log_odds,
        -- Decimals: sums of floating point depend on the order of the threads.
        sum(CAST(value_sd * value_sd AS DECIMAL(18, 9))) AS variance
    FROM score.underuse_part GROUP BY ALL
),
odds AS (
    SELECT p.audience, p.building_id, p.log_odds,
        sqrt(CAST(p.variance + coalesce(s.variance, 0) - coalesce(k.variance, 0) AS DOUBLE)) AS sd
    FROM part AS p JOIN score.type AS t USING (building_id)
    LEFT JOIN silence AS s ON s.audience = p.audience AND s.type = t.type
    LEFT JOIN broken AS k ON k.audience = p.audience AND k.building_id = p.building_id
),
told AS (
    SELECT a.audience, i.*, k.legal_status
    FROM evidence.item AS i
    JOIN reference.evidence_kind AS k USING (kind)
    JOIN score.type AS t USING (building_id)
    SEMI JOIN score.applicable AS p ON p.authority = i.authority AND p.type = t.type
    JOIN (SELECT unnest(['public', 'city']) AS audience) AS a ON i.visibility = 'public' OR a.audience = 'city'
),
seen AS (
    SELECT audience, building_id,
        count(*) FILTER (effect > 0) AS positive_count, count(*) AS evidence_count,
        min(observed_on) AS oldest_on, max(observed_on) AS newest_on,
        arg_min(legal_status, (array_position(['registered', 'appealed', 'announced', 'striking_off_requested', 'struck_off'], legal_status), item_id))
            FILTER (legal_status IS NOT NULL) AS legal_status,
        bool_or(is_legal AND freshness >= param('fresh_min') AND match_score >= param('match_min')) AS is_confirmed
    FROM told GROUP BY ALL
),
share AS (
    -- Nine units in one register add up, to the whole at most; a row that names no part leaves its share open. Two authorities may mean
    -- the same rooms: at least what one of them says is empty, at most what all say together.
    SELECT audience, building_id, max(low) AS vacant_low,
        -- DuckDB's least passes over null: where no wording names a share there is none.
        CASE WHEN max(low) IS NOT NULL THEN CAST(least(1, sum(high)) AS DOUBLE) END AS vacant_high
    FROM (
        SELECT audience, building_id, authority,
            CASE WHEN count(vacant_low) > 0 THEN CAST(least(1, sum(CAST(vacant_low AS DECIMAL(9, 6)))) AS DOUBLE) END AS low,
            sum(CAST(coalesce(vacant_high, 1) AS DECIMAL(9, 6))) FILTER (vacant_low IS NOT NULL OR kind LIKE 'register%') AS high
        FROM told WHERE effect > 0 GROUP BY ALL
    )
    GROUP BY ALL
)
SELECT o.audience, o.building_id, o.log_odds, logistic(o.log_odds::DOUBLE) AS probability,
    logistic(o.log_odds::DOUBLE - param('interval_z') * o.sd) AS low, logistic(o.log_odds::DOUBLE + param('interval_z') * o.sd) AS high,
    CASE WHEN s.is_confirmed AND logistic(o.log_odds::DOUBLE) >= param('band_likely') THEN 'confirmed'
         WHEN s.positive_count > 0 AND logistic(o.log_odds::DOUBLE) >= param('band_likely') THEN 'likely'
         WHEN s.positive_count > 0 AND logistic(o.log_odds::DOUBLE) >= param('band_signal') THEN 'signal'
         ELSE 'unknown' END AS band, o.sd, s.legal_status,
    CAST(coalesce(s.positive_count, 0) AS INTEGER) AS positive_count, CAST(coalesce(s.evidence_count, 0) AS INTEGER) AS evidence_count,
    s.oldest_on, s.newest_on, v.vacant_low, v.vacant_high
FROM odds AS o LEFT JOIN seen AS s USING (audience, building_id) LEFT JOIN share AS v USING (audience, building_id)
