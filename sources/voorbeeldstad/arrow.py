"""Arrow under names that the type checker lets pass: pyarrow carries no types."""

from __future__ import annotations

from typing import Any, TypeAlias

import pyarrow
import pyarrow.compute
import pyarrow.parquet

pa: Any = pyarrow
pc: Any = pyarrow.compute
pq: Any = pyarrow.parquet
Column: TypeAlias = Any
"""A `pyarrow.Array`."""
