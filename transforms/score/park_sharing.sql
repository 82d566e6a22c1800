-- How well each parcel and building of a business park could be shared for each use, per audience, and its place among those of the park.
-- What is not known widens the bounds, and counts as neither good nor bad.
-- inputs: score.park_sharing_part
-- key: audience, subject_kind, subject_id, shared_use
-- check: score BETWEEN 0 AND 100
-- check: 0 <= low AND low <= score + 0.001 AND score <= high + 0.001 AND high <= 100.001
-- check: (score IS NULL) = (place IS NULL)
-- columns:
--   audience | VARCHAR | - | Doelgroep | public or city
--   park_id | VARCHAR | - | Terrein | park
--   subject_kind | VARCHAR | - | Soort | parcel or building
--   subject_id | VARCHAR | - | Perceel of gebouw | parcel or building
--   shared_use | VARCHAR | - | Gedeeld gebruik | what it would be shared for
--   score | DOUBLE | points | Score | 0..100 by what is known; null where nothing is
--   low | DOUBLE | points | Ondergrens | when everything unknown turns out worst
--   high | DOUBLE | points | Bovengrens | when everything unknown turns out best
--   middle | DECIMAL(9,6) | points | Midden | middle of the two: what is ranked by
--   known_share | DOUBLE | - | Bekend aandeel | share of the weights of which something is known
--   place | INTEGER | - | Plaats | place among those of its kind in the park, for this use; null where nothing is known
WITH summed AS (
    -- Decimals: sums of floating point depend on the order of the threads.
    SELECT audience, park_id, subject_kind, subject_id, shared_use, sum(weight::DECIMAL(18, 9))::DOUBLE AS weight,
        coalesce(sum(weight::DECIMAL(18, 9)) FILTER (fit IS NOT NULL), 0)::DOUBLE AS known, sum((weight * fit)::DECIMAL(18, 9))::DOUBLE AS fit,
        sum((weight * fit_low)::DECIMAL(18, 9))::DOUBLE AS fit_low, sum((weight * fit_high)::DECIMAL(18, 9))::DOUBLE AS fit_high
    FROM score.park_sharing_part GROUP BY ALL
),
scored AS (
    SELECT audience, park_id, subject_kind, subject_id, shared_use, CASE WHEN known > 0 THEN least(100, 100 * fit / known) END AS score, 100 * fit_low / weight AS low, 100 * fit_high / weight AS high,
        CAST(100 * (fit_low + fit_high) / 2 / weight AS DECIMAL(9, 6)) AS middle, known / weight AS known_share
    FROM summed WHERE weight > 0
)
SELECT *, CASE WHEN score IS NOT NULL
    THEN CAST(row_number() OVER (PARTITION BY audience, park_id, subject_kind, shared_use ORDER BY score IS NULL, middle DESC, subject_id) AS INTEGER) END AS place
FROM scored
