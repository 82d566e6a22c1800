"""What the catalogue record says of one edition of the layer, of its files and of its sources."""

from __future__ import annotations

import re
from dataclasses import dataclass

import duckdb
from pyproj import CRS, Transformer

from sources._kit.duck import literal
from transforms.publish.catalogue_terms import (
    LANGUAGES,
    THEME,
    Node,
    access_right,
    document_words,
    file_format,
    page,
    standard,
    words,
)
from transforms.publish.deliverable import Made
from transforms.publish.rights import Rights, Source, read_sources, rights_of
from transforms.publish.rows import Product, run_value

# Municipalities of the Flemish Region by their NIS code: Antwerp, Halle-Vilvoorde, Leuven, West and East Flanders, Limburg.
_FLEMISH = re.compile(r"(1|23|24|3|4|7)\d{3,4}")
_KEYWORDS = (
    ("leegstand", "vacancy"), ("onderbenutting", "underuse"), ("herbestemming", "adaptive reuse"), ("gebouwen", "buildings"),
    ("erfgoed", "heritage"),
)  # fmt: skip


@dataclass(frozen=True)
class Edition:
    """One audience's layer as a catalogue sees it."""

    product: Product
    record: str
    city: str
    nis_code: str | None
    base: str | None
    responsible: Node
    sources: list[Source]
    rights: Rights
    box: tuple[float, float, float, float] | None

    @property
    def identifier(self) -> str:
        """Stable name of the edition: the same every night."""
        return f"onbenut:{self.product.slug}:{self.product.audience}"

    def local(self, name: str) -> str:
        """Address of something that this record describes."""
        return f"{self.record}#{name}"


def read_edition(con: duckdb.DuckDBPyConnection, product: Product, record: str) -> Edition:
    """Gather what run, sources and layer say of an audience's edition; its box is in degrees, WGS 84."""
    sources = read_sources(con, product.audience)
    city = run_value(con, "city")
    nis_code = run_value(con, "nis_code")
    return Edition(
        product=product,
        record=record,
        city=product.slug if city is None else str(city),
        nis_code=nis_code and str(nis_code),
        base=run_value(con, "download_url"),
        responsible=_responsible(con, record),
        sources=sources,
        rights=rights_of(sources, product.audience),
        box=_box(con, product),
    )


def _responsible(con: duckdb.DuckDBPyConnection, record: str) -> Node:
    name, contact = run_value(con, "publisher"), run_value(con, "contact_url")
    if not name or not contact:
        return {}
    return {
        "dct:publisher": _agent(name, run_value(con, "publisher_url") or f"{record}#publisher"),
        "dcat:contactPoint": {
            "@id": f"{record}#contact",
            "@type": ["vcard:Kind", "vcard:Organization"],
            "vcard:fn": {"@value": name, "@language": "nl"},
            "foaf:page": page(contact),
        },
    }


def _agent(name: str, address: str | None = None) -> Node:
    found: Node = {"@type": ["dct:Agent", "foaf:Agent"], "foaf:name": {"@value": name, "@language": "nl"}}
    return {"@id": address, **found} if address else found


def _box(con: duckdb.DuckDBPyConnection, product: Product) -> tuple[float, float, float, float] | None:
    row = con.execute(
        "SELECT ST_XMin(box), ST_YMin(box), ST_XMax(box), ST_YMax(box) FROM (SELECT ST_Extent_Agg(geom) AS box "
        f"FROM layer.building WHERE audience = {literal(product.audience)})"
    ).fetchone()
    if row is None or row[0] is None:
        return None
    west, south, east, north = Transformer.from_crs(product.crs, 4326, always_xy=True).transform_bounds(*row)
    return round(west, 5), round(south, 5), round(east, 5), round(north, 5)


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
        found["dct:publisher"] = _agent(source.publisher)
    if source.landing_page:
        found["foaf:page"] = page(source.landing_page)
    if source.licence_uri:
        found["dct:license"] = {"@id": source.licence_uri, "@type": "dct:LicenseDocument"}
    stated = source.licence or "geen licentie vermeld / no licence stated"
    found["dct:rights"] = {"@type": "dct:RightsStatement", "rdfs:label": stated}
    if source.attribution:
        found["dct:rights"]["odrs:attributionText"] = source.attribution
    return found


def _file(name: str, size: int, digest: str) -> Node:
    return {
        "dcat:byteSize": {"@value": str(size), "@type": "xsd:nonNegativeInteger"},
        "spdx:checksum": {
            "@type": "spdx:Checksum",
            "spdx:algorithm": {"@id": "spdx:checksumAlgorithm_sha256"},
            "spdx:checksumValue": {"@value": digest, "@type": "xsd:hexBinary"},
        },
    }


def distribution_node(edition: Edition, made: Made, size: int, digest: str) -> Node:
    """One file of the data."""
    name, rights = made.path.name, edition.rights
    day = {"@value": edition.product.run.as_of.isoformat(), "@type": "xsd:date"}
    found: Node = {
        "@id": edition.local(f"file-{name}"),
        "@type": "dcat:Distribution",
        "dct:identifier": f"{edition.identifier}:{name}",
        "dct:title": words(made.deliverable.title_nl, made.deliverable.title_en),
        "dcat:accessURL": page(name),
        "dcat:downloadURL": page(name),
        "dct:issued": day,
        "dct:modified": day,
        **file_format(made.deliverable.media_type),
        **_file(name, size, digest),
        "dct:rights": {
            "@id": edition.local("rights"),
            "@type": "dct:RightsStatement",
            "rdfs:label": words(rights.statement_nl, rights.statement_en),
            "odrs:attributionText": edition.product.attribution,
        },
    }
    if rights.licence_uri:
        found["dct:license"] = {"@id": rights.licence_uri, "@type": "dct:LicenseDocument"}
    return found


def document_node(name: str, size: int, digest: str) -> Node:
    """A file that goes with the data: a dictionary, a schema."""
    dutch, english, media_type = document_words(name)
    return {
        "@id": name,
        "@type": "foaf:Document",
        "dct:title": words(dutch, english),
        **file_format(media_type),
        **_file(name, size, digest),
    }
