-- The requests as they were when match.pair was made, and the method it was made with: what the next run compares its own with.
-- inputs: match.request, match.pair
-- key: request_id
-- columns:
--   request_id | VARCHAR | - | Zoekertje | advert
--   mark | VARCHAR | - | Kenmerk | hash of the row
--   method | VARCHAR | - | Methode | hash of code, weights and limits; said by match.pair when it is made
SELECT request_id, mark, (SELECT method FROM temp.match_method) AS method FROM match.request
