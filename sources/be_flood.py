"""Where Flanders floods, as the water test sees it: from rivers (`fluvial`), rain (`pluvial`) and the sea (`coastal`).

Files: WFS GeoJSON, GeoPackage or Parquet of waterinfo, in EPSG:31370 unless the city file says otherwise. Which column
holds the class differs between editions: the city file may map it.
"""

from __future__ import annotations

from sources._read.layers import LayerSettings as Settings
from sources._read.layers import part_tables as tables
from sources._read.layers import write_layers as parse

__all__ = ["Settings", "parse", "tables"]
