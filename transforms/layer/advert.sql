-- Adverts that hold, per audience: who looks for space or partners, or offers space, in words and without telling who it is. What only
-- the city may see is in its rows alone. Where an advert looks is in none of its columns.
-- inputs: staging.space_request, reference.feed, reference.reuse_use
-- key: audience, request_id
-- columns:
--   audience | VARCHAR | - | Doelgroep | public or city // Voor wie: public of city
--   request_id | VARCHAR | - | Zoekertje | Advert, as the platform names it, with its feed // Zoekertje, zoals het platform het noemt, met zijn gegevensstroom
--   feed | VARCHAR | - | Gegevensstroom | Feed the advert is in // Gegevensstroom waarin het zoekertje staat
--   request_kind | VARCHAR | - | Soort zoekertje | space (looks for space), partner (looks for partners) or offer (has space) // space = zoekt ruimte, partner = zoekt partners, offer = biedt ruimte
--   who | VARCHAR | - | Wie kan hier terecht | Who looks or what is offered, in Dutch, without telling who it is // Wie zoekt of wat geboden wordt, zonder te zeggen wie het is
--   who_en | VARCHAR | - | Wie kan hier terecht (Engels) | The same in English // Hetzelfde in het Engels
WITH wanted AS (
    SELECT uses, string_agg(u.label_nl, ' of ' ORDER BY x.use) AS label, string_agg(u.label_en, ' or ' ORDER BY x.use) AS label_en
    FROM (SELECT uses, unnest(uses) AS use FROM (SELECT DISTINCT uses FROM staging.space_request)) AS x
    JOIN reference.reuse_use AS u USING (use)
    GROUP BY uses
),
told AS (
    SELECT r.request_id, r.feed, r.kind AS request_kind,
        concat_ws(', ',
            CASE r.kind WHEN 'partner' THEN 'zoekt partners en ruimte voor ' WHEN 'offer' THEN 'biedt ruimte voor ' ELSE 'zoekt ruimte voor ' END || w.label,
            CASE WHEN r.area_min_m2 IS NOT NULL AND r.area_max_m2 IS NOT NULL THEN format('{:d} tot {:d} m²', r.area_min_m2::BIGINT, r.area_max_m2::BIGINT)
                 WHEN r.area_min_m2 IS NOT NULL THEN format('vanaf {:d} m²', r.area_min_m2::BIGINT)
                 WHEN r.area_max_m2 IS NOT NULL THEN format('tot {:d} m²', r.area_max_m2::BIGINT) END,
            CASE r.extent WHEN 'whole' THEN 'een heel gebouw' WHEN 'part' THEN 'een deel van een gebouw' END,
            CASE r.duration WHEN 'temporary' THEN 'tijdelijk' WHEN 'years' THEN 'voor enkele jaren' WHEN 'permanent' THEN 'blijvend' END,
            format(CASE r.kind WHEN 'offer' THEN 'voor {:.2f} € per m² en jaar' ELSE 'tot {:.2f} € per m² en jaar' END, r.budget_eur_m2_year::DOUBLE)) AS who,
        concat_ws(', ',
            CASE r.kind WHEN 'partner' THEN 'seeks partners and space for ' WHEN 'offer' THEN 'offers space for ' ELSE 'seeks space for ' END || w.label_en,
            CASE WHEN r.area_min_m2 IS NOT NULL AND r.area_max_m2 IS NOT NULL THEN format('{:d} to {:d} m²', r.area_min_m2::BIGINT, r.area_max_m2::BIGINT)
                 WHEN r.area_min_m2 IS NOT NULL THEN format('from {:d} m²', r.area_min_m2::BIGINT)
                 WHEN r.area_max_m2 IS NOT NULL THEN format('up to {:d} m²', r.area_max_m2::BIGINT) END,
            CASE r.extent WHEN 'whole' THEN 'a whole building' WHEN 'part' THEN 'a part of a building' END,
            CASE r.duration WHEN 'temporary' THEN 'temporary' WHEN 'years' THEN 'for some years' WHEN 'permanent' THEN 'to stay' END,
            format(CASE r.kind WHEN 'offer' THEN 'at €{:.2f} per m² and year' ELSE 'up to €{:.2f} per m² and year' END, r.budget_eur_m2_year::DOUBLE)) AS who_en
    FROM staging.space_request AS r JOIN wanted AS w USING (uses)
)
SELECT a.audience, t.*
FROM told AS t JOIN reference.feed AS f USING (feed) CROSS JOIN (SELECT unnest(['public', 'city']) AS audience) AS a
WHERE f.visibility = 'public' OR a.audience = 'city'
