"""What several floors' tests need: the real data where it is present, and cities run once per session."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pytest

from flows.outcome import Outcome
from flows.run import run_city
from flows.versions import BUILDINGS, SEED
from flows.workspace import CHECKOUT, Workspace
from sources._kit.city import load_city
from sources._kit.duck import connect
from sources.voorbeeldstad import Generation, make_city
from tests.servers.mapserver import MapServer
from tests.servers.running import Grb, make_grb, running_mapserver, running_pygeoapi

# Two workers on two cores: threads of their own would only wait for each other.
os.environ.setdefault("ONBENUT_THREADS", "1")

SHARED = Path(os.environ.get("ONBENUT_SHARED", CHECKOUT.parent / "shared" / "data"))
RECORDED = CHECKOUT / "tests" / "cities"
LEAN = Generation(without=frozenset({"platform", "business_parks"}))
"""A made-up city whose runs take two thirds of the time: for tests of nights, gates and files, where adverts and parks say nothing."""


@dataclass
class RunCity:
    """A city that was run: what the run said, where it lives, and a read-only connection to its file."""

    outcome: Outcome
    space: Workspace
    con: duckdb.DuckDBPyConnection

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        return self.con.execute(query).fetchall()

    def one(self, query: str) -> Any:
        return self.rows(query)[0][0]


@pytest.fixture(scope="session")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., RunCity]]:
    """Run a recorded city (`recorded("antwerpen", "2014-12-01")`), once per city and day."""
    done: dict[tuple[str, str], RunCity] = {}

    def run(name: str, day: str) -> RunCity:
        if not (SHARED / ("brugge_noord" if name == "brugge" else name)).exists():
            pytest.skip(f"no real data: {SHARED / name} is absent (ONBENUT_SHARED)")
        if (name, day) not in done:
            space = Workspace(tmp_path_factory.mktemp(f"{name}_{day}"))
            city = load_city(RECORDED / f"{name}_recorded.toml", space.cities)
            outcome = run_city(city, space, as_of=date.fromisoformat(day))
            done[name, day] = RunCity(outcome, space, connect(outcome.warehouse, read_only=True))
        return done[name, day]

    yield run
    for city in done.values():
        city.con.close()


@pytest.fixture(scope="session")
def voorbeeldstad_files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The raw files of a made-up city of 3,000 buildings."""
    return make_city(tmp_path_factory.mktemp("voorbeeldstad"), BUILDINGS, SEED)


@pytest.fixture(scope="session")
def voorbeeldstad(voorbeeldstad_files: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunCity]:
    """The made-up city, run through all floors."""
    space = Workspace(tmp_path_factory.mktemp("home"))
    outcome = run_city(load_city(voorbeeldstad_files, space.cities), space)
    con = connect(outcome.warehouse, read_only=True)
    con.execute(
        f"CREATE TEMP VIEW truth AS SELECT *, coalesce(grb_id, osm_id) AS building_id "
        f"FROM '{voorbeeldstad_files.parent / 'truth.parquet'}'"
    )
    con.execute(f"CREATE TEMP VIEW register_truth AS FROM '{voorbeeldstad_files.parent / 'register_truth.parquet'}'")
    yield RunCity(outcome, space, con)
    con.close()


@pytest.fixture(scope="session")
def grb(tmp_path_factory: pytest.TempPathFactory) -> Grb:
    """The GRB of a made-up city of 13,000 buildings."""
    return make_grb(tmp_path_factory.mktemp("grb"))


@pytest.fixture(scope="session")
def pygeoapi(grb: Grb) -> Iterator[str]:
    """Address of a real OGC API Features over it."""
    with running_pygeoapi(grb) as url:
        yield url


@pytest.fixture(scope="session")
def mapserver(grb: Grb) -> Iterator[MapServer]:
    """A real WFS over it."""
    with running_mapserver(grb) as server:
        yield server
