"""Texts of a building for the form and the map tip, as expressions of QGIS that give HTML.

What a source wrote is escaped: a name on OpenStreetMap is anybody's to write, and QGIS shows HTML as HTML.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from transforms.publish.dictionary import Entry
from transforms.publish.qgis.expressions import as_text, escape, in_brackets, number, or_unknown, percent, script, title
from transforms.publish.qgis.fields import UNIT_SIGNS, alias
from transforms.publish.qgis.words import word

_STYLE = (
    "<style>body,table{font-family:sans-serif;font-size:10pt}h4{margin:8px 0 2px}ul{margin:2px 0}"
    "td{padding:1px 10px 1px 0;vertical-align:top}.q{color:#555}td.q{width:14em}</style>"
)
_LISTS = ("reasons", "reasons_en", "size_source", "sources", "licence")


def card_html(layer: str, columns: Collection[str], language: str) -> str:
    """The overview of one building or site: what it is, how it scores and why. What is not known says so."""
    rows = [
        (label, or_unknown(needed[0], expression, language))
        for label, needed, expression in _lines(language)
        if set(needed) <= set(columns)
    ]
    text = (
        f"'<h3>' || {title(layer, language)} || '</h3>' || {_table(rows)} || '<h4>{word('reasons', language)}</h4>' "
        f"|| {_reasons(columns, language)} || '<p class=q>{word('note', language)}</p>'"
    )
    return _STYLE + script(text)


def table_html(groups: Mapping[str, Sequence[Entry]], language: str) -> str:
    """Titles and values of columns, group by group, as their widgets would show them; a group without columns is left out."""
    parts = []
    for heading, columns in groups.items():
        if columns:
            rows = [(alias(entry, language), _shown(entry, language)) for entry in columns]
            parts.append(f"'<h4>{as_text(heading)}</h4>' || {_table(rows)}")
    return _STYLE + script(" || ".join(parts) or "''")


def evidence_html(layer: str, language: str) -> str:
    """All observations about one building, once the table `evidence` of the same file is in the project."""
    label, detail = escape('"label"' if language == "nl" else '"label_en"'), escape('"detail"')
    line = (
        f"'<li>' || {label} || coalesce(' (' || format_date(\"observed_on\", '{word('date', language)}') || ')', '') "
        f"|| coalesce('<br/><span class=q>' || {detail} || '</span>', '') || '</li>'"
    )
    same_file = f"replace(layer_property(@layer, 'source'), 'layername={layer}', 'layername=evidence')"
    text = (
        f"with_variable('t', array_first(array_filter(@layers, layer_property(@element, 'source') = {same_file})), "
        f"if(@t IS NULL, '<p class=q>{word('add_table', language)}</p>', '<h4>{word('observations', language)}</h4><ul>' || "
        f"coalesce(nullif(aggregate(@t, 'concatenate', {line}, \"building_id\" = attribute(@parent, 'building_id'), '', "
        f"\"observed_on\"), ''), '<li>{word('no_evidence', language)}</li>') || '</ul>'))"
    )
    return _STYLE + script(text)


def map_tip(layer: str, columns: Collection[str], language: str) -> str:
    """What shows beside the cursor: name, band and reasons."""
    band = escape('represent_value("underuse_band")')
    return f"<b>[% {title(layer, language)} %]</b> ([% {band} %])[% {_reasons(columns, language)} %]"


def _lines(language: str) -> tuple[tuple[str, tuple[str, ...], str], ...]:
    pattern = word("range", language)
    chance = percent("underuse_probability") + in_brackets(pattern, percent("underuse_low"), percent("underuse_high"))
    places = in_brackets(pattern, 'to_string("priority_rank_low")', 'to_string("priority_rank_high")')
    priority = (
        f"""round("priority_score", 1) || ' / 100' || coalesce(', {word("place", language)} ' || "priority_rank", '')"""
    )
    return (
        (word("kind", language), ("type_label",), escape('represent_value("type_label")')),
        (word("address", language), ("address",), escape('"address"')),
        (word("class", language), ("underuse_band",), escape('represent_value("underuse_band")')),
        (word("chance", language), ("underuse_probability", "underuse_low", "underuse_high"), chance),
        (word("legal", language), ("legal_status",), escape('represent_value("legal_status")')),
        (word("rank", language), ("priority_score", "priority_rank", "priority_rank_low", "priority_rank_high"), priority + places),
        (word("best_use", language), ("reuse_best",), escape('represent_value("reuse_best")')),
        (word("footprint", language), ("footprint_m2",), number("footprint_m2", "m²")),
        (word("floor_area", language), ("floor_area_m2", "floor_area_low_m2", "floor_area_high_m2"),
            number("floor_area_m2", "m²") + in_brackets(pattern, number("floor_area_low_m2"), number("floor_area_high_m2"))),
        (word("volume", language), ("volume_m3",), number("volume_m3", "m³")),
        (word("heritage", language), ("heritage",), escape('represent_value("heritage")')),
        (word("seen", language), ("newest_evidence_on",), f"format_date(\"newest_evidence_on\", '{word('date', language)}')"),
    )  # fmt: skip


def _shown(entry: Entry, language: str) -> str:
    column = entry.column_name
    shown = escape(f'represent_value("{column}")')
    if column in _LISTS:
        shown = f"replace(replace({shown}, ' | ', '<br/>'), '; ', '<br/>')"
    value = or_unknown(column, shown + f" || '{UNIT_SIGNS.get(entry.unit or '', '')}'", language)
    # A building that stands by itself has no site: that is known.
    return f"if(\"site_id\" IS NULL, '{word('none', language)}', {value})" if column.startswith("site_") else value


def _table(rows: Sequence[tuple[str, str]]) -> str:
    lines = (
        f"'<tr><td class=q>{as_text(label)}</td><td>' || {expression} || '</td></tr>'" for label, expression in rows
    )
    return "'<table>' || " + " || ".join(lines) + " || '</table>'"


def _reasons(columns: Collection[str], language: str) -> str:
    column = "reasons_en" if language == "en" and "reasons_en" in columns else "reasons"
    items = "replace(" + escape(f'"{column}"') + ", ' | ', '</li><li>')"
    return f"coalesce('<ul><li>' || {items} || '</li></ul>', '<p>{word('no_reasons', language)}</p>')"
