"""A made-up layer in memory, and what publishing it gives."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import duckdb
import pytest

from sources._kit.duck import connect
from transforms.publish.publish import publish_city

CRS = "EPSG:31370"
MakeLayer = Callable[[int], duckdb.DuckDBPyConnection]


def make_layer(n: int) -> duckdb.DuckDBPyConnection:
    """A connection with schemas `layer` and `meta` of `n` buildings, made by made_up_layer.sql."""
    con = connect()
    con.execute(f"SET VARIABLE n = {n}")
    con.execute(Path(__file__).with_name("made_up_layer.sql").read_text(encoding="utf-8"))
    return con


@pytest.fixture(name="make_layer")
def _make_layer() -> MakeLayer:
    return make_layer


@pytest.fixture
def layer() -> Iterator[duckdb.DuckDBPyConnection]:
    """Two hundred buildings, 180 of them public, that a test may change."""
    con = make_layer(200)
    yield con
    con.close()


@pytest.fixture(scope="session")
def unchanged() -> Iterator[duckdb.DuckDBPyConnection]:
    """The same layer, for tests that only read."""
    con = make_layer(200)
    yield con
    con.close()


@pytest.fixture(scope="session")
def published(unchanged: duckdb.DuckDBPyConnection, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder with all products of `unchanged`."""
    outputs = tmp_path_factory.mktemp("outputs")
    publish_city(unchanged, "gent", CRS, outputs)
    return outputs / "gent"
