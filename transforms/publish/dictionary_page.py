"""The data dictionary as a page to read and print, and as a table: what every column and every code means."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import astuple, dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

import duckdb

from sources._kit.errors import PublishError
from transforms.publish.deliverable import Made
from transforms.publish.dictionary import DICTIONARY_COLUMNS, Entry, read_dictionary
from transforms.publish.rights import read_sources, rights_of
from transforms.publish.rows import Product, layer_tables, run_value, table_query

TEMPLATES = Path(__file__).with_name("templates")
PAGE, TABLE = "dictionary.html", "dictionary.csv"
# Layer -> Dutch and English title, and what it holds.
_LAYERS = {
    "buildings": ("Gebouwen", "Buildings", "Een rij per gebouw, met omtrek.", "One row per building, with its outline."),
    "sites": ("Sites", "Sites", "Gebouwen die samen een plek zijn.", "Buildings that are one place together."),
    "pins": ("Punten", "Pins", "Dezelfde gebouwen als punt, met minder kolommen.", "The same buildings as points, with fewer columns."),
    "business_parks": ("Bedrijventerreinen", "Business parks", "Een rij per terrein, waar de stad er heeft.", "One row per park, where the city has any."),
    "business_park_parcels": ("Percelen", "Parcels", "De percelen van die terreinen.", "The parcels of those parks."),
    "park_indicators": ("Indicatoren", "Indicators", "Wat van elk terrein bekend is, in zes thema's.", "What is known of each park, in six themes."),
    "park_sharing": ("Delen", "Sharing", "Welke percelen en gebouwen van elk terrein best gedeeld worden.", "Which parcels and buildings of each park are best shared."),
    "park_matches": ("Vraag en aanbod", "Requests and offers", "Wie een plaats vraagt in of bij elk terrein, en wat er is.", "Who asks for a place in or near each park, and what there is."),
    "matches": ("Matches", "Matches", "Een rij per zoekertje en gebouw die bij elkaar passen: een signaal, niemand werd gevraagd.", "One row per advert and building that fit: a signal, nobody was asked."),
    "coalitions": ("Coalities", "Coalitions", "Een rij per lid van een groep die samen een groot gebouw vult.", "One row per member of a set that together fills a large building."),
    "evidence": ("Aanwijzingen", "Evidence", "Een rij per waarneming achter de kans.", "One row per observation behind the probability."),
    "reuse": ("Hergebruik", "Reuse", "De drie gebruiken die best passen.", "The three uses that suit best."),
    "sources": ("Bronnen", "Sources", "Bronnen, licenties en bronvermeldingen.", "Sources, licences and attributions."),
    "changes": ("Wijzigingen", "Changes", "Gebouwen die er niet meer in staan.", "Buildings that are no longer there."),
    "codes": ("Codelijst", "Code list", "Betekenis van codes en woorden.", "Meaning of codes and words."),
    "run": ("Uitgave", "Edition", "Hoe en wanneer de laag gemaakt is.", "How and when the layer was made."),
    "dictionary": ("Woordenboek", "Dictionary", "Dit woordenboek, als tabel.", "This dictionary, as a table."),
}  # fmt: skip

_CODED = (
    "buildings", "sites", "pins", "evidence", "reuse", "changes", "business_parks", "business_park_parcels", "park_indicators", "matches",
    "coalitions",
)  # fmt: skip
_TYPES = {
    "VARCHAR": ("tekst", "text"), "DOUBLE": ("getal", "number"), "INTEGER": ("geheel getal", "whole number"), "DATE": ("datum", "date"),
    "BIGINT": ("geheel getal", "whole number"), "BOOLEAN": ("ja of nee", "yes or no"), "GEOMETRY": ("geometrie", "geometry"),
}  # fmt: skip
_UNITS = {
    "m2": ("m²", ""), "m3": ("m³", ""), "points": ("punten", "points"), "storeys": ("bouwlagen", "storeys"), "days": ("dagen", "days"),
    "rows": ("rijen", "rows"),
}  # fmt: skip


@dataclass(frozen=True)
class Section:
    """One layer of the page."""

    name: str
    title_nl: str
    title_en: str
    text_nl: str
    text_en: str
    entries: list[Entry]


def write_dictionary(con: duckdb.DuckDBPyConnection, made: Sequence[Made], folder: Path) -> list[Path]:
    """Write page and table; all editions have the same columns, so there is one of each. An edition may lack whole layers.

    Raises:
        PublishError: an edition has columns that the other has not, or the table did not read back.
    """
    editions = {item.product.edition: item for item in made}.values()
    found = [read_dictionary(item.source, layer_tables(item.source, item.product)) for item in editions]
    # One edition may lack what another has (parks without OpenStreetMap, adverts that the city alone may see): what any has is described.
    layers = {name: rows for one in sorted(found, key=len, reverse=True) for name, rows in _by_layer(one).items()}
    entries = [entry for rows in layers.values() for entry in rows]
    product = next(iter(editions)).product
    if any(layers[name] != rows for one in found for name, rows in _by_layer(one).items()):
        raise PublishError(
            "the editions do not have the same columns",
            city=product.slug,
            file=PAGE,
            next_step="write a dictionary for each (transforms/publish/dictionary_page.py)",
        )
    page, table = folder / PAGE, folder / TABLE
    page.write_text(_page(con, product, entries), encoding="utf-8", newline="\n")
    with table.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(DICTIONARY_COLUMNS)
        writer.writerows(astuple(entry) for entry in entries)
    _check(table, product, len(entries))
    return [page, table]


def _by_layer(entries: Sequence[Entry]) -> dict[str, list[Entry]]:
    return {name: list(rows) for name, rows in groupby(entries, key=lambda entry: entry.table_name)}


def _page(con: duckdb.DuckDBPyConnection, product: Product, entries: Sequence[Entry]) -> str:
    # Here, because a night in which nothing changed need not load it.
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    codes = _codes(con, product)
    rights = rights_of(read_sources(con, product.audience), product.audience)
    environment = Environment(loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined)
    return environment.get_template(PAGE).render(
        city=run_value(con, "city") or product.slug,
        as_of=product.run.as_of.isoformat(),
        run_id=product.run.run_id,
        layers=[_section(name, list(rows)) for name, rows in groupby(entries, key=lambda entry: entry.table_name)],
        codes=codes,
        coded_layers=_CODED,
        types={kind: _both(*pair) for kind, pair in _TYPES.items()},
        units={unit: _both(*pair) for unit, pair in _UNITS.items()},
        attribution=product.attribution,
        rights_nl=rights.statement_nl,
        rights_en=rights.statement_en,
    )


def _both(dutch: str, english: str) -> str:
    """Words of this module as HTML, the English under the Dutch."""
    return f'{dutch}<br><span lang="en">{english}</span>' if english else dutch


def _section(name: str, entries: list[Entry]) -> Section:
    return Section(name, *_LAYERS.get(name, (name, name, "", "")), entries)


def _codes(con: duckdb.DuckDBPyConnection, product: Product) -> dict[str, list[tuple[Any, ...]]]:
    """Column -> its codes in their order, but for columns that hold the word itself."""
    rows = con.execute(
        f"SELECT column_name, code, title_nl, title_en FROM ({table_query(con, 'code', product.audience)}) ORDER BY column_name, place, code"
    ).fetchall()
    return {column: list(found) for column, found in groupby(rows, key=lambda row: str(row[0]))}


def _check(table: Path, product: Product, wanted: int) -> None:
    with table.open(encoding="utf-8", newline="") as file:
        found = sum(1 for _row in csv.DictReader(file))
    if found != wanted:
        raise PublishError(
            "the table of the dictionary did not read back",
            city=product.slug,
            file=TABLE,
            value=found,
            wanted=wanted,
            next_step="the published set is unchanged; run again, and report this if it stays",
        )
