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
from transforms.publish.qgis.form import add_form, add_options, add_widgets
from transforms.publish.qgis.words import band_label, class_label, word
from transforms.publish.symbols import BANDS, PRIORITY_CLASSES, PriorityClass

_DOCTYPE = "<!DOCTYPE qgis PUBLIC 'http://mrcc.com/qgis.dtd' 'SYSTEM'>\n"
_KNOWN = "\"underuse_band\" IN ('confirmed', 'likely', 'signal') AND \"priority_score\" IS NOT NULL"
_TIP = "<b>[% {title} %]</b><br/>[% replace(coalesce(\"{reasons}\", ''), ' | ', '<br/>') %]"
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
    categories = "Symbology|Labeling|Fields|Forms|MapTips|AttributeTable|Rendering"
    root = Element("qgis", version="3.22.0", styleCategories=categories, labelsEnabled=_flag(not is_point))
    columns = [entry for entry in entries if entry.table_name == layer and entry.position > 0]
    names = {entry.column_name for entry in columns}
    # The column holds the Dutch word; its value list has the word of this style.
    kind = '"type_label"' if language == "nl" else 'represent_value("type_label")'
    _renderer(root, is_point, language)
    if not is_point:
        _labelling(root, f'coalesce("name", {kind})')
    add_widgets(root, columns, codes, language)
    add_form(root, columns, language)
    title = f'coalesce("name", {kind}, "{"site_id" if layer == "sites" else "building_id"}")'
    reasons = "reasons_en" if language == "en" and "reasons_en" in names else "reasons"
    SubElement(root, "previewExpression").text = title
    SubElement(root, "mapTip").text = _TIP.format(title=title, reasons=reasons)
    SubElement(root, "layerGeometryType").text = "0" if is_point else "2"
    return _DOCTYPE + tostring(root, encoding="unicode")


def _renderer(root: Element, is_point: bool, language: str) -> None:
    renderer = SubElement(
        root, "renderer-v2", type="RuleRenderer", symbollevels="0", forceraster="0", enableorderby="1"
    )
    rules = SubElement(renderer, "rules", key=_key("root"))
    container = SubElement(renderer, "symbols")
    # The most promising building is drawn last, so that no neighbour hides it.
    order = SubElement(renderer, "orderby")
    SubElement(order, "orderByClause", asc="1", nullsFirst="1").text = '"priority_score"'

    fill = SubElement(rules, "rule", key=_key("fill"), label=word("priority", language))
    for number, item in enumerate(reversed(PRIORITY_CLASSES)):
        _rule(
            fill, container, class_label(item, language), f"{_KNOWN} AND {_range(item)}", _fill(item.colour, is_point)
        )
        if number == len(PRIORITY_CLASSES) - 1:
            _rule(fill, container, word("unknown", language), "ELSE", _fill(symbols.UNKNOWN_COLOUR, is_point))
    outline = SubElement(rules, "rule", key=_key("outline"), label=word("band", language))
    if not is_point:
        outline.set("scalemaxdenom", str(symbols.OUTLINE_SCALE))
    for band in BANDS:
        condition = "ELSE" if band is symbols.UNKNOWN else f"\"underuse_band\" = '{band.value}'"
        _rule(outline, container, band_label(band, language), condition, _outline(band.colour, band.width_mm, is_point))


def _rule(parent: Element, container: Element, label: str, condition: str, options: Mapping[str, str]) -> None:
    name = str(len(container))
    SubElement(parent, "rule", key=_key(f"{parent.get('label')}{label}"), label=label, filter=condition, symbol=name)
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


def _fill(colour: str, is_point: bool) -> dict[str, str]:
    options = {"color": _rgba(colour), "style": "solid", "outline_style": "no"}
    return {**options, "name": "circle", "size": str(_PIN_MM), "size_unit": "MM"} if is_point else options


def _outline(colour: str, width_mm: float, is_point: bool) -> dict[str, str]:
    options = {
        "outline_color": _rgba(colour),
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


def _labelling(root: Element, label: str) -> None:
    labelling = SubElement(root, "labeling", type="simple")
    settings = SubElement(labelling, "settings", calloutType="simple")
    style = SubElement(
        settings,
        "text-style",
        fieldName=label,
        isExpression="1",
        fontFamily="Open Sans",
        fontSize="8",
        fontSizeUnit="Point",
        textColor=_rgba(symbols.LABEL_COLOUR),
        textOpacity="1",
        multilineHeight="0.9",
    )
    SubElement(
        style,
        "text-buffer",
        bufferDraw="1",
        bufferSize="0.8",
        bufferSizeUnits="MM",
        bufferColor="255,255,255,255",
        bufferOpacity="0.85",
        bufferJoinStyle="128",
    )
    SubElement(settings, "text-format", wrapChar="", autoWrapLength="22", multilineAlign="1")
    SubElement(settings, "placement", placement="1", centroidInside="1", centroidWhole="1", priority="5")
    # In QML `scaleMax` is the largest denominator at which labels still show.
    SubElement(
        settings,
        "rendering",
        scaleVisibility="1",
        scaleMin="0",
        scaleMax=str(symbols.LABEL_SCALE),
        drawLabels="1",
        obstacle="0",
        displayAll="0",
    )


def _rgba(colour: str) -> str:
    return ",".join(str(part) for part in (*symbols.red_green_blue(colour), 255))


def _key(text: str) -> str:
    # Rules want a UUID; one made from their text is the same every night.
    return "{" + str(uuid.uuid5(uuid.NAMESPACE_URL, f"onbenut:{text}")) + "}"


def _flag(value: bool) -> str:
    return "1" if value else "0"
