"""Layers that a product has only where the city has something of the kind: absent, not empty, where it has none.

A layer without rows would say that somebody looked and found none; most cities without business parks, or without adverts that the
audience may see, have no source of them.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import duckdb

from sources._kit.duck import literal
from transforms.publish.parks import PARK_LAYERS, PARK_TABLES

if TYPE_CHECKING:
    from transforms.publish.rows import Product

MATCH_LAYERS = {"matches": ("match", "request_id, building_id")}
"""Points; otherwise as `OPTIONAL_LAYERS`."""
OPTIONAL_LAYERS = {**PARK_LAYERS, **MATCH_LAYERS}
"""Layer of the product -> table of schema `layer`, and its key."""
OPTIONAL_TABLES = {**PARK_TABLES, "coalitions": "coalition"}
"""Attribute table of the product -> table of schema `layer`."""
_TABLES = {**{layer: of[0] for layer, of in OPTIONAL_LAYERS.items()}, **OPTIONAL_TABLES}


def optional_tables(product: Product) -> dict[str, str]:
    """Those of these layers that the product has -> table of schema `layer`."""
    return {layer: table for layer, table in _TABLES.items() if layer in product.optional}


def with_optional(con: duckdb.DuckDBPyConnection, product: Product) -> Product:
    """The product with those of these layers that have rows for its audience."""
    found = []
    for layer, table in _TABLES.items():
        exists = con.execute(
            "SELECT count(*) FROM information_schema.tables WHERE table_schema = 'layer' "
            f"AND table_name = {literal(table)}"
        ).fetchone() != (0,)
        rows = f"SELECT 1 FROM layer.{table} WHERE audience = {literal(product.audience)} LIMIT 1"
        if exists and con.execute(rows).fetchone():
            found.append(layer)
    return replace(product, optional=tuple(found))
