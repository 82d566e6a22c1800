-- Who seeks partners, and who brings what it seeks: they want a use that is the same, or that either would share with, near enough to
-- look together. What nobody said excludes nobody, and is not counted as agreement.
-- inputs: staging.space_request, match.request, reference.match_limit, reference.advert_code, reference.reuse_use.use
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
WITH
-- Codes and uses as bits of a number: everybody who seeks meets everybody who brings, and integers are fast.
bits AS (
    SELECT (SELECT list(code ORDER BY code) FROM reference.advert_code) AS codes, (SELECT list("use" ORDER BY "use") FROM (SELECT use FROM reference.reuse_use)) AS uses
),
asking AS (
    SELECT a.request_id, a.kind, a.seeks, a.brings, a.uses, r.x, r.y, r.radius_m, r.outline, row_number() OVER (ORDER BY a.request_id) AS number,
        coalesce(list_sum(list_transform(a.seeks, lambda c: 1::BIGINT << list_position(b.codes, c))), 0)::BIGINT AS seeks_bits,
        coalesce(list_sum(list_transform(a.brings, lambda c: 1::BIGINT << list_position(b.codes, c))), 0)::BIGINT AS brings_bits,
        coalesce(list_sum(list_transform(a.uses, lambda c: 1::BIGINT << list_position(b.uses, c))), 0)::BIGINT AS uses_bits,
        CASE WHEN a.shares_with IS NULL OR list_contains(a.shares_with, '*') THEN (1::BIGINT << 62) - 1
             ELSE coalesce(list_sum(list_transform(a.shares_with, lambda c: 1::BIGINT << list_position(b.uses, c))), 0)::BIGINT END AS shares_bits
    FROM staging.space_request AS a JOIN match.request AS r USING (request_id) CROSS JOIN bits AS b
),
-- The best of each by one number: what is brought, what is sought in return, uses that are the same; of equal ones the first by id.
best AS (
    SELECT s.number, max(((bit_count(s.seeks_bits & p.brings_bits)::BIGINT * 100 + bit_count(p.seeks_bits & s.brings_bits)) * 100
            + bit_count(s.uses_bits & p.uses_bits)) * 4294967296 - p.number,
        (SELECT any_value(value)::BIGINT FROM reference.match_limit WHERE name = 'per_supply')) AS keys
    FROM (FROM asking WHERE kind = 'partner') AS s JOIN asking AS p ON s.seeks_bits & p.brings_bits <> 0 AND s.number <> p.number
    WHERE (s.uses_bits & p.uses_bits <> 0 OR (s.shares_bits & p.uses_bits <> 0 AND p.shares_bits & s.uses_bits <> 0))
        AND CASE WHEN s.radius_m IS NOT NULL AND p.radius_m IS NOT NULL
                 THEN (s.x - p.x) * (s.x - p.x) + (s.y - p.y) * (s.y - p.y) <= (s.radius_m + p.radius_m) * (s.radius_m + p.radius_m)
                 WHEN s.radius_m IS NOT NULL AND p.outline IS NOT NULL THEN ST_Distance(p.outline, ST_Point(s.x, s.y)) <= s.radius_m
                 WHEN s.outline IS NOT NULL AND p.radius_m IS NOT NULL THEN ST_Distance(s.outline, ST_Point(p.x, p.y)) <= p.radius_m
                 WHEN s.outline IS NOT NULL AND p.outline IS NOT NULL THEN ST_Intersects(s.outline, p.outline) ELSE true END
    GROUP BY s.number
),
ranked AS (
    SELECT number, (4294967296 - keys[place] % 4294967296) % 4294967296 AS partner, place
    FROM (SELECT number, keys, unnest(range(1, len(keys) + 1)) AS place FROM best)
)
SELECT s.request_id, p.request_id AS partner_id, list_sort(list_intersect(s.seeks, p.brings)) AS brings,
    len(list_intersect(s.seeks, p.brings)) / len(s.seeks) AS sought_share,
    list_sort(list_intersect(coalesce(p.seeks, []), coalesce(s.brings, []))) AS gets, list_sort(list_intersect(s.uses, p.uses)) AS shared_uses,
    CAST(r.place AS INTEGER) AS place
FROM ranked AS r JOIN asking AS s USING (number) JOIN asking AS p ON p.number = r.partner
