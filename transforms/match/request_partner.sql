-- Who seeks partners, and who brings what it seeks: they want a use that is the same, or that either would share with, near enough to
-- look together. What nobody said excludes nobody, and is not counted as agreement.
-- inputs: staging.space_request, reference.match_limit
-- key: request_id, partner_id
-- check: sought_share > 0 AND sought_share <= 1
-- columns:
--   request_id | VARCHAR | - | Zoekertje | advert that seeks partners
--   partner_id | VARCHAR | - | Partner | advert that brings something it seeks
--   brings | VARCHAR[] | - | Brengt | codes that are sought and brought
--   sought_share | DOUBLE | - | Deel van wat gezocht wordt | share of the codes sought that it brings
--   gets | VARCHAR[] | - | Krijgt | codes the partner seeks and the advert brings
--   shared_uses | VARCHAR[] | - | Zelfde gebruik | uses both want; empty: they would share a building
--   place | INTEGER | - | Plaats | place among the partners of the advert
WITH seeking AS (
    SELECT *, unnest(seeks) AS code FROM staging.space_request WHERE kind = 'partner' AND len(seeks) > 0
),
bringing AS (
    SELECT *, unnest(brings) AS code FROM staging.space_request WHERE kind IN ('space', 'partner') AND len(brings) > 0
),
met AS (
    SELECT s.request_id, b.request_id AS partner_id, any_value(s.seeks) AS seeks, list(b.code ORDER BY b.code) AS brings,
        any_value(list_sort(list_intersect(coalesce(b.seeks, []), coalesce(s.brings, [])))) AS gets,
        any_value(list_sort(list_intersect(s.uses, b.uses))) AS shared_uses
    FROM seeking AS s JOIN bringing AS b USING (code)
    WHERE s.request_id <> b.request_id
        AND (len(list_intersect(s.uses, b.uses)) > 0 OR (
            (s.shares_with IS NULL OR list_contains(s.shares_with, '*') OR len(list_intersect(s.shares_with, b.uses)) > 0)
            AND (b.shares_with IS NULL OR list_contains(b.shares_with, '*') OR len(list_intersect(b.shares_with, s.uses)) > 0)))
        AND (s.geom IS NULL OR b.geom IS NULL OR ST_Intersects(s.geom, b.geom))
    GROUP BY ALL
),
ranked AS (
    SELECT request_id, partner_id, brings, len(brings) / len(seeks) AS sought_share, gets, shared_uses,
        CAST(row_number() OVER (PARTITION BY request_id
            ORDER BY len(brings) DESC, len(gets) DESC, len(shared_uses) DESC, partner_id) AS INTEGER) AS place
    FROM met
)
SELECT * FROM ranked WHERE place <= (SELECT any_value(value) FROM reference.match_limit WHERE name = 'per_supply')
