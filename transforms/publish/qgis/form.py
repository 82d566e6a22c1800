"""The form that QGIS shows of a building or a site: tabs that a visitor can read, every column once, nothing to edit."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from xml.etree.ElementTree import Element, SubElement

from transforms.publish.codes import Codes
from transforms.publish.dictionary import Entry
from transforms.publish.qgis.words import word

_LONG = ("reasons", "reasons_en", "size_source", "sources", "licence", "methods")
# Tab -> group (empty: none) -> columns, for all styled layers: a layer shows those it has.
_TABS: Mapping[str, Mapping[str, Sequence[str]]] = {
    "overview": {
        "": ("name", "type", "former_use", "address", "underuse_band", "legal_status", "priority_score", "priority_rank"),
        "why": ("reasons", "reasons_en"),
    },
    "scores": {
        "underuse": (
            "underuse_probability", "underuse_low", "underuse_high", "vacant_share_low", "vacant_share_high", "signal_share",
        ),
        "atypicality": ("atypicality_score",),
        "reuse": ("reuse_best", "reuse_score", "reuse_low", "reuse_high"),
        "rank": ("priority_rank_low", "priority_rank_high", "priority_rank_is_stable"),
    },
    "size": {
        "building": (
            "building_count", "footprint_m2", "height_m", "floors", "floor_area_m2", "floor_area_low_m2", "floor_area_high_m2",
            "volume_m3", "volume_low_m3", "volume_high_m3", "size_source",
        ),
        "site": ("site_name", "site_building_count", "site_floor_area_m2", "site_volume_m3", "methods", "certainty"),
    },
    "origin": {
        "": ("heritage",),
        "evidence": ("evidence_count", "oldest_evidence_on", "newest_evidence_on", "sources", "licence"),
        "keys": ("building_id", "site_id", "main_building_id", "capakey", "nis_code", "run_id", "config_version"),
    },
}  # fmt: skip


def add_form(root: Element, columns: Sequence[Entry], language: str) -> None:
    """Add the tabs, and that no field is for editing: the files are published, and written anew every night."""
    SubElement(root, "editorlayout").text = "tablayout"
    form = SubElement(root, "attributeEditorForm")
    place = {entry.column_name: str(number) for number, entry in enumerate(columns, start=1)}
    left = list(place)
    for tab, groups in _TABS.items():
        shown = {group: [name for name in names if name in left] for group, names in groups.items()}
        if any(shown.values()):
            holder = _container(form, word(tab, language), is_group=False)
            for group, names in shown.items():
                inner = _container(holder, word(group, language), is_group=True) if group and names else holder
                for name in names:
                    SubElement(inner, "attributeEditorField", name=name, index=place[name], showLabel="1")
                    left.remove(name)
    if left:
        holder = _container(form, word("other", language), is_group=False)
        for name in left:
            SubElement(holder, "attributeEditorField", name=name, index=place[name], showLabel="1")
    editable = SubElement(root, "editable")
    on_top = SubElement(root, "labelOnTop")
    for name in place:
        SubElement(editable, "field", name=name, editable="0")
        SubElement(on_top, "field", name=name, labelOnTop="1" if name in _LONG else "0")


def add_widgets(root: Element, columns: Sequence[Entry], codes: Codes, language: str) -> None:
    """Add value lists for what is coded, room for what is long, and the titles of the columns."""
    configuration = SubElement(root, "fieldConfiguration")
    for entry in columns:
        name = entry.column_name
        if values := dict(_value_list(codes, name, language)):
            config = _widget(configuration, name, "ValueMap")
            holder = SubElement(SubElement(config, "Option", type="Map"), "Option", type="List", name="map")
            for title, value in values.items():
                add_options(holder, {title: value})
        elif name in _LONG:
            add_options(_widget(configuration, name, "TextEdit"), {"IsMultiline": "true"})
    aliases = SubElement(root, "aliases")
    for index, entry in enumerate(columns, start=1):
        title = entry.title if language == "nl" else entry.title_en or entry.column_name
        SubElement(aliases, "alias", field=entry.column_name, index=str(index), name=title)


def _value_list(codes: Codes, column: str, language: str) -> Iterator[tuple[str, str]]:
    """Words and values of a column whose values are no words of one of the languages. Nothing known stays an empty field."""
    listed = codes.get(column, ())
    if any(code.value not in (code.title_nl, code.title_en) or code.title_nl != code.title_en for code in listed):
        titles = [code.title(language) for code in listed]
        for code in listed:
            title = code.title(language)
            # A value list goes by its words: two values of one word would be one.
            yield (title if titles.count(title) == 1 else f"{title} ({code.value})"), code.value


def _widget(configuration: Element, name: str, kind: str) -> Element:
    return SubElement(SubElement(SubElement(configuration, "field", name=name), "editWidget", type=kind), "config")


def _container(parent: Element, name: str, *, is_group: bool) -> Element:
    return SubElement(
        parent, "attributeEditorContainer", name=name, groupBox="1" if is_group else "0", columnCount="1", showLabel="1",
        visibilityExpressionEnabled="0", visibilityExpression="",
    )  # fmt: skip


def add_options(parent: Element, options: Mapping[str, str]) -> None:
    """Options as QGIS writes them since 3.18."""
    holder = SubElement(parent, "Option", type="Map")
    for key, value in options.items():
        SubElement(holder, "Option", type="QString", name=key, value=value)
