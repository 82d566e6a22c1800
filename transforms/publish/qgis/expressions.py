"""Pieces of QGIS expressions from which the texts of a layer are made."""

from __future__ import annotations

import html
import json

from transforms.publish.qgis.words import word


def display_name(layer: str, language: str) -> str:
    """Expression for what a list of features shows: name, else type, else id."""
    key = "site_id" if layer == "sites" else "building_id"
    return f'coalesce("name", {type_word(language)}, "{key}")'


def title(layer: str, language: str) -> str:
    """The same as HTML."""
    return escape(display_name(layer, language))


def type_word(language: str) -> str:
    """Expression for the type in words; the column itself is Dutch, its value list is in the style's language."""
    return '"type_label"' if language == "nl" else 'represent_value("type_label")'


def as_text(text: str) -> str:
    """Text as HTML inside a text of an expression."""
    # Into HTML, and that into a text of an expression.
    return html.escape(text, quote=False).replace("'", "''").replace("\\", "/")


def or_unknown(column: str, expression: str, language: str) -> str:
    """An expression, or that nothing is known where its column is NULL."""
    return f"if(\"{column}\" IS NULL, '{word('nothing', language)}', {expression})"


def in_brackets(pattern: str, low: str, high: str) -> str:
    """Two expressions as a range behind what they are the ends of; nothing where one is NULL."""
    text = pattern.format(low=f"' || {low} || '", high=f"' || {high} || '")
    return f" || coalesce(' ({text})', '')"


def percent(column: str) -> str:
    """A share as whole percents."""
    return f"round(100 * \"{column}\") || '%'"


def number(column: str, unit: str = "") -> str:
    """A whole number in the notation of the user, with its unit."""
    return f'format_number("{column}", 0)' + (f" || ' {unit}'" if unit else "")


def escape(expression: str) -> str:
    """What a source wrote, as text of HTML: a name on OpenStreetMap is anybody's to write, and QGIS runs HTML."""
    return f"replace({expression}, map('&', '&amp;', '<', '&lt;', '>', '&gt;'))"


def script(expression: str) -> str:
    """An element of HTML that becomes what the expression gives."""
    # Newer versions of QGIS look for this very call, and know no escape but that of the quotes.
    assert "\\" not in expression
    return f"<script>document.write(expression.evaluate({json.dumps(expression, ensure_ascii=False)}));</script>"
