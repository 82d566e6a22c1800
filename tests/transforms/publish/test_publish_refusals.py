"""What must not leave the house: each defect is named, and the published set stays."""

from __future__ import annotations

import sqlite3
from dataclasses import replace
from pathlib import Path

import duckdb
import pyarrow.parquet as pq
import pytest

from sources._kit.errors import PublishError
from transforms.publish.deliverable import Deliverable, Write
from transforms.publish.geopackage import GEOPACKAGE, write_geopackage
from transforms.publish.geoparquet import GEOPARQUET, write_geoparquet
from transforms.publish.pins import PINS, write_pins
from transforms.publish.publish import DELIVERABLES, publish_city

CRS = "EPSG:31370"
BOW_TIE = "POLYGON((0 0,1 1,1 0,0 1,0 0))"
ONE = "WHERE building_id = 'grb:0000002' AND audience = 'city'"


@pytest.mark.parametrize(
    ("defect", "message"),
    [
        (f"UPDATE layer.building SET geom = NULL {ONE}", "no geometry"),
        (f"UPDATE layer.building SET geom = ST_GeomFromText('POLYGON EMPTY') {ONE}", "no geometry"),
        (f"UPDATE layer.building SET geom = ST_Point(1, 2) {ONE}", "no polygon"),
        (f"UPDATE layer.building SET geom = '{BOW_TIE}'::GEOMETRY {ONE}", "not valid"),
        (f"UPDATE layer.building SET height_m = 'NaN' {ONE}", "NaN"),
        (f"UPDATE layer.building SET priority_score = 'inf' {ONE}", "NaN or infinite"),
        (f"INSERT INTO layer.building SELECT * FROM layer.building {ONE}", "more than once"),
        (f"UPDATE layer.building SET building_id = NULL {ONE}", "no id"),
        ("ALTER TABLE layer.building DROP COLUMN reasons", "lacks a column"),
        ("ALTER TABLE layer.evidence ADD COLUMN secret INTEGER", "layer.evidence.secret"),
        ("DELETE FROM meta.column WHERE column_name = 'heritage'", "layer.building.heritage"),
        ("DELETE FROM layer.run WHERE key = 'as_of'", "which day"),
    ],
)  # fmt: skip
def test_a_defect_is_named_and_nothing_is_published(
    layer: duckdb.DuckDBPyConnection, tmp_path: Path, defect: str, message: str
) -> None:
    before = publish_city(layer, "gent", CRS, tmp_path)["gent.gpkg"].resolve()
    layer.execute(defect)
    with pytest.raises(PublishError, match=message) as caught:
        publish_city(layer, "gent", CRS, tmp_path)
    assert "Next step" in str(caught.value)
    assert (tmp_path / "gent" / "gent.gpkg").resolve() == before
    assert sorted(path.name for path in tmp_path.iterdir()) == [".gent", "gent"]


def _lose_a_row(path: Path) -> None:
    with sqlite3.connect(path) as db:
        db.execute("DELETE FROM evidence WHERE fid = 1")


def _lose_the_styles(path: Path) -> None:
    with sqlite3.connect(path) as db:
        db.execute("UPDATE layer_styles SET useAsDefault = 0")


def _lose_a_description(path: Path) -> None:
    with sqlite3.connect(path) as db:
        db.execute("DELETE FROM gpkg_data_columns WHERE column_name = 'heritage'")


def _repeat_an_id(path: Path) -> None:
    with sqlite3.connect(path) as db:
        # GDAL's triggers call functions that only GDAL has.
        for (name,) in db.execute(
            "SELECT name FROM sqlite_master WHERE tbl_name = 'pins' AND type = 'trigger'"
        ).fetchall():
            db.execute(f"DROP TRIGGER {name}")
        db.execute("UPDATE pins SET building_id = (SELECT building_id FROM pins WHERE fid = 2) WHERE fid = 1")


def _break_the_file(path: Path) -> None:
    with sqlite3.connect(path) as db:
        db.execute("UPDATE evidence SET kind = NULL WHERE fid = 1")
        db.execute("PRAGMA writable_schema = ON")
        db.execute("UPDATE sqlite_master SET sql = replace(sql, '\"kind\" TEXT', '\"kind\" TEXT NOT NULL')")


def _write_by(patch: pytest.MonkeyPatch, which: Deliverable, write: Write) -> None:
    """Let one deliverable be written by another function."""
    changed = tuple(replace(item, write=write) if item is which else item for item in DELIVERABLES)
    patch.setattr("transforms.publish.publish.DELIVERABLES", changed)


@pytest.mark.parametrize(
    ("harm", "message"),
    [
        (_lose_a_row, "rows in evidence"),
        (_lose_the_styles, "default styles"),
        (_lose_a_description, "without an entry"),
        (_repeat_an_id, "different building_id"),
        (_break_the_file, "integrity"),
    ],
)
def test_a_geopackage_that_reads_back_wrong_is_not_published(
    layer: duckdb.DuckDBPyConnection,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    harm: object,
    message: str,
) -> None:
    def write_and_harm(*args: object) -> None:
        write_geopackage(*args)  # type: ignore[arg-type]
        assert callable(harm)
        harm(args[-1])

    _write_by(monkeypatch, GEOPACKAGE, write_and_harm)
    with pytest.raises(PublishError, match=message):
        publish_city(layer, "gent", CRS, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == [".gent"]


def test_a_parquet_or_pins_file_that_lost_rows_is_not_published(
    layer: duckdb.DuckDBPyConnection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def write_half(con: object, product: object, entries: object, path: Path) -> None:
        write_geoparquet(con, product, entries, path)  # type: ignore[arg-type]
        pq.write_table(pq.read_table(path).slice(10), path)

    with monkeypatch.context() as patch:
        _write_by(patch, GEOPARQUET, write_half)
        with pytest.raises(PublishError, match="rows"):
            publish_city(layer, "gent", CRS, tmp_path)

    def write_swapped(con: object, product: object, entries: object, path: Path) -> None:
        write_pins(con, product, entries, path)  # type: ignore[arg-type]
        path.write_text(
            path.read_text(encoding="utf-8").replace('"coordinates":[', '"coordinates":[212'),
            encoding="utf-8",
        )

    _write_by(monkeypatch, PINS, write_swapped)
    with pytest.raises(PublishError, match="outside longitude"):
        publish_city(layer, "gent", CRS, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == [".gent"]


def test_geometry_in_another_crs_than_stated_is_seen(layer: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    """Lambert 72 metres read as degrees end up nowhere on earth."""
    with pytest.raises(PublishError):
        publish_city(layer, "gent", "EPSG:4326", tmp_path)
