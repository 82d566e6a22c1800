"""The data dictionary of the products: every column of every layer, in Dutch and English."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import astuple, dataclass, fields, replace

import duckdb
import pyarrow as pa

from sources._kit.errors import PublishError

GEOMETRY = "geom"


@dataclass(frozen=True)
class Entry:
    """One column of one layer. Absent texts are None, never an empty string."""

    table_name: str
    column_name: str
    position: int
    type: str | None
    unit: str | None
    title_nl: str | None
    title_en: str | None
    meaning_en: str | None
    meaning_nl: str | None

    @property
    def title(self) -> str:
        """What a column heading shows: Dutch, else English, else the name itself."""
        return self.title_nl or self.title_en or self.column_name

    @property
    def description(self) -> str | None:
        """Dutch / English, with the unit; None where neither language says anything."""
        texts = [text for text in (self.meaning_nl, self.meaning_en) if text]
        if not texts:
            return None
        return " / ".join(dict.fromkeys(texts)) + (f" [{self.unit}]" if self.unit else "")


# Columns that the products add themselves; nothing in the warehouse can describe them.
_GEOMETRY_TEXT = {
    "buildings": ("Grondvlak", "Footprint", "footprint of the building", "grondvlak van het gebouw"),
    "sites": (
        "Grondvlak",
        "Footprint",
        "footprints of the buildings of the site",
        "grondvlakken van de gebouwen van de site",
    ),
    "business_parks": ("Omtrek", "Outline", "outline of the business park", "omtrek van het bedrijventerrein"),
    "business_park_parcels": ("Omtrek", "Outline", "outline of the parcel", "omtrek van het perceel"),
    "matches": ("Punt", "Point", "a point inside the building", "een punt binnen het gebouw"),
    "pins": ("Punt", "Point", "a point inside the building", "een punt binnen het gebouw"),
}
_OWN = (
    ("table_name", "VARCHAR", "Tabel", "Table", "layer or table of the product", "laag of tabel"),
    ("column_name", "VARCHAR", "Kolom", "Column", "name of the column", "naam van de kolom"),
    ("position", "INTEGER", "Volgorde", "Position", "place in its table", "plaats in de tabel"),
    ("type", "VARCHAR", "Type", "Type", "data type in the warehouse", "gegevenstype in de databank"),
    ("unit", "VARCHAR", "Eenheid", "Unit", "unit of the values", "eenheid van de waarden"),
    ("title_nl", "VARCHAR", "Titel (Nederlands)", "Title (Dutch)", "Dutch title", "Nederlandse titel"),
    ("title_en", "VARCHAR", "Titel (Engels)", "Title (English)", "English title", "Engelse titel"),
    ("meaning_en", "VARCHAR", "Betekenis (Engels)", "Meaning (English)", "in English", "in het Engels"),
    ("meaning_nl", "VARCHAR", "Betekenis (Nederlands)", "Meaning (Dutch)", "in Dutch", "in het Nederlands"),
)  # fmt: skip
DICTIONARY_COLUMNS = tuple(row[0] for row in _OWN)


def read_dictionary(con: duckdb.DuckDBPyConnection, tables: Mapping[str, tuple[str, Sequence[str]]]) -> list[Entry]:
    """Describe each column of each layer of a product.

    Args:
        con: warehouse with `meta.column`.
        tables: layer of the product -> (table of schema `layer` it is made of, its columns without geometry).

    Returns:
        Entries in the order of `tables` and of their columns, then the dictionary's own.

    Raises:
        PublishError: a column of a layer has no entry in `meta.column`.
    """
    names = [field.name for field in fields(Entry)]
    rows = con.execute(f"SELECT {', '.join(names)} FROM meta.column WHERE schema_name = 'layer'").fetchall()
    known = {(row[0], row[1]): Entry(*row[:3], *[text or None for text in row[3:]]) for row in rows}
    entries: list[Entry] = []
    missing: list[str] = []
    for layer, (table, columns) in tables.items():
        if layer in _GEOMETRY_TEXT:
            entries.append(Entry(layer, GEOMETRY, 0, "GEOMETRY", None, *_GEOMETRY_TEXT[layer]))
        for position, column in enumerate(columns, start=1):
            if entry := known.get((table, column)):
                entries.append(replace(entry, table_name=layer, position=position))
            else:
                missing.append(f"layer.{table}.{column}")
    if missing:
        raise PublishError(
            "a column has no entry in the data dictionary",
            table="meta.column",
            column=", ".join(dict.fromkeys(missing)),
            next_step="describe it in the header of the table that makes it",
        )
    own = [Entry("dictionary", name, i, kind, None, *text) for i, (name, kind, *text) in enumerate(_OWN, start=1)]
    return entries + own


def dictionary_table(entries: Sequence[Entry]) -> pa.Table:
    """The dictionary as an Arrow table, one row per column of the product."""
    columns = list(zip(*(astuple(entry) for entry in entries), strict=True))
    types = {"position": pa.int32()}
    schema = pa.schema([(name, types.get(name, pa.string())) for name in DICTIONARY_COLUMNS])
    return pa.table(
        [pa.array(values, field.type) for values, field in zip(columns, schema, strict=True)], schema=schema
    )
