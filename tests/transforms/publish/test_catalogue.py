"""The record for data catalogues, read as RDF by a library that knows nothing of us, and held to the profile."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pytest
from pyshacl import validate
from rdflib import DCAT, DCTERMS, RDF, Graph, Literal, Namespace, URIRef

from sources._kit.errors import PublishError
from tests.conftest import RunCity
from tests.transforms.publish.conftest import make_layer
from transforms.publish.catalogue import write_catalogues
from transforms.publish.publish import publish_city
from transforms.publish.rights import Source, rights_of

CRS = "EPSG:31370"
SHAPES = Path(__file__).with_name("dcat_shapes.ttl")
SPDX = Namespace("http://spdx.org/rdf/terms#")
FOAF = Namespace("http://xmlns.com/foaf/0.1/")
ODBL = "https://opendatacommons.org/licenses/odbl/1-0/"
RECORDS = ("dcat.jsonld", "dcat_city.jsonld")
PUBLISHER = """
    INSERT INTO layer.run VALUES ('city', 'Gent'), ('nis_code', '44021'), ('publisher', 'Stad Gent'), ('publisher_url', 'https://gent.example/'),
        ('contact_url', 'https://gent.example/vragen'), ('download_url', 'https://data.gent.example/onbenut/')"""


def graph_of(path: Path, base: str = "https://elsewhere.example/gent/dcat.jsonld") -> Graph:
    return Graph().parse(data=path.read_text(encoding="utf-8"), format="json-ld", base=base)


def faults(graph: Graph) -> list[str]:
    """What the profile finds wrong: properties."""
    ok, report, _text = validate(graph, shacl_graph=Graph().parse(SHAPES), inference="none")
    found = [] if ok else [str(path) for path in report.objects(None, URIRef("http://www.w3.org/ns/shacl#resultPath"))]
    return sorted(path.rsplit("/", 1)[-1].rsplit("#", 1)[-1] for path in found)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    con = make_layer(200)
    con.execute(PUBLISHER)
    outputs = tmp_path_factory.mktemp("catalogue")
    publish_city(con, "gent", CRS, outputs)
    con.close()
    return outputs / "gent"


@pytest.mark.parametrize("record", RECORDS)
def test_a_record_keeps_to_the_profile(folder: Path, voorbeeldstad: RunCity, record: str) -> None:
    for path in (folder / record, voorbeeldstad.outcome.products[record]):
        graph = graph_of(path)
        assert faults(graph) == []
        (right,) = graph.objects(None, DCTERMS.accessRights)
        assert str(right).endswith("/PUBLIC" if record == "dcat.jsonld" else "/NON_PUBLIC")
        assert all(
            str(node).split(":")[0] in ("http", "https") for node in graph.all_nodes() if isinstance(node, URIRef)
        )


@pytest.mark.parametrize(
    ("harm", "seen"),
    [
        ((None, DCAT.contactPoint, None), ["contactPoint", "contactPoint"]),
        ((None, DCAT.accessURL, None), ["accessURL"] * 6),
        ((None, DCTERMS.accessRights, None), ["accessRights"]),
        ((None, FOAF.primaryTopic, None), ["primaryTopic"]),
        ((None, RDF.type, DCTERMS.RightsStatement), ["rights"] * 6),
    ],
)
def test_a_record_that_lacks_what_the_profile_asks_is_seen(folder: Path, harm: Any, seen: list[str]) -> None:
    graph = graph_of(folder / "dcat.jsonld")
    graph.remove(harm)
    assert faults(graph) == seen


def test_every_file_of_the_set_is_in_the_record_of_its_audience_with_size_and_hash(folder: Path) -> None:
    names: dict[str, set[str]] = {}
    for record in RECORDS:
        graph = graph_of(folder / record)
        for node in graph.subjects(SPDX.checksum):
            address = str(graph.value(node, DCAT.downloadURL) or node)
            name = address.removeprefix("https://data.gent.example/onbenut/")
            digest = graph.value(graph.value(node, SPDX.checksum), SPDX.checksumValue)
            size = graph.value(node, DCAT.byteSize)
            content = (folder / name).read_bytes()
            assert (str(digest), int(str(size))) == (hashlib.sha256(content).hexdigest(), len(content)), name
            names.setdefault(record, set()).add(name)
    assert names["dcat_city.jsonld"] == {"gent_city.gpkg", "gent_city.parquet", "map_city.html"}
    assert names["dcat.jsonld"] | names["dcat_city.jsonld"] | set(RECORDS) == {path.name for path in folder.iterdir()}


def test_the_public_record_says_nothing_of_the_citys(folder: Path) -> None:
    text = (folder / "dcat.jsonld").read_text(encoding="utf-8")
    assert "Interne lijst" not in text
    assert "_city" not in text
    assert "Interne lijst" in (folder / "dcat_city.jsonld").read_text(encoding="utf-8")


def test_city_day_place_and_sources_are_the_runs(folder: Path) -> None:
    graph = graph_of(folder / "dcat.jsonld")
    (dataset,) = graph.subjects(RDF.type, DCAT.Dataset)
    assert Literal("run-7") == graph.value(dataset, DCAT.version)
    assert str(graph.value(dataset, DCTERMS.modified)) == "2026-03-02"
    assert URIRef("https://data.vlaanderen.be/id/gemeente/44021") in set(graph.objects(dataset, DCTERMS.spatial))
    (box,) = graph.objects(None, DCAT.bbox)
    assert str(box).startswith("POLYGON((3.")
    assert {str(title) for source in graph.objects(dataset, DCTERMS.source) for title in graph.objects(source, DCTERMS.title)} == {
        "GRB, gebouwen", "OpenStreetMap",
    }  # fmt: skip
    assert {str(one) for one in graph.objects(None, DCTERMS.license)} == {ODBL}
    assert not list(graph_of(folder / "dcat_city.jsonld").triples((None, DCTERMS.license, None)))[
        1:
    ]  # the source's own alone


def test_without_a_publisher_addresses_are_relative_and_no_profile_is_claimed(published: Path) -> None:
    graph = graph_of(published / "dcat.jsonld")
    assert faults(graph) == ["contactPoint", "contactPoint", "publisher", "publisher"]
    assert "DCAT-AP-VL" not in (published / "dcat.jsonld").read_text(encoding="utf-8")
    found = {str(one) for one in graph.objects(None, DCAT.downloadURL)}
    assert "https://elsewhere.example/gent/gent.gpkg" in found
    # Not a municipality of the Flemish Region, as nothing says which one it is.
    assert "id/gemeente" not in (published / "dcat.jsonld").read_text(encoding="utf-8")


def test_the_same_run_gives_the_same_record(layer: duckdb.DuckDBPyConnection, tmp_path: Path, published: Path) -> None:
    publish_city(layer, "gent", CRS, tmp_path)
    first, again = (
        json.loads((where / "dcat_city.jsonld").read_text(encoding="utf-8")) for where in (published, tmp_path / "gent")
    )
    assert first == again


def _source(licence: str | None, uri: str | None, feed: str = "a") -> Source:
    return Source(feed, f"Bron {feed}", "P", licence, uri, None, None)


@pytest.mark.parametrize(
    ("sources", "audience", "wanted"),
    [
        ([_source("GODL", "https://x.example/1"), _source("ODbL", ODBL)], "public", ODBL),
        (
            [_source("GODL", "https://x.example/1"), _source("GODL", "https://x.example/1")],
            "public",
            "https://x.example/1",
        ),
        ([_source("GODL", "https://x.example/1"), _source("MGH", "https://x.example/2")], "public", None),
        ([_source("GODL", "https://x.example/1"), _source(None, None)], "public", None),
        ([_source("GODL", "https://x.example/1"), _source("ODbL-1.0", None)], "public", ODBL),
        ([_source("ODbL", ODBL)], "city", None),
        ([], "public", None),
    ],
)
def test_the_whole_has_a_licence_only_where_the_sources_give_one(
    sources: list[Source], audience: str, wanted: str | None
) -> None:
    rights = rights_of(sources, audience)
    assert rights.licence_uri == wanted
    assert ("no licence stated" in rights.statement_en) == any(one.licence is None for one in sources)
    assert ("niet voor publicatie" in rights.statement_nl) == (audience == "city")


def test_a_file_that_changes_behind_the_record_is_not_published(
    layer: duckdb.DuckDBPyConnection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def late(_con: Any, _made: Any, folder: Path) -> list[Path]:
        (folder / "late.html").write_text("x")
        return [folder / "late.html"]

    def twice(*args: Any) -> list[Path]:
        """The record is held to what is there when it is written: a second look finds what came between."""
        written = write_catalogues(*args)
        path = args[2] / "dictionary.html"
        path.write_text("other", encoding="utf-8")
        from transforms.publish.catalogue import _check

        _check(args[2], written, "gent", set())
        return written

    from transforms.publish.publish import ABOUT

    monkeypatch.setattr("transforms.publish.publish.ABOUT", (*ABOUT[:-1], late, twice))
    with pytest.raises(PublishError, match="does not describe the file as it is"):
        publish_city(layer, "gent", CRS, tmp_path)


def attributions_in(path: Path) -> Callable[[str], bool]:
    """Whether a file of the set carries some words, read as its readers read it."""
    content = path.read_bytes()
    return lambda text: text.encode() in content or json.dumps(text).encode() in content


def test_every_product_carries_the_words_that_its_sources_ask_for(folder: Path, voorbeeldstad: RunCity) -> None:
    """Not the schemas and the tables of words: nobody's data are in them."""
    own = {"adverts.schema.json", "changes.schema.json", "matches.schema.json", "pins.schema.json", "dictionary.csv"}
    asked = {
        folder: ["Bron: GRB, Digitaal Vlaanderen", "© OpenStreetMap contributors"],
        voorbeeldstad.outcome.products["dcat.jsonld"].parent: ["Voorbeeldstad: made-up data, no real place"],
    }
    for where, texts in asked.items():
        for path in sorted(where.iterdir()):
            carries = attributions_in(path)
            expected = [] if path.name in own or path.name.endswith(".schema.json") else texts
            if "_city" in path.name and where == folder:
                expected = [*texts, "Interne lijst van de stad"]
            assert [text for text in expected if not carries(text)] == [], path.name


def test_a_document_keeps_its_place_when_only_the_public_is_published(
    layer: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    layer.execute(PUBLISHER)
    paths = publish_city(layer, "gent", CRS, tmp_path, ("public",))
    assert "dcat_city.jsonld" not in paths
    assert "dictionary.html" in paths["dcat.jsonld"].read_text(encoding="utf-8")


def test_a_layer_without_buildings_has_a_record_without_a_box(layer: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    layer.execute(PUBLISHER + "; DELETE FROM layer.building; DELETE FROM layer.evidence")
    graph = graph_of(publish_city(layer, "gent", CRS, tmp_path)["dcat.jsonld"])
    assert faults(graph) == []
    assert not list(graph.objects(None, DCAT.bbox))
