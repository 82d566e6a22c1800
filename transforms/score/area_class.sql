-- The class that areas around it give each assessed building, per theme the city has a source for; null where none covers enough.
-- inputs: score.reuse_building, staging.area, core.link_area, reference.area_theme, reference.area_class, reference.feed, reference.parameter
-- key: building_id, measure
-- params: as_of
-- check: share BETWEEN 0 AND 1
-- columns:
--   building_id | VARCHAR | - | Gebouw | building
--   measure | VARCHAR | - | Maat | name in reference.reuse_measure
--   class | VARCHAR | - | Klasse | class that covers enough of it; null where two share it, or the words are not known
--   share | DOUBLE | - | Aandeel | share of the outline under the class that covers most
--   feeds | VARCHAR[] | - | Gegevensstromen | feeds that speak of the theme
WITH area AS (
    -- Each audience is scored alike, so from public feeds only.
    SELECT a.area_id, a.feed, a.theme, a.precedence, a.class FROM staging.area AS a SEMI JOIN reference.area_theme USING (theme)
    WHERE a.feed IN (SELECT feed FROM reference.feed WHERE visibility = 'public')
        -- One that began after as_of, or ended before it, does not hold then.
        AND coalesce(a.valid_from <= getvariable('as_of'), true) AND coalesce(a.valid_to > getvariable('as_of'), true)
),
word AS (
    SELECT w.theme, w.class AS said, c.place, c.class
    FROM (SELECT DISTINCT theme, class FROM area) AS w
    JOIN reference.area_class AS c ON c.theme = w.theme AND regexp_matches(lower(strip_accents(w.class)), c.pattern)
    QUALIFY row_number() OVER (PARTITION BY w.theme, w.class ORDER BY c.place) = 1
),
heard AS (
    SELECT t.measure, t.theme, t.if_outside, list(DISTINCT a.feed ORDER BY a.feed) AS feeds
    FROM area AS a JOIN reference.area_theme AS t USING (theme) GROUP BY ALL
),
covered AS (
    SELECT l.building_id, a.theme, a.precedence, w.place, w.class, least(1, sum(l.share)) AS share
    FROM core.link_area AS l
    JOIN area AS a USING (area_id)
    LEFT JOIN word AS w ON w.theme = a.theme AND w.said = a.class
    GROUP BY ALL
),
left_over AS (
    -- What a higher plan or a worse class covers, the next one does not: it has at most the rest.
    SELECT c.building_id, c.theme, c.class,
        greatest(0, least(c.share, 1 - coalesce(sum(c.share) OVER (
            PARTITION BY c.building_id, c.theme ORDER BY c.precedence DESC, CASE WHEN t.worst_first THEN c.place ELSE 0 END, c.place, c.class
            ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0))) AS share
    FROM covered AS c JOIN reference.area_theme AS t USING (theme)
),
part AS (
    SELECT building_id, theme, class, share FROM left_over
    UNION ALL
    SELECT b.building_id, h.theme, h.if_outside, 1 - coalesce(sum(l.share), 0)
    FROM score.reuse_building AS b CROSS JOIN heard AS h LEFT JOIN left_over AS l ON l.building_id = b.building_id AND l.theme = h.theme
    WHERE h.if_outside <> ''
    GROUP BY ALL
),
summed AS (
    SELECT building_id, theme, class, least(1, sum(share)) AS share FROM part GROUP BY ALL
)
SELECT b.building_id, h.measure, CASE WHEN s.share >= param('area_share_min') THEN s.class END AS class, CAST(s.share AS DOUBLE) AS share, h.feeds
FROM summed AS s
JOIN score.reuse_building AS b USING (building_id)
JOIN heard AS h USING (theme)
QUALIFY row_number() OVER (PARTITION BY b.building_id, h.measure ORDER BY s.share DESC, s.class) = 1
