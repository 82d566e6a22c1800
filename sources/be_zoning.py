"""Flemish zoning: which plan says what may be done where.

The regional plan (`gwp`), special plans (`bpa`), and implementation plans of region, province and municipality
(`gewrup`, `provrup`, `gemrup`), which replace the older ones where they lie.

Files: WFS GeoJSON, GeoPackage or Parquet of Mercator, in EPSG:3812 unless the city file says otherwise.
"""

from __future__ import annotations

from sources._read.layers import LayerSettings as Settings
from sources._read.layers import part_tables as tables
from sources._read.layers import write_layers as parse

__all__ = ["Settings", "parse", "tables"]
