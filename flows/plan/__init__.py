"""A plan in outline for one building: what the tables of plan.* say, in words, on a screen and in a dossier."""
