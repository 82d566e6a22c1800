"""The form of a layer in QGIS: an overview to read on the spot, tabs by subject, and every column on the last one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final
from xml.etree.ElementTree import Element, SubElement

from transforms.publish.dictionary import Entry
from transforms.publish.qgis.card import card_html, evidence_html, table_html
from transforms.publish.qgis.words import word

# Tab -> group -> columns; what a layer lacks is left out. All are texts of HTML: a widget that may not be
# edited is pale grey, and QGIS writes NULL in it. The widgets themselves are on the last tab.
TABS: Final[Mapping[str, Mapping[str, tuple[str, ...]]]] = {
    "scores": {
        "rank": ("priority_score", "priority_rank", "priority_rank_low", "priority_rank_high", "priority_rank_is_stable"),
        "underuse": (
            "underuse_band", "underuse_probability", "underuse_low", "underuse_high", "signal_share", "legal_status",
            "vacant_share_low", "vacant_share_high",
        ),
        "atypicality": ("atypicality_score",),
        "reuse": ("reuse_best", "reuse_score", "reuse_low", "reuse_high"),
    },
    "building": {
        "identity": (
            "building_id", "site_id", "main_building_id", "name", "type_label", "former_use", "address", "nis_code",
            "capakey", "heritage",
        ),
        "size": (
            "footprint_m2", "height_m", "floors", "floor_area_m2", "floor_area_low_m2", "floor_area_high_m2",
            "volume_m3", "volume_low_m3", "volume_high_m3", "size_source",
        ),
        "site": (
            "site_name", "site_building_count", "site_floor_area_m2", "site_volume_m3", "building_count", "methods", "certainty",
        ),
    },
    "evidence": {
        "reasons": ("reasons", "reasons_en"),
        "time": ("evidence_count", "oldest_evidence_on", "newest_evidence_on"),
        "sources": ("sources", "sources_age_days", "old_sources", "licence", "run_id", "config_version"),
    },
}  # fmt: skip


def add_form(root: Element, layer: str, columns: Sequence[Entry], language: str) -> None:
    """Add the tabs, and make every field read-only: what is typed into a published file is gone the next night.

    Args:
        root: element `qgis` of the style.
        layer: name of the layer.
        columns: the layer's own columns, without geometry.
        language: `nl` or `en`.
    """
    known = {entry.column_name: entry for entry in columns}
    SubElement(root, "editorlayout").text = "tablayout"
    form = SubElement(root, "attributeEditorForm")
    _html(form, word("overview", language), card_html(layer, known, language))
    for tab, groups in TABS.items():
        present = {
            word(group, language): [known[name] for name in wanted if name in known] for group, wanted in groups.items()
        }
        holder = _html(form, word(tab, language), table_html(present, language))
        if tab == "evidence" and layer != "sites":
            _add_html(holder, word("observations", language), evidence_html(layer, language))
    _add_everything(root, form, list(known), language)


def add_plain_form(root: Element, columns: Sequence[Entry], language: str) -> None:
    """Add a form that reads as text, with all fields on a tab of their own; arguments as of `add_form`."""
    SubElement(root, "editorlayout").text = "tablayout"
    form = SubElement(root, "attributeEditorForm")
    _html(form, word("overview", language), table_html({word("identity", language): columns}, language))
    _add_everything(root, form, [entry.column_name for entry in columns], language)


def _add_everything(root: Element, form: Element, names: Sequence[str], language: str) -> None:
    everything = _tab(form, word("all", language))
    for index, name in enumerate(names, start=1):
        SubElement(everything, "attributeEditorField", name=name, index=str(index), showLabel="1")
    editable = SubElement(root, "editable")
    for name in names:
        SubElement(editable, "field", name=name, editable="0")


def _tab(form: Element, name: str) -> Element:
    return SubElement(
        form,
        "attributeEditorContainer",
        name=name,
        groupBox="0",
        columnCount="1",
        showLabel="1",
        visibilityExpressionEnabled="0",
        visibilityExpression="",
    )


def _html(form: Element, name: str, text: str) -> Element:
    tab = _tab(form, name)
    _add_html(tab, name, text)
    return tab


def _add_html(tab: Element, name: str, text: str) -> None:
    SubElement(tab, "attributeEditorHtmlElement", name=name, showLabel="0").text = text
