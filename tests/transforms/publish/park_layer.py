"""Made-up business parks beside the made-up layer of buildings: as many as are asked for, half of what there is to know unknown."""

from __future__ import annotations

from dataclasses import replace

import duckdb

from transforms.publish.optional import with_optional
from transforms.publish.rows import Product, prepare, read_run

CRS = "EPSG:31370"
INDICATORS = 33
_PARKS = """
    CREATE TABLE layer.business_park AS
    SELECT a.audience, format('osm:park:{:03d}', n) AS park_id, CASE WHEN n % 3 > 0 THEN format('Park "Zuid" & <b> {}', n) END AS name, 'industrial' AS park_type,
        'osm' AS park_source, ST_Area(geom) AS area_m2, NULL::DOUBLE AS inside_share, 1.0::DOUBLE AS seen_share, 3 AS building_count, 0 AS parcel_count,
        NULL::DOUBLE AS idle_volume_m3, 'OpenStreetMap' AS sources, 'ODbL' AS licence, 'r1' AS run_id, geom
    FROM (
        SELECT n, CASE WHEN n = 0 THEN ST_Union(ST_Difference(box, ST_Buffer(ST_Centroid(box), 40)), ST_MakeEnvelope(x + 500, y, x + 560, y + 60)) ELSE box END AS geom
        FROM (SELECT n, x, y, ST_Buffer(ST_Point(x + 150, y + 150), 150 + n % 7, 24) AS box
            FROM (SELECT n, 104000.123 + 400 * (n % 20) AS x, 193000.456 + 400 * (n // 20) AS y FROM range({count}) AS r(n)))
    ), (VALUES ('public'), ('city')) AS a(audience);
    CREATE TABLE layer.park_indicator AS
    SELECT audience, park_id, name AS park_name, ['space', 'energy', 'mobility', 'materials', 'people', 'environment'][1 + i % 6] AS theme,
        coalesce(['idle_volume_m3', 'solar_kwp', 'built_share', 'flood_share'][1 + i], format('indicator_{:02d}', i)) AS indicator,
        format('maat {}', i) AS label, format('measure {}', i) AS label_en, CASE WHEN i % 2 = 0 THEN 1000 * (hash(park_id, i) % 9999) / 7.0 END AS value,
        CASE WHEN i % 3 > 0 THEN 0.5::DOUBLE END AS low, CASE WHEN i % 5 > 0 THEN 1e7 + i / 3.0 END AS high, ['m3', 'kWp', 'share'][1 + i % 3] AS unit, (i / 40)::DOUBLE AS coverage,
        CASE WHEN i % 2 = 1 THEN 'geen bron die dit zegt' END AS unknown_because, CASE WHEN i % 2 = 1 THEN 'no source says this' END AS unknown_because_en,
        CASE WHEN i % 2 = 0 THEN 1 END AS park_rank, CASE WHEN i % 2 = 0 THEN {count} END AS parks_compared
    FROM layer.business_park, range({indicators}) AS r(i);
    INSERT INTO layer.code BY NAME
    SELECT 'park_source' AS column_name, 'osm' AS code, 'landgebruik in OpenStreetMap' AS title_nl, 'land use in OpenStreetMap' AS title_en, 1 AS place;
"""


def add_parks(con: duckdb.DuckDBPyConnection, count: int) -> Product:
    """Make `count` parks in a made-up layer; returns the public product, prepared. Park 0 has a hole and a second part."""
    con.execute(_PARKS.replace("{count}", str(count)).replace("{indicators}", str(INDICATORS)))
    return prepared(con)


def prepared(con: duckdb.DuckDBPyConnection) -> Product:
    """The public product of such a layer."""
    return with_optional(con, prepare(con, "gent", CRS, "public", read_run(con, "gent")))


def without_parks(product: Product) -> Product:
    """The same, as if the city had none."""
    return replace(product, optional=())
