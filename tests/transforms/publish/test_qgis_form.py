"""Which columns the form of QGIS shows, by the headers of the tables they come from."""

from __future__ import annotations

import re
from pathlib import Path
from xml.etree.ElementTree import Element

import pytest

from transforms.publish.codes import Code, Codes
from transforms.publish.dictionary import Entry
from transforms.publish.qgis.fields import NULL_VALUE, add_fields
from transforms.publish.qgis.form import TABS

LAYER = Path(__file__).parents[3] / "transforms" / "layer"
# The word of the type is shown; its code and the outline are on the last tab and on the map.
BESIDE = {"audience", "geom", "type"}


@pytest.mark.parametrize("table", ["building", "site"])
def test_every_column_of_the_layer_has_its_place_on_a_tab(table: str) -> None:
    header = (LAYER / f"{table}.sql").read_text(encoding="utf-8").partition("-- columns:")[2]
    columns = set(re.findall(r"^--   (\w+) \|", header, re.MULTILINE))
    placed = {column for groups in TABS.values() for names in groups.values() for column in names}
    assert len(columns) > 25
    assert columns - placed == BESIDE


def test_no_column_is_placed_twice() -> None:
    placed = [column for groups in TABS.values() for names in groups.values() for column in names]
    assert len(placed) == len(set(placed))


@pytest.mark.parametrize("language", ["nl", "en"])
def test_null_has_its_word_beside_a_code_of_the_same_word(language: str) -> None:
    root = Element("qgis")
    entry = Entry("buildings", "former_use", 1, "VARCHAR", None, "Vroeger gebruik", "Former use", None, None)
    codes: Codes = {"former_use": (Code("kerk", "kerk", "church"), Code("onbekend", "onbekend", "unknown"))}
    add_fields(root, [entry], codes, language)
    listed = [
        (option.get("name"), option.get("value")) for option in root.iterfind(".//Option[@name='map']/Option/Option")
    ]
    nothing = "onbekend" if language == "nl" else "unknown"
    assert listed.count((nothing, NULL_VALUE)) == 1
    assert (nothing, "onbekend") in listed
