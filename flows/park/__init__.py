"""Business parks for people: a sheet of one park, and all parks of a city beside one another."""
