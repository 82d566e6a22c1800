-- What the score of a parcel or building for a shared use is made of: every part has a row, known or not.
-- inputs: score.park_subject, score.park_sharing_place, score.park_sharing_thing, score.park_sharing_pattern, reference.park_sharing_part, reference.feed
-- key: audience, subject_kind, subject_id, shared_use, measure
-- check: 0 <= fit_low AND fit_low <= fit_high AND fit_high <= 1
-- check: fit_low <= fit AND fit <= fit_high
-- columns:
--   audience | VARCHAR | - | Doelgroep | public or city
--   park_id | VARCHAR | - | Terrein | park
--   subject_kind | VARCHAR | - | Soort | parcel or building
--   subject_id | VARCHAR | - | Perceel of gebouw | parcel or building
--   shared_use | VARCHAR | - | Gedeeld gebruik | what it would be shared for
--   measure | VARCHAR | - | Maat | what is looked at
--   weight | DOUBLE | weight | Gewicht | weight of it
--   amount | DOUBLE | - | Hoeveelheid | in the unit of reference.park_sharing_part; null where not known
--   fit | DOUBLE | - | Past | 0..1: amount over what is enough; the middle where only bounds are known, null where nothing is
--   fit_low | DOUBLE | - | Past, ondergrens | least it can be; 0 where nothing is known
--   fit_high | DOUBLE | - | Past, bovengrens | most it can be; 1 where nothing is known
--   feeds | VARCHAR[] | - | Gegevensstromen | feeds it was made from; none where not known
WITH hidden AS (SELECT list(feed) AS feeds FROM reference.feed WHERE visibility <> 'public'),
measured AS (
    -- What a source of the city alone says is unknown to the public.
    SELECT m.*, NOT list_has_any(m.feeds, coalesce(h.feeds, [])) AS is_open
    FROM (FROM score.park_sharing_place UNION ALL FROM score.park_sharing_thing UNION ALL FROM score.park_sharing_pattern) AS m CROSS JOIN hidden AS h
),
whole AS (
    SELECT s.park_id, s.subject_kind, s.subject_id, s.is_public, p.shared_use, p.measure, p.weight, p."full", m.measure IS NOT NULL AS is_known, m.* EXCLUDE (subject_kind, subject_id, measure)
    FROM score.park_subject AS s JOIN reference.park_sharing_part AS p USING (subject_kind)
    LEFT JOIN measured AS m ON m.subject_kind = s.subject_kind AND m.subject_id = s.subject_id AND m.measure = p.measure
),
heard AS (
    SELECT 'city' AS audience, * EXCLUDE (is_public, is_open) FROM whole
    UNION ALL
    SELECT 'public', park_id, subject_kind, subject_id, shared_use, measure, weight, "full", is_known AND is_open, CASE WHEN is_open THEN value END, CASE WHEN is_open THEN low END,
        CASE WHEN is_open THEN high END, CASE WHEN is_open THEN feeds END
    FROM whole WHERE is_public
),
fitted AS (
    SELECT *, CASE WHEN low IS NOT NULL THEN least(1, low / "full") ELSE 0 END AS fit_low, CASE WHEN high IS NOT NULL THEN least(1, high / "full") ELSE 1 END AS fit_high FROM heard
)
SELECT audience, park_id, subject_kind, subject_id, shared_use, measure, weight, value AS amount,
    CASE WHEN value IS NOT NULL THEN least(1, value / "full") WHEN is_known THEN (fit_low + fit_high) / 2 END AS fit, fit_low, fit_high, coalesce(feeds, []) AS feeds
FROM fitted
