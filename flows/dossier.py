"""A dossier: all that is known of one building on a page to take to a meeting."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from flows.dossier_facts import PUBLIC, DossierError, check_not_objected, read_facts
from flows.dossier_page import page_of
from flows.dossier_render import render_html, render_pdf
from flows.dossier_words import PageWords
from flows.explain_find import find_building
from flows.query import city_slug, open_warehouse
from flows.workspace import Workspace
from sources._kit.whole import put_in_place

_FORMS: Mapping[str, Callable[[str], bytes]] = {".html": str.encode, ".pdf": render_pdf}


def write_dossier(city: str, building: str, target: Path, space: Workspace, audience: str, lang: str) -> str:
    """Write the dossier of one building to `target`, whole or not at all; returns its building_id.

    Args:
        city: slug, or path of a city file.
        building: in any form that `explain` takes.
        target: ends in .html or .pdf.
        space: where the city's warehouse is.
        audience: public or city: what may be said.
        lang: nl or en.

    Raises:
        DossierError: the extension or the folder is wrong, the audience may not see the building, or no PDF can be made here.
        OnbenutError: the city was not run, or no building goes by this id.
    """
    form = form_of(target, city)
    con = open_warehouse(city, space, spatial=True)
    try:
        slug = city_slug(city)
        building_id = find_building(con, building, slug)
        if audience == PUBLIC:
            check_not_objected(city, slug, building_id, space)
        facts = read_facts(con, slug, building_id, audience)
    finally:
        con.close()
    write_page(target, form(render_html(page_of(facts, PageWords(lang)))), slug)
    return str(facts.explanation.building["building_id"])


def form_of(target: Path, city: str) -> Callable[[str], bytes]:
    """What makes the bytes of a page for a file of this name.

    Raises:
        DossierError: no page ends like this, or its folder is not there.
    """
    form = _FORMS.get(target.suffix.lower())
    if form is None:
        raise DossierError(
            "no such format",
            city=city,
            file=target,
            value=target.suffix or "no extension",
            next_step=f"known extensions: {', '.join(_FORMS)}",
        )
    if not target.parent.is_dir():
        raise DossierError("no such folder", city=city, file=target.parent, next_step="make it, or name another file")
    return form


def write_page(target: Path, content: bytes, slug: str) -> None:
    """Put a page in its place, whole or not at all.

    Raises:
        DossierError: it cannot be written there.
    """
    part = target.with_name(f".{target.name}.part")
    try:
        part.write_bytes(content)
        put_in_place(part, target)
    except OSError as error:
        raise DossierError(
            "the page could not be written",
            city=slug,
            file=target,
            value=error.strerror,
            next_step="see that the folder can be written to and the disk has room",
        ) from error
    finally:
        part.unlink(missing_ok=True)
