-- The doubt that each authority's silence leaves about a building of each type: small where the city hears it, as large as what it
-- could have said where it does not.
-- inputs: staging.register_row, staging.observation, reference.evidence_kind, reference.evidence_authority, reference.register_evidence,
--   reference.feed, score.applicable
-- key: audience, authority, type
-- check: variance >= 0
-- columns:
--   audience | VARCHAR | - | Doelgroep | public or city: what is not shown to an audience, it does not hear
--   authority | VARCHAR | - | Herkomst | who could have said something
--   type | VARCHAR | - | Type | type of building it can speak of
--   is_heard | BOOLEAN | - | Gehoord | the city has its word on some building
--   variance | DECIMAL(18,9) | log-odds | Variantie | not heard: its unsurest word for and its unsurest against, squared and added; heard: the mean square of log(1 - share) for shares up to what it covers
WITH word AS (
    -- One authority counts once for and once against.
    SELECT authority, CAST(sum(variance) AS DECIMAL(18, 9)) AS variance
    FROM (
        SELECT authority, log_lr > 0, CAST(max(log_lr_sd * log_lr_sd) AS DECIMAL(18, 9)) AS variance
        FROM reference.evidence_kind GROUP BY ALL
    )
    GROUP BY authority
),
spoken AS (
    SELECT DISTINCT k.authority, r.feed
    FROM (SELECT DISTINCT feed, inventory FROM staging.register_row) AS r
    JOIN reference.register_evidence AS e USING (inventory) JOIN reference.evidence_kind AS k USING (kind)
    UNION
    SELECT DISTINCT k.authority, o.feed FROM staging.observation AS o JOIN reference.evidence_kind AS k USING (kind)
    UNION
    SELECT a.authority, f.feed FROM reference.evidence_authority AS a JOIN reference.feed AS f ON list_contains(string_split(a.sources, ' '), f.source)
),
audience AS (
    SELECT unnest(['public', 'city']) AS audience
),
heard AS (
    SELECT DISTINCT a.audience, s.authority
    FROM spoken AS s JOIN reference.feed AS f USING (feed) JOIN audience AS a ON f.visibility = 'public' OR a.audience = 'city'
)
SELECT a.audience, w.authority, p.type, h.authority IS NOT NULL AS is_heard,
    CAST(CASE WHEN h.authority IS NULL THEN w.variance
              WHEN e.covers_up_to > 0
              THEN least(w.variance, (2 - (1 - e.covers_up_to) * (pow(ln(1 - e.covers_up_to), 2) - 2 * ln(1 - e.covers_up_to) + 2)) / e.covers_up_to)
              ELSE 0 END AS DECIMAL(18, 9)) AS variance
FROM word AS w
JOIN reference.evidence_authority AS e USING (authority)
JOIN score.applicable AS p USING (authority)
CROSS JOIN audience AS a
LEFT JOIN heard AS h ON h.audience = a.audience AND h.authority = w.authority
WHERE NOT e.is_own
