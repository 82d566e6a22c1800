"""Flemish permits (Omgevingsloket): projects (`project`) and allotments (`allotment`), with the day they were handed in.

That somebody asked for a permit says that somebody is at work there; how long it says so is for the kind of evidence.
Who asked never enters. Files: WFS GeoJSON, GeoPackage or Parquet of Mercator, in EPSG:3812 unless the city file says otherwise.
"""

from __future__ import annotations

from sources._read.layers import LayerSettings as Settings
from sources._read.layers import part_tables as tables
from sources._read.layers import write_layers as parse

__all__ = ["Settings", "parse", "tables"]
