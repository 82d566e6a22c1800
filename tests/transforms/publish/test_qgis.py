"""The GeoPackage as QGIS opens it: its layers, its forms, its tables, and a picture of what it draws."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import numpy.typing as npt
import pytest
import shapely
from PIL import Image

from transforms.publish.symbols import (
    BANDS,
    LABEL_SCALE,
    OUTLINE_SCALE,
    PRIORITY_CLASSES,
    UNKNOWN_COLOUR,
    red_green_blue,
)

PYTHON = "/usr/bin/python3"
PROBE = Path(__file__).with_name("qgis_probe.py")
REFERENCE = Path(__file__).with_name("qgis_buildings.png")
MIDDLE = (104_300.0, 193_300.0)  # of the pictures, in the layer's CRS
WIDTH, HEIGHT, NEAR, FAR = 360, 240, 3000, 20000  # as in the probe
METRES = NEAR * 0.0254 / 96  # to a pixel
NULL = "{2839923C-8B7D-419E-B84B-CA2FE9B80EC7}"  # how QGIS writes it into a value list
STYLED = ("buildings", "sites", "pins")
Pixels = npt.NDArray[np.int_]


def _has(module: str) -> bool:
    found = shutil.which(PYTHON) and subprocess.run(
        [PYTHON, "-c", f"import {module}"], capture_output=True, check=False
    )
    return bool(found and found.returncode == 0)


@dataclass(frozen=True)
class Drawn:
    """What QGIS said of the made-up layer, and the pictures it drew."""

    said: dict[str, Any]
    folder: Path

    def pixels(self, name: str) -> Pixels:
        return np.asarray(Image.open(self.folder / f"{name}.png").convert("RGB")).astype(int)


@pytest.fixture(scope="module")
def drawn(published: Path, tmp_path_factory: pytest.TempPathFactory) -> Drawn:
    if not _has("qgis.core"):
        pytest.skip("no PyQGIS: install the Debian package python3-qgis")
    folder = tmp_path_factory.mktemp("qgis")
    command = [PYTHON, str(PROBE), str(published / "gent.gpkg"), str(folder), *map(str, MIDDLE)]
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "VIRTUAL_ENV"))}
    env = {**kept, "QT_QPA_PLATFORM": "offscreen", "XDG_RUNTIME_DIR": str(folder), "HOME": str(folder)}
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr
    return Drawn(json.loads((folder / "facts.json").read_text(encoding="utf-8")), folder)


def test_qgis_opens_every_layer_and_table(drawn: Drawn) -> None:
    assert drawn.said["errors"] == []
    for layer, kind, rows in (("buildings", 6, 180), ("sites", 6, 10), ("pins", 1, 180)):
        said = drawn.said[layer]
        # 6 is MultiPolygon and 1 Point; 2 says that the index is there.
        assert (said["valid"], said["crs"], said["geometry"], said["has_index"]) == (True, "EPSG:31370", kind, 2)
        assert said["count"] == rows
        assert said["renderer"] == "QgsRuleBasedRenderer"
        assert drawn.said[f"{layer}_sld"] == ["", True]
    for table in ("evidence", "reuse", "sources", "changes", "codes", "dictionary", "run"):
        assert drawn.said[table]["valid"]


def test_the_default_style_is_dutch_and_the_other_english(drawn: Drawn) -> None:
    said, other = drawn.said["buildings"], drawn.said["buildings_en"]
    assert [rule[0] for rule in said["rules"]][:2] == ["Prioriteit (vulling)", "75 en meer"]
    assert [rule[0] for rule in other["rules"]][:2] == ["Priority (fill)", "75 and more"]
    assert {rule[0]: rule[2] for rule in said["rules"]}["Gebruikssignaal (omtrek)"] == OUTLINE_SCALE
    assert said["label"] == ['coalesce("name", "type_label")', True, LABEL_SCALE]
    assert said["labels"] is True
    assert drawn.said["pins"]["labels"] is False
    assert (said["aliases"]["name"], other["aliases"]["name"]) == ("NL name", "EN name")
    # The words of the legend stand in symbols.py, those of the lists in layer.code: they are the same.
    assert said["value_lists"]["underuse_band"] == {band.word_nl: band.value for band in BANDS}
    assert other["value_lists"]["underuse_band"] == {band.word_en: band.value for band in BANDS}
    assert said["value_lists"]["type"]["Kerk"] == other["value_lists"]["type"]["Church"] == "church"
    assert other["value_lists"]["reuse_best"] == {"culture": "culture", "unknown": NULL}
    assert (next(iter(said["tabs"])), next(iter(other["tabs"]))) == ("Overzicht", "Overview")


@pytest.mark.parametrize("layer", STYLED)
def test_the_form_has_every_column_once_and_nothing_to_edit(drawn: Drawn, layer: str) -> None:
    said = drawn.said[layer]
    columns = sorted(set(said["aliases"]) - {"fid"})
    assert said["layout"] == 1  # tabs
    assert list(said["tabs"]) == ["Overzicht", "Scores", "Gebouw", "Waarnemingen en bronnen", "Alle velden"]
    assert sorted(said["tabs"]["Alle velden"]) == columns
    assert sorted(set(said["read_only"]) - {"fid"}) == columns
    assert said["layer_read_only"]


def test_tabs_read_as_text_in_which_nothing_known_says_so(drawn: Drawn) -> None:
    overview, scores, building, evidence, alone = drawn.said["buildings"]["texts"]
    assert '<h3>Sint-Jan &amp; "Zoon" é 4</h3>' in overview
    assert "<li>Register: volledig pand; 1e</li><li>OSM: disused=yes</li>" in overview
    assert "4% (2% tot 52%)" in overview
    assert "<td class=q>NL reuse_best</td><td>onbekend</td>" in scores
    assert "<td class=q>NL footprint_m2</td><td>134 m²</td>" in building
    assert "<td class=q>NL sources</td><td>GRB, gebouwen<br/>OpenStreetMap</td>" in evidence
    assert "Voeg de tabel evidence" in alone
    assert "<li>in het register (03/02/2026)" in drawn.said["with_evidence"]["texts"][-1]
    english = drawn.said["buildings_en"]["texts"]
    assert "<td class=q>Type</td><td>Church</td>" in english[0]
    assert "<td class=q>EN reuse_best</td><td>unknown</td>" in english[1]


def test_no_tab_and_no_tip_of_any_layer_fails(drawn: Drawn) -> None:
    for layer in STYLED:
        for style in (layer, f"{layer}_en"):
            said = drawn.said[style]
            assert all(text.startswith(("<h3>", "<h4>", "<p class=q>")) for text in said["texts"]), said["texts"]
            assert len(said["texts"]) == (4 if layer == "sites" else 5)
            assert said["map_tip"].startswith("<b>Sint-Jan &amp; ")


def test_the_table_shows_words_for_codes_and_for_null(drawn: Drawn) -> None:
    shown = drawn.said["buildings"]["shown"]
    assert shown["underuse_band"] == sorted(band.word_nl for band in BANDS)
    assert shown["reuse_best"] == ["cultuur", "onbekend"]
    assert "0.99" in shown["underuse_probability"]
    assert "03/02/2026" in shown["newest_evidence_on"]


def _shown(con: duckdb.DuckDBPyConnection) -> Iterator[tuple[Any, str, str, float]]:
    """Buildings in the near picture: outline in pixels, fill and outline colour, width of the outline in pixels."""
    rows = con.execute(
        "SELECT CAST(ST_AsWKB(geom) AS BLOB), underuse_band, priority_score FROM layer.building WHERE audience = 'public' ORDER BY building_id"
    ).fetchall()
    corner = MIDDLE[0] - WIDTH / 2 * METRES, MIDDLE[1] + HEIGHT / 2 * METRES
    frame = shapely.box(3, 3, WIDTH - 3, HEIGHT - 3)
    for wkb, value, score in rows:
        shape = shapely.transform(shapely.from_wkb(wkb), lambda xy: (xy - corner) / (METRES, -METRES))
        if shapely.within(shape, frame):
            band = next(band for band in BANDS if band.value == value)
            known = value != "unknown" and score is not None
            fill = next(c.colour for c in reversed(PRIORITY_CLASSES) if score >= c.low) if known else UNKNOWN_COLOUR
            yield shape, fill, band.colour, band.width_mm / 25.4 * 96


@pytest.mark.parametrize("picture", [f"buildings_{NEAR}_bare", f"buildings_{NEAR}_sld"])
def test_every_pixel_has_the_colour_its_building_asks_for(
    drawn: Drawn, unchanged: duckdb.DuckDBPyConnection, picture: str
) -> None:
    pixels = drawn.pixels(picture)
    centres = shapely.points(*np.meshgrid(np.arange(WIDTH) + 0.5, np.arange(HEIGHT) + 0.5))
    fills, lines = set(), set()
    outside = np.ones((HEIGHT, WIDTH), dtype=bool)
    for shape, fill, line, width in _shown(unchanged):
        inside = shapely.contains(shapely.buffer(shape, -width / 2 - 1), centres)
        assert inside.any()
        assert np.abs(pixels[inside] - red_green_blue(fill)).max() <= 2, fill
        rim = shapely.distance(centres, shape.boundary) < 0.5
        # The rim is drawn with soft edges: the colour is there, if not in every pixel.
        nearest = np.abs(pixels[rim] - red_green_blue(line)).max(axis=1)
        assert np.quantile(nearest, 0.25) <= 60, line
        fills.add(fill)
        lines.add(line)
    everything = shapely.union_all([shape for shape, *_rest in _shown(unchanged)])
    outside &= shapely.distance(centres, everything) > 4
    middle = np.zeros_like(outside)
    middle[60:180, 90:270] = True  # nothing hangs in from beyond the frame there
    assert (pixels[outside & middle] == 255).all()
    assert len(fills) >= 5
    assert len(lines) == 4


def test_labels_are_there_when_they_can_be_read(drawn: Drawn) -> None:
    near = drawn.pixels(f"buildings_{NEAR}") != drawn.pixels(f"buildings_{NEAR}_bare")
    far = drawn.pixels(f"buildings_{FAR}") != drawn.pixels(f"buildings_{FAR}_bare")
    assert near.any(axis=2).sum() > 500
    assert not far.any()


def test_from_far_no_outline_covers_a_fill(drawn: Drawn) -> None:
    pixels = drawn.pixels(f"buildings_{FAR}_bare").reshape(-1, 3)
    black = np.abs(pixels - red_green_blue(BANDS[0].colour)).max(axis=1) < 30
    dark = np.abs(pixels - red_green_blue(PRIORITY_CLASSES[-1].colour)).max(axis=1) < 10
    assert not black.any()
    assert dark.sum() > 10
    pins = drawn.pixels(f"pins_{FAR}_bare").reshape(-1, 3)
    assert (np.abs(pins - red_green_blue(BANDS[0].colour)).max(axis=1) < 60).any()


def test_the_picture_is_the_one_that_was_looked_at(drawn: Drawn) -> None:
    """Without letters, whose shape depends on the fonts of the machine. To renew it, copy what this writes and look at it."""
    wanted = np.asarray(Image.open(REFERENCE).convert("RGB")).astype(int)
    differs = np.abs(drawn.pixels(f"buildings_{NEAR}_bare") - wanted).max(axis=2) > 40
    assert differs.mean() < 0.01, drawn.folder / f"buildings_{NEAR}_bare.png"
