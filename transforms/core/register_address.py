"""The address of each register row, after the places that bear the same name have been told apart; or why there is none.

inputs: staging.register_row, core.address, core.building
key: feed, register_id, address_id
check: score BETWEEN 0 AND 1
code: linkage/address*
columns:
  feed | VARCHAR | - | Gegevensstroom | register
  register_id | VARCHAR | - | Registernummer | row of the register
  address_id | VARCHAR | - | Adres | address; empty where the position was inferred, or where there is none
  building_id | VARCHAR | - | Gebouw | building at the address; null where none lies within 10 m
  distance_m | DOUBLE | m | Afstand | from the address point to the building
  method | VARCHAR | - | Methode | exact, normalised, range, fuzzy or inferred; null where refused
  score | DOUBLE | - | Zekerheid | how sure the address is meant; null where refused
  problem | VARCHAR | - | Probleem | why no address can be given; null where one is
  place_text | VARCHAR | - | Kandidaat | why this address, or the candidates
"""

from __future__ import annotations

import duckdb

from transforms.linkage.address import match_addresses

_ROWS = """
CREATE OR REPLACE TEMP VIEW match_row AS
SELECT feed || ':' || register_id AS row_id, street, house_number, house_number_to, box_number, postcode, municipality
FROM staging.register_row
WHERE street IS NOT NULL AND house_number IS NOT NULL
"""
_POINTS = """
CREATE OR REPLACE TEMP VIEW match_point AS
SELECT address_id, street, house_number, box_number, postcode, municipality, ST_X(geom) AS x, ST_Y(geom) AS y FROM core.address
"""
_QUERY = """
WITH inferred AS (
    -- A number that is missing from the file has a place, but no address of its own to carry a building.
    SELECT m.row_id, b.building_id, ST_Distance(b.geom, ST_Point(m.x, m.y)) AS distance_m
    FROM (SELECT row_id, x, y, ST_Point(x, y) AS point FROM address_match WHERE address_id IS NULL) AS m
    JOIN core.building AS b ON ST_DWithin(m.point, b.geom, 10)
    QUALIFY row_number() OVER (PARTITION BY m.row_id ORDER BY b.state <> 'standing', distance_m, b.footprint_m2, b.building_id) = 1
)
SELECT r.feed, r.register_id, coalesce(m.address_id, '') AS address_id, coalesce(a.building_id, i.building_id) AS building_id,
    coalesce(a.distance_m, i.distance_m) AS distance_m, m.method, CAST(m.score AS DOUBLE) AS score, CAST(NULL AS VARCHAR) AS problem,
    concat_ws(' ', a.street, a.house_number || ':', m.reasons) AS place_text
FROM address_match AS m
JOIN staging.register_row AS r ON r.feed || ':' || r.register_id = m.row_id
LEFT JOIN core.address AS a ON a.address_id = m.address_id
LEFT JOIN inferred AS i ON i.row_id = m.row_id AND m.address_id IS NULL
UNION ALL
SELECT r.feed, r.register_id, '', NULL, NULL, NULL, NULL, f.reason, f.candidates
FROM address_refusal AS f JOIN staging.register_row AS r ON r.feed || ':' || r.register_id = f.row_id
"""


def build(con: duckdb.DuckDBPyConnection) -> str:
    """Run the matcher on the rows that name a street and a number; the query finds the buildings."""
    con.execute(_ROWS)
    con.execute(_POINTS)
    match_addresses(con, "match_row", "match_point")
    return _QUERY
