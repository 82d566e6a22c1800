"""What the catalogue record says of one file: of the data, or of what goes with them."""

from __future__ import annotations

from transforms.publish.catalogue_edition import Edition
from transforms.publish.catalogue_terms import Node, document_words, file_format, page, words
from transforms.publish.deliverable import Made


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
