"""Holding what a feed says to what the layer says."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import duckdb

from sources._kit.errors import PublishError
from transforms.publish.rows import Product


def refuse_contradictions(
    con: duckdb.DuckDBPyConnection, product: Product, path: Path, table: str, problems: Mapping[str, str]
) -> None:
    """Hold what a feed says to what the layer says.

    Args:
        con: any connection.
        product: whose the feed is.
        path: the file.
        table: table of schema `layer` it is made of.
        problems: what would be wrong -> SQL that gives the values of which it is true.

    Raises:
        PublishError: one of the queries gives a row.
    """
    for what, query in problems.items():
        found = con.execute(f"{query} ORDER BY 1 LIMIT 1").fetchone()
        if found:
            raise PublishError(
                f"the {table} feed contradicts the layer: {what}",
                city=product.slug,
                file=path.name,
                table=f"layer.{table}",
                value=found[0],
                next_step="the published set is unchanged; report this",
            )
