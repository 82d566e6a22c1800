"""Style of the layer of matches, for QGIS (QML) and for everything else (SLD): one list of rules for both.

A point per advert and building, by its score; the best is drawn last, as the adverts of a building lie on one another.
"""

from __future__ import annotations

from collections.abc import Sequence
from xml.etree.ElementTree import Element, SubElement, tostring

from transforms.publish import symbols
from transforms.publish.codes import Codes
from transforms.publish.dictionary import Entry
from transforms.publish.qgis import sld
from transforms.publish.qgis.expressions import escape
from transforms.publish.qgis.fields import add_fields
from transforms.publish.qgis.form import add_plain_form
from transforms.publish.qgis.qml import DOCTYPE, add_flags, add_rule, fill_options, rule_key
from transforms.publish.qgis.words import word

RULES = (("match_best", 75, None, "#0b5345"), ("match_good", 50, 75, "#3fa58a"), ("match_weak", None, 50, "#a9dccb"))
"""Word of the legend, score from, score below, colour; what has no score is drawn as unknown."""
_SIZE = 3.2, 11  # mm, pixels


def match_qml(layer: str, entries: Sequence[Entry], codes: Codes, language: str) -> str:
    """QML of the layer of matches; `language` is nl or en."""
    categories = "LayerConfiguration|Symbology|Fields|Forms|MapTips|Rendering"
    root = Element("qgis", version="3.22.0", readOnly="1", styleCategories=categories, labelsEnabled="0")
    add_flags(root)
    renderer = SubElement(
        root, "renderer-v2", type="RuleRenderer", symbollevels="0", forceraster="0", enableorderby="1"
    )
    rules = SubElement(renderer, "rules", key=rule_key(f"{layer} root"))
    container = SubElement(renderer, "symbols")
    order = SubElement(renderer, "orderby")
    SubElement(order, "orderByClause", asc="1", nullsFirst="1").text = '"score"'
    for key, low, high, colour in RULES:
        parts = [f'"score" >= {low}' if low is not None else "", f'"score" < {high}' if high is not None else ""]
        _add_rule(rules, container, word(key, language), " AND ".join(part for part in parts if part), colour)
    _add_rule(rules, container, word("nothing", language), "ELSE", symbols.UNKNOWN_COLOUR)
    columns = [entry for entry in entries if entry.table_name == layer and entry.position > 0]
    add_fields(root, columns, codes, language)
    add_plain_form(root, columns, language)
    who = '"who"' if language == "nl" else '"who_en"'
    SubElement(root, "previewExpression").text = who
    name = 'coalesce("building_name", "building_id")'
    SubElement(root, "mapTip").text = f"<b>[% {escape(name)} %]</b><br>[% {escape(who)} %]"
    SubElement(root, "layerGeometryType").text = "0"
    return DOCTYPE + tostring(root, encoding="unicode")


def _add_rule(rules: Element, container: Element, label: str, condition: str, colour: str) -> None:
    add_rule(rules, container, label, condition, {**fill_options(colour, is_point=True), "size": str(_SIZE[0])})


def match_sld(layer: str, language: str) -> str:
    """SLD 1.1 of the layer of matches; `language` is nl or en."""
    root, style = sld.new_style(layer)
    drawn = sld.add(style, "se:FeatureTypeStyle")
    for key, low, high, colour in (*RULES, ("nothing", None, None, symbols.UNKNOWN_COLOUR)):
        rule = sld.add_rule(drawn, word(key, language))
        if low is None and high is None:
            sld.add(rule, "se:ElseFilter")
        else:
            holder = sld.add(rule, "ogc:Filter")
            both = sld.add(holder, "ogc:And") if low is not None and high is not None else holder
            if low is not None:
                sld.compare(both, "GreaterThanOrEqualTo", "score", str(low))
            if high is not None:
                sld.compare(both, "LessThan", "score", str(high))
        graphic = sld.add(sld.add(rule, "se:PointSymbolizer"), "se:Graphic")
        mark = sld.add(graphic, "se:Mark")
        sld.add(mark, "se:WellKnownName", "circle")
        sld.parameters(sld.add(mark, "se:Fill"), {"fill": colour})
        sld.add(graphic, "se:Size", str(_SIZE[1]))
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + tostring(root, encoding="unicode")
