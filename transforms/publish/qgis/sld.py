"""The style for everything but QGIS (SLD 1.1, as GeoServer and MapServer read it): the QML's rules."""

from __future__ import annotations

from xml.etree.ElementTree import Element, SubElement, register_namespace, tostring

from transforms.publish import symbols
from transforms.publish.qgis.words import band_label, class_label, word
from transforms.publish.symbols import BANDS, PRIORITY_CLASSES, Band, PriorityClass

SPACES = {
    "sld": "http://www.opengis.net/sld",
    "se": "http://www.opengis.net/se",
    "ogc": "http://www.opengis.net/ogc",
}
MM_PER_PIXEL = 0.28  # SLD's own standard pixel
_PIN_PIXELS = 9


def layer_sld(layer: str, language: str) -> str:
    """SLD of `buildings` and `sites` (polygon, with labels) or `pins` (point); `language` is nl or en."""
    root, style = new_style(layer)
    is_point = layer == "pins"
    # One FeatureTypeStyle after another is painted in that order: all fills, then all outlines, then text.
    fills = add(style, "se:FeatureTypeStyle")
    for item in PRIORITY_CLASSES:
        rule = add_rule(fills, f"{word('priority', language)}: {class_label(item, language)}")
        _in_class(rule, item)
        _draw(rule, is_point, fill=item.colour)
    rule = add_rule(fills, f"{word('priority', language)}: {word('unknown', language)}")
    _nothing_known(rule)
    _draw(rule, is_point, fill=symbols.UNKNOWN_COLOUR)
    outlines = add(style, "se:FeatureTypeStyle")
    for band in BANDS:
        rule = add_rule(outlines, f"{word('band', language)}: {band_label(band, language)}")
        _in_band(rule, band)
        if not is_point:
            add(rule, "se:MaxScaleDenominator", str(symbols.OUTLINE_SCALE))
        _draw(rule, is_point, stroke=band)
    if not is_point:
        texts = add(style, "se:FeatureTypeStyle")
        add_text_rule(texts, "name", absent=None)
        add_text_rule(texts, "type_label", absent="name")
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + tostring(root, encoding="unicode")


def new_style(layer: str) -> tuple[Element, Element]:
    """An SLD for a layer, and the style in it that its rules go into."""
    for prefix, uri in SPACES.items():
        register_namespace(prefix, uri)
    root = Element(qualified("sld:StyledLayerDescriptor"), version="1.1.0")
    named = add(root, "sld:NamedLayer")
    add(named, "se:Name", layer)
    style = add(named, "sld:UserStyle")
    add(style, "se:Name", layer)
    return root, style


def _in_class(rule: Element, item: PriorityClass) -> None:
    both = add(add(rule, "ogc:Filter"), "ogc:And")
    known = add(both, "ogc:Or")
    for band in BANDS:
        if band is not symbols.UNKNOWN:
            compare(known, "EqualTo", "underuse_band", band.value)
    # The lowest class is open below, so that no building with a score falls between the classes.
    if item.low > 0:
        compare(both, "GreaterThanOrEqualTo", "priority_score", f"{item.low:g}")
    else:
        _not_null(both, "priority_score")
    if item.high is not None:
        compare(both, "LessThan", "priority_score", f"{item.high:g}")


def _nothing_known(rule: Element) -> None:
    either = add(add(rule, "ogc:Filter"), "ogc:Or")
    compare(either, "EqualTo", "underuse_band", symbols.UNKNOWN.value)
    for column in ("underuse_band", "priority_score"):
        _property(add(either, "ogc:PropertyIsNull"), column)


def _in_band(rule: Element, band: Band) -> None:
    condition = add(rule, "ogc:Filter")
    if band is symbols.UNKNOWN:
        condition = add(condition, "ogc:Or")
        _property(add(condition, "ogc:PropertyIsNull"), "underuse_band")
    compare(condition, "EqualTo", "underuse_band", band.value)


def _draw(rule: Element, is_point: bool, fill: str | None = None, stroke: Band | None = None) -> None:
    if is_point:
        graphic = add(add(rule, "se:PointSymbolizer"), "se:Graphic")
        holder = add(graphic, "se:Mark")
        add(holder, "se:WellKnownName", "circle")
    else:
        graphic = None
        holder = add(rule, "se:PolygonSymbolizer")
    if fill is not None:
        parameters(add(holder, "se:Fill"), {"fill": fill})
    if stroke is not None:
        width = f"{stroke.width_mm / MM_PER_PIXEL:.2f}"
        parameters(add(holder, "se:Stroke"), {"stroke": stroke.colour, "stroke-width": width})
    if graphic is not None:
        add(graphic, "se:Size", str(_PIN_PIXELS))


def add_text_rule(parent: Element, column: str, absent: str | None) -> None:
    """Add a label of a column, for features that lack the column `absent` where one is named."""
    rule = add_rule(parent, f"Label: {column}")
    condition = add(rule, "ogc:Filter")
    if absent is not None:
        condition = add(condition, "ogc:And")
        _property(add(condition, "ogc:PropertyIsNull"), absent)
    _not_null(condition, column)
    add(rule, "se:MaxScaleDenominator", str(symbols.LABEL_SCALE))
    text = add(rule, "se:TextSymbolizer")
    _property(add(text, "se:Label"), column)
    parameters(add(text, "se:Font"), {"font-family": "Open Sans", "font-size": "11"})
    halo = add(text, "se:Halo")
    add(halo, "se:Radius", "2")
    parameters(add(halo, "se:Fill"), {"fill": "#ffffff"})
    parameters(add(text, "se:Fill"), {"fill": symbols.LABEL_COLOUR})


def add_rule(parent: Element, title: str) -> Element:
    """Add a rule with its title."""
    rule = add(parent, "se:Rule")
    add(rule, "se:Name", title)
    return rule


def compare(parent: Element, operator: str, column: str, value: str) -> None:
    """Add a comparison of a column with a value."""
    comparison = add(parent, f"ogc:PropertyIs{operator}")
    _property(comparison, column)
    add(comparison, "ogc:Literal", value)


def _not_null(parent: Element, column: str) -> None:
    _property(add(add(parent, "ogc:Not"), "ogc:PropertyIsNull"), column)


def _property(parent: Element, column: str) -> None:
    add(parent, "ogc:PropertyName", column)


def parameters(parent: Element, values: dict[str, str]) -> None:
    """Add parameters of a fill, a stroke or a font."""
    for name, value in values.items():
        add(parent, "se:SvgParameter", value).set("name", name)


def add(parent: Element, name: str, text: str | None = None) -> Element:
    """Add an element, its name with the prefix of its space."""
    child = SubElement(parent, qualified(name))
    child.text = text
    return child


def qualified(name: str) -> str:
    """A name with its prefix as ElementTree wants it."""
    prefix, local = name.split(":")
    return f"{{{SPACES[prefix]}}}{local}"
