"""The style for everything but QGIS (SLD 1.1, as GeoServer and MapServer read it): the QML's rules."""

from __future__ import annotations

from xml.etree.ElementTree import Element, SubElement, register_namespace, tostring

from transforms.publish import symbols
from transforms.publish.qgis.words import band_label, class_label, word
from transforms.publish.symbols import BANDS, PRIORITY_CLASSES, Band, PriorityClass

_SPACES = {
    "sld": "http://www.opengis.net/sld",
    "se": "http://www.opengis.net/se",
    "ogc": "http://www.opengis.net/ogc",
}
_MM_PER_PIXEL = 0.28  # SLD's own standard pixel
_PIN_PIXELS = 9


def layer_sld(layer: str, language: str) -> str:
    """SLD of `buildings` and `sites` (polygon, with labels) or `pins` (point); `language` is nl or en."""
    for prefix, uri in _SPACES.items():
        register_namespace(prefix, uri)
    is_point = layer == "pins"
    root = Element(_name("sld:StyledLayerDescriptor"), version="1.1.0")
    named = _add(root, "sld:NamedLayer")
    _add(named, "se:Name", layer)
    style = _add(named, "sld:UserStyle")
    _add(style, "se:Name", layer)
    # One FeatureTypeStyle after another is painted in that order: all fills, then all outlines, then text.
    fills = _add(style, "se:FeatureTypeStyle")
    for item in PRIORITY_CLASSES:
        rule = _rule(fills, f"{word('priority', language)}: {class_label(item, language)}")
        _in_class(rule, item)
        _draw(rule, is_point, fill=item.colour)
    rule = _rule(fills, f"{word('priority', language)}: {word('unknown', language)}")
    _nothing_known(rule)
    _draw(rule, is_point, fill=symbols.UNKNOWN_COLOUR)
    outlines = _add(style, "se:FeatureTypeStyle")
    for band in BANDS:
        rule = _rule(outlines, f"{word('band', language)}: {band_label(band, language)}")
        _in_band(rule, band)
        if not is_point:
            _add(rule, "se:MaxScaleDenominator", str(symbols.OUTLINE_SCALE))
        _draw(rule, is_point, stroke=band)
    if not is_point:
        texts = _add(style, "se:FeatureTypeStyle")
        _text_rule(texts, "name", absent=None)
        _text_rule(texts, "type_label", absent="name")
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + tostring(root, encoding="unicode")


def _in_class(rule: Element, item: PriorityClass) -> None:
    both = _add(_add(rule, "ogc:Filter"), "ogc:And")
    known = _add(both, "ogc:Or")
    for band in BANDS:
        if band is not symbols.UNKNOWN:
            _compare(known, "EqualTo", "underuse_band", band.value)
    # The lowest class is open below, so that no building with a score falls between the classes.
    if item.low > 0:
        _compare(both, "GreaterThanOrEqualTo", "priority_score", f"{item.low:g}")
    else:
        _not_null(both, "priority_score")
    if item.high is not None:
        _compare(both, "LessThan", "priority_score", f"{item.high:g}")


def _nothing_known(rule: Element) -> None:
    either = _add(_add(rule, "ogc:Filter"), "ogc:Or")
    _compare(either, "EqualTo", "underuse_band", symbols.UNKNOWN.value)
    for column in ("underuse_band", "priority_score"):
        _property(_add(either, "ogc:PropertyIsNull"), column)


def _in_band(rule: Element, band: Band) -> None:
    condition = _add(rule, "ogc:Filter")
    if band is symbols.UNKNOWN:
        condition = _add(condition, "ogc:Or")
        _property(_add(condition, "ogc:PropertyIsNull"), "underuse_band")
    _compare(condition, "EqualTo", "underuse_band", band.value)


def _draw(rule: Element, is_point: bool, fill: str | None = None, stroke: Band | None = None) -> None:
    if is_point:
        graphic = _add(_add(rule, "se:PointSymbolizer"), "se:Graphic")
        holder = _add(graphic, "se:Mark")
        _add(holder, "se:WellKnownName", "circle")
    else:
        graphic = None
        holder = _add(rule, "se:PolygonSymbolizer")
    if fill is not None:
        _parameters(_add(holder, "se:Fill"), {"fill": fill})
    if stroke is not None:
        width = f"{stroke.width_mm / _MM_PER_PIXEL:.2f}"
        _parameters(_add(holder, "se:Stroke"), {"stroke": stroke.colour, "stroke-width": width})
    if graphic is not None:
        _add(graphic, "se:Size", str(_PIN_PIXELS))


def _text_rule(parent: Element, column: str, absent: str | None) -> None:
    rule = _rule(parent, f"Label: {column}")
    condition = _add(rule, "ogc:Filter")
    if absent is not None:
        condition = _add(condition, "ogc:And")
        _property(_add(condition, "ogc:PropertyIsNull"), absent)
    _not_null(condition, column)
    _add(rule, "se:MaxScaleDenominator", str(symbols.LABEL_SCALE))
    text = _add(rule, "se:TextSymbolizer")
    _property(_add(text, "se:Label"), column)
    _parameters(_add(text, "se:Font"), {"font-family": "Open Sans", "font-size": "11"})
    halo = _add(text, "se:Halo")
    _add(halo, "se:Radius", "2")
    _parameters(_add(halo, "se:Fill"), {"fill": "#ffffff"})
    _parameters(_add(text, "se:Fill"), {"fill": symbols.LABEL_COLOUR})


def _rule(parent: Element, title: str) -> Element:
    rule = _add(parent, "se:Rule")
    _add(rule, "se:Name", title)
    return rule


def _compare(parent: Element, operator: str, column: str, value: str) -> None:
    comparison = _add(parent, f"ogc:PropertyIs{operator}")
    _property(comparison, column)
    _add(comparison, "ogc:Literal", value)


def _not_null(parent: Element, column: str) -> None:
    _property(_add(_add(parent, "ogc:Not"), "ogc:PropertyIsNull"), column)


def _property(parent: Element, column: str) -> None:
    _add(parent, "ogc:PropertyName", column)


def _parameters(parent: Element, values: dict[str, str]) -> None:
    for name, value in values.items():
        _add(parent, "se:SvgParameter", value).set("name", name)


def _add(parent: Element, name: str, text: str | None = None) -> Element:
    child = SubElement(parent, _name(name))
    child.text = text
    return child


def _name(name: str) -> str:
    prefix, local = name.split(":")
    return f"{{{_SPACES[prefix]}}}{local}"
