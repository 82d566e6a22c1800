"""A page of a dossier as HTML that needs nothing beside itself, and the same page as PDF."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from flows.dossier_facts import DossierError
from transforms.publish.symbols import PRIORITY_CLASSES, UNKNOWN_COLOUR

_FOLDER = Path(__file__).with_name("templates")
# What no page can show, and what would turn the letters behind it around.
_INVISIBLE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_PACKAGES = "libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0"
_PRIORITY = {f"priority_{place}": item.colour for place, item in enumerate(PRIORITY_CLASSES)}
_LOOK = {
    "ground": "#f6f4ef",
    "fill": {"other": "#dcd8ce", "unscored": UNKNOWN_COLOUR, **_PRIORITY, "site": "none", "parcel": "none", "self": "#8c1c5a"},
    "line": {"other": "#c9c4b8", "unscored": "#8f8f8f", **dict.fromkeys(_PRIORITY, "#7a5a3a"), "site": "#8c1c5a", "parcel": "#1d4f91", "self": "#3d0626"},
    "width": {"other": 0.1, "unscored": 0.15, **dict.fromkeys(_PRIORITY, 0.15), "site": 0.5, "parcel": 0.35, "self": 0.4},
}  # fmt: skip
_LEGEND = (
    {"text": "this_building", "layers": ("self",)},
    {"text": "this_parcel", "layers": ("parcel",)},
    {"text": "this_site", "layers": ("site",)},
    {"text": "in_layer", "layers": tuple(_PRIORITY)},
    {"text": "in_layer_unknown", "layers": ("unscored",)},
    {"text": "not_in_layer", "layers": ("other",)},
)


def render_html(page: Mapping[str, Any]) -> str:
    """The page; every text in it is text, whatever a source wrote, and nothing in it is fetched from elsewhere."""
    return render_page("dossier.html", page, look=_LOOK, legend=legend_of(page["map"].paths, _LEGEND))


def legend_of(drawn: Mapping[str, str], keys: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """A legend says what is on the map, and nothing else."""
    legend = [{**key, "layers": [layer for layer in key["layers"] if layer in drawn]} for key in keys]
    return [key for key in legend if key["layers"]]


def render_page(template: str, page: Mapping[str, Any], styles: Sequence[str] = (), **more: Any) -> str:
    """A page by any of our templates: with the style of the dossier, and further ones behind it."""
    made = Environment(
        loader=FileSystemLoader(_FOLDER),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_told,
        keep_trailing_newline=True,
    )
    css = "".join((_FOLDER / name).read_text(encoding="utf-8") for name in ("dossier.css", *styles))
    return made.get_template(template).render(page, css=Markup(css), **more)  # noqa: S704 - our own files


def _told(value: object) -> object:
    """What may stand on a page: no None and no NaN where a reader expects a word or a number."""
    if value is None or (isinstance(value, float) and value != value):
        raise ValueError("a page of a dossier says None or NaN where it must say that something is not known")
    return _INVISIBLE.sub(" ", value) if isinstance(value, str) and not isinstance(value, Markup) else value


def render_pdf(html: str) -> bytes:
    """The page as PDF; the same bytes for the same page and the same fonts.

    Raises:
        DossierError: this machine lacks what draws the letters.
    """
    try:
        from weasyprint import HTML
        from weasyprint.urls import URLFetcher
    except OSError as error:
        raise DossierError(
            "this machine cannot make a PDF: a library that draws the letters is missing",
            value=" ".join(str(error).split())[:120],
            next_step=f"apt-get install {_PACKAGES}; or name a file that ends in .html and print that",
        ) from error
    made = HTML(string=html, url_fetcher=URLFetcher(allowed_protocols=("data",))).write_pdf()
    assert isinstance(made, bytes)
    return made
