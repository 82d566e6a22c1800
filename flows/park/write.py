"""A page about business parks in a file."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from flows.dossier import form_of, write_page
from flows.dossier_render import legend_of, render_page
from flows.park.compare import page_of_parks
from flows.park.map import LEGEND, LOOK
from flows.park.read import Parks, Sheet
from flows.park.tell import page_of_sheet
from flows.park.words import ParkWords

_STYLES = ("park.css",)


def html_of_sheet(sheet: Sheet, words: ParkWords) -> str:
    """One park as a page that needs nothing beside itself."""
    legend = legend_of(sheet.map.paths, LEGEND)
    return render_page("park.html", page_of_sheet(sheet, words), _STYLES, look=LOOK, legend=legend)


def html_of_parks(about: Parks, words: ParkWords) -> str:
    """All parks of a city as such a page."""
    return render_page("park_compare.html", page_of_parks(about, words), (*_STYLES, "park_compare.css"))


def write_parks(found: Parks | Sheet, target: Path, words: ParkWords) -> Mapping[str, Any]:
    """Write the page of one park, or the comparison of all, whole or not at all; says what it is about.

    Raises:
        DossierError: the extension or the folder is wrong, or no PDF can be made here.
    """
    about = found.about if isinstance(found, Sheet) else found
    form = form_of(target, about.slug)
    html = html_of_sheet(found, words) if isinstance(found, Sheet) else html_of_parks(found, words)
    write_page(target, form(html), about.slug)
    return {"parks": [park["park_id"] for park in about.parks]}
