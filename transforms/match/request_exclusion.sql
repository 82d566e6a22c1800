-- For each advert how many buildings and offers it cannot have, and why: the first condition that is not met counts. With those that can
-- be, the counts of a kind add up to all supplies of that kind.
-- inputs: match.pair, reference.match_reason
-- key: request_id, supply_kind, reason
-- columns:
--   request_id | VARCHAR | - | Zoekertje | advert that asks
--   supply_kind | VARCHAR | - | Soort | building or offer
--   reason | VARCHAR | - | Reden | code of reference.match_reason, or `can be`
--   place | BIGINT | - | Volgorde | order in which conditions are looked at
--   supply_count | BIGINT | - | Aantal | how many
SELECT p.request_id, p.supply_kind, p.reason, coalesce(list_position(o.reasons, p.reason), 0)::BIGINT AS place, p.supply_count
FROM match.pair AS p CROSS JOIN (SELECT list(reason ORDER BY rowid) AS reasons FROM reference.match_reason) AS o
WHERE p.supply_id IS NULL
