-- The three uses each published building suits best, with what is not known and what has to be checked first.
-- inputs: score.reuse, layer.building, reference.reuse_use, reference.reuse_criterion
-- key: audience, building_id, use
-- check: place BETWEEN 1 AND 3
-- columns:
--   audience | VARCHAR | - | Doelgroep | public or city // Voor wie: public of city
--   building_id | VARCHAR | - | Gebouw-id | Building // Gebouw
--   place | INTEGER | - | Plaats | 1 for the use it suits best // 1 voor het gebruik waarvoor het gebouw het best past
--   use | VARCHAR | - | Gebruik (code) | Use of the reuse matrix // Gebruik uit de hergebruiksmatrix
--   label | VARCHAR | - | Gebruik | Use in Dutch // Gebruik in het Nederlands
--   label_en | VARCHAR | - | Gebruik (Engels) | Use in English // Gebruik in het Engels
--   score | DOUBLE | points | Hergebruik (0-100) | Index from the known criteria // Index volgens de gekende criteria
--   low | DOUBLE | points | Ondergrens | Index when every unknown turns out worst // Index als al wat onbekend is tegenvalt
--   high | DOUBLE | points | Bovengrens | Index when every unknown turns out best // Index als al wat onbekend is meevalt
--   known_share | DOUBLE | - | Gekend aandeel | Share of what can make or break this use that is known // Deel van wat dit gebruik kan maken of breken dat bekend is
--   to_check | VARCHAR | - | Na te kijken | Criteria that may stand in the way by themselves and are not known, in Dutch // Criteria die op zich in de weg kunnen staan en niet bekend zijn
--   to_check_en | VARCHAR | - | Na te kijken (Engels) | The same in English // Dezelfde in het Engels
WITH named AS (
    SELECT b.audience, r.building_id, r.place, r.use, r.score, r.low, r.high, r.known_share, r.to_check
    FROM score.reuse AS r JOIN layer.building AS b USING (building_id)
    WHERE r.place <= 3
),
-- The lists repeat: each is put into words once.
checked AS (
    SELECT to_check, string_agg(c.label_nl, '; ' ORDER BY x.criterion) AS label, string_agg(c.label_en, '; ' ORDER BY x.criterion) AS label_en
    FROM (SELECT to_check, unnest(to_check) AS criterion FROM (SELECT DISTINCT to_check FROM named)) AS x
    JOIN reference.reuse_criterion AS c USING (criterion)
    GROUP BY to_check
)
SELECT n.audience, n.building_id, n.place, n.use, u.label_nl AS label, u.label_en, n.score::DOUBLE AS score, n.low, n.high, n.known_share,
    c.label AS to_check, c.label_en AS to_check_en
FROM named AS n JOIN reference.reuse_use AS u USING (use) LEFT JOIN checked AS c ON c.to_check = n.to_check
