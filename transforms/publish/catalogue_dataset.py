"""What the catalogue record says of one edition of the layer and of its sources."""

from __future__ import annotations

import re

from pyproj import CRS

from transforms.publish.catalogue_edition import Edition
from transforms.publish.catalogue_terms import LANGUAGES, THEME, Node, access_right, agent, page, standard, words
from transforms.publish.rights import Source

# Municipalities of the Flemish Region by their NIS code: Antwerp, Halle-Vilvoorde, Leuven, West and East Flanders, Limburg.
_FLEMISH = re.compile(r"(1|23|24|3|4|7)\d{3,4}")
_KEYWORDS = (
    ("leegstand", "vacancy"), ("onderbenutting", "underuse"), ("herbestemming", "adaptive reuse"), ("gebouwen", "buildings"),
    ("erfgoed", "heritage"),
)  # fmt: skip


def dataset_node(edition: Edition, distributions: list[Node], pages: list[Node]) -> Node:
    """The edition as a dataset."""
    product, day = edition.product, {"@value": edition.product.run.as_of.isoformat(), "@type": "xsd:date"}
    sources = [_source(edition, source) for source in edition.sources]
    return {
        "@id": edition.local("dataset"),
        "@type": "dcat:Dataset",
        "dct:identifier": edition.identifier,
        **_texts(edition),
        **edition.responsible,
        "dct:accessRights": access_right(product.audience),
        "dcat:theme": THEME,
        "dcat:keyword": [word for pair in _KEYWORDS for word in words(*pair)],
        "dct:language": LANGUAGES,
        "dcat:version": product.run.run_id,
        "dct:issued": day,
        "dct:modified": day,
        "dct:temporal": {"@type": "dct:PeriodOfTime", "dcat:startDate": day, "dcat:endDate": day},
        "dct:spatial": _places(edition),
        "dct:conformsTo": [_crs(product.crs)],
        "dct:source": sources,
        "prov:wasDerivedFrom": [{"@id": source["@id"]} for source in sources],
        "foaf:page": [{"@id": one["@id"]} for one in pages],
        "dcat:distribution": [{"@id": one["@id"]} for one in distributions],
    }


def _texts(edition: Edition) -> Node:
    day, city = edition.product.run.as_of, edition.city
    dutch = (
        f"Atypische gebouwen in {city} (kerken, scholen, fabrieken, kantoren en dergelijke) met per gebouw de kans dat het buiten gebruik "
        f"is, de redenen, en waarvoor het geschikt is. Een oordeel op grond van aanwijzingen op {day.day}/{day.month}/{day.year}, geen "
        "wettelijke status. Eigenaars staan er niet in."
    )
    english = (
        f"Atypical buildings in {city} (churches, schools, factories, offices and the like) with for each the probability that it is out "
        f"of use, the reasons, and what it suits. A judgement made from signs on {day.isoformat()}, not a legal status. It names no owners."
    )
    title = words(f"Onbenutte gebouwen in {city}", f"Underused buildings in {city}")
    if edition.product.audience != "public":
        title = words(
            f"Onbenutte gebouwen in {city}, uitgave voor de stad", f"Underused buildings in {city}, the city's edition"
        )
        dutch += " Met ook woningen met een aanwijzing en wat alleen de stad mag weten; niet voor publicatie."
        english += " Also with dwellings that have a sign, and what only the city may know; not for publication."
    if edition.product.edition == "osm_free":
        title = words(
            f"Onbenutte gebouwen in {city}, zonder OpenStreetMap",
            f"Underused buildings in {city}, without OpenStreetMap",
        )
        dutch += " Gemaakt zonder OpenStreetMap, en dus onder een eigen licentie."
        english += " Made without OpenStreetMap, and so under a licence of its own."
    return {"dct:title": title, "dct:description": words(dutch, english)}


def _places(edition: Edition) -> list[Node]:
    name = {"@value": edition.city, "@language": "nl"}
    places: list[Node] = []
    if edition.box:
        west, south, east, north = edition.box
        ring = f"POLYGON(({west} {south},{east} {south},{east} {north},{west} {north},{west} {south}))"
        box = {"@value": ring, "@type": "gsp:wktLiteral"}
        places.append({"@id": edition.local("area"), "@type": "dct:Location", "rdfs:label": name, "dcat:bbox": box})
    if edition.nis_code and len(edition.nis_code) == 5 and _FLEMISH.fullmatch(edition.nis_code):
        address = f"https://data.vlaanderen.be/id/gemeente/{edition.nis_code}"
        places.append({"@id": address, "@type": "dct:Location", "rdfs:label": name})
    return places


def _crs(crs: str) -> Node:
    code = CRS.from_user_input(crs).to_epsg()
    return standard(f"http://www.opengis.net/def/crs/EPSG/0/{code}", f"EPSG:{code}")


def _source(edition: Edition, source: Source) -> Node:
    found: Node = {
        "@id": edition.local(f"source-{source.feed}"),
        "@type": "prov:Entity",
        "dct:title": {"@value": source.title, "@language": "nl"},
    }
    if source.publisher:
        found["dct:publisher"] = agent(source.publisher)
    if source.landing_page:
        found["foaf:page"] = page(source.landing_page)
    if source.licence_uri:
        found["dct:license"] = {"@id": source.licence_uri, "@type": "dct:LicenseDocument"}
    stated = source.licence or "geen licentie vermeld / no licence stated"
    found["dct:rights"] = {"@type": "dct:RightsStatement", "rdfs:label": stated}
    if source.attribution:
        found["dct:rights"]["odrs:attributionText"] = source.attribution
    return found
