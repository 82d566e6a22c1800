"""Business parks on the map: what stands in the page, how a reader meets them, and nothing of it where there are none."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pytest
import shapely
from pyproj import Transformer

from sources._kit.errors import PublishError
from tests.transforms.publish.browser import chromium, opened
from tests.transforms.publish.conftest import make_layer
from tests.transforms.publish.park_layer import add_parks, without_parks
from transforms.publish.map.check import check_map, read_page
from transforms.publish.map.page import write_map
from transforms.publish.rows import Product

COUNT = 300
ROOM = 250_000
"""Bytes that the parks of the largest city may add to a page."""
SHOWN = ["built_share", "idle_volume_m3", "solar_kwp", "flood_share"]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[duckdb.DuckDBPyConnection, Product, Path]]:
    """A city of few buildings and as many parks as the largest has, and its map."""
    con = make_layer(40)
    product, path = add_parks(con, COUNT), tmp_path_factory.mktemp("parks") / "map.html"
    write_map(con, product, (), path)
    check_map(con, product, (), path)
    yield con, product, path
    con.close()


def test_the_page_has_the_outlines_and_the_main_indicators_and_stays_small(
    made: tuple[duckdb.DuckDBPyConnection, Product, Path], published: Path
) -> None:
    con, _, path = made
    data, _page = read_page(path)
    park, ring = data["park"], data["park_ring"]
    rows: dict[tuple[str, str], Any] = {
        (row[0], row[1]): row[2:]
        for row in con.execute(
            "SELECT park_id, indicator, value, low, high, coverage, unknown_because FROM layer.park_indicator WHERE audience = 'public'"
        ).fetchall()
    }
    assert [len(park["id"]), len(park["indicators"])] == [COUNT, len(SHOWN)]
    for place in (0, 7, COUNT - 1):
        for index, indicator in enumerate(SHOWN):
            at, wanted = place * len(SHOWN) + index, rows[park["id"][place], indicator]
            told = [park[name][at] for name in ("value", "low", "high", "coverage")]
            assert told == [None if number is None else pytest.approx(number, abs=1e-3) for number in wanted[:4]]
            assert (park["why"][at] is None) == (wanted[4] is None)
    to_metres = Transformer.from_crs(4326, 31370, always_xy=True).transform
    first = con.execute(
        "SELECT CAST(ST_AsWKB(geom) AS BLOB) FROM layer.business_park WHERE park_id = 'osm:park:000' LIMIT 1"
    ).fetchone()
    assert first is not None
    counts = ring["points"][: ring["rings"][0]]
    assert len(counts) == 3  # a hole and a second part
    steps = np.array(ring["steps"][: 2 * sum(counts)]).reshape(-1, 2)
    shape: Any = shapely.Polygon()
    for part in np.split(steps, np.cumsum(counts)[:-1]):
        points = (np.array(data["park_pin"][:2]) + np.cumsum(part, axis=0)) / 1e6
        shape = shape.symmetric_difference(shapely.Polygon(np.column_stack(to_metres(*points.T))))
    original = shapely.from_wkb(bytes(first[0]))
    assert shape.symmetric_difference(original).area < 0.01 * original.area
    assert path.stat().st_size < (published / "map.html").stat().st_size + ROOM


def test_a_map_without_parks_says_nothing_of_them(published: Path) -> None:
    data, _ = read_page(published / "map.html")
    assert [name for name in data if "park" in name] == []


def test_parks_of_another_page_are_refused(
    made: tuple[duckdb.DuckDBPyConnection, Product, Path], tmp_path: Path
) -> None:
    con, product, path = made
    with pytest.raises(PublishError, match="parks of a city without any"):
        check_map(con, without_parks(product), (), path)


def test_a_reader_lists_opens_and_draws_parks_with_a_keyboard_and_in_both_languages(
    made: tuple[duckdb.DuckDBPyConnection, Product, Path], published: Path
) -> None:
    path = made[2]
    with chromium() as browser:
        with opened(browser, path) as result:
            page = result.page
            focus = "document.activeElement.id || document.activeElement.innerText"
            page.focus("#parks summary")
            page.keyboard.press("Enter")
            assert page.locator("#park_list button").count() == COUNT
            page.keyboard.press("Tab")
            assert page.evaluate(focus) == "show_parks"
            layers = "(() => { let n = 0; onbenutMap.eachLayer((layer) => { n += layer.options.color === '#006d5b'; }); return n; })()"
            assert page.evaluate(layers) == 0
            page.keyboard.press("Space")
            assert page.evaluate(layers) == COUNT
            page.keyboard.press("Tab")
            name = page.evaluate("document.activeElement.querySelector('.name').textContent")
            page.keyboard.press("Enter")
            page.wait_for_selector("#panel:not([hidden])")
            assert page.evaluate(focus) == "panel_title"
            assert page.inner_text("#panel_title") == name
            text = result.panel()
            for words in (
                "Indicatief. Een signaal, geen status",
                "onbekend: geen bron die dit zegt",
                "landgebruik in",
                "maat 0",
                "Dekking",
            ):
                assert words in text, words
            assert not re.search(r"null|undefined|NaN", text)
            # A head says of what column or row it is.
            assert page.locator("#panel table th:not([scope])").count() == 0
            assert page.locator("#park_list [aria-current]").count() == 1
            # The park fills the view; another click on the way back closes it.
            assert page.evaluate("onbenutMap.getZoom()") >= 15
            page.click("[data-language=en]")
            page.wait_for_selector("html[lang=en]")
            assert "unknown: no source says this" in result.panel()
            assert "Link to this park" in result.panel()
            assert page.inner_text("#parks summary") == f"Business parks ({COUNT})"
            page.keyboard.press("Escape")
            page.wait_for_selector("#panel", state="hidden")
            page.click("#park_list li:first-child button")
            page.evaluate("location.hash = 'id=grb:0000002'")
            result.wait("document.getElementById('panel').innerText.includes('grb:0000002')")
            page.evaluate("location.hash = 'park=osm:park:999'")
            result.wait("document.getElementById('panel').innerText.includes('staat niet op deze kaart')")
        assert (result.complaints, result.asked) == ([], [])
        with opened(browser, published / "map.html") as bare:
            assert not bare.page.is_visible("#parks")
        assert bare.complaints == []
