"""Styles of the layers of business parks, for QGIS (QML) and for everything else (SLD): one list of rules for both.

A park is an outline with its name; its parcels say by their fill what the authority knows: what is not known is grey, not green.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from xml.etree.ElementTree import Element, SubElement, tostring

from transforms.publish import symbols
from transforms.publish.codes import Codes
from transforms.publish.dictionary import Entry
from transforms.publish.qgis import sld
from transforms.publish.qgis.expressions import escape
from transforms.publish.qgis.fields import add_fields
from transforms.publish.qgis.form import add_plain_form
from transforms.publish.qgis.labels import add_labels
from transforms.publish.qgis.qml import DOCTYPE, add_flags, add_rule, fill_options, outline_options, rule_key
from transforms.publish.qgis.words import word


@dataclass(frozen=True)
class Rule:
    """What is drawn how: values the columns must have, and the colours; without values: everything else."""

    key: str
    """Word of the legend."""
    wanted: Mapping[str, str]
    fill: str | None
    outline: str
    width_mm: float


OUTLINE = "#5e4b8b"
RULES: dict[str, tuple[Rule, ...]] = {
    "business_parks": (Rule("park", {}, None, OUTLINE, 0.8),),
    "business_park_parcels": (
        Rule("idle_built", {"in_use": "not_in_use", "built": "built"}, "#dd5a17", OUTLINE, 0.2),
        Rule("idle_unbuilt", {"in_use": "not_in_use", "built": "unbuilt"}, "#fed488", OUTLINE, 0.2),
        Rule("parcel_in_use", {"in_use": "in_use"}, "#cfd8e6", OUTLINE, 0.2),
        Rule("nothing", {}, symbols.UNKNOWN_COLOUR, OUTLINE, 0.2),
    ),
}
_LABEL = {"business_parks": "name", "business_park_parcels": ""}


def park_qml(layer: str, entries: Sequence[Entry], codes: Codes, language: str) -> str:
    """QML of a layer of parks or parcels; `language` is nl or en."""
    label = _LABEL[layer]
    categories = "LayerConfiguration|Symbology|Labeling|Fields|Forms|MapTips|Rendering"
    root = Element(
        "qgis", version="3.22.0", readOnly="1", styleCategories=categories, labelsEnabled="1" if label else "0"
    )
    add_flags(root)
    renderer = SubElement(root, "renderer-v2", type="RuleRenderer", symbollevels="0", forceraster="0")
    rules = SubElement(renderer, "rules", key=rule_key(f"{layer} root"))
    container = SubElement(renderer, "symbols")
    for rule in RULES[layer]:
        condition = " AND ".join(f"\"{column}\" = '{value}'" for column, value in rule.wanted.items()) or "ELSE"
        options = outline_options(rule.outline, rule.width_mm)
        if rule.fill:
            options = {**options, **fill_options(rule.fill), "outline_style": "solid"}
        add_rule(rules, container, word(rule.key, language), condition, options)
    if label:
        add_labels(root, f'"{label}"')
    columns = [entry for entry in entries if entry.table_name == layer and entry.position > 0]
    add_fields(root, columns, codes, language)
    add_plain_form(root, columns, language)
    shown = 'coalesce("name", "park_id")' if label else '"parcel_id"'
    SubElement(root, "previewExpression").text = shown
    SubElement(root, "mapTip").text = f"<b>[% {escape(shown)} %]</b>"
    SubElement(root, "layerGeometryType").text = "2"
    return DOCTYPE + tostring(root, encoding="unicode")


def park_sld(layer: str, language: str) -> str:
    """SLD 1.1 of a layer of parks or parcels; `language` is nl or en."""
    root, style = sld.new_style(layer)
    drawn = sld.add(style, "se:FeatureTypeStyle")
    for rule in RULES[layer]:
        element = sld.add_rule(drawn, word(rule.key, language))
        if rule.wanted:
            holder = sld.add(element, "ogc:Filter")
            both = sld.add(holder, "ogc:And") if len(rule.wanted) > 1 else holder
            for column, value in rule.wanted.items():
                sld.compare(both, "EqualTo", column, value)
        elif len(RULES[layer]) > 1:
            sld.add(element, "se:ElseFilter")
        shape = sld.add(element, "se:PolygonSymbolizer")
        if rule.fill:
            sld.parameters(sld.add(shape, "se:Fill"), {"fill": rule.fill})
        width = f"{rule.width_mm / sld.MM_PER_PIXEL:.2f}"
        sld.parameters(sld.add(shape, "se:Stroke"), {"stroke": rule.outline, "stroke-width": width})
    if _LABEL[layer]:
        sld.add_text_rule(sld.add(style, "se:FeatureTypeStyle"), _LABEL[layer], absent=None)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + tostring(root, encoding="unicode")
