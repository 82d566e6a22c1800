"""Which way the roofs in business parks face, counted in cells of a surface model. No row: no raster shows enough of the roof.

Elsewhere roofs are not measured: nobody asks, and a city has many.

inputs: core.building, core.park_building, raw.elevation, reference.park_survey
key: building_id, feed
check: abs(flat_share + north_share + east_share + south_share + west_share - 1) < 1e-6
code: linkage/elevation.py, linkage/roof.py
columns:
  building_id | VARCHAR | - | Gebouw | building
  feed | VARCHAR | - | Gegevensstroom | feed of the rasters
  cells | DOUBLE | cells | Cellen | cells within the outline, off edges and ridges, whose slope is known
  flat_share | DOUBLE | - | Plat | share of them that is flat
  north_share | DOUBLE | - | Noord | share that is pitched and faces north, north-west to north-east
  east_share | DOUBLE | - | Oost | share that faces east
  south_share | DOUBLE | - | Zuid | share that faces south
  west_share | DOUBLE | - | West | share that faces west
"""

from __future__ import annotations

from pathlib import Path

import duckdb

from sources._kit.snapshot import Store

_QUERY = """
SELECT building_id, feed, cells, flat / cells AS flat_share, north / cells AS north_share, east / cells AS east_share, south / cells AS south_share,
    west / cells AS west_share
FROM measured_roof
WHERE cells >= (SELECT value FROM reference.park_survey WHERE name = 'roof_cells_min')
"""


def build(con: duckdb.DuckDBPyConnection) -> str:
    """Measure the roofs under the tiles of every feed. The variable `store` is where the bytes lie; see core.height_measured."""
    con.execute(
        "CREATE OR REPLACE TEMP TABLE measured_roof (building_id VARCHAR, feed VARCHAR, cells DOUBLE, flat DOUBLE, north DOUBLE, "
        "east DOUBLE, south DOUBLE, west DOUBLE)"
    )
    asked = con.execute("SELECT (SELECT count(*) FROM raw.elevation) * (SELECT count(*) FROM core.park_building)")
    if asked.fetchone() != (0,):
        folder = con.execute("SELECT getvariable('store')").fetchone()
        assert folder is not None
        # Here, because a city without rasters need not load what reads them.
        from transforms.linkage.roof import measure_roofs

        con.execute(
            "CREATE OR REPLACE TEMP TABLE roof_asked AS "
            "SELECT building_id, geom FROM core.building SEMI JOIN core.park_building USING (building_id)"
        )
        rule = dict(con.execute("SELECT name, value FROM reference.park_survey").fetchall())
        measure_roofs(con, "roof_asked", "raw.elevation", Store(Path(folder[0])), rule, "measured_roof")
        con.execute("DROP TABLE roof_asked")
    return _QUERY
