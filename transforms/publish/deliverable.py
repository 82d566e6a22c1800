"""What a product file is to the set it belongs to: a name, for whom, how it is written and how it is read back."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb

from transforms.publish.dictionary import Entry
from transforms.publish.rows import Product

Write = Callable[[duckdb.DuckDBPyConnection, Product, Sequence[Entry], Path], None]
"""Writes one edition's rows (`rows.ROWS`, `rows.SITES`) to a file that does not exist yet."""
Check = Callable[[duckdb.DuckDBPyConnection, Product, Sequence[Entry], Path], None]
"""Opens the file again with a reader that others use, and raises PublishError where it is not as meant."""

IsWanted = Callable[[Product], bool]
"""Says whether there is anything to write; without that there is no file."""


def always(_product: Product) -> bool:
    """Most files are there whatever is in them."""
    return True


@dataclass(frozen=True)
class Deliverable:
    """One file of a city's set.

    `name` is a template: `{stem}` is the city's slug with the edition behind it where that is not the public one
    (`gent`, `gent_city`, `gent_osm_free`), `{tail}` the edition alone (empty, `_city`, `_osm_free`). `editions` says
    of which layers such a file is made: `public`, `city`, `osm_free`.
    """

    name: str
    title_nl: str
    title_en: str
    media_type: str
    editions: tuple[str, ...]
    write: Write
    check: Check
    is_wanted: IsWanted = always

    def file_name(self, product: Product) -> str:
        """Name of the file in the city's folder."""
        return self.name.format(stem=product.stem, tail=product.stem.removeprefix(product.slug))


@dataclass(frozen=True)
class Made:
    """A file that was written and read back, and the warehouse its rows come from."""

    deliverable: Deliverable
    product: Product
    source: duckdb.DuckDBPyConnection
    path: Path


WriteAbout = Callable[[duckdb.DuckDBPyConnection, Sequence[Made], Path], list[Path]]
"""Writes into the folder what speaks of the whole set (a catalogue, schemas, a page of the dictionary); returns its files."""
