"""The warehouse in memory that the tests of sources use."""

from tests.sources.conftest import con, snap, warehouse, write

__all__ = ["con", "snap", "warehouse", "write"]
