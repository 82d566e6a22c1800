"""Fields of a layer in QGIS: their titles, and how each value is shown."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final
from xml.etree.ElementTree import Element, SubElement

from transforms.publish.codes import Codes
from transforms.publish.dictionary import Entry
from transforms.publish.qgis.words import word

# What QGIS writes into a value list for NULL; it is a constant of ValueMapFieldFormatter.
NULL_VALUE: Final = "{2839923C-8B7D-419E-B84B-CA2FE9B80EC7}"
_LONG_TEXTS: Final = ("reasons", "reasons_en", "sources", "old_sources", "licence", "size_source", "methods")
UNIT_SIGNS: Final = {"m2": " m²", "m3": " m³", "m": " m"}
_DECIMALS: Final = {"m2": 0, "m3": 0, "m": 1, "points": 1, "storeys": 1}  # of the rest, shares and chances: two
_BIG: Final = "1000000000"


def add_fields(root: Element, columns: Sequence[Entry], codes: Codes, language: str) -> None:
    """Add titles and widgets of all columns.

    Args:
        root: element `qgis` of the style.
        columns: the layer's own columns, without geometry.
        codes: lists of the coded ones; NULL is shown as unknown.
        language: `nl` or `en`.
    """
    configuration = SubElement(root, "fieldConfiguration")
    for entry in columns:
        field = SubElement(configuration, "field", name=entry.column_name, configurationFlags="None")
        _add_widget(field, entry, codes, language)
    aliases = SubElement(root, "aliases")
    for index, entry in enumerate(columns, start=1):
        SubElement(aliases, "alias", field=entry.column_name, index=str(index), name=alias(entry, language))


def alias(entry: Entry, language: str) -> str:
    """Title of a column in `nl` or `en`."""
    return entry.title if language == "nl" else entry.title_en or entry.title


def _add_widget(field: Element, entry: Entry, codes: Codes, language: str) -> None:
    if entry.column_name in codes:
        _value_map(field, dict(_value_list(codes, entry.column_name, language)), language)
    elif entry.type == "BOOLEAN":
        _value_map(field, {word("yes", language): "true", word("no", language): "false"}, language)
    elif entry.type == "DATE":
        shown = {"display_format": word("date", language), "field_format": "yyyy-MM-dd"}
        _widget(field, "DateTime", {**shown, "allow_null": "true", "calendar_popup": "false"})
    elif entry.type == "DOUBLE":
        number = {"Precision": str(_DECIMALS.get(entry.unit or "", 2)), "Suffix": UNIT_SIGNS.get(entry.unit or "", "")}
        _widget(field, "Range", {**number, "AllowNull": "true", "Style": "SpinBox", "Min": f"-{_BIG}", "Max": _BIG})
    else:
        is_long = entry.column_name in _LONG_TEXTS
        _widget(field, "TextEdit", {"IsMultiline": "true" if is_long else "false", "UseHtml": "false"})


def _value_map(field: Element, values: Mapping[str, str], language: str) -> None:
    # NULL goes by a word too: "(NULL)" looks like a fault to whoever does not know databases.
    # A list of pairs, for a code may have the very same word, as the unknown type has.
    shown = [(word("nothing", language), NULL_VALUE), *values.items()]
    config = SubElement(SubElement(field, "editWidget", type="ValueMap"), "config")
    holder = SubElement(SubElement(config, "Option", type="Map"), "Option", type="List", name="map")
    for title, value in shown:
        add_options(holder, {title: value})


def _value_list(codes: Codes, column: str, language: str) -> Iterator[tuple[str, str]]:
    """Words and values of a coded column."""
    titles = [code.title(language) for code in codes[column]]
    for code in codes[column]:
        title = code.title(language)
        # A value list goes by its words: two values of one word would be one.
        yield (title if titles.count(title) == 1 else f"{title} ({code.value})"), code.value


def _widget(field: Element, kind: str, options: Mapping[str, str]) -> None:
    config = SubElement(SubElement(field, "editWidget", type=kind), "config")
    add_options(config, options)


def add_options(parent: Element, options: Mapping[str, str]) -> None:
    """Options as QGIS writes them since 3.18."""
    holder = SubElement(parent, "Option", type="Map")
    for key, value in options.items():
        SubElement(holder, "Option", type="QString", name=key, value=value)
