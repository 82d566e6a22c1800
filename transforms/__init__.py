"""From raw to layer: declared SQL, one file one table, and the products."""
