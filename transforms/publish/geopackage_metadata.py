"""What GDAL does not write into a GeoPackage: titles of columns, and the styles QGIS opens with."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from transforms.publish.codes import Codes
from transforms.publish.dictionary import Entry
from transforms.publish.optional import OPTIONAL_LAYERS
from transforms.publish.parks import PARK_LAYERS
from transforms.publish.qgis.match import match_qml, match_sld
from transforms.publish.qgis.park import park_qml, park_sld
from transforms.publish.qgis.qml import layer_qml
from transforms.publish.qgis.sld import layer_sld
from transforms.publish.qgis.words import LANGUAGES, STYLE_NAMES
from transforms.publish.rows import Product

STYLED_LAYERS = ("buildings", "sites", "pins", *OPTIONAL_LAYERS)
_STYLES = {**dict.fromkeys(PARK_LAYERS, (park_qml, park_sld)), "matches": (match_qml, match_sld)}
# Columns whose values are codes of a closed list, so that GDAL offers them as a domain. Columns that hold words are not: a word
# that a source brings would break the file.
CODED_COLUMNS = (
    "type", "underuse_band", "legal_status", "use", "kind", "change", "theme", "park_source", "parcel_source", "in_use", "built",
    "availability", "parcel_function", "restriction", "request_kind", "search_status",
)  # fmt: skip
_DESCRIPTIONS = {
    "buildings": (
        "gebouwen",
        "Atypische gebouwen met signalen van onderbenutting / Atypical buildings with signs of underuse",
    ),
    "sites": ("sites", "Gebouwen die samen één plek zijn / Buildings that are one place together"),
    "pins": ("punten", "Dezelfde gebouwen als punt / The same buildings as points"),
    "business_parks": (
        "bedrijventerreinen",
        "Bedrijventerreinen met hun kerncijfers / Business parks with their headline numbers",
    ),
    "business_park_parcels": ("percelen", "Percelen van bedrijventerreinen / Parcels of business parks"),
    "park_indicators": (
        "indicatoren",
        "Wat van elk bedrijventerrein bekend is, met dekking en bron / What is known of each business park, with coverage and source",
    ),
    "park_sharing": (
        "delen",
        "Welke percelen en gebouwen best gedeeld worden / Which parcels and buildings are best shared",
    ),
    "park_matches": (
        "vraag en aanbod",
        "Vraag en aanbod in bedrijventerreinen / Requests and offers in business parks",
    ),
    "matches": (
        "matches",
        "Zoekertjes en gebouwen die bij elkaar passen: een signaal, niemand werd gevraagd / Adverts and buildings that fit: a signal, nobody was asked",
    ),
    "coalitions": (
        "coalities",
        "Groepen die samen een groot gebouw vullen / Sets of parties that together fill a large building",
    ),
    "evidence": ("aanwijzingen", "Aanwijzingen achter de scores / Evidence behind the scores"),
    "reuse": ("hergebruik", "De drie gebruiken die best passen / The three uses that suit best"),
    "codes": ("codelijst", "Betekenis van codes en woorden / Meaning of codes and words"),
    "sources": ("bronnen", "Bronnen, licenties en naamsvermeldingen / Sources, licences and attributions"),
    "changes": ("wijzigingen", "Wijzigingen sinds de vorige uitgave / Changes since the previous edition"),
    "dictionary": ("woordenboek", "Betekenis van elke kolom / Meaning of every column"),
    "run": ("uitgave", "Hoe en wanneer deze laag gemaakt is / How and when this layer was made"),
    "layer_styles": ("stijlen", "Stijlen als QML en SLD / Styles as QML and SLD"),
}
# Tables as the standard (schema extension) and QGIS (layer_styles) define them, to the letter.
_TABLES = """
CREATE TABLE gpkg_data_columns (table_name TEXT NOT NULL, column_name TEXT NOT NULL, name TEXT, title TEXT,
    description TEXT, mime_type TEXT, constraint_name TEXT,
    CONSTRAINT pk_gdc PRIMARY KEY (table_name, column_name), CONSTRAINT gdc_tn UNIQUE (table_name, name));
CREATE TABLE gpkg_data_column_constraints (constraint_name TEXT NOT NULL, constraint_type TEXT NOT NULL,
    value TEXT, min NUMERIC, min_is_inclusive BOOLEAN, max NUMERIC, max_is_inclusive BOOLEAN,
    description TEXT,
    CONSTRAINT gdcc_ntv UNIQUE (constraint_name, constraint_type, value));
CREATE TABLE layer_styles (id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL, f_table_catalog TEXT(256),
    f_table_schema TEXT(256), f_table_name TEXT(256), f_geometry_column TEXT(256),
    styleName TEXT(30), styleQML TEXT, styleSLD TEXT, useAsDefault BOOLEAN, description TEXT,
    owner TEXT(30), ui TEXT(30),
    update_time DATETIME DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ','now')));
"""
_EXTENSION = "http://www.geopackage.org/spec121/#extension_schema"


def write_metadata(path: Path, product: Product, entries: Sequence[Entry], codes: Codes) -> None:
    """Add column titles, value lists, styles, identifiers and descriptions to what GDAL has written."""
    with closing(sqlite3.connect(path)) as db, db:
        db.execute("PRAGMA synchronous = OFF")  # see write_geopackage
        for statement in _TABLES.split(";\n"):
            db.execute(statement)
        _register(db, product)
        _describe_columns(db, entries, codes)
        _add_styles(db, product, entries, codes)
        _describe_tables(db, product)


def _register(db: sqlite3.Connection, product: Product) -> None:
    db.executemany(
        "INSERT INTO gpkg_extensions VALUES (?, NULL, 'gpkg_schema', ?, 'read-write')",
        [("gpkg_data_columns", _EXTENSION), ("gpkg_data_column_constraints", _EXTENSION)],
    )
    db.execute(
        "INSERT INTO gpkg_contents (table_name, data_type, identifier, last_change) "
        "VALUES ('layer_styles', 'attributes', 'layer_styles', ?)",
        [product.run.last_change],
    )


def _describe_columns(db: sqlite3.Connection, entries: Sequence[Entry], codes: Codes) -> None:
    present = {entry.column_name for entry in entries}
    listed = [column for column in CODED_COLUMNS if column in codes and column in present]
    db.executemany(
        "INSERT INTO gpkg_data_column_constraints (constraint_name, constraint_type, value, description) "
        "VALUES (?, 'enum', ?, ?)",
        [
            (column, code.value, " / ".join(dict.fromkeys((code.title_nl, code.title_en))))
            for column in listed
            for code in codes[column]
        ],
    )
    rows = []
    for entry in entries:
        constraint = entry.column_name if entry.column_name in listed else None
        # `name` must be unique within a table and titles need not be: it stays the column's own.
        rows.append(
            (
                entry.table_name,
                entry.column_name,
                entry.column_name,
                entry.title,
                entry.description,
                constraint,
            )
        )
    db.executemany("INSERT INTO gpkg_data_columns VALUES (?, ?, ?, ?, ?, NULL, ?)", rows)


def _add_styles(db: sqlite3.Connection, product: Product, entries: Sequence[Entry], codes: Codes) -> None:
    """A style per layer and language; QGIS opens a layer with the Dutch one."""
    present = {entry.table_name for entry in entries}
    for layer in (name for name in STYLED_LAYERS if name in present):
        for language in LANGUAGES:
            as_qml, as_sld = _STYLES.get(layer, (layer_qml, layer_sld))
            # Schema and catalogue are empty rather than NULL: QGIS looks them up with `= ''`.
            db.execute(
                "INSERT INTO layer_styles (f_table_catalog, f_table_schema, f_table_name, f_geometry_column, "
                "styleName, styleQML, styleSLD, useAsDefault, description, owner, update_time) "
                "VALUES ('', '', ?, 'geom', ?, ?, ?, ?, ?, 'onbenut', ?)",
                [
                    layer,
                    STYLE_NAMES[language],
                    as_qml(layer, entries, codes, language),
                    as_sld(layer, language),
                    language == LANGUAGES[0],
                    _DESCRIPTIONS[layer][1],
                    product.run.last_change,
                ],
            )


def _describe_tables(db: sqlite3.Connection, product: Product) -> None:
    for table, (word, description) in _DESCRIPTIONS.items():
        text = (
            f"{description}. {product.attribution}" if table in STYLED_LAYERS and product.attribution else description
        )
        db.execute(
            "UPDATE gpkg_contents SET identifier = ?, description = ?, last_change = ? WHERE table_name = ?",
            [f"{product.stem}: {word}", text, product.run.last_change, table],
        )
