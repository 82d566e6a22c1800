-- Who is believed before anything is known: questions whose street name and number exist in one place only.
CREATE OR REPLACE TEMP TABLE addr_known AS
SELECT question, min(spot) AS spot FROM addr_spot WHERE tier <= 3 AND slips = 0 GROUP BY question HAVING count(*) = 1;
