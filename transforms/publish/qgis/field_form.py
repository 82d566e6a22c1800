"""The form of a field list in QGIS and QField: what the visitor fills in first, what ties the row to its building beside it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from xml.etree.ElementTree import Element, SubElement, tostring

from transforms.publish.qgis.fields import add_options

_DOCTYPE = "<!DOCTYPE qgis PUBLIC 'http://mrcc.com/qgis.dtd' 'SYSTEM'>\n"
# Column -> Dutch, English.
_TITLES = {
    "row_id": ("Nr.", "No."),
    "name": ("Naam", "Name"),
    "type_label": ("Type", "Type"),
    "address": ("Adres", "Address"),
    "building_id": ("Gebouw-id", "Building id"),
    "list_id": ("Lijst", "List"),
    "seen_on": ("Gezien op", "Seen on"),
    "seen_use": ("Wat is te zien?", "What is to be seen?"),
    "share_empty": ("Leeg deel (0 = niets, 1 = alles)", "Empty share (0 = none, 1 = all)"),
    "access": ("Van waar gezien", "Seen from where"),
    "note": (
        "Opmerking: over het gebouw alleen, geen namen, nummerplaten of contactgegevens",
        "Note: of the building only, no names, number plates or contact details",
    ),
    "photo": ("Foto: geen mensen of nummerplaten", "Photo: no people or number plates"),
    "objection": (
        "Eigenaar of gebruiker wil niet getoond worden (geen naam noteren)",
        "Owner or user objects to being shown (write no name)",
    ),
}
_TABS = {("Bezoek", "Visit"): ("row_id", "name", "type_label", "address", "seen_on", "seen_use", "share_empty", "access", "note",
                               "photo", "objection"),
         ("Sleutels", "Keys"): ("building_id", "list_id")}  # fmt: skip
_EDITED = ("seen_on", "seen_use", "share_empty", "access", "note", "photo", "objection")
_COLOURS = {"done": "64,145,108,255", "todo": "208,67,52,255"}


def field_qml(columns: Sequence[str], lists: Mapping[str, Mapping[str, tuple[str, str]]], language: str) -> str:
    """QML of the layer `checks` (point): a number to walk by, filled in or not, and the form.

    Args:
        columns: columns of the layer in order, without fid and geometry.
        lists: column -> value -> Dutch and English words.
        language: nl or en.
    """
    place = 0 if language == "nl" else 1
    categories = "Symbology|Labeling|Fields|Forms|AttributeTable"
    root = Element("qgis", version="3.22.0", styleCategories=categories, labelsEnabled="1")
    _renderer(root, ("te bezoeken", "bezocht") if language == "nl" else ("to visit", "visited"))
    settings = SubElement(SubElement(root, "labeling", type="simple"), "settings", calloutType="simple")
    style = SubElement(
        settings, "text-style", fieldName="row_id", isExpression="0", fontSize="10", fontSizeUnit="Point"
    )
    SubElement(style, "text-buffer", bufferDraw="1", bufferSize="0.8", bufferSizeUnits="MM")
    configuration = SubElement(root, "fieldConfiguration")
    for name in columns:
        _widget(configuration, name, lists.get(name), place)
    aliases, editable = SubElement(root, "aliases"), SubElement(root, "editable")
    for index, name in enumerate(columns, start=1):
        SubElement(aliases, "alias", field=name, index=str(index), name=_TITLES.get(name, (name, name))[place])
        SubElement(editable, "field", name=name, editable="1" if name in _EDITED else "0")
    SubElement(root, "editorlayout").text = "tablayout"
    form = SubElement(root, "attributeEditorForm")
    for titles, names in _TABS.items():
        tab = SubElement(
            form, "attributeEditorContainer", name=titles[place], groupBox="0", columnCount="1", showLabel="1"
        )
        for name in names:
            SubElement(tab, "attributeEditorField", name=name, index=str(columns.index(name) + 1), showLabel="1")
    SubElement(root, "previewExpression").text = '"row_id" || \' \' || coalesce("name", "address", "building_id")'
    SubElement(root, "layerGeometryType").text = "0"
    return _DOCTYPE + tostring(root, encoding="unicode")


def _widget(configuration: Element, name: str, words: Mapping[str, tuple[str, str]] | None, place: int) -> None:
    kinds = {"seen_on": "DateTime", "share_empty": "Range", "photo": "ExternalResource", "note": "TextEdit"}
    if words is None and name not in kinds:
        return
    field = SubElement(configuration, "field", name=name)
    kind = "ValueMap" if words is not None else kinds[name]
    config = SubElement(SubElement(field, "editWidget", type=kind), "config")
    if words is not None:
        holder = SubElement(SubElement(config, "Option", type="Map"), "Option", type="List", name="map")
        for value, titles in words.items():
            add_options(holder, {titles[place]: value})
        return
    add_options(
        config,
        {
            "seen_on": {"display_format": "yyyy-MM-dd", "field_format": "yyyy-MM-dd", "calendar_popup": "true"},
            "share_empty": {
                "Min": "0",
                "Max": "1",
                "Step": "0.05",
                "Precision": "2",
                "AllowNull": "true",
                "Style": "SpinBox",
            },
            # A name beside the file, so that the list can be copied with its photographs.
            "photo": {"StorageMode": "0", "RelativeStorage": "1", "DocumentViewer": "1", "FileWidget": "true"},
            "note": {"IsMultiline": "true"},
        }[name],
    )


def _renderer(root: Element, labels: tuple[str, str]) -> None:
    renderer = SubElement(
        root, "renderer-v2", type="RuleRenderer", symbollevels="0", forceraster="0", enableorderby="0"
    )
    rules, symbols = SubElement(renderer, "rules", key="{root}"), SubElement(renderer, "symbols")
    tests = {"todo": '"seen_use" IS NULL', "done": '"seen_use" IS NOT NULL'}
    for number, (state, test) in enumerate(tests.items()):
        SubElement(rules, "rule", key=f"{{{state}}}", label=labels[number], filter=test, symbol=str(number))
        symbol = SubElement(symbols, "symbol", type="marker", name=str(number), alpha="1")
        layer = SubElement(symbol, "layer", {"class": "SimpleMarker", "enabled": "1", "locked": "0", "pass": "0"})
        add_options(layer, {"name": "circle", "color": _COLOURS[state], "size": "4", "size_unit": "MM"})
