"""Cities, feeds and snapshots from a few lines, and the real data where it is present."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest

from sources._kit.city import City, Feed
from sources._kit.contract import load_source, raw_name, roles
from sources._kit.duck import connect, identifier
from sources._kit.snapshot import Part, Snapshot, Store

SHARED = Path(os.environ.get("ONBENUT_SHARED", Path(__file__).resolve().parents[3] / "shared" / "data"))
Snap = Callable[..., Snapshot]
Write = Callable[[str, str | bytes], Path]
Shared = Callable[[str], Path]
Con = duckdb.DuckDBPyConnection
Rows = list[dict[str, Any]]


@pytest.fixture
def shared() -> Shared:
    """A file of the real data, or a skip that says which one is absent."""

    def find(name: str) -> Path:
        path = SHARED / name
        if not path.exists():
            pytest.skip(f"no real data: {path} is absent (ONBENUT_SHARED)")
        return path

    return find


@pytest.fixture(scope="session")
def warehouse() -> Iterator[duckdb.DuckDBPyConnection]:
    """One warehouse in memory for all tests: opening one loads the spatial extension, which is slow."""
    with connect() as connection:
        yield connection


@pytest.fixture
def con(warehouse: duckdb.DuckDBPyConnection) -> duckdb.DuckDBPyConnection:
    """The warehouse, emptied."""
    warehouse.execute("DROP SCHEMA IF EXISTS raw CASCADE; CREATE SCHEMA raw")
    return warehouse


@pytest.fixture
def snap(tmp_path: Path) -> Snap:
    """Make the snapshot of a feed: `snap("be_grb", adp=[page, page], crs="EPSG:31370", settings={...})`."""

    def make(
        source: str,
        crs: str | None = None,
        settings: Mapping[str, object] | None = None,
        **parts: Path | Sequence[Path],
    ) -> Snapshot:
        files = {name: [value] if isinstance(value, Path) else list(value) for name, value in parts.items()}
        feed = {
            "name": "feed",
            "source": source,
            "crs": crs,
            "path": {name: str(paths[0]) for name, paths in files.items()},
            "settings": settings or {},
        }
        city = make_city(tmp_path, feed)
        store = Store(tmp_path / "store")
        found = []
        for name, paths in files.items():
            for path in paths:
                # Past `put`, which refuses what parse must be able to refuse as well.
                content = path.read_bytes()
                blob = store.blob(digest(content))
                blob.parent.mkdir(parents=True, exist_ok=True)
                blob.write_bytes(content)
                found.append(Part(name, path.name, path.as_uri(), digest(content), len(content)))
        return Snapshot(city, city.feeds["feed"], tuple(found), datetime(2026, 1, 2, tzinfo=UTC), store)

    return make


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Write a file of the test's own."""

    def file(name: str, content: str | bytes) -> Path:
        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return file


def make_city(folder: Path, feed: Mapping[str, object]) -> City:
    """A city in Lambert 72 with one feed, called as the feed says."""
    return City.model_validate(
        {
            "slug": "test",
            "folder": folder,
            "name": "Test",
            "nis": "11002",
            "crs": "EPSG:31370",
            "feeds": {feed["name"]: Feed.model_validate(feed)},
        }
    )


def placed_in(snapshot: Snapshot, crs: str) -> Snapshot:
    """The same snapshot, of a city in another country: its CRS is made for where the data lie."""
    return replace(snapshot, city=snapshot.city.model_copy(update={"crs": crs}))


def page(features: Sequence[Mapping[str, object]], crs: str | None = "EPSG::31370", **members: object) -> str:
    """A page of GeoJSON as GeoServer writes it; a feature is its properties, and `geometry` among them."""
    made = []
    for number, feature in enumerate(features):
        properties = {name: value for name, value in feature.items() if name != "geometry"}
        around = {"type": "Feature", "id": f"X.{number}", "geometry_name": "SHAPE", "bbox": [0, 0, 1, 1]}
        made.append({**around, "properties": properties, "geometry": feature.get("geometry")})
    body: dict[str, object] = {"type": "FeatureCollection", "features": made, "numberReturned": len(made)}
    if crs is not None:
        body["crs"] = {"type": "name", "properties": {"name": f"urn:ogc:def:crs:{crs}"}}
    return json.dumps({**body, **members})


def square(x: float, y: float, side: float = 10.0) -> dict[str, object]:
    """A square polygon with its lower left corner at x, y."""
    ring = [[x, y], [x + side, y], [x + side, y + side], [x, y + side], [x, y]]
    return {"type": "Polygon", "coordinates": [ring]}


def raw(con: duckdb.DuckDBPyConnection, snapshot: Snapshot, table: str) -> Rows:
    """All rows of a raw table, in the order of the file; the geometry as text."""
    return _fetch(
        con, f"SELECT * REPLACE (ST_AsText(geom) AS geom) FROM {raw_name(snapshot.feed, table)} ORDER BY _row"
    )


def taken_in(con: duckdb.DuckDBPyConnection, snapshot: Snapshot, table: str) -> Rows:
    """A raw table's rows as its role sees them, through the intake of its source."""
    spec = load_source(snapshot.feed.source).tables(snapshot.feed)[table]
    assert spec.role is not None
    columns = [
        f"CAST({spec.intake.get(name, 'NULL')} AS {column.type}) AS {identifier(name)}"
        for name, column in roles()[spec.role].columns.items()
    ]
    source = raw_name(snapshot.feed, table)
    return _fetch(con, f"SELECT {', '.join(columns)}, defect, _row FROM {source} ORDER BY _row")


def digest(content: bytes) -> str:
    """SHA-256 as the store writes it."""
    return hashlib.sha256(content).hexdigest()


def _fetch(con: duckdb.DuckDBPyConnection, query: str) -> Rows:
    found = con.execute(query)
    names = [column[0] for column in found.description]
    return [dict(zip(names, row, strict=True)) for row in found.fetchall()]
