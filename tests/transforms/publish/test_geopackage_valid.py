"""GDAL's own validator over every GeoPackage that leaves the house, with all its extra checks, warnings being errors."""

from __future__ import annotations

import shutil
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path

import duckdb
import pyogrio
import pytest

from flows.export_format import WRITERS
from transforms.publish.rows import ROWS, prepare, read_run

DEBIAN = "/usr/bin/python3"
VALIDATOR = "osgeo_utils.samples.validate_gpkg"
# What a writer with a fault would leave behind, and the words in which GDAL tells it.
DAMAGE = {
    "UPDATE gpkg_geometry_columns SET geometry_type_name = 'POINT' WHERE table_name = 'buildings'": "MULTIPOLYGON",
    "DELETE FROM gpkg_spatial_ref_sys WHERE srs_id = 31370": "gpkg_spatial_ref_sys",
    "UPDATE gpkg_data_columns SET column_name = 'nowhere' WHERE column_name = 'name' AND table_name = 'pins'": "nowhere",
}


def validate(path: Path) -> tuple[int, str]:
    found = subprocess.run([DEBIAN, "-c", f"import {VALIDATOR}"], capture_output=True, check=False)
    if found.returncode:
        pytest.skip("python3-gdal (Debian) is not installed")
    words = [DEBIAN, "-m", VALIDATOR, "--extra", "--warning-as-error", str(path)]
    done = subprocess.run(words, capture_output=True, text=True, check=False, timeout=60)
    return done.returncode, done.stdout + done.stderr


@pytest.mark.parametrize("name", ["gent.gpkg", "gent_city.gpkg"])
def test_a_published_file_is_valid(published: Path, name: str) -> None:
    assert validate(published / name) == (0, "")


def test_an_export_is_valid(layer: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    product = prepare(layer, "gent", "EPSG:31370", "public", read_run(layer, "gent"))
    layer.execute(f"DELETE FROM {ROWS} WHERE type <> 'church'")
    path = tmp_path / "kerken.gpkg"
    WRITERS[".gpkg"](layer, product, path)
    assert 0 < pyogrio.read_info(path, layer="buildings")["features"] < product.row_count
    assert validate(path) == (0, "")


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_damaged_copy_is_not(published: Path, tmp_path: Path, damage: str) -> None:
    copy = Path(shutil.copy(published / "gent.gpkg", tmp_path))
    with closing(sqlite3.connect(copy)) as db, db:
        assert db.execute(damage).rowcount == 1
    status, output = validate(copy)
    assert status != 0
    assert DAMAGE[damage] in output


def test_gdal_offers_the_codes_as_field_domains(published: Path) -> None:
    script = (
        "from osgeo import gdal; import sys; d = gdal.OpenEx(sys.argv[1]); l = d.GetLayer('buildings').GetLayerDefn();"
        "n = l.GetFieldDefn(l.GetFieldIndex('type')).GetDomainName(); print(n, d.GetFieldDomain(n).GetEnumeration())"
    )
    done = subprocess.run(
        [DEBIAN, "-c", script, str(published / "gent.gpkg")], capture_output=True, text=True, check=False
    )
    if "No module named 'osgeo'" in done.stderr:
        pytest.skip("python3-gdal (Debian) is not installed")
    assert done.stdout.startswith("type {'church': 'Kerk / Church'"), done.stderr
