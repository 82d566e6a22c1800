"""The map in a real browser: as a reader meets it, with a mouse, with a keyboard, with ears."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest
from playwright.sync_api import Browser

from tests.transforms.publish.browser import Opened, chromium, opened
from tests.transforms.publish.conftest import MakeLayer
from transforms.publish.map import features
from transforms.publish.map.check import read_page
from transforms.publish.map.page import write_map
from transforms.publish.map.product import MAP
from transforms.publish.publish import publish_city
from transforms.publish.rows import ROWS, prepare, read_run

CRS = "EPSG:31370"
TILES = "https://geo.api.vlaanderen.be/"
EVIL = '</script><img src=x onerror=window.hacked=1> & "it\'s"'


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


@pytest.fixture
def here(browser: Browser, published: Path) -> Iterator[Opened]:
    """The public map without internet; no test may leave a complaint or have asked for anything."""
    with opened(browser, published / "map.html") as result:
        yield result
        assert result.complaints == []
        assert result.asked == []


def _pin(path: Path, building_id: str) -> tuple[float, float]:
    data, _ = read_page(path)
    place = data["building"]["id"].index(building_id)
    return data["pin"][2 * place + 1] / 1e6, data["pin"][2 * place] / 1e6


@pytest.mark.parametrize(("name", "rows"), [("map.html", 180), ("map_city.html", 200)])
def test_both_maps_open_without_server_and_internet(browser: Browser, published: Path, name: str, rows: int) -> None:
    with opened(browser, published / name) as result:
        assert result.count() == rows
        assert result.page.inner_text("h1") == "Onbenut gent"
        assert ("Niet verspreiden of publiceren" in result.page.inner_text("body")) == (name == "map_city.html")
        assert "© OpenStreetMap contributors" in result.page.inner_text("footer")
        assert ("Interne lijst van de stad" in result.page.inner_text("footer")) == (name == "map_city.html")
        painted = (
            "(canvas) => canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data.some(Boolean)"
        )
        assert result.page.eval_on_selector("#map canvas", painted)
    assert (result.complaints, result.asked) == ([], [])


AREA = "round(floor_area_m2)"
FILTERS: list[tuple[dict[str, Any], str]] = [
    ({"band": ["confirmed", "likely"]}, "underuse_band IN ('confirmed', 'likely')"),
    ({"type": ["church", "school"]}, "type IN ('church', 'school')"),
    ({"use": ["housing"]}, "building_id IN (SELECT building_id FROM layer.reuse WHERE use = 'housing')"),
    ({"use": [""]}, "building_id NOT IN (SELECT building_id FROM layer.reuse)"),
    ({"area_min": "1500"}, f"{AREA} >= 1500 OR floor_area_m2 IS NULL"),
    ({"area_min": "1500", "area_unknown": False}, f"{AREA} >= 1500"),
    ({"area_measure": "footprint", "area_max": "300"}, "round(footprint_m2) <= 300"),
    ({"score_min": "50"}, "priority_score >= 50 OR priority_score IS NULL"),
    ({"score_min": "50", "score_unknown": False}, "priority_score >= 50"),
    ({"search": "KERKSTRAAT 10"}, "address LIKE 'Kerkstraat%10%' OR address LIKE '%10%' AND name LIKE '%Kerkstraat%'"),
    (
        {"band": ["signal"], "type": ["office"], "area_max": "2000", "area_unknown": False},
        f"underuse_band = 'signal' AND type = 'office' AND {AREA} <= 2000",
    ),
]


def test_each_filter_shows_as_many_as_the_layer_has(here: Opened, unchanged: duckdb.DuckDBPyConnection) -> None:
    page = here.page
    page.evaluate("document.querySelectorAll('#filters details').forEach((part) => { part.open = true; })")
    for values, condition in FILTERS:
        for name, value in values.items():
            field = f"#filters [name={name}]"
            if isinstance(value, list):
                for code in value:
                    page.check(f'{field}[value="{code}"]')
            elif isinstance(value, bool):
                page.set_checked(field, value)
            elif name == "area_measure":
                page.select_option(field, value)
            else:
                page.fill(field, value)
        here.settle()
        row = unchanged.execute(
            f"SELECT count(*) FROM layer.building WHERE audience = 'public' AND ({condition})"
        ).fetchone()
        assert row is not None
        assert 0 < row[0] < 180, condition  # a filter that does nothing proves nothing
        assert here.count() == row[0], condition
        assert page.locator("#list button").count() == min(50, row[0])
        page.click("#filters [type=reset]")
        here.wait("document.getElementById('count').textContent.startsWith('180 ')")


@pytest.mark.parametrize("zoom", [16, 18])
def test_a_click_on_a_building_opens_it(browser: Browser, published: Path, zoom: int) -> None:
    path = published / "map.html"
    with opened(browser, path) as result:
        page = result.page
        for building in ("grb:0000064", "grb:0000066"):
            place = list(_pin(path, building))
            page.evaluate(f"void onbenutMap.setView({place}, {zoom}, {{ animate: false }})")
            point = page.evaluate(f"onbenutMap.latLngToContainerPoint({place})")
            box = page.locator("#map").bounding_box()
            assert box is not None
            page.mouse.click(box["x"] + point["x"], box["y"] + point["y"])
            result.wait(f"location.hash === '#id={building}'")
            assert building in result.panel()
            page.click("#close")
            page.wait_for_selector("#panel", state="hidden")
    assert result.complaints == []


def test_a_keyboard_reaches_a_building_and_comes_back(here: Opened) -> None:
    page = here.page
    focus = "document.activeElement.id || document.activeElement.innerText"
    page.keyboard.press("Tab")
    assert page.evaluate(focus) == "skip"
    page.keyboard.press("Enter")
    assert page.evaluate(focus) == "list_title"
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    second = page.evaluate(focus)
    page.keyboard.press("Enter")
    page.wait_for_selector("#panel:not([hidden])")
    assert page.evaluate(focus) == "panel_title"
    assert page.inner_text("#panel_title") == second.split("\n")[0]
    assert page.get_attribute("#list li:nth-child(2) button", "aria-current") == "true"
    page.keyboard.press("Escape")
    page.wait_for_selector("#panel", state="hidden")
    assert page.evaluate(focus) == second
    assert page.evaluate("location.hash") == ""


def test_more_of_the_list_comes_when_asked(here: Opened) -> None:
    page = here.page
    assert page.inner_text("#more") == "Toon er 50 meer"
    page.focus("#more")
    page.keyboard.press("Enter")
    places = page.eval_on_selector_all("#list button", "(buttons) => buttons.map((button) => button.dataset.place)")
    assert places == [str(place) for place in range(100)]
    assert page.evaluate("document.activeElement === document.querySelectorAll('#list button')[50]")


def test_a_link_opens_its_building_and_the_way_back_closes_it(browser: Browser, published: Path) -> None:
    with opened(browser, published / "map.html", "id=grb:0000002&lang=en") as result:
        page = result.page
        text = result.panel()
        assert page.get_attribute("html", "lang") == "en"
        assert 'Sint-Jan & "Zoon" é 2' in text
        for words in (
            "Register: whole building; 1st",
            "No enterprise",
            "of 180 by priority",
            "zoning",
            "2026",
            "Close",
        ):
            assert words.lower() in text.lower(), words
        page.evaluate("location.hash = 'id=grb:0000004&lang=en'")
        result.wait("document.getElementById('panel').innerText.includes('grb:0000004')")
        page.go_back()
        result.wait("document.getElementById('panel').innerText.includes('grb:0000002')")
    assert (result.complaints, result.asked) == ([], [])


def test_a_building_that_is_not_there_is_said_so(browser: Browser, published: Path) -> None:
    with opened(browser, published / "map.html", "id=grb:0000009") as result:  # for the city only
        assert "Gebouw grb:0000009 staat niet op deze kaart" in result.panel()
        result.page.click("#close")
        result.page.wait_for_selector("#panel", state="hidden")
    assert result.complaints == []


def test_the_other_language_changes_every_word_and_nothing_else(browser: Browser, published: Path) -> None:
    with opened(browser, published / "map.html", "id=grb:0000022") as result:
        page = result.page
        page.check('#filters [name=band][value="signal"]')
        here, link = result.count(), page.inner_text("#list li:first-child")
        assert "signaal" in link
        page.click("[data-language=en]")
        page.wait_for_selector("html[lang=en]")
        assert page.evaluate("document.activeElement.dataset.language") == "en"
        assert result.count() == here
        assert page.is_checked('#filters [name=band][value="signal"]')
        assert page.evaluate("location.hash") == "#id=grb:0000022&lang=en"
        words = page.inner_text("body")
        assert "Buildings, highest priority first" in words
        assert "Probability of underuse" in words
        shown = page.evaluate(
            "document.body.innerText + [...document.querySelectorAll('[aria-label],[title]')].map(e => e.ariaLabel + e.title)"
        )
        for dutch in (
            "Gebouwen",
            "Klasse",
            "Oppervlakte",
            "onbekend",
            "Sluiten",
            "Inzoomen",
            "Legende",
            "waarschijnlijk",
        ):
            assert dutch not in shown, dutch
    assert result.complaints == []


def test_what_is_not_known_is_called_unknown(browser: Browser, published: Path) -> None:
    with opened(browser, published / "map.html", "id=grb:0000105") as result:
        text = result.panel()
    for words in (
        "Adres\nonbekend",
        "vloeroppervlakte\nonbekend",
        "Kans op onderbenutting\tonbekend",
        "Geen enkele bron",
    ):
        assert words in text, words
    assert not re.search(r"null|undefined|NaN", text)


def test_a_filter_does_not_hide_what_a_link_opens(browser: Browser, published: Path) -> None:
    with opened(browser, published / "map.html", "id=grb:0000105") as result:
        result.page.check('#filters [name=band][value="confirmed"]')
        result.settle()
        result.page.evaluate("location.hash = 'id=grb:0000070'")
        result.wait("document.getElementById('panel').innerText.includes('grb:0000070')")
        assert "valt buiten de huidige filters" in result.panel()


@pytest.mark.parametrize("fragment", ["", "id=grb:0000002&lang=en"])
def test_every_control_has_a_name_and_every_text_can_be_read(browser: Browser, published: Path, fragment: str) -> None:
    with opened(browser, published / "map_city.html", fragment) as result:
        page = result.page
        page.evaluate("document.querySelectorAll('details').forEach((part) => { part.open = true; })")
        nodes = page.context.new_cdp_session(page).send("Accessibility.getFullAXTree")["nodes"]
        heard = [
            (node["role"]["value"], node.get("name", {}).get("value", "")) for node in nodes if not node["ignored"]
        ]
        controls = {"button", "link", "checkbox", "textbox", "searchbox", "spinbutton", "combobox", "region"}
        assert [role for role, name in heard if role in controls and not name.strip()] == []
        roles = {role for role, _ in heard}
        assert {"banner", "main", "search", "contentinfo", "status", "button", "checkbox", "heading"} <= roles
        assert ("complementary" in roles) == bool(fragment)
        assert page.evaluate(FAINT) == []
    assert result.complaints == []


# Texts whose colour stands out less than 4.5 to 1 from the ground behind them (WCAG AA).
FAINT = """() => {
  const rgb = (text) => text.match(/[\\d.]+/g).map(Number);
  const light = (parts) => parts.slice(0, 3).map((part) => part / 255)
    .map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4))
    .reduce((sum, part, at) => sum + part * [0.2126, 0.7152, 0.0722][at], 0);
  const ground = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const parts = rgb(getComputedStyle(at).backgroundColor);
      if (parts.length < 4 || parts[3] > 0.8) return parts;
    }
    return [255, 255, 255];
  };
  return [...document.querySelectorAll("body *")].filter((element) => element.checkVisibility()
    && [...element.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim())).filter((element) => {
      const [one, two] = [light(rgb(getComputedStyle(element).color)), light(ground(element))];
      return (Math.max(one, two) + 0.05) / (Math.min(one, two) + 0.05) < 4.5;
    }).map((element) => element.outerHTML.slice(0, 80));
}"""


def test_background_is_asked_of_one_host_when_there_is_internet(browser: Browser, published: Path) -> None:
    with opened(browser, published / "map.html", internet="tiles") as result:
        result.wait("document.querySelectorAll('.leaflet-tile-loaded').length > 3")
        assert {url.startswith(TILES) for url in result.asked} == {True}
        assert "GRB-basiskaart, Digitaal Vlaanderen" in result.page.inner_text(".leaflet-control-attribution")
        result.page.uncheck("#background")
        assert result.page.locator(".leaflet-tile").count() == 0
    assert result.complaints == []


def test_a_background_that_does_not_answer_is_asked_once(browser: Browser, published: Path) -> None:
    with opened(browser, published / "map.html", internet="broken") as result:
        for zoom in (14, 15, 16):
            result.page.evaluate(f"void onbenutMap.setZoom({zoom}, {{ animate: false }})")
            result.page.wait_for_timeout(60)
        assert len(result.asked) == 1
        assert result.asked[0].startswith(TILES)
        assert result.count() == 180
    assert len(result.complaints) == 1  # the browser's own line about that one picture


def test_text_of_others_stays_text(
    browser: Browser, layer: duckdb.DuckDBPyConnection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The GeoPackage refuses a code that is on no list; the map must hold by itself.
    monkeypatch.setattr("transforms.publish.publish.DELIVERABLES", (MAP,))
    evil = EVIL.replace("'", "''")
    layer.execute(f"""
        UPDATE layer.building SET name = '{evil}', address = '{evil}', reasons = '{evil}', reasons_en = '{evil}', type = '{evil}',
            heritage = '{evil}', former_use = '{evil}', site_name = '{evil}', site_building_count = 2, sources = '{evil}',
            licence = '{evil}', building_id = '{evil}' WHERE building_id = 'grb:0000002';
        UPDATE layer.evidence SET building_id = '{evil}', detail = '{evil}', kind = '{evil}', authority = '{evil}', feed = '{evil}'
            WHERE building_id = 'grb:0000002';
        UPDATE layer.reuse SET building_id = '{evil}', use = '{evil}', to_check = '{evil}' WHERE building_id = 'grb:0000002';
        UPDATE layer.source SET title = '{evil}', attribution = '{evil}' WHERE feed = 'osm';
        UPDATE layer.run SET value = '{evil}' WHERE key = 'run_id';
        INSERT INTO layer.run VALUES ('city', '{evil}');
    """)
    path = publish_city(layer, "gent", CRS, tmp_path)["map.html"]
    for language in ("nl", "en"):
        link = f"id=%3C%2Fscript%3E%3Cimg%20src%3Dx%20onerror%3Dwindow.hacked%3D1%3E%20%26%20%22it's%22&lang={language}"
        with opened(browser, path, link) as result:
            page = result.page
            assert page.inner_text("#panel_title") == EVIL
            assert result.panel().count(EVIL) >= 10
            assert page.inner_text("h1") == f"Onbenut {EVIL}"
            assert EVIL in page.title()
            page.fill("[name=search]", "onerror")
            result.settle()
            assert result.count() == 1
            assert page.inner_text("#list .name") == EVIL
            point = page.evaluate("onbenutMap.latLngToContainerPoint(onbenutMap.getCenter())")
            page.mouse.move(365 + point["x"], 100 + point["y"])
            assert page.evaluate("[window.hacked, document.images.length]") == [None, 0]
        assert (result.complaints, result.asked) == ([], [])


def test_twenty_thousand_buildings_are_loaded_counted_and_filtered(
    browser: Browser, make_layer: MakeLayer, tmp_path: Path
) -> None:
    con = make_layer(20_000)
    product = prepare(con, "gent", CRS, "city", read_run(con, "gent"))
    write_map(con, product, (), tmp_path / "map.html")
    wanted = con.execute(f"SELECT count(*) FROM {ROWS} WHERE underuse_band = 'confirmed'").fetchone()
    con.close()
    with opened(browser, tmp_path / "map.html") as result:
        assert result.page.inner_text("#count") == "20.000 van 20.000 gebouwen"
        result.page.check('#filters [name=band][value="confirmed"]')
        result.settle()
        assert (result.count(),) == wanted
        assert result.page.locator("#list button").count() == 50
    assert (result.complaints, result.asked) == ([], [])


def test_a_phone_shows_map_list_and_panel(browser: Browser, published: Path) -> None:
    with opened(browser, published / "map.html", width=390, height=844) as result:
        page = result.page
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
        page.click("#list li:first-child button")
        page.wait_for_selector("#panel:not([hidden])")
        assert page.evaluate("document.getElementById('panel').scrollWidth") <= 390
        page.click("#close")
        page.wait_for_selector("#panel", state="hidden")
    assert result.complaints == []


def test_the_page_says_that_it_shows_a_part_of_very_many(
    browser: Browser, layer: duckdb.DuckDBPyConnection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(features, "LIMIT", 30)
    path = tmp_path / "map.html"
    write_map(layer, prepare(layer, "gent", CRS, "public", read_run(layer, "gent")), (), path)
    with opened(browser, path) as result:
        assert result.page.inner_text("#count") == "30 van 30 gebouwen"
        words = "De kaart toont de 30 gebouwen met de hoogste prioriteit, van 180. Alle gebouwen staan in het bestand gent.gpkg."
        assert result.page.inner_text("#part_shown") == words
    assert (result.complaints, result.asked) == ([], [])


def test_an_empty_map_opens(browser: Browser, layer: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    layer.execute("DELETE FROM layer.building; DELETE FROM layer.evidence; DELETE FROM layer.reuse")
    write_map(layer, prepare(layer, "gent", CRS, "public", read_run(layer, "gent")), (), tmp_path / "map.html")
    with opened(browser, tmp_path / "map.html") as result:
        assert result.page.inner_text("#count") == "0 van 0 gebouwen"
        assert result.page.is_visible("#none")
    assert (result.complaints, result.asked) == ([], [])
