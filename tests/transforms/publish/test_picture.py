"""The printed map: its size, that it shows what it must, and where it looks."""

from __future__ import annotations

from pathlib import Path

import duckdb
import numpy as np
import pytest
from PIL import Image

from transforms.publish.picture import draw_map
from transforms.publish.symbols import PRIORITY_CLASSES, UNKNOWN_COLOUR, red_green_blue


def _share(picture: Path, colour: str, tolerance: int = 12) -> float:
    """Share of the map's own pixels (left of the margin) that have a colour."""
    pixels = np.asarray(Image.open(picture).convert("RGB")).astype(int)
    near = (np.abs(pixels[:, :720] - red_green_blue(colour)) <= tolerance).all(axis=2)
    return float(near.mean())


@pytest.fixture
def town(layer: duckdb.DuckDBPyConnection) -> duckdb.DuckDBPyConnection:
    layer.execute("CREATE SCHEMA core; CREATE TABLE core.building AS SELECT DISTINCT geom FROM layer.building")
    return layer


def test_picture_is_small_and_shows_every_class(town: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    picture = draw_map(town, tmp_path / "new" / "map.png", title="Gent")
    with Image.open(picture) as image:
        assert image.format == "PNG"
        assert image.width == 1000
    assert picture.stat().st_size < 300_000
    for item in PRIORITY_CLASSES:
        assert _share(picture, item.colour) > 0.001, item
    assert _share(picture, UNKNOWN_COLOUR) > 0.005


def test_other_buildings_are_drawn_only_where_there_are_any(town: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    town.execute("INSERT INTO core.building SELECT ST_MakeEnvelope(103990, 192990, 104590, 193600)")
    whole = draw_map(town, tmp_path / "a.png", title="Gent")
    bare = draw_map(town, tmp_path / "b.png", title="Gent", background="core.nothing")
    assert _share(whole, "#dcd8ce", 2) > 0.2
    assert _share(bare, "#dcd8ce", 2) < 0.01


def test_the_picture_goes_where_the_worth_is(town: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    """All worth in a far corner: the window must find it, and not show the rest."""
    town.execute("UPDATE layer.building SET priority_score = 1, underuse_band = 'signal'")
    town.execute("""
        INSERT INTO layer.building BY NAME
        SELECT 'public' AS audience, 'far:' || i AS building_id, 99 AS priority_score,
            'confirmed' AS underuse_band, ST_MakeEnvelope(x, 250000, x + 30, 250030) AS geom
        FROM (SELECT i, 140000 + 40 * i AS x FROM range(9) AS r(i))
    """)
    picture = draw_map(town, tmp_path / "map.png", title="Gent")
    assert _share(picture, PRIORITY_CLASSES[-1].colour) > 0.003
    assert _share(picture, PRIORITY_CLASSES[0].colour) == 0


def test_equal_layers_give_equal_pictures(town: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    first = draw_map(town, tmp_path / "a.png", title="Gent").read_bytes()
    assert draw_map(town, tmp_path / "b.png", title="Gent").read_bytes() == first
    town.execute("UPDATE layer.building SET priority_score = 0")
    assert draw_map(town, tmp_path / "c.png", title="Gent").read_bytes() != first


def test_an_empty_layer_gives_a_picture_all_the_same(town: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    town.execute("DELETE FROM layer.building")
    picture = draw_map(town, tmp_path / "map.png", title="Een stad met een heel lange naam: onderbenutte gebouwen")
    assert _share(picture, PRIORITY_CLASSES[-1].colour) == 0


def test_a_building_in_several_parts_is_drawn(town: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    town.execute("UPDATE layer.building SET geom = ST_Multi(geom), priority_score = 99, underuse_band = 'confirmed'")
    assert _share(draw_map(town, tmp_path / "map.png", title="Gent"), PRIORITY_CLASSES[-1].colour) > 0.05
