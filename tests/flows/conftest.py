"""A made-up city, run once by the installed command, and ways to call that command."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb
import pytest

from flows.query import ask
from flows.workspace import Workspace
from sources._kit.duck import connect

if TYPE_CHECKING:
    from tests.flows.nights import City

Done = subprocess.CompletedProcess[str]
NAME = "voorbeeldstad"
ONBENUT = Path(sys.executable).with_name("onbenut")


@dataclass(frozen=True)
class Home:
    """An ONBENUT_HOME of a test's own."""

    path: Path

    @property
    def space(self) -> Workspace:
        return Workspace(self.path)

    @property
    def city(self) -> Path:
        """File of the made-up city in it."""
        return self.space.sample / NAME / f"{NAME}.toml"

    @property
    def env(self) -> dict[str, str]:
        # Another test's Prefect is none of this home's business.
        kept = {name: value for name, value in os.environ.items() if not name.startswith("PREFECT_")}
        return {**kept, "ONBENUT_HOME": str(self.path)}

    def onbenut(self, *words: object) -> Done:
        """Call the installed command."""
        return self.call(ONBENUT, *words)

    def call(self, *words: object) -> Done:
        return subprocess.run(
            [str(word) for word in words], env=self.env, capture_output=True, text=True, timeout=60, check=False
        )


def one(home: Home, query: str) -> Any:
    """First value of a query on the made-up city."""
    return next(ask(NAME, home.space, query).batches)[0][0]


@dataclass(frozen=True)
class Demo:
    """The home in which `onbenut demo` ran, and what it printed. Tests only read in it."""

    home: Home
    done: Done


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Demo:
    """A made-up city of 2,000 buildings."""
    home = Home(tmp_path_factory.mktemp("demo"))
    done = home.onbenut("demo", "--buildings", 2000, "--seed", 3)
    assert done.returncode == 0, done.stderr
    return Demo(home, done)


@pytest.fixture
def home(demo: Demo) -> Home:
    """The home that all tests read in."""
    return demo.home


@pytest.fixture
def first(home: Home) -> str:
    """The building with the most evidence."""
    query = "SELECT building_id FROM evidence.item GROUP BY ALL ORDER BY count(*) DESC, building_id"
    return str(one(home, query))


@pytest.fixture(scope="session")
def con(demo: Demo, tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection to a copy of that city's warehouse: `ask` locks the settings of the file it opens."""
    copy = shutil.copy(demo.home.space.warehouse(NAME), tmp_path_factory.mktemp("copy") / f"{NAME}.duckdb")
    with connect(Path(copy), read_only=True, spatial=False) as connection:
        yield connection


@pytest.fixture
def own_home(demo: Demo, tmp_path: Path) -> Home:
    """A copy of it, for tests that write."""
    shutil.copytree(demo.home.path, tmp_path / "home", symlinks=True)
    return Home(tmp_path / "home")


@pytest.fixture(scope="session")
def prefect_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """A Prefect server of the tests' own. Prefect reads its settings when it is imported."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PREFECT_HOME", str(tmp_path_factory.mktemp("prefect")))
        patch.setenv("PREFECT_SERVER_ANALYTICS_ENABLED", "false")
        from prefect.testing.utilities import prefect_test_harness

        with prefect_test_harness(server_startup_timeout=120):
            yield


@pytest.fixture
def empty_home(tmp_path: Path) -> Home:
    """A home in which nothing ran."""
    return Home(tmp_path)


@pytest.fixture
def changed_city(own_home: Home) -> Callable[[str, str], Path]:
    """The city's file with one text replaced by another."""

    def change(old: str, new: str) -> Path:
        content = own_home.city.read_text(encoding="utf-8")
        assert old in content
        own_home.city.write_text(content.replace(old, new, 1), encoding="utf-8")
        return own_home.city

    return change


@pytest.fixture(scope="session")
def first_night(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of a city of 1,500 buildings that ran one night."""
    folder = tmp_path_factory.mktemp("nights")
    from sources.voorbeeldstad import make_city
    from tests.conftest import LEAN
    from tests.flows.nights import FIRST

    make_city(folder / "files", 1500, 11, LEAN)
    _city(folder).night(FIRST)
    return folder


@pytest.fixture
def city(first_night: Path, tmp_path: Path) -> City:
    """A copy of it, whose nights the test decides."""
    shutil.copytree(first_night, tmp_path / "city", symlinks=True)
    return _city(tmp_path / "city")


def _city(folder: Path) -> City:
    from tests.flows.nights import City

    return City(folder)
