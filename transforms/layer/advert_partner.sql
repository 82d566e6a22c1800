-- Who seeks partners and who brings what is sought, per audience: the best among those it may see.
-- inputs: match.request_partner, layer.advert, reference.advert_code, reference.match_limit
-- key: audience, request_id, partner_id
-- columns:
--   audience | VARCHAR | - | Doelgroep | public or city // Voor wie: public of city
--   request_id | VARCHAR | - | Zoekertje | Advert that seeks partners // Zoekertje dat partners zoekt
--   partner_id | VARCHAR | - | Partner | Advert that brings something it seeks // Zoekertje dat iets brengt wat gezocht wordt
--   place | INTEGER | - | Plaats | Place among the partners of the advert // Plaats onder de partners van het zoekertje
--   brings | VARCHAR[] | - | Brengt (codes) | What is sought and brought // Wat gezocht en gebracht wordt
--   brings_label | VARCHAR | - | Brengt | The same in Dutch // Hetzelfde in het Nederlands
--   brings_label_en | VARCHAR | - | Brengt (Engels) | The same in English // Hetzelfde in het Engels
--   sought_share | DOUBLE | - | Deel van wat gezocht wordt | Share of what is sought that it brings // Deel van wat gezocht wordt dat het brengt
--   gets | VARCHAR[] | - | Krijgt (codes) | What the partner seeks and the advert brings // Wat de partner zoekt en het zoekertje brengt
--   shared_uses | VARCHAR[] | - | Zelfde gebruik (codes) | Uses both want; empty: they would share a building // Gebruiken die beide vragen; leeg: ze zouden een gebouw delen
WITH word AS (
    SELECT brings, string_agg(c.label_nl, '; ' ORDER BY x.code) AS label, string_agg(c.label_en, '; ' ORDER BY x.code) AS label_en
    FROM (SELECT brings, unnest(brings) AS code FROM (SELECT DISTINCT brings FROM match.request_partner)) AS x
    JOIN reference.advert_code AS c USING (code)
    GROUP BY brings
),
ranked AS (
    SELECT a.audience, m.* EXCLUDE (place), CAST(row_number() OVER (PARTITION BY a.audience, m.request_id ORDER BY m.place) AS INTEGER) AS place
    FROM match.request_partner AS m
    JOIN layer.advert AS a USING (request_id)
    JOIN layer.advert AS o ON o.audience = a.audience AND o.request_id = m.partner_id
)
SELECT r.audience, r.request_id, r.partner_id, r.place, r.brings, w.label AS brings_label, w.label_en AS brings_label_en, r.sought_share, r.gets, r.shared_uses
FROM ranked AS r LEFT JOIN word AS w USING (brings)
WHERE r.place <= (SELECT any_value(value) FROM reference.match_limit WHERE name = 'shown_per_request')
