"""The words behind the codes of the layer, in Dutch and in English, as value lists need them."""

from __future__ import annotations

from dataclasses import dataclass

import duckdb

from sources._kit.duck import identifier, literal
from sources._kit.errors import PublishError
from transforms.publish.optional import optional_tables
from transforms.publish.rows import ATTRIBUTE_TABLES, ROWS, SITES, Product, table_columns, table_query


@dataclass(frozen=True)
class Code:
    """A value of a column and what it means."""

    value: str
    title_nl: str
    title_en: str

    def title(self, language: str) -> str:
        """The word in `nl` or `en`."""
        return self.title_nl if language == "nl" else self.title_en


Codes = dict[str, tuple[Code, ...]]
"""Column -> its values, in the order of a list."""


def read_codes(con: duckdb.DuckDBPyConnection) -> Codes:
    """All value lists of `layer.code`."""
    rows = con.execute("SELECT column_name, code, title_nl, title_en FROM layer.code ORDER BY column_name, place, code")
    found: dict[str, list[Code]] = {}
    for column, *words in rows.fetchall():
        found.setdefault(column, []).append(Code(*words))
    return {column: tuple(codes) for column, codes in found.items()}


def check_codes(con: duckdb.DuckDBPyConnection, product: Product, codes: Codes) -> None:
    """Hold every coded column of a product to its list: a reader shows a value that is not on it as if nothing were known.

    Raises:
        PublishError: a value is on no list. NULL is no value.
    """
    tables = {"building": (ROWS, product.columns), "site": (SITES, product.site_columns)} | {
        table: (f"({table_query(con, table, product.audience)})", tuple(table_columns(con, table)))
        for table in (*ATTRIBUTE_TABLES.values(), *optional_tables(product).values())
    }
    for table, (source, columns) in tables.items():
        for column in (name for name in columns if name in codes):
            name, known = identifier(column), ", ".join(literal(code.value) for code in codes[column])
            row = con.execute(f"SELECT min({name}), count(*) FROM {source} WHERE {name} NOT IN ({known})").fetchone()
            assert row is not None
            if row[1]:
                raise PublishError(
                    "a value is not on the list of its column",
                    city=product.slug,
                    table=f"layer.{table}",
                    column=column,
                    value=row[0],
                    rows=row[1],
                    next_step="add it in transforms/layer/code.sql, or to the reference that names it",
                )
