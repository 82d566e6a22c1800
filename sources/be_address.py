"""Flemish addresses: the CRAB address list and the Adressenregister, as file, as daily extract or from its service.

All write the same things under other names; which a file has is told by its columns. CSV carries its position in an x and
a y column in the feed's CRS: EPSG:31370, or what the city file says.

The daily extract is a zip of shapefiles, of which `Adres` is read (columns: `AddressDbaseSchemaV2` in Informatievlaanderen/
address-registry). Of a list that holds more than the city the city file says which rows are its; the others are only counted.
"""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path

import duckdb
from pydantic import BaseModel, ConfigDict, Field

from sources._kit.city import Feed
from sources._kit.contract import Table, load_source, settings_of, write_raw
from sources._kit.duck import identifier, literal
from sources._kit.errors import CityFileError, ColumnError, UnreadableSnapshotError
from sources._kit.hostile import open_archive
from sources._kit.snapshot import Snapshot
from sources._read.content import kind_of, place
from sources._read.features import read_features
from sources._read.points import csv_points
from sources._read.shapefile import zipped_shapefile
from sources._read.streamed import reading

STREETS = ("STRAATNM", "Straatnaam")
HOUSE_NUMBERS = ("HUISNR", "Huisnummer")
POSTCODES = ("POSTCODE", "PostinfoObjectId")
MUNICIPALITIES = ("gemeenteid", "GemeenteObjectId", "NISCODE")
POSITIONS = (("x", "y"), ("x_lambert72", "y_lambert72"), ("lon", "lat"))
_KEPT, _ELSEWHERE = "in the city", "elsewhere"


class Settings(BaseModel):
    """Which rows of a list that holds more than the city are the city's; a row must be in all that is given."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    postcodes: tuple[str, ...] = Field((), min_length=1, description="its postcodes")
    nis_codes: tuple[str, ...] = Field((), min_length=1, description="NIS codes it has in the list, old or new")
    bbox: tuple[float, float, float, float] | None = Field(
        None, description="west, south, east, north in the feed's CRS"
    )


def tables(feed: Feed) -> dict[str, Table]:
    """The raw tables: addresses, and what became of the rows where not all of them are the city's."""
    found = load_source("be_address").info.tables
    return dict(found) if feed.settings else {"address": found["address"]}


def parse(snapshot: Snapshot, con: duckdb.DuckDBPyConnection) -> date | None:
    """Make the raw table of address points; returns the day the oldest GeoJSON page was served, if any.

    Raises:
        UnreadableSnapshotError: a file that is not whole, or is in another CRS than the feed; no row of it is the city's.
        ColumnError: no street, house number or position, an undeclared column, or none to tell the city's rows by.
        CityFileError: an extract, and the city file does not say which rows are the city's.
    """
    settings: Settings = settings_of(snapshot.city, snapshot.feed)
    with _opened(con, snapshot, settings) as (query, count, data_on):
        found = _hold_to_names(con, snapshot, query)
        if not settings.model_fields_set:
            write_raw(con, snapshot, "address", query)
            return data_on
        con.execute(
            f"CREATE OR REPLACE TEMP TABLE address_here AS FROM ({query}) WHERE {_here(snapshot, settings, found)}"
        )
        total = count()
    kept = write_raw(con, snapshot, "address", "SELECT * FROM address_here")
    if total and not kept:
        raise UnreadableSnapshotError(
            "no row of the list is the city's", value=f"none of {total} rows has {settings.model_dump(exclude_defaults=True)}",
            next_step="mend `postcodes`, `nis_codes` or `bbox` of this feed", **place(snapshot, "data"),
        )  # fmt: skip
    fates = f"VALUES ({literal(_KEPT)}, {kept}), ({literal(_ELSEWHERE)}, {total - kept})"
    write_raw(con, snapshot, "tally", f"SELECT * FROM ({fates}) AS t(fate, row_count)")
    con.execute("DROP TABLE address_here")
    return data_on


@contextmanager
def _opened(
    con: duckdb.DuckDBPyConnection, snapshot: Snapshot, settings: Settings
) -> Iterator[tuple[str, Callable[[], int], date | None]]:
    """Query over the rows, how to count them, and the day they state."""

    def counted(query: str) -> int:
        return int(con.execute(f"SELECT count(*) FROM ({query})").fetchall()[0][0])

    paths = snapshot.paths()
    if len(paths) == 1 and _is_archive(paths[0]):
        if not settings.model_fields_set:
            raise CityFileError(
                "the extract holds all of Flanders", column=f"feeds.{snapshot.feed.name}",
                next_step=f'say which rows are the city\'s: nis_codes = ["{snapshot.city.nis}"]', **place(snapshot, "data"),
            )  # fmt: skip
        with zipped_shapefile(snapshot, "adres") as (query, rows):
            yield query, lambda: rows, None
        return
    kinds = {kind_of(path, **place(snapshot, "data", path)) for path in paths}
    if kinds != {"text"}:
        features = read_features(con, snapshot, "data", load_source("be_address").info.tables["address"].columns)
        yield features.query, lambda: counted(features.query), features.data_on
        return
    with csv_points(con, snapshot, paths, POSITIONS) as query, reading(place(snapshot, "data", paths[0])):
        yield query, lambda: counted(query), None


def _here(snapshot: Snapshot, settings: Settings, found: dict[str, str]) -> str:
    """Condition that a row is the city's."""
    conditions = []
    for names, codes in ((POSTCODES, settings.postcodes), (MUNICIPALITIES, settings.nis_codes)):
        if codes:
            column = next((found[name.lower()] for name in names if name.lower() in found), None)
            if column is None:
                raise _missing(snapshot, names, found, "tell the city's rows by postcodes, nis_codes or bbox")
            listed = ", ".join(literal(code) for code in codes)
            conditions.append(f"trim({identifier(column)}) IN ({listed})")
    if settings.bbox is not None:
        west, south, east, north = settings.bbox
        conditions.append(f"ST_X(geom) BETWEEN {west} AND {east} AND ST_Y(geom) BETWEEN {south} AND {north}")
    return " AND ".join(conditions)


def _hold_to_names(con: duckdb.DuckDBPyConnection, snapshot: Snapshot, query: str) -> dict[str, str]:
    """Columns of a query by lower-case name, once street and house number are there in either spelling."""
    found = {row[0].lower(): row[0] for row in con.execute(f"DESCRIBE {query}").fetchall()}
    for names in (STREETS, HOUSE_NUMBERS):
        if not any(name.lower() in found for name in names):
            raise _missing(snapshot, names, found, "the file is neither the CRAB address list nor the Adressenregister")
    return found


def _missing(snapshot: Snapshot, names: tuple[str, ...], found: dict[str, str], next_step: str) -> ColumnError:
    has, where = f"the file has {', '.join(sorted(found.values()))}", place(snapshot, "data")
    return ColumnError("a column is missing", column=" or ".join(names), value=has, next_step=next_step, **where)


def _is_archive(path: Path) -> bool:
    if not zipfile.is_zipfile(path):
        return False
    with open_archive(path) as archive:
        return any(name.lower().endswith(".shp") for name in archive.namelist())
