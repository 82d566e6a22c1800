"""Headers, runner, reference tables, intake views."""
