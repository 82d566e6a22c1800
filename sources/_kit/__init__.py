"""What every source stands on: city file, contract, snapshots, DuckDB."""
