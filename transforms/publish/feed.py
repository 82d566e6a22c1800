"""A feed for machines: one JSON object with a head and its lists, one item a line, so that neither end has to hold it whole."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import duckdb

from sources._kit.duck import literal
from sources._kit.errors import PublishError
from transforms.publish.rights import read_sources, rights_of
from transforms.publish.rows import Product

_BATCH = 20_480
_LINE_MAX = 1_000_000  # bytes; a building has some hundreds


def feed_head(
    con: duckdb.DuckDBPyConnection, product: Product, schema: str, schema_file: str, count: int
) -> dict[str, Any]:
    """What a reader must know before the first item: which schema, which city, which day, whose words, how many items."""
    rights = rights_of(read_sources(con, product.audience), product.audience)
    return {
        "schema": schema,
        "schema_file": schema_file,
        "city": product.slug,
        "as_of": product.run.as_of.isoformat(),
        "run_id": product.run.run_id,
        "licence": rights.licence,
        "licence_uri": rights.licence_uri,
        "rights": rights.statement,
        "attribution": product.attribution,
        "count": count,
    }


def write_feed(
    con: duckdb.DuckDBPyConnection, head: dict[str, Any], key: str, queries: Iterable[str], path: Path
) -> None:
    """Write the head and, as the list `key`, the JSON texts that the queries give in their only column, one query after another."""
    write_lists(con, head, {key: queries}, path)


def write_lists(
    con: duckdb.DuckDBPyConnection, head: dict[str, Any], lists: Mapping[str, Iterable[str]], path: Path
) -> None:
    """Write the head and several lists, each as `write_feed` has it."""
    with path.open("w", encoding="utf-8", newline="\n") as file:
        file.write(json.dumps(head, ensure_ascii=False)[:-1])
        for key, queries in lists.items():
            file.write(f", {json.dumps(key)}: [\n")
            separator = ""
            for query in queries:
                for batch in con.execute(query).to_arrow_reader(_BATCH):
                    if batch.num_rows:
                        file.write(separator + ",\n".join(batch.column(0).to_pylist()))
                        separator = ",\n"
            file.write("\n]")
        file.write("}\n")


def read_head(path: Path) -> dict[str, Any]:
    """The head of a feed, from its first line alone, which ends where the first list begins."""
    with path.open(encoding="utf-8") as file:
        found: dict[str, Any] = json.loads(file.readline().rstrip() + "]}")
    found.popitem()
    return found


def items_query(path: Path, first: str = "") -> str:
    """SQL that reads the items back, one row each with the column `item` (JSON), in bounded memory.

    `first` tells the items of one list from those of others: the key each begins with.
    """
    start = "{" + (first and json.dumps(first))
    return f"""
        SELECT CAST(rtrim(line, ',') AS JSON) AS item
        FROM read_csv({literal(path)}, columns = {{'line': 'VARCHAR'}}, auto_detect = false, header = false, delim = '\\x01',
            quote = '', escape = '', skip = 1, max_line_size = {_LINE_MAX})
        WHERE starts_with(line, {literal(start)})
    """


def hold_to_schema(
    con: duckdb.DuckDBPyConnection,
    product: Product,
    path: Path,
    key: str,
    schema: dict[str, Any],
    item: str,
    first: str = "",
    count: str = "count",
) -> None:
    """Hold head and items to the keys their schema lists, and the number of items to what the head says.

    Args:
        con: any connection.
        product: whose the feed is.
        path: the file.
        key: name of the list.
        schema: the JSON schema.
        item: definition in the schema whose properties the items have, with the path to it behind a colon: `pin:$.properties`.
        first: where there are several lists: as of `items_query`.
        count: key of the head that says how many there are.

    Raises:
        PublishError: a key is missing or one too many, or items are.
    """
    definition, place = item.split(":")
    head = read_head(path)
    wanted = [name for name, shape in schema["properties"].items() if shape.get("type") != "array"]
    if sorted(head) != sorted(wanted):
        raise _fault(product, path, "keys of the head", sorted(head), sorted(wanted))
    names = list(schema["$defs"][definition]["properties"])
    rows = con.execute(f"""
        SELECT list_sort(json_keys(item, {literal(place)})) AS keys, count(*) FROM ({items_query(path, first)}) GROUP BY keys ORDER BY keys
    """).fetchall()
    if sum(row[1] for row in rows) != head[count]:
        raise _fault(product, path, f"number of {key}", sum(row[1] for row in rows), head[count])
    for keys, _count in rows:
        if keys != sorted(names):
            raise _fault(product, path, f"keys of {key}", keys, sorted(names))


def _fault(product: Product, path: Path, what: str, found: object, wanted: object) -> PublishError:
    return PublishError(
        f"a feed is not what its schema says: {what}",
        city=product.slug,
        file=path.name,
        value=found,
        wanted=wanted,
        next_step="the published set is unchanged; run again, and report this if it stays",
    )
