"""What a source is: a module with `parse` (and, where needed, its own `fetch`), and a TOML with its facts.

The TOML's `[tables.<table>]` names the columns the provider gives and, under `intake`, how they become the columns of
a role (`roles.toml`). So a new source of addresses is one module and one TOML; no SQL changes.
"""

from __future__ import annotations

import importlib
import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib.resources import files
from typing import Any

import duckdb
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from sources._kit.area_of_use import hold_to_area
from sources._kit.city import City, Feed
from sources._kit.duck import identifier, literal
from sources._kit.errors import CityFileError, ColumnError
from sources._kit.fetch import fetch_files
from sources._kit.http import Progress
from sources._kit.manners import Manners
from sources._kit.snapshot import Box, Snapshot, Store


class Column(BaseModel):
    """A column: DuckDB type, unit and meaning; `optional` where the provider does not always give it."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    type: str
    meaning: str = ""
    unit: str = ""
    optional: bool = False


class Table(BaseModel):
    """A raw table: the role it plays, its columns, and the SQL that turns them into the role's columns.

    A table without a role stays in the raw floor: it only says what became of the provider's rows.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    role: str | None = None
    meaning: str
    columns: dict[str, Column]
    intake: dict[str, str] = Field(default_factory=dict)


class SourceInfo(BaseModel):
    """Facts of a source: who publishes it, under which licence, in which CRS, and who may see it."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    title: str
    publisher: str
    licence: str
    licence_uri: str = ""
    attribution: str
    landing_page: str
    update_rhythm: str
    native_crs: str
    visibility: str = Field(pattern="^(public|city)$")
    http: Manners = Field(default_factory=lambda: Manners.model_validate({}), description="how its service is asked")
    clips: bool = Field(False, description="`parse` leaves out of a file what does not reach into the feed's box")
    personal_data: list[str] = Field(default_factory=list)
    reader: dict[str, Any] = Field(default_factory=dict, description="lists that the module's parser reads")
    tables: dict[str, Table] = Field(default_factory=dict)


class Role(BaseModel):
    """A role's meaning and columns; every role also has geom, defect, feed and source_row."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    meaning: str
    without: str = Field("", description="what a city that has nothing of the kind cannot know")
    columns: dict[str, Column]


class NoSettings(BaseModel):
    """For sources that need nothing beyond a location."""

    model_config = ConfigDict(frozen=True, extra="forbid")


@dataclass(frozen=True)
class Source:
    """A loaded source module with its facts."""

    name: str
    info: SourceInfo
    settings_model: type[BaseModel]
    fetch: Callable[[City, Feed, Store, Progress | None, Box | None], Snapshot]
    """Told how far it is; and the box around the city's boundary, in its CRS, where it is known."""
    parse: Callable[[Snapshot, duckdb.DuckDBPyConnection], date | None]
    """Makes the raw tables; returns the date the data itself states, if any."""
    tables: Callable[[Feed], dict[str, Table]]
    """The raw tables of a feed; a municipal list has its own columns, so this may depend on the feed."""


@cache
def load_source(name: str) -> Source:
    """Import a source module and its TOML.

    Raises:
        CityFileError: there is no such source.
    """
    folder = files("sources")
    if not (folder / f"{name}.toml").is_file():
        known = sorted(entry.name[:-5] for entry in folder.iterdir() if entry.name.endswith(".toml"))
        raise CityFileError("no such source", value=name, next_step=f"known sources: {', '.join(known)}")
    info = SourceInfo.model_validate(tomllib.loads((folder / f"{name}.toml").read_text(encoding="utf-8")))
    module = importlib.import_module(f"sources.{name}")
    return Source(
        name,
        info,
        getattr(module, "Settings", NoSettings),
        getattr(module, "fetch", fetch_files),
        module.parse,
        getattr(module, "tables", lambda _feed: info.tables),
    )


@cache
def roles() -> dict[str, Role]:
    """All roles a raw table can play."""
    table = tomllib.loads((files("sources._kit") / "roles.toml").read_text(encoding="utf-8"))
    return {name: Role.model_validate(value) for name, value in table.items()}


def settings_of(city: City, feed: Feed) -> Any:
    """The feed's own settings, checked by its source's model.

    Raises:
        CityFileError: an unknown key or a wrong value.
    """
    try:
        return load_source(feed.source).settings_model.model_validate(feed.settings)
    except ValidationError as error:
        raise setting_error(city, feed, error.errors()[0]) from error


def setting_error(city: City, feed: Feed, fault: Any) -> CityFileError:
    """One of pydantic's errors about a feed's settings as ours: it names the file that says it, and the known keys."""
    location = ("feeds", feed.name, *fault["loc"])
    key = ".".join(str(part) for part in location)
    known = sorted({*Feed.model_fields, *load_source(feed.source).settings_model.model_fields} - {"name", "settings"})
    return CityFileError(
        f"the city file is wrong at `{key}`: {fault['msg']}",
        source=feed.source,
        city=city.slug,
        file=city.file_of(location),
        column=key,
        value=str(fault.get("input"))[:200] if fault["type"] != "missing" else None,
        next_step=f"known keys: {', '.join(known)}",
    )


def raw_name(feed: Feed, table: str) -> str:
    """Name of a feed's raw table, quoted."""
    return f"raw.{identifier(f'{feed.name}_{table}')}"


def write_raw(
    con: duckdb.DuckDBPyConnection,
    snapshot: Snapshot,
    table: str,
    query: str,
    ignore: frozenset[str] = frozenset(),
) -> int:
    """Make one raw table from a query, holding the provider to its declared columns; returns its rows.

    The query gives the provider's columns under their own names and may add `geom` (GEOMETRY), `defect` (why a row
    cannot be used, else null) and `_row` (BIGINT, place in the file); the last two are added when absent. Personal-data
    columns and `ignore` are dropped here and go no further.

    Raises:
        ColumnError: a declared column is missing, or a column came that nobody declared.
        UnreadableSnapshotError: every shape lies outside the area of the city's CRS.
    """
    feed = snapshot.feed
    source = load_source(feed.source)
    spec = source.tables(feed)[table]
    where = {"source": feed.source, "city": snapshot.city.slug, "feed": feed.name, "table": table}
    found = {row[0] for row in con.execute(f"DESCRIBE {query}").fetchall()}
    by_lower = {name.lower(): name for name in found}
    declared = {name.lower() for name in spec.columns}
    missing = [n for n, c in spec.columns.items() if n.lower() not in by_lower and not c.optional]
    if missing:
        raise ColumnError(
            "a column is missing",
            column=missing[0],
            value=f"the file has {', '.join(sorted(found - {'geom', 'defect', '_row'}))}",
            next_step="the provider renamed it, or the city file maps it wrongly",
            **where,
        )
    dropped = {name.lower() for name in (*source.info.personal_data, *ignore)}
    unknown = sorted(set(by_lower) - declared - dropped - {"geom", "defect", "_row"})
    if unknown:
        raise ColumnError(
            "a column came that nobody has declared",
            column=by_lower[unknown[0]],
            next_step=f"look what it holds, then declare it in sources/{feed.source}.toml or ignore it in the city file",
            **where,
        )
    columns = []
    for name, column in spec.columns.items():
        value = identifier(by_lower[name.lower()]) if name.lower() in by_lower else "NULL"
        columns.append(f"CAST({value} AS {column.type}) AS {identifier(name)}")
    columns.append("geom" if "geom" in by_lower else "CAST(NULL AS GEOMETRY) AS geom")
    columns.append("defect" if "defect" in by_lower else "CAST(NULL AS VARCHAR) AS defect")
    columns.append("CAST(_row AS BIGINT) AS _row" if "_row" in by_lower else "row_number() OVER () AS _row")
    target = raw_name(feed, table)
    try:
        con.execute(f"CREATE OR REPLACE TABLE {target} AS SELECT {', '.join(columns)} FROM ({query})")
    except duckdb.ConversionException as error:
        raise ColumnError(
            "a value does not fit the type of its column",
            value=" ".join(str(error).split())[:200],
            next_step=f"the provider changed it: look what the column holds, then sources/{feed.source}.toml",
            **where,
        ) from error
    con.execute(f"COMMENT ON TABLE {target} IS {literal(spec.meaning)}")
    if "geom" in by_lower:
        hold_to_area(con, target, snapshot.city.crs, feed.crs or source.info.native_crs, **where)
    count = con.execute(f"SELECT count(*) FROM {target}").fetchone()
    assert count is not None
    return int(count[0])
