"""Business parks for a platform: GeoJSON after RFC 7946, one feature per line, as schemas/parks-1.schema.json says; absent where there are none."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import shapely

from sources._kit.duck import literal
from sources._kit.errors import PublishError
from transforms.publish.check import check_areas
from transforms.publish.deliverable import Deliverable
from transforms.publish.dictionary import Entry
from transforms.publish.feed import feed_head, hold_to_schema, write_feed
from transforms.publish.park_terms import THEMES, has_parks
from transforms.publish.pins import own_attributions
from transforms.publish.rows import Product
from transforms.publish.schemas import read_schema, schema_file, schema_id

DECIMALS = 7  # of a degree: about one centimetre
_PLACED = "temp.publish_park_outline"
# Digits behind these mean nothing.
_INDICATOR = {
    "theme": "theme",
    "indicator": "indicator",
    "label": "label",
    "label_en": "label_en",
    "value": "round(value, 4)",
    "low": "round(low, 4)",
    "high": "round(high, 4)",
    "unit": "unit",
    "coverage": "round(coverage, 4)",
    "unknown_because": "unknown_because",
    "unknown_because_en": "unknown_because_en",
}


def write_park_feed(con: duckdb.DuckDBPyConnection, product: Product, _entries: Sequence[Entry], path: Path) -> None:
    """Write one feature per park: its outline in WGS 84 as a MultiPolygon, and every indicator, known or not."""
    con.execute(f"CREATE OR REPLACE TEMP TABLE publish_park AS {_parks(product)}")
    try:
        outlines = read_outlines(con, "temp.publish_park", product.crs, product.slug)
        con.register("park_outline", outlines)
        con.execute(f"CREATE OR REPLACE TEMP TABLE {_PLACED.removeprefix('temp.')} AS FROM park_outline")
        con.unregister("park_outline")
        head = feed_head(con, product, schema_id("parks"), schema_file("parks"), len(outlines))
        write_feed(con, {"type": "FeatureCollection", **head}, "features", [_query(product)], path)
    finally:
        con.execute(f"DROP TABLE IF EXISTS {_PLACED}; DROP TABLE temp.publish_park")


def read_outlines(con: duckdb.DuckDBPyConnection, table: str, crs: str, slug: str) -> pa.Table:
    """Outlines of parks as GeoJSON geometries: valid, counter-clockwise, rounded to `DECIMALS`.

    Args:
        con: with the spatial extension.
        table: rows with `park_id` and `geom`.
        crs: of `geom`.
        slug: the city.

    Returns:
        Columns park_id and geometry (a text), by park_id.

    Raises:
        PublishError: nothing is left of an outline.
    """
    rows = con.execute(
        f"SELECT park_id, CAST(ST_AsWKB(ST_Transform(geom, {literal(crs)}, 'EPSG:4326', always_xy := true)) AS BLOB) AS geom "
        f"FROM {table} ORDER BY park_id"
    ).to_arrow_table()
    # On the grid first: rounding each point by itself can make an outline cross itself.
    shapes = shapely.set_precision(shapely.from_wkb(rows["geom"].to_numpy()), 10.0**-DECIMALS)
    parts, owner = shapely.get_parts(shapes, return_index=True)
    areas = shapely.area(parts) > 0
    if len(placed := np.unique(owner[areas])) < len(shapes):
        lost = np.setdiff1d(np.arange(len(shapes)), placed)
        raise PublishError(
            "a business park has no area on earth",
            city=slug,
            table="layer.business_park",
            value=rows["park_id"][int(lost[0])].as_py(),
            rows=len(lost),
            next_step="see its outline at the source, and that the CRS is the one the city file names",
        )
    whole = np.asarray(shapely.orient_polygons(shapely.multipolygons(parts[areas], indices=owner[areas])))
    rounded = shapely.transform(whole, lambda points: np.round(points, DECIMALS))
    return pa.table({"park_id": rows["park_id"], "geometry": pa.array(shapely.to_geojson(rounded), pa.string())})


def _parks(product: Product) -> str:
    return f"SELECT * FROM layer.business_park WHERE audience = {literal(product.audience)}"


def _query(product: Product) -> str:
    audience, themes = literal(product.audience), list(THEMES)
    packed = ", ".join(f"{name} := {value}" for name, value in _INDICATOR.items())
    properties = {
        "park_id": "p.park_id",
        "name": "p.name",
        "park_type": "p.park_type",
        "park_source": "p.park_source",
        "area_m2": "round(p.area_m2, 1)",
        "inside_share": "round(p.inside_share, 4)",
        "seen_share": "round(p.seen_share, 4)",
        "building_count": "p.building_count",
        "parcel_count": "p.parcel_count",
        "indicators": "i.indicators",
        "licence": "p.licence",
        "attribution": f"coalesce(own.attribution, {literal(product.attribution)})",
    }
    return f"""
        WITH own AS ({own_attributions("temp.publish_park")}),
        indicator AS (
            SELECT park_id, list(struct_pack({packed}) ORDER BY list_position({themes}, theme), indicator) AS indicators
            FROM layer.park_indicator WHERE audience = {audience} GROUP BY park_id
        )
        SELECT CAST(json_object('type', 'Feature', 'id', p.park_id, 'geometry', CAST(g.geometry AS JSON), 'properties',
            to_json(struct_pack({", ".join(f"{name} := {value}" for name, value in properties.items())}))) AS VARCHAR)
        FROM temp.publish_park AS p JOIN {_PLACED} AS g USING (park_id) JOIN indicator AS i USING (park_id)
        LEFT JOIN own ON own.sources = p.sources
        ORDER BY p.park_id
    """


def _check(con: duckdb.DuckDBPyConnection, product: Product, _entries: Sequence[Entry], path: Path) -> None:
    row = con.execute(f"SELECT count(*) FROM ({_parks(product)})").fetchone()
    assert row is not None
    check_areas(path, product, "park_id", row[0])
    hold_to_schema(con, product, path, "features", read_schema("parks"), "park:$.properties")


PARKS = Deliverable(
    "{stem}_parks.geojson",
    "Bedrijventerreinen voor het platform (GeoJSON)",
    "Business parks for the platform (GeoJSON)",
    "application/geo+json",
    ("public", "osm_free"),
    write_park_feed,
    _check,
    has_parks,
)
