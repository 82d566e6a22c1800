"""Field checks: a list to take along, and what comes back as evidence."""
