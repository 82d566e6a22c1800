-- Establishments in each business park by section of NACE: counts alone, from lists of addresses that were matched to one building.
-- inputs: core.park_building, core.link_observation, staging.observation
-- key: park_id, section
-- check: establishment_count > 0
-- columns:
--   park_id | VARCHAR | - | Terrein | park
--   section | VARCHAR | - | Sectie | NACE section; * for all of them, ? for those that state none; one establishment may be in several
--   establishment_count | BIGINT | establishments | Vestigingen | establishments
--   feeds | VARCHAR[] | - | Gegevensstromen | lists that count them
SELECT park_id, entry.key AS section, CAST(sum(entry.value) AS BIGINT) AS establishment_count, list(DISTINCT feed ORDER BY feed) AS feeds
FROM (
    SELECT p.park_id, o.feed, unnest(map_entries(o.activities)) AS entry
    FROM staging.observation AS o JOIN core.link_observation AS l USING (feed, observation_id) JOIN core.park_building AS p ON p.building_id = l.building_id
    WHERE o.activities IS NOT NULL
    -- An area over several buildings is one place all the same.
    QUALIFY row_number() OVER (PARTITION BY o.feed, o.observation_id ORDER BY l.score DESC, l.building_id) = 1
)
GROUP BY park_id, entry.key
