"""The dictionary as a page: opened in a real browser, and held to the layers it explains."""

from __future__ import annotations

import csv
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import RunCity
from transforms.publish.dictionary_page import _LAYERS
from transforms.publish.optional import OPTIONAL_LAYERS, OPTIONAL_TABLES
from transforms.publish.rows import ATTRIBUTE_TABLES

CHROMIUM = "/usr/bin/chromium"
_READ = """() => ({
    rows: [...document.querySelectorAll('.columns tbody tr')].map(row => [row.id, ...[...row.cells].map(cell => cell.innerText.trim())]),
    codes: [...document.querySelectorAll('.codes tbody tr')].length,
    dead: [...document.querySelectorAll('a[href^="#"]')].filter(a => !document.getElementById(decodeURIComponent(a.hash.slice(1)))).length,
    doubles: [...document.querySelectorAll('[id]')].length - new Set([...document.querySelectorAll('[id]')].map(one => one.id)).size,
    unscoped: document.querySelectorAll('th:not([scope])').length,
    wide: document.documentElement.scrollWidth > document.documentElement.clientWidth,
})"""


@pytest.fixture(scope="module")
def folder(voorbeeldstad: RunCity) -> Path:
    return voorbeeldstad.outcome.products["dictionary.html"].parent


@pytest.fixture(scope="module")
def page(folder: Path) -> dict[str, Any]:
    if shutil.which(CHROMIUM) is None:
        pytest.skip("needs Debian's chromium")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        view = browser.new_page(viewport={"width": 390, "height": 800})
        asked: list[str] = []
        said: list[str] = []
        view.on("request", lambda request: asked.append(request.url))
        view.on("console", lambda message: said.append(message.text))
        address = (folder / "dictionary.html").as_uri()
        view.goto(address)
        found: dict[str, Any] = view.evaluate(_READ)
        browser.close()
    assert asked == [address]
    assert said == []
    return found


def test_every_column_of_every_layer_has_its_line_in_both_languages(page: dict[str, Any], folder: Path) -> None:
    with closing(sqlite3.connect(folder / "voorbeeldstad.gpkg")) as db:
        wanted = db.execute(
            "SELECT table_name || '.' || column_name, coalesce(meaning_nl, ''), coalesce(meaning_en, '') FROM dictionary"
        ).fetchall()
    lines = {row[0]: row for row in page["rows"]}
    assert len(lines) == len(page["rows"]) == len(wanted) > 100
    for name, dutch, english in wanted:
        assert dutch in lines[name][4], name
        assert english in lines[name][5], name
    assert page["codes"] > 100


def test_links_lead_somewhere_headings_have_scope_and_a_telephone_needs_no_sideways_page(page: dict[str, Any]) -> None:
    assert (page["dead"], page["doubles"], page["unscoped"], page["wide"]) == (0, 0, 0, False)


def test_the_table_is_the_dictionary_of_the_geopackage(folder: Path) -> None:
    with (folder / "dictionary.csv").open(encoding="utf-8", newline="") as file:
        found = [tuple(row.values()) for row in csv.DictReader(file)]
    with closing(sqlite3.connect(folder / "voorbeeldstad.gpkg")) as db:
        names = "table_name, column_name, position, type, unit, title_nl, title_en, meaning_en, meaning_nl"
        wanted = db.execute(f"SELECT {names} FROM dictionary ORDER BY fid").fetchall()
    assert found == [tuple("" if value is None else str(value) for value in row) for row in wanted]


def test_every_layer_of_a_product_is_introduced() -> None:
    optional = {*OPTIONAL_LAYERS, *OPTIONAL_TABLES}
    assert set(_LAYERS) == {"buildings", "sites", "pins", "dictionary", *ATTRIBUTE_TABLES, *optional}
