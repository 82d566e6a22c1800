"""Layers of business parks in the products: there where the city has parks, absent where it has none.

A layer without rows would say that somebody looked and found no park; most cities without one have no source of them.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import duckdb

from sources._kit.duck import literal

if TYPE_CHECKING:
    from transforms.publish.rows import Product

PARK_LAYERS = {
    "business_parks": ("business_park", "park_id"),
    "business_park_parcels": ("business_park_parcel", "parcel_id"),
}
"""Layer of the product -> table of schema `layer`, and its key; polygons."""
PARK_TABLES = {"park_indicators": "park_indicator", "park_sharing": "park_sharing", "park_matches": "park_match"}
"""Attribute table of the product -> table of schema `layer`."""


def park_tables(product: Product) -> list[str]:
    """Tables of schema `layer` that the product's layers of parks are made of."""
    tables = {**{layer: of[0] for layer, of in PARK_LAYERS.items()}, **PARK_TABLES}
    return [table for layer, table in tables.items() if layer in product.parks]


def with_parks(con: duckdb.DuckDBPyConnection, product: Product) -> Product:
    """The product with those of these layers that have rows for its audience."""
    found = []
    for layer, table in {**{name: of[0] for name, of in PARK_LAYERS.items()}, **PARK_TABLES}.items():
        exists = con.execute(
            "SELECT count(*) FROM information_schema.tables WHERE table_schema = 'layer' "
            f"AND table_name = {literal(table)}"
        ).fetchone() != (0,)
        rows = f"SELECT 1 FROM layer.{table} WHERE audience = {literal(product.audience)} LIMIT 1"
        if exists and con.execute(rows).fetchone():
            found.append(layer)
    return replace(product, parks=tuple(found))
