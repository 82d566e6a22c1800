"""Holding a file of adverts to what a run would hold it to: the same parser and the same table, in a database of its own."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import date
from pathlib import Path

import duckdb

from flows.adverts.feed import ADVERTS, adverts_feed
from flows.query import open_warehouse
from flows.table_steps import prepare_warehouse, read_plan, write_reference
from flows.workspace import Workspace
from sources._kit.city import City
from sources._kit.contract import load_source
from sources._kit.duck import connect, literal
from sources._kit.errors import OnbenutError
from sources._kit.fetch import fetch_files
from sources._kit.snapshot import Store
from transforms._kit.intake import make_intake
from transforms._kit.runner import build, define_macros

TABLE = "staging.space_request"
BEFORE = "before"
"""Feed of the list that is replaced, in the scratch database."""


@contextmanager
def checked(path: Path, before: Path, city: City, space: Workspace, as_of: date) -> Iterator[duckdb.DuckDBPyConnection]:
    """A scratch database with `raw.adverts_advert`, `raw.before_advert`, `staging.space_request` and `staging.reject`.

    Whether a place lies in the city is judged by the city's newest run; a city that was not run yet has none to judge by.

    Args:
        path: the file to import.
        before: the list that is there; it need not exist.
        city: the city.
        space: where reference files and warehouses are.
        as_of: adverts that ended before this day are expired.

    Raises:
        OnbenutError: no list of adverts, or columns that no advert has.
    """
    if not path.is_file():
        raise OnbenutError("no such file", city=city.slug, file=path, next_step="name the list of the platform")
    area = _city_area(city.slug, space)
    with tempfile.TemporaryDirectory(prefix="onbenut-adverts-") as folder, closing(connect()) as con:
        prepare_warehouse(con)
        alone = city.model_copy(update={"feeds": {ADVERTS: adverts_feed(ADVERTS, path)}})
        _parse(con, alone, Store(Path(folder)), ADVERTS)
        if before.exists():
            held = city.model_copy(update={"feeds": {BEFORE: adverts_feed(BEFORE, before)}})
            _parse(con, held, Store(Path(folder)), BEFORE)
        else:
            con.execute(f"CREATE TABLE raw.{BEFORE}_advert AS FROM raw.{ADVERTS}_advert WHERE false")
        plan = read_plan(city, space, as_of, [])
        write_reference(con, plan.reference)
        define_macros(con)
        make_intake(con, alone, {ADVERTS: ""})
        con.execute(
            f"CREATE TABLE staging.city_area AS SELECT 'run' AS area, ST_GeomFromHEXWKB({literal(area)}) AS geom"
        )
        build(con, [spec for spec in plan.specs if spec.full_name == TABLE], {TABLE: "scratch"}, plan.params)
        yield con


def _parse(con: duckdb.DuckDBPyConnection, city: City, store: Store, feed: str) -> None:
    source = load_source(city.feeds[feed].source)
    source.parse(fetch_files(city, city.feeds[feed], store), con)


def _city_area(slug: str, space: Workspace) -> str | None:
    """Where the city is by its newest run, as WKB in hexadecimals; None where no run said it."""
    if not space.warehouse(slug).exists():
        return None
    with closing(open_warehouse(slug, space, spatial=True)) as con:
        try:
            row = con.execute("SELECT ST_AsHEXWKB(geom) FROM staging.city_area").fetchone()
        except duckdb.CatalogException:  # made by an older version
            return None
    return row[0] if row else None
