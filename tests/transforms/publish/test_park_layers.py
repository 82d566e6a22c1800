"""Layers of business parks in the GeoPackage: as the warehouse has them, drawn by QGIS, absent where there are none."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path
from xml.etree import ElementTree

import pyogrio
import pytest

from tests.conftest import RunCity
from tests.transforms.publish.test_qgis import PYTHON, _has
from transforms.publish.optional import MATCH_LAYERS
from transforms.publish.parks import PARK_LAYERS, PARK_TABLES
from transforms.publish.qgis.park import RULES

_PROBE = """
import json, os, sys
from qgis.core import QgsApplication, QgsVectorLayer
app = QgsApplication([], False); app.initQgis(); said = {}
for name in sys.argv[2:]:
    layer = QgsVectorLayer(f"{sys.argv[1]}|layername={name}", name, "ogr")
    layer.loadDefaultStyle()
    rules = layer.renderer().rootRule().children()
    said[name] = [layer.isValid(), layer.featureCount(), [r.label() for r in rules], [f.alias() for f in layer.fields()][:3]]
print(json.dumps(said)); sys.stdout.flush()
os._exit(0)  # QGIS 3.22 may fall over its own layers when it goes
"""


@pytest.fixture
def geopackage(voorbeeldstad: RunCity) -> Path:
    return voorbeeldstad.outcome.products["voorbeeldstad.gpkg"]


def test_the_file_holds_what_the_public_may_see(geopackage: Path, voorbeeldstad: RunCity) -> None:
    tables = {**{layer: of[0] for layer, of in PARK_LAYERS.items()}, **PARK_TABLES}
    for layer, table in tables.items():
        rows = voorbeeldstad.one(f"SELECT count(*) FROM layer.{table} WHERE audience = 'public'")
        assert rows > 0
        assert pyogrio.read_info(geopackage, layer=layer, force_feature_count=True)["features"] == rows
    found = pyogrio.read_dataframe(geopackage, layer="business_parks").sort_values("park_id")
    wanted = voorbeeldstad.rows(
        "SELECT park_id, idle_parcel_share, solar_kwp, ST_Area(geom) FROM layer.business_park WHERE audience = 'public' ORDER BY 1"
    )
    assert found["park_id"].tolist() == [row[0] for row in wanted]
    assert found["idle_parcel_share"].tolist() == pytest.approx([row[1] for row in wanted])
    assert found["solar_kwp"].isna().tolist() == [row[2] is None for row in wanted]
    assert found.geometry.area.tolist() == pytest.approx([row[3] for row in wanted])
    assert "made up" in found["licence"].iloc[0]


def test_styles_are_there_in_both_languages_and_can_be_read(geopackage: Path) -> None:
    with closing(sqlite3.connect(geopackage)) as db:
        styles = db.execute("SELECT f_table_name, styleQML, styleSLD FROM layer_styles").fetchall()
    found = [row for row in styles if row[0] in PARK_LAYERS]
    assert len(found) == 2 * len(PARK_LAYERS)
    for layer, qml, sld in found:
        assert len(ElementTree.fromstring(qml).findall(".//rules/rule")) == len(RULES[layer])
        assert all(rule.fill is None or rule.fill in sld for rule in RULES[layer])
        ElementTree.fromstring(sld)


@pytest.mark.skipif(not _has("qgis.core"), reason="python3-qgis is absent")
def test_qgis_opens_them_with_their_rules_and_titles(geopackage: Path, tmp_path: Path) -> None:
    env = {**os.environ, "QT_QPA_PLATFORM": "offscreen", "HOME": str(tmp_path), "XDG_RUNTIME_DIR": str(tmp_path)}
    env.pop("PYTHONPATH", None)
    command = [PYTHON, "-c", _PROBE, str(geopackage), *PARK_LAYERS, *MATCH_LAYERS]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60, env=env)
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout.splitlines()[-1])
    assert said["business_parks"][:3] == [True, 2, ["Bedrijventerrein"]]
    assert said["business_park_parcels"][0] is True
    assert len(said["business_park_parcels"][2]) == len(RULES["business_park_parcels"])
    assert "Terrein-id" in said["business_parks"][3]
    assert said["matches"][0] is True
    assert len(said["matches"][2]) == 4
    assert "Zoekertje" in said["matches"][3]


def test_a_city_without_parks_has_none_of_these_layers(published: Path) -> None:
    with closing(sqlite3.connect(published / "gent.gpkg")) as db:
        there = {row[0] for row in db.execute("SELECT table_name FROM gpkg_contents")}
        described = {row[0] for row in db.execute("SELECT table_name FROM gpkg_data_columns")}
        constraints = {row[0] for row in db.execute("SELECT constraint_name FROM gpkg_data_column_constraints")}
    assert not {*PARK_LAYERS, *PARK_TABLES} & (there | described)
    assert "in_use" not in constraints
