"""The GeoParquet file, opened again with the readers analysts have."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import duckdb
import geopandas
import numpy as np
import pyarrow.parquet as pq
import pytest

from transforms.publish.publish import publish_city

CRS = "EPSG:31370"


def test_geopandas_reads_every_building_with_its_crs(published: Path) -> None:
    frame = geopandas.read_parquet(published / "gent.parquet")
    assert len(frame) == 180
    assert frame.crs.to_epsg() == 31370
    assert frame.geometry.name == "geom"
    assert set(frame.geom_type) == {"MultiPolygon"}
    assert len(geopandas.read_parquet(published / "gent_city.parquet")) == 200


def test_metadata_is_geoparquet_1_1_with_covering(published: Path) -> None:
    file = pq.ParquetFile(published / "gent.parquet")
    geo = json.loads(file.metadata.metadata[b"geo"])
    column = geo["columns"][geo["primary_column"]]
    assert geo["version"] == "1.1.0"
    assert column["encoding"] == "WKB"
    assert column["crs"]["id"] == {"authority": "EPSG", "code": 31370}
    assert column["covering"]["bbox"]["ymax"] == ["bbox", "ymax"]
    assert file.metadata.row_group(0).column(0).compression == "ZSTD"
    frame = geopandas.read_parquet(published / "gent.parquet")
    assert column["bbox"] == pytest.approx(list(frame.total_bounds))
    bbox = file.read(columns=["bbox"])["bbox"].to_pylist()
    found = np.array([[box["xmin"], box["ymin"], box["xmax"], box["ymax"]] for box in bbox])
    assert np.array_equal(found, frame.bounds.to_numpy())


def test_attribution_and_titles_travel_with_the_file(published: Path) -> None:
    schema = pq.read_schema(published / "gent.parquet")
    about = json.loads(schema.metadata[b"onbenut"])
    assert about["run_id"] == "run-7"
    assert "© OpenStreetMap contributors" in about["attribution"]
    assert schema.field("footprint_m2").metadata[b"title_nl"] == b"NL footprint_m2"


def test_nulls_and_types_are_the_layers_own(published: Path, unchanged: duckdb.DuckDBPyConnection) -> None:
    path = published / "gent.parquet"
    types = {field.name: str(field.type) for field in pq.read_schema(path)}
    assert (types["floors"], types["priority_rank"], types["newest_evidence_on"]) == (
        "int32",
        "int32",
        "date32[day]",
    )
    columns = "* EXCLUDE (geom, audience)"
    difference = unchanged.execute(
        f"SELECT count(*) FROM ((SELECT {columns} FROM layer.building WHERE audience = 'public') EXCEPT ALL "
        f"(SELECT * EXCLUDE (geom, bbox) FROM read_parquet('{path}')))"
    ).fetchall()
    assert difference == [(0,)]


def test_a_window_reads_few_row_groups(make_layer: Callable[[int], duckdb.DuckDBPyConnection], tmp_path: Path) -> None:
    con = make_layer(60_000)
    # Ids that say nothing of the place, or sorting by id would do as well.
    con.execute("UPDATE layer.building SET building_id = 'x:' || hash(building_id)")
    path = publish_city(con, "gent", CRS, tmp_path, ("city",))["gent_city.parquet"]
    file = pq.ParquetFile(path)
    groups = [file.metadata.row_group(i) for i in range(file.metadata.num_row_groups)]
    assert len(groups) >= 5
    assert max(group.num_rows for group in groups) <= 10_240
    whole = file.read(columns=["bbox"])["bbox"].combine_chunks()
    extent = max(np.ptp(whole.field("xmin").to_numpy()), np.ptp(whole.field("ymin").to_numpy()))
    touched = []
    for column, low in (("bbox.xmin", 104_000), ("bbox.ymin", 193_000)):
        at = next(i for i in range(groups[0].num_columns) if groups[0].column(i).path_in_schema == column)
        stats = [group.column(at).statistics for group in groups]
        touched.append({i for i, stat in enumerate(stats) if stat.min <= low + extent / 20})
    # A twentieth of the width and height at a corner: unsorted, every group would hold some of it.
    assert len(touched[0] & touched[1]) <= 2
