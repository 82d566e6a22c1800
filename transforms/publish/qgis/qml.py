"""The style for QGIS (QML): rules for fill and outline, labels, column titles and a value list.

Rules rather than QGIS's graduated renderer: that one leaves out features without a score, and its
legend says nothing of outlines.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from xml.etree.ElementTree import Element, SubElement, tostring

from transforms.publish import symbols
from transforms.publish.codes import Codes
from transforms.publish.dictionary import Entry
from transforms.publish.qgis.card import map_tip
from transforms.publish.qgis.expressions import display_name, type_word
from transforms.publish.qgis.fields import add_fields, add_options
from transforms.publish.qgis.form import add_form
from transforms.publish.qgis.labels import add_labels
from transforms.publish.qgis.words import band_label, class_label, word
from transforms.publish.symbols import BANDS, PRIORITY_CLASSES, PriorityClass

DOCTYPE = "<!DOCTYPE qgis PUBLIC 'http://mrcc.com/qgis.dtd' 'SYSTEM'>\n"
_KNOWN = "\"underuse_band\" IN ('confirmed', 'likely', 'signal') AND \"priority_score\" IS NOT NULL"
_PIN_MM = 2.6


def layer_qml(layer: str, entries: Sequence[Entry], codes: Codes, language: str) -> str:
    """QML of `buildings` and `sites` (polygon, with labels) or `pins` (point).

    Args:
        layer: name of the layer.
        entries: dictionary of the product; the titles of the layer's own columns become aliases.
        codes: value lists by column.
        language: nl or en.
    """
    is_point = layer == "pins"
    categories = "LayerConfiguration|Symbology|Labeling|Fields|Forms|MapTips|Rendering"
    labels = "0" if is_point else "1"
    # Read-only: what somebody types into a published file is gone the next night.
    root = Element("qgis", version="3.22.0", readOnly="1", styleCategories=categories, labelsEnabled=labels)
    add_flags(root)
    _renderer(root, is_point, language)
    if not is_point:
        add_labels(root, f'coalesce("name", {type_word(language)})')
    columns = [entry for entry in entries if entry.table_name == layer and entry.position > 0]
    add_fields(root, columns, codes, language)
    add_form(root, layer, columns, language)
    SubElement(root, "previewExpression").text = display_name(layer, language)
    SubElement(root, "mapTip").text = map_tip(layer, [entry.column_name for entry in columns], language)
    SubElement(root, "layerGeometryType").text = "0" if is_point else "2"
    return DOCTYPE + tostring(root, encoding="unicode")


def add_flags(root: Element) -> None:
    """What somebody may do with the layer in a project."""
    flags = SubElement(root, "flags")
    for flag, value in {"Identifiable": "1", "Removable": "1", "Searchable": "1", "Private": "0"}.items():
        SubElement(flags, flag).text = value


def _renderer(root: Element, is_point: bool, language: str) -> None:
    renderer = SubElement(
        root, "renderer-v2", type="RuleRenderer", symbollevels="0", forceraster="0", enableorderby="1"
    )
    rules = SubElement(renderer, "rules", key=rule_key("root"))
    container = SubElement(renderer, "symbols")
    # The most promising building is drawn last, so that no neighbour hides it.
    order = SubElement(renderer, "orderby")
    SubElement(order, "orderByClause", asc="1", nullsFirst="1").text = '"priority_score"'

    fill = SubElement(rules, "rule", key=rule_key("fill"), label=word("priority", language))
    for number, item in enumerate(reversed(PRIORITY_CLASSES)):
        add_rule(
            fill,
            container,
            class_label(item, language),
            f"{_KNOWN} AND {_range(item)}",
            fill_options(item.colour, is_point),
        )
        if number == len(PRIORITY_CLASSES) - 1:
            add_rule(fill, container, word("unknown", language), "ELSE", fill_options(symbols.UNKNOWN_COLOUR, is_point))
    outline = SubElement(rules, "rule", key=rule_key("outline"), label=word("band", language))
    if not is_point:
        outline.set("scalemaxdenom", str(symbols.OUTLINE_SCALE))
    for band in BANDS:
        condition = "ELSE" if band is symbols.UNKNOWN else f"\"underuse_band\" = '{band.value}'"
        add_rule(
            outline,
            container,
            band_label(band, language),
            condition,
            outline_options(band.colour, band.width_mm, is_point),
        )


def add_rule(parent: Element, container: Element, label: str, condition: str, options: Mapping[str, str]) -> None:
    """Add a rule and the symbol it draws with; `options` are those of the symbol's one layer."""
    name = str(len(container))
    SubElement(
        parent, "rule", key=rule_key(f"{parent.get('label')}{label}"), label=label, filter=condition, symbol=name
    )
    is_point = "size" in options
    kind, symbol_layer = ("marker", "SimpleMarker") if is_point else ("fill", "SimpleFill")
    symbol = SubElement(container, "symbol", type=kind, name=name, alpha="1", clip_to_extent="1", force_rhr="0")
    layer = SubElement(symbol, "layer", {"class": symbol_layer, "enabled": "1", "locked": "0", "pass": "0"})
    add_options(layer, options)
    # QGIS before 3.18 reads these instead.
    for key, value in options.items():
        SubElement(layer, "prop", k=key, v=value)


def _range(item: PriorityClass) -> str:
    low = "" if item.low == 0 else f'"priority_score" >= {item.low:g}'
    high = "" if item.high is None else f'"priority_score" < {item.high:g}'
    return " AND ".join(part for part in (low, high) if part)


def fill_options(colour: str, is_point: bool = False) -> dict[str, str]:
    """A fill without an outline."""
    options = {"color": symbols.rgba(colour), "style": "solid", "outline_style": "no"}
    return {**options, "name": "circle", "size": str(_PIN_MM), "size_unit": "MM"} if is_point else options


def outline_options(colour: str, width_mm: float, is_point: bool = False) -> dict[str, str]:
    """An outline without a fill."""
    options = {
        "outline_color": symbols.rgba(colour),
        "outline_style": "solid",
        "outline_width": str(width_mm),
        "outline_width_unit": "MM",
        "joinstyle": "miter",
    }
    if is_point:
        return {
            **options,
            "color": "255,255,255,0",
            "name": "circle",
            "size": str(_PIN_MM),
            "size_unit": "MM",
        }
    return {**options, "style": "no", "color": "255,255,255,0"}


def rule_key(text: str) -> str:
    """Key of a rule."""
    # Rules want a UUID; one made from their text is the same every night.
    return "{" + str(uuid.uuid5(uuid.NAMESPACE_URL, f"onbenut:{text}")) + "}"
