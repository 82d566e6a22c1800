"""A record of the set for data catalogues: DCAT-AP Vlaanderen as JSON-LD, one an edition: for the public, for the city, and without OpenStreetMap.

Addresses are relative to the place where the record is read, or to `download_url` where the city file gives it. Publisher and contact,
which the profile asks for, come from the city file too: without them the record does not say that it keeps to the profile.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence, Set
from pathlib import Path

import duckdb

from sources._kit.errors import PublishError
from transforms.publish.catalogue_dataset import dataset_node
from transforms.publish.catalogue_edition import Edition, read_edition
from transforms.publish.catalogue_files import distribution_node, document_node
from transforms.publish.catalogue_terms import CONTEXT, LANGUAGES, PROFILE, Node, standard, words
from transforms.publish.deliverable import Made

RECORDS = {"public": "dcat.jsonld", "city": "dcat_city.jsonld", "osm_free": "dcat_osm_free.jsonld"}


def write_catalogues(_con: duckdb.DuckDBPyConnection, made: Sequence[Made], folder: Path) -> list[Path]:
    """Describe every file of the set in the record of its edition; must come last of what speaks of the set.

    Raises:
        PublishError: a file has no place in a record, or a record did not read back with its size and hash.
    """
    editions = {item.product.edition: item for item in made}
    known = {item.path.name for item in made} | set(RECORDS.values())
    others = [path for path in sorted(folder.iterdir()) if path.name not in known]
    written = []
    for name, one in editions.items():
        edition = read_edition(one.source, one.product, RECORDS[name])
        files = [item for item in made if item.product.edition == name]
        # What goes with the data is for everybody, unless its name says otherwise.
        own = [path for path in others if _edition(path.name, editions) == name]
        path = folder / RECORDS[name]
        path.write_text(json.dumps(_record(edition, files, own), ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
        written.append(path)
    _check(folder, written, made[0].product.slug, {item.path.name for item in made if item.product.edition == "city"})
    return written


def _edition(name: str, editions: Mapping[str, object]) -> str:
    stem = name.split(".")[0]
    meant = next((edition for edition in RECORDS if stem.endswith(f"_{edition}")), "public")
    return meant if meant in editions else next(iter(editions))


def _record(edition: Edition, files: Sequence[Made], documents: Sequence[Path]) -> Node:
    context: Node = dict(CONTEXT)
    if edition.base:
        context["@base"] = edition.base
    day = edition.product.run.as_of.isoformat()
    title = words(f"Onbenut: gebouwen in {edition.city}", f"Onbenut: buildings in {edition.city}")
    about = words("Wat er van deze stad uitgegeven wordt.", "What is published of this city.")
    record: Node = {
        "@id": edition.local("record"),
        "@type": "dcat:CatalogRecord",
        "dct:identifier": f"{edition.identifier}:record",
        "dct:title": title,
        # The day that is described, at its start: the clock of the machine would make every night's record differ.
        "dct:modified": {"@value": f"{day}T00:00:00Z", "@type": "xsd:dateTime"},
        "foaf:primaryTopic": {"@id": edition.local("dataset")},
    }
    if edition.responsible:
        record["dct:conformsTo"] = [standard(PROFILE, "DCAT-AP Vlaanderen")]
    catalogue: Node = {
        "@id": edition.local("catalogue"),
        "@type": "dcat:Catalog",
        "dct:identifier": f"{edition.identifier}:catalogue",
        "dct:title": title,
        "dct:description": about,
        "dct:language": LANGUAGES,
        **edition.responsible,
        "dcat:record": record,
        "dcat:dataset": {"@id": edition.local("dataset")},
    }
    distributions = [distribution_node(edition, item, *_measured(item.path)) for item in files]
    pages = [document_node(path.name, *_measured(path)) for path in documents]
    return {
        "@context": context,
        "@graph": [catalogue, dataset_node(edition, distributions, pages), *distributions, *pages],
    }


def _measured(path: Path) -> tuple[int, str]:
    """Bytes and SHA-256 of a file."""
    with path.open("rb") as file:
        return path.stat().st_size, hashlib.file_digest(file, "sha256").hexdigest()


def _check(folder: Path, records: Sequence[Path], slug: str, of_city: Set[str]) -> None:
    told: dict[str, tuple[int, str]] = {}
    for path in records:
        for node in json.loads(path.read_text(encoding="utf-8"))["@graph"]:
            if "spdx:checksum" in node:
                name = node.get("dcat:downloadURL", node)["@id"]
                told[name] = (
                    int(node["dcat:byteSize"]["@value"]),
                    node["spdx:checksum"]["spdx:checksumValue"]["@value"],
                )
                if path.name != RECORDS["city"] and name in of_city:
                    raise _fault("a public record names a file that is the city's", slug, path, name)
    there = {path.name: _measured(path) for path in folder.iterdir() if path not in records}
    for name in sorted(told.keys() | there.keys()):
        if told.get(name) != there.get(name):
            raise _fault("the record does not describe the file as it is", slug, folder / name, told.get(name))


def _fault(what: str, slug: str, path: Path, value: object) -> PublishError:
    return PublishError(
        what,
        city=slug,
        file=path.name,
        value=value,
        next_step="the published set is unchanged; let what writes the file come before the record, or report this",
    )
