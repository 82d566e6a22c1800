"""How high each building stands in a surface model over a terrain model: cell by cell, weighted by how far it covers a cell.

A row says what the rasters show within an outline; whether that is the building's height is core.size's to judge. A building
outside every tile, or over cells without data alone, has no row.

inputs: core.building, raw.elevation
key: building_id, feed
check: covered_share > 0 AND covered_share <= 1
check: low_m <= middle_m AND middle_m <= top_m
code: linkage/elevation.py
columns:
  building_id | VARCHAR | - | Gebouw | building
  feed | VARCHAR | - | Gegevensstroom | feed of the rasters
  covered_share | DOUBLE | - | Bedekt aandeel | share of the outline with data in both models
  low_m | DOUBLE | m | Laag | height below which a tenth of the outline lies
  middle_m | DOUBLE | m | Midden | median height
  top_m | DOUBLE | m | Top | height below which nine tenths of the outline lie: the roof without aerials and the odd branch
  mean_m | DOUBLE | m | Gemiddelde | mean height; what lies below the ground counts below zero
  spread_m | DOUBLE | m | Spreiding | standard deviation of the heights
  cell_m | DOUBLE | m | Celzijde | side of a cell of the surface model
  vertical_sd_m | DOUBLE | m | Opgegeven nauwkeurigheid | stated accuracy of one height, of the less accurate of both models
"""

from __future__ import annotations

from pathlib import Path

import duckdb

from sources._kit.snapshot import Store

_QUERY = """
SELECT h.building_id, h.feed, least(1, round(h.cells * f.cell_m * f.cell_m / b.footprint_m2, 6)) AS covered_share,
    -- To the millimetre: beyond it the sum depends on where a window began.
    round(h.low, 3) AS low_m, round(h.middle, 3) AS middle_m, round(h.top, 3) AS top_m, round(h.mean, 3) AS mean_m,
    round(h.spread, 3) AS spread_m, f.cell_m, f.vertical_sd_m
FROM measured_height AS h
JOIN core.building AS b ON b.building_id = h.building_id
JOIN (
    SELECT feed, max(cell_m) FILTER (kind = 'dsm') AS cell_m, max(vertical_sd_m) AS vertical_sd_m FROM raw.elevation GROUP BY feed
) AS f ON f.feed = h.feed
WHERE round(h.cells * f.cell_m * f.cell_m / b.footprint_m2, 6) > 0
"""


def build(con: duckdb.DuckDBPyConnection) -> str:
    """Measure the buildings under the tiles of every feed; the query puts shares and units to it.

    The variable `store` is the folder of the snapshot store. It is no declared parameter: where the bytes lie changes nothing
    about them, and a fingerprint that held a path would differ from machine to machine.
    """
    con.execute(
        "CREATE OR REPLACE TEMP TABLE measured_height (building_id VARCHAR, feed VARCHAR, cells DOUBLE, mean DOUBLE, spread DOUBLE, "
        "low DOUBLE, middle DOUBLE, top DOUBLE)"
    )
    if con.execute("SELECT count(*) FROM raw.elevation").fetchone() != (0,):
        folder = con.execute("SELECT getvariable('store')").fetchone()
        assert folder is not None
        # Here, because a city without rasters need not load what reads them.
        from transforms.linkage.elevation import measure_heights

        measure_heights(con, "core.building", "raw.elevation", Store(Path(folder[0])), "measured_height")
    return _QUERY
