"""The ground under the buildings when there is internet: which public map, and the words it asks for.

OpenStreetMap's own tile server is none of them: it refuses whoever does not send a Referer, and a page that was
opened by double click cannot send one. The national maps below want no key, may be used by anyone, and say so in their
licence; each is asked only for what is on the screen.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Background:
    """A public map in Web Mercator tiles.

    `host` is the only one the page may ask (its Content-Security-Policy says so), `url` a Leaflet template on it.
    """

    host: str
    url: str
    attribution: str
    max_zoom: int


# Modellicentie gratis hergebruik Vlaanderen: free use, with the source named. Beyond Flanders it is empty.
FLANDERS = Background(
    "https://geo.api.vlaanderen.be",
    "https://geo.api.vlaanderen.be/GRB/wmts?SERVICE=WMTS&REQUEST=GetTile&VERSION=1.0.0&LAYER=grb_bsk_grijs&STYLE="
    "&FORMAT=image/png&TILEMATRIXSET=GoogleMapsVL&TILEMATRIX={z}&TILEROW={y}&TILECOL={x}",
    "Achtergrond: GRB-basiskaart, Digitaal Vlaanderen",
    20,
)
# CC BY 4.0, fair use; only the Netherlands are drawn.
NETHERLANDS = Background(
    "https://service.pdok.nl",
    "https://service.pdok.nl/brt/achtergrondkaart/wmts/v2_0/grijs/EPSG:3857/{z}/{x}/{y}.png",
    "Achtergrond: BRT-achtergrondkaart, Kadaster (CC BY 4.0)",
    19,
)
BACKGROUNDS = {"EPSG:31370": FLANDERS, "EPSG:3812": FLANDERS, "EPSG:28992": NETHERLANDS}
"""CRS of a city -> the map under it; a city in another system has a plain ground."""
