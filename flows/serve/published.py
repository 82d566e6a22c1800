"""One published set, opened for reading: its GeoParquet through DuckDB, and what the set says of itself."""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
from pyproj import CRS, Transformer

from sources._kit.duck import connect, literal
from transforms.publish.rows import PIN_COLUMNS

Box = tuple[float, float, float, float]
Identity = tuple[str, int, int]
COLLECTIONS = ("buildings", "pins")
CRS84 = "http://www.opengis.net/def/crs/OGC/1.3/CRS84"
_EPSG = "http://www.opengis.net/def/crs/EPSG/0/{}"
_SHAPES = {"buildings": "CAST(geom AS GEOMETRY)", "pins": "ST_PointOnSurface(CAST(geom AS GEOMETRY))"}
_NOT_PROPERTIES = ("geom", "bbox")
# A question of a stranger may take this long and no longer; so many at once share the memory DuckDB may use.
_SECONDS = 60.0
_AT_ONCE = threading.BoundedSemaphore(4)


class SetGoneError(Exception):
    """The set was replaced while it was read: ask again, of the one that is there now."""


def identify(folder: Path, stem: str) -> Identity:
    """What tells a set from every other: the name of its folder alone does not, for names are used again.

    Raises:
        FileNotFoundError: no set there has a layer of buildings.
    """
    path = folder.resolve() / f"{stem}.parquet"
    found = path.stat()
    return str(path), found.st_ino, found.st_mtime_ns


@dataclass(frozen=True)
class Published:
    """A set; `con` can read its GeoParquet and no other file, whatever is asked of it."""

    identity: Identity
    con: duckdb.DuckDBPyConnection
    schema: pa.Schema
    run: Mapping[str, str]
    licences: tuple[tuple[str, str | None], ...]
    withheld: Callable[[], frozenset[str]] = frozenset
    """Buildings somebody objected to, asked anew for every question: none of them waits for a night."""

    @property
    def name(self) -> str:
        """Name of the set: the run it came from."""
        return Path(self.identity[0]).parent.name

    @cached_property
    def about(self) -> dict[str, str]:
        """run_id, as_of, audience and attribution."""
        return dict(json.loads(self.schema.metadata[b"onbenut"]))

    @cached_property
    def _geo(self) -> dict[str, Any]:
        return dict(json.loads(self.schema.metadata[b"geo"])["columns"]["geom"])

    @cached_property
    def epsg(self) -> int:
        """Code of the CRS the layer is in."""
        return int(str(CRS.from_json_dict(self._geo["crs"]).to_epsg()))

    @property
    def storage_crs(self) -> str:
        """URI of that CRS."""
        return _EPSG.format(self.epsg)

    @property
    def crs(self) -> list[str]:
        """URIs of the CRSs in which the layer can be had."""
        return list(dict.fromkeys([CRS84, self.storage_crs, _EPSG.format(4326), _EPSG.format(3857)]))

    @cached_property
    def bounds(self) -> Box | None:
        """Box around all outlines in the layer's CRS; None of an empty layer."""
        return tuple(self._geo["bbox"]) if "bbox" in self._geo else None

    def extent(self, epsg: int) -> Box | None:
        """Box around all outlines in another CRS, x before y, wide enough to hold the edges that bend."""
        if self.bounds is None:
            return None
        other = CRS.from_epsg(epsg)
        margin = 1e-4 if other.is_geographic else 10.0
        to = Transformer.from_crs(CRS.from_epsg(self.epsg), other, always_xy=True)
        west, south, east, north = to.transform_bounds(*self.bounds, densify_pts=21)
        return west - margin, south - margin, east + margin, north + margin

    def columns(self, collection: str) -> dict[str, pa.Field]:
        """Properties of a collection's features, in order."""
        fields = {field.name: field for field in self.schema if field.name not in _NOT_PROPERTIES}
        return fields if collection == "buildings" else {name: fields[name] for name in PIN_COLUMNS if name in fields}

    def features(self, collection: str) -> str:
        """Query over the rows of a collection, its geometry as `shape` in the layer's CRS."""
        gone = ", ".join(literal(one) for one in sorted(self.withheld()))
        where = f" WHERE building_id NOT IN ({gone})" if gone else ""
        return f"SELECT *, {_SHAPES[collection]} AS shape FROM layer{where}"

    def ask(self, query: str) -> list[tuple[Any, ...]]:
        """All rows of a query.

        Raises:
            SetGoneError: the set was replaced meanwhile, so nobody knows of which set the rows are.
            duckdb.Error: DuckDB refuses, or it took too long.
        """
        cursor = self.con.cursor()
        with _AT_ONCE, closing(cursor):
            alarm = threading.Timer(_SECONDS, cursor.interrupt)
            alarm.start()
            try:
                rows: list[tuple[Any, ...]] = cursor.execute(query).fetchall()
            except duckdb.Error as error:
                self._hold(error)
                raise
            finally:
                alarm.cancel()
        self._hold(None)
        return rows

    def _hold(self, cause: Exception | None) -> None:
        path = Path(self.identity[0])
        if not path.exists() or identify(path.parent, path.stem) != self.identity:
            raise SetGoneError(self.name) from cause


def open_set(folder: Path, stem: str, withheld: Callable[[], frozenset[str]] = frozenset) -> Published:
    """Open the set that `folder` is, or points to, at this moment; what `withheld` names is not in it.

    Raises:
        FileNotFoundError: it has no layer of buildings.
        SetGoneError: it was replaced meanwhile.
    """
    identity = identify(folder, stem)
    path = Path(identity[0])
    try:
        with closing(sqlite3.connect(f"{path.with_suffix('.gpkg').as_uri()}?mode=ro&immutable=1", uri=True)) as db:
            run = dict(db.execute("SELECT name, value FROM run"))
            licences = tuple(db.execute("SELECT DISTINCT licence, licence_uri FROM sources ORDER BY 1, 2"))
        opened = Published(identity, _connect(path), pq.read_schema(path), run, licences, withheld)
    except (OSError, sqlite3.Error, duckdb.Error, pa.ArrowInvalid) as error:
        if path.exists() and identify(folder, stem) == identity:
            raise
        raise SetGoneError(path.parent.name) from error
    opened._hold(None)
    return opened


def _connect(path: Path) -> duckdb.DuckDBPyConnection:
    con = connect()
    con.execute(f"CREATE VIEW layer AS SELECT * FROM read_parquet({literal(path)})")
    # Behind all quoting a second wall: not even the city's own layer, a file beside this one, can be read.
    con.execute(f"SET allowed_paths = [{literal(path)}]")
    con.execute("SET enable_external_access = false; SET lock_configuration = true")
    return con
