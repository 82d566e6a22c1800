-- Who looks for space and who offers it, per audience: the best of both lists among those it may see.
-- inputs: match.request_offer, layer.advert, reference.reuse_use, reference.match_limit
-- key: audience, request_id, offer_id
-- check: request_place IS NOT NULL OR offer_place IS NOT NULL
-- columns:
--   audience | VARCHAR | - | Doelgroep | public or city // Voor wie: public of city
--   request_id | VARCHAR | - | Zoekertje | Advert that looks for space // Zoekertje dat ruimte zoekt
--   offer_id | VARCHAR | - | Aanbod | Advert that offers space // Zoekertje dat ruimte biedt
--   use | VARCHAR | - | Gebruik (code) | The wanted use that suits best // Het gevraagde gebruik dat het best past
--   use_label | VARCHAR | - | Gebruik | That use in Dutch // Dat gebruik in het Nederlands
--   use_label_en | VARCHAR | - | Gebruik (Engels) | That use in English // Dat gebruik in het Engels
--   score | DOUBLE | points | Score (0-100) | How well the two fit by what is known; empty where nothing is // Hoe goed de twee passen volgens wat bekend is; leeg waar niets bekend is
--   score_low | DOUBLE | points | Ondergrens | When everything unknown turns out worst // Als al wat onbekend is tegenvalt
--   score_high | DOUBLE | points | Bovengrens | When everything unknown turns out best // Als al wat onbekend is meevalt
--   request_place | INTEGER | - | Plaats voor de zoeker | Place among the offers for this advert; empty if further down // Plaats onder het aanbod voor dit zoekertje; leeg als verder omlaag
--   offer_place | INTEGER | - | Plaats voor het aanbod | Place among the adverts for this offer; empty if further down // Plaats onder de zoekertjes voor dit aanbod; leeg als verder omlaag
WITH shown AS (
    SELECT map_from_entries(list((name, value))) AS most FROM reference.match_limit
),
-- Places count those alone that the audience may see: a gap would tell that there is another.
ranked AS (
    SELECT a.audience, m.*,
        CASE WHEN m.request_place IS NOT NULL THEN row_number() OVER (PARTITION BY a.audience, m.request_id ORDER BY m.request_place) END AS own_request_place,
        CASE WHEN m.offer_place IS NOT NULL THEN row_number() OVER (PARTITION BY a.audience, m.offer_id ORDER BY m.offer_place) END AS own_offer_place
    FROM match.request_offer AS m
    JOIN layer.advert AS a USING (request_id)
    JOIN layer.advert AS o ON o.audience = a.audience AND o.request_id = m.offer_id
)
SELECT r.audience, r.request_id, r.offer_id, r.use, u.label_nl AS use_label, u.label_en AS use_label_en, round(r.score) AS score,
    round(r.low) AS score_low, round(r.high) AS score_high,
    CAST(CASE WHEN own_request_place <= most['shown_per_request'] THEN own_request_place END AS INTEGER) AS request_place,
    CAST(CASE WHEN own_offer_place <= most['shown_per_supply'] THEN own_offer_place END AS INTEGER) AS offer_place
FROM ranked AS r CROSS JOIN shown JOIN reference.reuse_use AS u ON u.use = r.use
WHERE own_request_place <= most['shown_per_request'] OR own_offer_place <= most['shown_per_supply']
