-- Who could be in a building with others: adverts that ask and do not want a whole building, with what sharing depends on. Apart from
-- match.request, so that another wish to share judges no pair again.
-- inputs: match.request, staging.space_request
-- key: request_id
-- columns:
--   request_id | VARCHAR | - | Zoekertje | advert
--   shares_with | VARCHAR[] | - | Deelt met | uses it would share with: * any, empty none; null where not said
--   is_part_said | BOOLEAN | - | Deel gezegd | says that a part will do; false: did not say how much of a building
--   brings | VARCHAR[] | - | Brengt | codes of reference.advert_code; empty where nothing, or not said
--   seeks | VARCHAR[] | - | Zoekt | codes it does not bring itself
--   mark | VARCHAR | - | Kenmerk | hash of this row and of its row in match.request
WITH party AS (
    SELECT s.request_id, list_sort(s.shares_with) AS shares_with, s.extent IS NOT NULL AS is_part_said,
        list_sort(coalesce(s.brings, [])) AS brings,
        list_sort(list_filter(coalesce(s.seeks, []), lambda c: NOT list_contains(coalesce(s.brings, []), c))) AS seeks, r.mark AS request_mark
    FROM match.request AS r JOIN staging.space_request AS s USING (request_id)
    WHERE NOT r.is_whole
)
SELECT * EXCLUDE (request_mark), md5(CAST(row(shares_with, is_part_said, brings, seeks, request_mark) AS VARCHAR)) AS mark FROM party
