"""Which pieces of industrial and commercial land lie so near one another that they are one park; none where an authority gives parks.

inputs: staging.land_use, staging.area, reference.park_land_use, reference.park_survey
key: land_use_id
code: linkage/component.py
columns:
  land_use_id | VARCHAR | - | Gebied | piece of land with one use
  park_id | VARCHAR | - | Terrein | park it is a piece of: issuer, the word park, and the smallest id of the pieces
"""

from __future__ import annotations

import duckdb
import numpy as np
import pyarrow as pa

from transforms.linkage.component import components

_NODES = """
CREATE OR REPLACE TEMP TABLE ground_node AS
SELECT land_use_id, geom, row_number() OVER (ORDER BY land_use_id) - 1 AS place
FROM staging.land_use SEMI JOIN reference.park_land_use USING (land_use)
WHERE NOT EXISTS (FROM staging.area WHERE theme = 'business_park') AND ST_Area(geom) > 0
ORDER BY place
"""
# Boxes first, half the gap wider on each side: most pieces of a city are nowhere near one another.
_TIES = """
WITH gap AS (SELECT value AS gap_m FROM reference.park_survey WHERE name = 'ground_gap_m'),
boxed AS (
    SELECT place, geom, gap_m,
        ST_MakeEnvelope(ST_XMin(geom) - gap_m / 2, ST_YMin(geom) - gap_m / 2, ST_XMax(geom) + gap_m / 2, ST_YMax(geom) + gap_m / 2) AS box
    FROM ground_node CROSS JOIN gap
)
SELECT l.place AS l, r.place AS r
FROM boxed AS l JOIN boxed AS r ON ST_Intersects(l.box, r.box)
WHERE l.place < r.place AND gap_m(l.geom, r.geom) <= l.gap_m
ORDER BY l, r
"""
_QUERY = """
SELECT n.land_use_id, split_part(c.land_use_id, ':', 1) || ':park:' || substr(c.land_use_id, strpos(c.land_use_id, ':') + 1) AS park_id
FROM ground_node AS n JOIN ground_label AS a USING (place) JOIN ground_node AS c ON c.place = a.label
"""


def build(con: duckdb.DuckDBPyConnection) -> str:
    """Find the components of pieces within the stated gap; the query names each after its smallest id."""
    con.execute(_NODES)
    ties = con.execute(_TIES).fetchnumpy()
    left, right = (np.asarray(ties[end], dtype=np.int64) for end in ("l", "r"))
    row = con.execute("SELECT count(*) FROM ground_node").fetchone()
    assert row is not None
    label = components(row[0], left, right)
    con.register("incoming_ground", pa.table({"place": np.arange(len(label)), "label": label}))
    con.execute("CREATE OR REPLACE TEMP TABLE ground_label AS SELECT * FROM incoming_ground")
    con.unregister("incoming_ground")
    return _QUERY
