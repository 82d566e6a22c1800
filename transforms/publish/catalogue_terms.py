"""Words of the catalogue record: the vocabularies it is written in, and what each kind of file is called there."""

from __future__ import annotations

import mimetypes
from typing import Any

Node = dict[str, Any]

# Inline, so that nobody has to fetch a context to read the record.
CONTEXT = {
    "adms": "http://www.w3.org/ns/adms#",
    "dcat": "http://www.w3.org/ns/dcat#",
    "dct": "http://purl.org/dc/terms/",
    "foaf": "http://xmlns.com/foaf/0.1/",
    "gsp": "http://www.opengis.net/ont/geosparql#",
    "odrs": "http://schema.theodi.org/odrs#",
    "prov": "http://www.w3.org/ns/prov#",
    "rdfs": "http://www.w3.org/2000/01/rdf-schema#",
    "skos": "http://www.w3.org/2004/02/skos/core#",
    "spdx": "http://spdx.org/rdf/terms#",
    "vcard": "http://www.w3.org/2006/vcard/ns#",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
}
PROFILE = "https://data.vlaanderen.be/doc/applicatieprofiel/DCAT-AP-VL"
_AUTHORITY = "http://publications.europa.eu/resource/authority"
_IANA = "https://www.iana.org/assignments/media-types"
# Media type -> name in the EU list of file types; address and name of the standard.
_FORMATS = {
    "application/geopackage+sqlite3": ("GPKG", "http://www.opengis.net/doc/IS/geopackage/1.3", "OGC GeoPackage 1.3"),
    "application/vnd.apache.parquet": ("PARQUET", "https://geoparquet.org/releases/v1.1.0/", "GeoParquet 1.1.0"),
    "application/geo+json": ("GEOJSON", "https://www.rfc-editor.org/info/rfc7946", "GeoJSON (RFC 7946)"),
    "application/json": ("JSON", None, None),
    "application/schema+json": ("JSON", "https://json-schema.org/draft/2020-12/schema", "JSON Schema 2020-12"),
    "text/html": ("HTML", None, None),
    "text/csv": ("CSV", None, None),
    "application/pdf": ("PDF", None, None),
}
# File beside the data -> Dutch title, English title, media type.
_DOCUMENTS = {
    "dictionary.html": ("Gegevenswoordenboek", "Data dictionary", "text/html"),
    "dictionary.csv": ("Gegevenswoordenboek (tabel)", "Data dictionary (table)", "text/csv"),
    "pins.schema.json": ("Schema van de punten", "Schema of the points", "application/schema+json"),
    "parks.schema.json": (
        "Schema van de bedrijventerreinen",
        "Schema of the business parks",
        "application/schema+json",
    ),
    "changes.schema.json": ("Schema van de wijzigingen", "Schema of the changes", "application/schema+json"),
    "matches.schema.json": ("Schema van de matches", "Schema of the matches", "application/schema+json"),
    "adverts.schema.json": (
        "Schema van zoekertjes die worden opgenomen",
        "Schema of the adverts that are taken in",
        "application/schema+json",
    ),
}
THEME = {
    "@id": f"{_AUTHORITY}/data-theme/REGI",
    "@type": "skos:Concept",
    "skos:prefLabel": [
        {"@value": "Regio's en steden", "@language": "nl"},
        {"@value": "Regions and cities", "@language": "en"},
    ],
}
LANGUAGES = [{"@id": f"{_AUTHORITY}/language/{code}", "@type": "dct:LinguisticSystem"} for code in ("NLD", "ENG")]


def words(dutch: str, english: str) -> list[Node]:
    """A text in both languages."""
    return [{"@value": dutch, "@language": "nl"}, {"@value": english, "@language": "en"}]


def page(address: str) -> Node:
    """Something on the web that can be opened."""
    return {"@id": address, "@type": "rdfs:Resource"}


def agent(name: str, address: str | None = None) -> Node:
    """An organisation."""
    found: Node = {"@type": ["dct:Agent", "foaf:Agent"], "foaf:name": {"@value": name, "@language": "nl"}}
    return {"@id": address, **found} if address else found


def access_right(audience: str) -> Node:
    """Public or not, in the words of the EU list: the profile knows these two."""
    code = "PUBLIC" if audience == "public" else "NON_PUBLIC"
    name = words("openbaar", "public") if audience == "public" else words("niet openbaar", "non-public")
    return {
        "@id": f"{_AUTHORITY}/access-right/{code}",
        "@type": ["skos:Concept", "dct:RightsStatement"],
        "skos:prefLabel": name,
    }


def standard(address: str, name: str) -> Node:
    """A standard that something keeps to."""
    return {"@id": address, "@type": "dct:Standard", "dct:title": words(name, name)}


def file_format(media_type: str) -> Node:
    """What kind of file it is: as media type, and as the EU list calls it where it does."""
    code, address, name = _FORMATS.get(media_type, (None, None, None))
    found: Node = {"dcat:mediaType": {"@id": f"{_IANA}/{media_type}", "@type": "dct:MediaType"}}
    if code:
        found["dct:format"] = {
            "@id": f"{_AUTHORITY}/file-type/{code}",
            "@type": ["skos:Concept", "dct:MediaTypeOrExtent"],
            "skos:prefLabel": words(code, code),
        }
    if address and name:
        found["dct:conformsTo"] = [standard(address, name)]
    return found


def document_words(name: str) -> tuple[str, str, str]:
    """Titles and media type of a file that goes with the data."""
    guessed = mimetypes.guess_type(name)[0] or "application/octet-stream"
    return _DOCUMENTS.get(name, (name, name, guessed))
