"""A small made-up city before a night, and what a whole layer of it is: for proofs that end processes half-way.

Nothing here opens DuckDB in the process that calls: it forks, and threads do not live through that.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import sys
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flows.proof_processes import apart
from flows.workspace import HOME_VARIABLE, Workspace

SLUG = "kleinstad"
Layer = dict[str, dict[str, str]]
_LEFT = ("**/*.part*", "**/.*.part", "**/*.next*", "**/.*.next*", "**/*.tmp", "**/*.wal", "**/scratch/*", "**/.*.link")


@dataclass(frozen=True)
class Town:
    """A home with one small city."""

    space: Workspace

    @property
    def city(self) -> Path:
        """Its city file."""
        return self.space.sample / SLUG / f"{SLUG}.toml"

    def copy(self, home: Path) -> Town:
        """The same city in a home of its own."""
        shutil.rmtree(home, ignore_errors=True)
        shutil.copytree(self.space.home, home, symlinks=True)
        return Town(Workspace(home))

    def change(self, day: int) -> None:
        """Give the city another day of June to look from, 1 to 19, and a register without some of its rows."""
        text = self.city.read_text(encoding="utf-8")
        head, _, tail = text.partition("as_of = ")
        self.city.write_text(f"{head}as_of = 2025-06-{day:02}{tail[10:]}", encoding="utf-8")
        register = self.city.parent / "register.csv"
        lines = (self.city.parent / "register.whole.csv").read_bytes().splitlines(keepends=True)
        register.write_bytes(b"".join(line for number, line in enumerate(lines) if number % 20 != day))

    def left_over(self) -> list[str]:
        """What a killed run left and nobody took away."""
        found = {path for pattern in _LEFT for path in self.space.home.glob(pattern)}
        sets = list((self.space.outputs / f".{SLUG}").iterdir())
        return sorted(str(path.relative_to(self.space.home)) for path in found) + [path.name for path in sets[2:]]

    def bytes_used(self) -> int:
        """Bytes of all files but the records of fetches, of which every fetch makes one."""
        files = [path for path in self.space.home.rglob("*") if path.is_file() and not path.is_symlink()]
        return sum(path.lstat().st_size for path in files if "manifests" not in path.parts)


def make_town(home: Path, buildings: int = 2000, side_m: float = 700.0) -> Town:
    """A city of which a square is taken, and one good night of it."""
    apart(_make, home, buildings, side_m)
    town = Town(Workspace(home))
    town.change(1)
    run(town)
    return town


def _make(home: Path, buildings: int, side_m: float) -> None:
    import geopandas
    from shapely import box

    from sources.voorbeeldstad import make_city

    folder = home / "data" / "sample" / SLUG
    made = make_city(folder, buildings)
    point = geopandas.read_parquet(folder / "addresses.parquet").to_crs("EPSG:31370").union_all().centroid
    half = side_m / 2
    square = box(point.x - half, point.y - half, point.x + half, point.y + half)
    geopandas.GeoSeries([square], crs="EPSG:31370").to_file(folder / "boundary.gpkg")
    text = made.read_text(encoding="utf-8").replace("as_of = ", 'boundary = "boundary.gpkg"\nas_of = ', 1)
    (folder / f"{SLUG}.toml").write_text(text, encoding="utf-8")
    made.unlink()
    shutil.copy(folder / "register.csv", folder / "register.whole.csv")


def run(town: Town) -> None:
    """One undisturbed run.

    Raises:
        RuntimeError: it did not end well.
    """
    process = start(town)
    _, status = os.waitpid(process, 0)
    if status != 0:
        raise RuntimeError(f"a run ended with {status}: {(town.space.home / 'log').read_text()[-2000:]}")


def start(town: Town, before: Callable[[], object] = lambda: None, words: Sequence[str] = (), log: str = "log") -> int:
    """Begin `onbenut run`, or what `words` say, in a process of its own, which calls `before` first; returns its number."""
    from flows.cli import main

    if process := os.fork():
        return process
    status = 70
    try:
        told = os.open(town.space.home / log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        os.dup2(told, 1)
        os.dup2(told, 2)
        os.environ[HOME_VARIABLE] = str(town.space.home)
        before()
        sys.argv = ["onbenut", *(words or ("run", str(town.city)))]
        main()
    except SystemExit as ended:
        sys.stderr.flush()
        status = int(ended.code or 0)
    except BaseException:  # noqa: BLE001 - the parent reads the log
        traceback.print_exc()
    finally:
        os._exit(status)


# When a run was kept, and when its data were fetched, is another hour each time.
_HOURLESS = {("history", "run"): "(SELECT * EXCLUDE (kept_at, made_of) FROM history.run)"}


def layer(town: Town) -> Layer:
    """What readers find: a hash of every table of the `warehouse`, and one of every file of the `set`."""
    found: Layer = apart(_layer, town)
    return found


def _layer(town: Town) -> Layer:
    from flows.query import ask
    from flows.status import city_status

    city_status(SLUG, town.space)  # raises where a record is damaged

    def rows(query: str) -> list[tuple[Any, ...]]:
        return [row for batch in ask(SLUG, town.space, query).batches for row in batch]

    tables = rows("SELECT schema_name, table_name FROM duckdb_tables() WHERE schema_name <> 'meta' ORDER BY ALL")
    sums = " UNION ALL ".join(
        f"SELECT '{schema}.{name}', count(*) || ' ' || coalesce(sum(hash(t)::HUGEINT), 0) FROM {_HOURLESS.get((schema, name), f'{schema}.{name}')} AS t"
        for schema, name in tables
    )
    files = sorted((town.space.outputs / SLUG).iterdir())
    return {
        "warehouse": {str(name): str(value) for name, value in rows(sums)},
        "set": {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in files},
    }
