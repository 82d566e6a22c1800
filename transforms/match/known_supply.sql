-- The supplies as they were when match.pair was made: the next run takes those that are otherwise then out of the counts.
-- inputs: match.offered, match.pair
-- key: supply_kind, supply_id
-- like: match.offered
-- columns:
SELECT * FROM match.offered
