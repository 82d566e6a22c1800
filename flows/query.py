"""Reading a city's warehouse: finding the file, opening it for reading only, asking one question of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from flows.workspace import Workspace
from sources._kit.duck import connect, literal
from sources._kit.errors import OnbenutError

_READS = (duckdb.StatementType.SELECT, duckdb.StatementType.EXPLAIN)
_BATCH = 2048


class QueryError(OnbenutError):
    """The question cannot be answered: bad SQL, a write, more than one statement."""


@dataclass(frozen=True)
class Answer:
    """Column names and batches of rows; geometries are WKT already."""

    columns: tuple[str, ...]
    batches: Iterator[list[tuple[Any, ...]]]


def city_slug(city: str) -> str:
    """Slug of a city given by slug or by the path of its file; the file itself is not read."""
    path = Path(city)
    return (path.stem if path.suffix == ".toml" else path.name).lower().replace("-", "_")


def own_city(slug: str) -> str:
    """The city a slug is about: of the variant `antwerpen~mine` that is `antwerpen`."""
    return slug.split("~", maxsplit=1)[0]


def known_slugs(space: Workspace) -> list[str]:
    """Cities, and variants of them, that have a warehouse file."""
    return sorted(path.stem for path in space.warehouse("x").parent.glob("[!.]*.duckdb"))


def open_warehouse(city: str, space: Workspace, *, spatial: bool = False) -> duckdb.DuckDBPyConnection:
    """Open a city's warehouse for reading; a run that writes swaps in another file and is not in the way.

    Raises:
        OnbenutError: the city has not been run, or the file cannot be read.
    """
    slug = city_slug(city)
    path = space.warehouse(slug)
    if not path.exists():
        known = ", ".join(known_slugs(space)) or "none"
        raise OnbenutError(
            "this city has no warehouse yet",
            city=slug,
            file=path,
            next_step=f"onbenut run {city}; cities that were run: {known}",
        )
    try:
        return connect(path, read_only=True, spatial=spatial)
    except duckdb.Error as error:
        raise OnbenutError(
            "the warehouse cannot be opened",
            city=slug,
            file=path,
            value=first_line(error),
            next_step="see who else holds it open; if it is damaged, remove it and run the city again",
        ) from error


def rows(con: duckdb.DuckDBPyConnection, query: str) -> list[dict[str, Any]]:
    """All rows of a query of our own as dictionaries.

    Values stand in the query as literals: a bound parameter makes DuckDB import pandas.

    Raises:
        OnbenutError: the warehouse was made by a version whose tables differ.
    """
    try:
        found = con.execute(query)
    except (duckdb.CatalogException, duckdb.BinderException) as error:
        raise OnbenutError(
            "the warehouse lacks what this command reads",
            value=first_line(error),
            next_step="it was made by another version, or a run of it never ended: run the city again",
        ) from error
    names = [column[0] for column in found.description]
    return [dict(zip(names, row, strict=True)) for row in found.fetchall()]


def ask(city: str, space: Workspace, sql: str) -> Answer:
    """Answer one SELECT on a city's warehouse. Nothing is written, neither to the file nor beside it.

    Raises:
        QueryError: not one statement that reads, or DuckDB refuses it.
        OnbenutError: the city has not been run.
    """
    statements = _statements(sql, city_slug(city))
    if len(statements) != 1 or statements[0].type not in _READS:
        raise QueryError(
            "only one statement that reads is allowed",
            city=city_slug(city),
            value=", ".join(statement.type.name for statement in statements) or "nothing",
            next_step="the tables are made by `onbenut run`; to write, copy the file and open the copy in DuckDB",
        )
    con = open_warehouse(city, space)
    try:
        return _execute(con, sql)
    except duckdb.CatalogException:
        # Most questions need no spatial function; loading the extension costs a fifth of a second.
        con.close()
        con = open_warehouse(city, space, spatial=True)
    except duckdb.Error as error:
        raise _refused(error, city) from error
    try:
        return _execute(con, sql)
    except duckdb.Error as error:
        raise _refused(error, city) from error


def first_line(error: BaseException) -> str:
    """What a library says, without its drawing of the place."""
    text = str(error).split("\n\nLINE ", maxsplit=1)[0]
    return " ".join(text.split())[:300]


def _statements(sql: str, slug: str) -> list[duckdb.Statement]:
    try:
        return duckdb.extract_statements(sql)
    except duckdb.Error as error:
        raise _refused(error, slug) from error


def _refused(error: duckdb.Error, city: str) -> QueryError:
    return QueryError(
        "DuckDB refuses the query",
        city=city_slug(city),
        value=first_line(error),
        next_step=f"onbenut sql {city} 'SHOW ALL TABLES' and 'DESCRIBE layer.building' say what there is",
    )


def _execute(con: duckdb.DuckDBPyConnection, sql: str) -> Answer:
    # EXPLAIN ANALYZE runs what it explains, and a SELECT can read any file: neither may leave the warehouse.
    con.execute("SET enable_external_access = false; SET lock_configuration = true")
    found = con.execute(sql)
    shapes = [place for place, column in enumerate(found.description) if str(column[1]) == "GEOMETRY"]
    return Answer(tuple(column[0] for column in found.description), _batches(con, found, shapes))


def _batches(
    con: duckdb.DuckDBPyConnection, found: duckdb.DuckDBPyConnection, shapes: list[int]
) -> Iterator[list[tuple[Any, ...]]]:
    other = con.cursor() if shapes else con  # a question on `con` itself would end the one it is answering
    try:
        while batch := found.fetchmany(_BATCH):
            for place in shapes:
                texts = _texts(other, [row[place] for row in batch])
                batch = [(*row[:place], text, *row[place + 1 :]) for row, text in zip(batch, texts, strict=True)]
            yield batch
    except duckdb.Error as error:
        raise QueryError("the query broke off", value=first_line(error), next_step="mend the query") from error
    finally:
        con.close()


def _texts(con: duckdb.DuckDBPyConnection, blobs: list[bytes | None]) -> list[str | None]:
    # As text within the query: a bound parameter makes DuckDB import pandas, which takes longer than the rest.
    hexes = " ".join("-" if blob is None else blob.hex() for blob in blobs)
    query = f"""
        SELECT ST_AsText(ST_GeomFromWKB(from_hex(nullif(shape, '-'))))
        FROM (SELECT unnest(string_split({literal(hexes)}, ' ')) AS shape)
    """
    return [row[0] for row in con.execute(query).fetchall()]
