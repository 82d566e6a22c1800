"""pygeoapi's settings for one published set: what the collections are called, where they lie, under which licence."""

from __future__ import annotations

from typing import Any

from flows.serve.provider import GEOMETRY
from flows.serve.published import COLLECTIONS, CRS84, Published

PAGE = 100
PAGE_MAX = 10_000
_BELGIUM = (2.5, 49.4, 6.5, 51.6)
_TITLES = {
    "buildings": {"nl": "Gebouwen", "en": "Buildings"},
    "pins": {"nl": "Punten", "en": "Pins"},
}
_TEXTS = {
    "buildings": {
        "nl": "Ongewone gebouwen met hun omtrek, hun drie scores en de redenen.",
        "en": "Unusual buildings with their outline, their three scores and the reasons.",
    },
    "pins": {
        "nl": "Dezelfde gebouwen als één punt per gebouw, met wat een kaart toont.",
        "en": "The same buildings as one point each, with what a map shows.",
    },
}
_WARNING = {
    "nl": "Een oordeel op grond van signalen, geen wettelijke status.",
    "en": "A judgement made from signs, not a legal status.",
}
_KEYWORDS = {
    "nl": ["onderbenutting", "herbestemming", "gebouwen"],
    "en": ["underuse", "adaptive reuse", "buildings"],
}


def settings(published: Published, url: str) -> dict[str, Any]:
    """Settings of pygeoapi, without tiles, processes, transactions or an administration.

    pygeoapi's HTML pages load their map and style from public servers (unpkg.com); no setting of it says otherwise. The
    JSON that programs read loads nothing.
    """
    city = published.run.get("city", "")
    about = published.about
    title = {"nl": f"Onbenut: {city}", "en": f"Onbenut: {city}"}
    description = {
        "nl": f"{_WARNING['nl']} Stand van {about['as_of']}. Bronnen: {about['attribution']}.",
        "en": f"{_WARNING['en']} State of {about['as_of']}. Sources: {about['attribution']}.",
    }
    identification = {
        "title": title,
        "description": description,
        "keywords": _KEYWORDS,
        "terms_of_service": url,
        "url": url,
    }
    name = "; ".join(dict.fromkeys(licence for licence, _ in published.licences if licence))
    uri = next((uri for _, uri in published.licences if uri), url)
    people = {"name": f"Onbenut, {city}", "url": url}
    return {
        "server": {
            "bind": {"host": "", "port": 0},
            "url": url,
            "mimetype": "application/json; charset=UTF-8",
            "encoding": "utf-8",
            "gzip": False,  # pygeoapi changes a list of its own for it while others read that list
            "languages": ["nl-BE", "en-GB"],
            "limits": {"default_items": PAGE, "max_items": PAGE_MAX, "on_exceed": "throttle"},
            "map": {
                "url": "https://tile.openstreetmap.org/{z}/{x}/{y}.png",
                "attribution": "&copy; OpenStreetMap contributors",
            },
        },
        # Its log repeats the questions it could not read; ours does not.
        "logging": {"level": "CRITICAL"},
        "metadata": {
            "identification": identification,
            "license": {"name": name, "url": uri},
            "provider": people,
            "contact": people,
        },
        "resources": {name: _collection(published, name) for name in COLLECTIONS},
    }


def _collection(published: Published, name: str) -> dict[str, Any]:
    city, about = published.run.get("city", ""), published.about
    return {
        "type": "collection",
        "title": {language: f"{text}, {city}" for language, text in _TITLES[name].items()},
        "description": {
            "nl": f"{_TEXTS[name]['nl']} {_WARNING['nl']} Stand van {about['as_of']}. Bronnen: {about['attribution']}.",
            "en": f"{_TEXTS[name]['en']} {_WARNING['en']} State of {about['as_of']}. Sources: {about['attribution']}.",
        },
        "keywords": _KEYWORDS,
        "links": [
            {"type": "text/html", "rel": "license", "title": licence or uri, "href": uri}
            for licence, uri in published.licences
            if uri
        ],
        "extents": {"spatial": {"bbox": list(published.extent(4326) or _BELGIUM), "crs": CRS84}},
        "providers": [
            {
                "type": "feature",
                "name": "flows.serve.provider.PublishedLayer",
                "data": name,
                "id_field": "building_id",
                "title_field": "name",
                "geom_field": GEOMETRY,
                "crs": published.crs,
                "storage_crs": published.storage_crs,
            }
        ],
    }
