"""GeoParquet 1.1: the layer for analysts, sorted along a Hilbert curve so that a window reads few row groups.

Written by pyarrow straight from DuckDB's Arrow stream, with the `geo` metadata made here. geopandas would
turn integers with NULL into floats and hold every geometry as an object; DuckDB's COPY writes no bbox
covering.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
from pyproj import CRS

from sources._kit.duck import identifier
from transforms.publish.check import check_geoparquet
from transforms.publish.deliverable import Deliverable
from transforms.publish.dictionary import Entry
from transforms.publish.rows import ROWS, Product

# A multiple of DuckDB's vector of 2048 rows, so that each batch is one full row group.
ROW_GROUP = 10_240
_EDGES = ("xmin", "ymin", "xmax", "ymax")


def write_geoparquet(con: duckdb.DuckDBPyConnection, product: Product, entries: Sequence[Entry], path: Path) -> None:
    """Write `ROWS` to `path`.

    Columns as in layer.building, then `bbox` (struct of four doubles in the units of the CRS) and `geom` (WKB
    MULTIPOLYGON). File metadata: `geo`, and `onbenut` with run, attribution and the dictionary.
    """
    bounds = con.execute(
        f"SELECT min(ST_XMin(geom)), min(ST_YMin(geom)), max(ST_XMax(geom)), max(ST_YMax(geom)) FROM {ROWS}"
    ).fetchone()
    names = ", ".join(identifier(name) for name in product.columns)
    # The curve runs over the layer's own extent: its first cell is then the layer, not the world.
    reader = con.execute(f"""
        WITH extent AS (SELECT ST_Extent(ST_Extent_Agg(geom)) AS box FROM {ROWS})
        SELECT {names}, struct_pack(xmin := ST_XMin(geom), ymin := ST_YMin(geom), xmax := ST_XMax(geom),
            ymax := ST_YMax(geom)) AS bbox, CAST(ST_AsWKB(geom) AS BLOB) AS geom
        FROM {ROWS}, extent ORDER BY ST_Hilbert(geom, box), building_id
    """).to_arrow_reader(ROW_GROUP)
    described = {entry.column_name: entry for entry in entries if entry.table_name == "buildings"}
    fields = [_with_description(field, described.get(field.name)) for field in reader.schema]
    metadata = {
        b"geo": json.dumps(_geo(product.crs, bounds)).encode(),
        b"onbenut": json.dumps(_about(product), ensure_ascii=False).encode(),
    }
    schema = pa.schema(fields, metadata=metadata)
    with pq.ParquetWriter(path, schema, compression="zstd", write_page_index=True) as writer:
        for batch in reader:
            writer.write_batch(pa.RecordBatch.from_arrays(batch.columns, schema=schema), row_group_size=ROW_GROUP)


def _geo(crs: str, bounds: tuple[Any, ...] | None) -> dict[str, Any]:
    column: dict[str, Any] = {
        "encoding": "WKB",
        "geometry_types": ["MultiPolygon"],
        "crs": CRS.from_user_input(crs).to_json_dict(),
        "covering": {"bbox": {edge: ["bbox", edge] for edge in _EDGES}},
    }
    if bounds and bounds[0] is not None:
        column["bbox"] = list(bounds)
    return {"version": "1.1.0", "primary_column": "geom", "columns": {"geom": column}}


def _about(product: Product) -> dict[str, str | None]:
    return {
        "audience": product.audience,
        "run_id": product.run.run_id,
        "as_of": product.run.as_of.isoformat(),
        "attribution": product.attribution,
    }


def _with_description(field: pa.Field, entry: Entry | None) -> pa.Field:
    if entry is None:
        return field.remove_metadata()
    text = {
        "title_nl": entry.title_nl,
        "title_en": entry.title_en,
        "description": entry.description,
        "unit": entry.unit,
    }
    return field.with_metadata({key: value for key, value in text.items() if value})


def _check(_con: duckdb.DuckDBPyConnection, product: Product, _entries: Sequence[Entry], path: Path) -> None:
    check_geoparquet(path, product)


GEOPARQUET = Deliverable(
    "{stem}.parquet",
    "Gebouwenlaag voor analyse (GeoParquet)",
    "Layer of buildings for analysis (GeoParquet)",
    "application/vnd.apache.parquet",
    ("public", "city", "osm_free"),
    write_geoparquet,
    _check,
)
