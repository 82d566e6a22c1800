"""A city of a few GRB squares, run through all floors with feeds of a test's own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

from flows.run import run_city
from flows.workspace import Workspace
from sources._kit.city import load_city
from sources._kit.duck import connect
from tests.sources.conftest import page, square

DAY = date(2025, 6, 1)
X, Y = 150_000.0, 200_000.0
HEAD = """
name = "Klein"
nis = "{nis}"
crs = "{crs}"
{keys}

[feeds.grb]
source = "be_grb"
path = {{ gbg = "gbg.json" }}
snapshot_on = 2025-05-01
"""


def building(oidn: int, x: float, y: float, side: float = 20.0, label: str = "hoofdgebouw") -> dict[str, object]:
    """A GRB building: a square at `x`, `y` metres from the corner of the city."""
    day = "2020-01-01"
    given = {"UIDN": oidn, "OIDN": oidn, "VERSIE": 1, "BEGINDATUM": day, "VERSDATUM": day, "TYPE": 1, "LBLTYPE": label}
    return {**given, "OPNDATUM": day, "geometry": square(X + x, Y + y, side)}


class Tiny:
    """The city's warehouse after a run."""

    def __init__(self, warehouse: Path, warnings: list[str]) -> None:
        self.warehouse, self.warnings = warehouse, warnings

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        with connect(self.warehouse, read_only=True) as con:
            return con.execute(query).fetchall()

    def one(self, query: str) -> Any:
        return self.rows(query)[0][0]


def run_tiny(
    folder: Path,
    buildings: Sequence[Mapping[str, object]],
    feeds: str,
    files: Mapping[str, str],
    *,
    nis: str = "99003",
    keys: str = "",
) -> Tiny:
    """Write the files of a city, run it on DAY, and give its warehouse."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in {"gbg.json": page(buildings), **files}.items():
        (folder / name).write_text(text, encoding="utf-8")
    city = folder / "klein.toml"
    city.write_text(HEAD.format(nis=nis, crs="EPSG:31370", keys=keys) + feeds, encoding="utf-8")
    space = Workspace(folder / "home")
    outcome = run_city(load_city(city, space.cities), space, as_of=DAY)
    return Tiny(outcome.warehouse, outcome.warnings)
