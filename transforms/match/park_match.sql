-- What stands or is offered in a business park, and who asks for a place there or next to it: rows of match.pair, which judged them. An
-- advert that names no place is in none; nor is a pair far down both lists of match.pair: `is_complete` says where there is none.
-- inputs: match.pair, match.supply, staging.space_request, core.business_park, core.park_building, reference.park_survey, reference.park_rule, reference.match_limit
-- key: request_id, supply_kind, supply_id
-- check: scope IN ('inside', 'neighbour')
-- columns:
--   request_id | VARCHAR | - | Zoekertje | advert that asks
--   supply_kind | VARCHAR | - | Soort | building or offer
--   supply_id | VARCHAR | - | Aanbod | building, or advert that offers
--   supply_park_id | VARCHAR | - | Terrein | park the supply lies in
--   scope | VARCHAR | - | Bereik | inside: asks for a place in this park; neighbour: asks in a park near it, or its area reaches into it
--   request_feed | VARCHAR | - | Gegevensstroom van het zoekertje | feed of the advert that asks
--   offer_feed | VARCHAR | - | Gegevensstroom van het aanbod | feed of the advert that offers; null for a building
--   use | VARCHAR | - | Gebruik | the wanted use that suits best of those that can be
--   score | DOUBLE | points | Score | as in match.pair
--   low | DOUBLE | points | Ondergrens | as in match.pair
--   high | DOUBLE | points | Bovengrens | as in match.pair
--   middle | DECIMAL(9,6) | points | Midden | what pairs are ranked by
--   use_part | DOUBLE | - | Deel gebruik | how well the use suits, 0..1; null where not known
--   budget_part | DOUBLE | - | Deel budget | 0.25 for the lowest rent that may do, 0.75 for the likely one; null where not asked or not known
--   place | INTEGER | - | Plaats | place among the matches of the park with this scope
--   is_complete | BOOLEAN | - | Volledig | all supplies of the kind that can serve this advert are in match.pair
WITH rule AS (
    SELECT (SELECT value FROM reference.park_survey WHERE name = 'assigned_share_min') AS half, (SELECT value FROM reference.park_rule WHERE name = 'neighbour_m') AS near_m,
        (SELECT value FROM reference.match_limit WHERE name = 'per_request') AS kept
),
-- A building is of the park that holds half of it; an offer without one of the park its point lies in.
supply AS (
    SELECT s.supply_kind, s.supply_id, k.park_id FROM match.supply AS s JOIN core.park_building AS k USING (building_id)
    UNION ALL
    SELECT s.supply_kind, s.supply_id, p.park_id
    FROM (SELECT * FROM match.supply WHERE building_id IS NULL AND x IS NOT NULL) AS s JOIN core.business_park AS p ON ST_Intersects(p.geom, ST_Point(s.x, s.y))
    QUALIFY row_number() OVER (PARTITION BY s.supply_kind, s.supply_id ORDER BY p.park_id) = 1
),
pair AS (
    SELECT p.*, s.park_id FROM match.pair AS p JOIN supply AS s USING (supply_kind, supply_id) WHERE p.supply_id IS NOT NULL
),
wish AS (
    SELECT request_id, feed, geom, point FROM staging.space_request SEMI JOIN pair USING (request_id) WHERE geom IS NOT NULL AND NOT ST_IsEmpty(geom)
),
-- The park an advert asks in: that of its point, or the one that holds half of the area it names.
home AS (
    SELECT w.request_id, p.park_id, p.geom FROM wish AS w JOIN core.business_park AS p ON ST_Intersects(p.geom, w.geom) CROSS JOIN rule AS r
    WHERE CASE WHEN w.point IS NOT NULL THEN ST_Intersects(p.geom, w.point) ELSE shared_area(w.geom, p.geom) >= r.half * ST_Area(w.geom) END
),
meeting AS (
    SELECT w.request_id, w.feed, p.park_id, bool_or(coalesce(h.park_id = p.park_id, false)) AS is_inside,
        bool_or(ST_Intersects(w.geom, p.geom) OR h.park_id IS NOT NULL AND gap_m(h.geom, p.geom) <= r.near_m) AS is_near
    FROM (SELECT DISTINCT request_id, park_id FROM pair) AS d JOIN wish AS w USING (request_id) JOIN core.business_park AS p USING (park_id) CROSS JOIN rule AS r
    LEFT JOIN home AS h ON h.request_id = w.request_id
    GROUP BY ALL
),
counted AS (SELECT request_id, supply_kind, supply_count FROM match.pair WHERE reason = 'can be')
SELECT p.request_id, p.supply_kind, p.supply_id, p.park_id AS supply_park_id, CASE WHEN m.is_inside THEN 'inside' ELSE 'neighbour' END AS scope,
    m.feed AS request_feed, o.feed AS offer_feed, p.use, p.score, p.low, p.high, p.middle, p.use_part, p.budget_part,
    CAST(row_number() OVER (PARTITION BY p.park_id, m.is_inside ORDER BY p.middle DESC, p.request_id, p.supply_kind, p.supply_id) AS INTEGER) AS place,
    coalesce(c.supply_count <= r.kept, false) AS is_complete
FROM pair AS p JOIN meeting AS m USING (request_id, park_id) CROSS JOIN rule AS r
LEFT JOIN counted AS c ON c.request_id = p.request_id AND c.supply_kind = p.supply_kind
LEFT JOIN staging.space_request AS o ON p.supply_kind = 'offer' AND o.request_id = p.supply_id
WHERE m.is_inside OR m.is_near
