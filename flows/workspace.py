"""Where things are: the checkout for what is committed, ONBENUT_HOME for what runs make."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sources._kit.snapshot import Store

HOME_VARIABLE = "ONBENUT_HOME"
CHECKOUT = Path(__file__).resolve().parents[1]
EDITION = "osm_free"
"""The edition of a city without OpenStreetMap: its warehouse is `<city>~osm_free`."""


@dataclass(frozen=True)
class Workspace:
    """Folders of one installation."""

    home: Path
    checkout: Path = CHECKOUT

    @property
    def cities(self) -> Path:
        """City files that are part of the project."""
        return self.checkout / "data" / "cities"

    @property
    def reference(self) -> Path:
        """Reference files: typology, weights."""
        return self.checkout / "data" / "reference"

    @property
    def tables(self) -> Path:
        """Declared SQL."""
        return self.checkout / "transforms"

    @property
    def store(self) -> Store:
        """Snapshots."""
        # Here, because it brings the city model along, which commands that only read can do without.
        from sources._kit.snapshot import Store

        return Store(self.home / "data" / "raw")

    @property
    def outputs(self) -> Path:
        """Published products."""
        return self.home / "outputs"

    @property
    def sample(self) -> Path:
        """The made-up city's raw files."""
        return self.home / "data" / "sample"

    @property
    def nights(self) -> Path:
        """Summaries of nights."""
        return self.home / "data" / "nights"

    def decisions(self, slug: str) -> Path:
        """Matches of a city that were decided by hand."""
        return self.home / "data" / "decisions" / f"{slug}.csv"

    def fieldwork(self, slug: str) -> Path:
        """Field lists of a city, what came back of them, and who objected to being shown."""
        return self.home / "data" / "fieldwork" / slug

    def adverts(self, slug: str) -> Path:
        """Adverts that were imported for a city."""
        return self.home / "data" / "adverts" / slug

    def warehouse(self, slug: str) -> Path:
        """DuckDB file of a city."""
        return self.home / "data" / "warehouse" / f"{slug}.duckdb"

    def run_log(self, slug: str) -> Path:
        """What the last run of a city did, as JSON."""
        return self.home / "data" / "warehouse" / f"{slug}.run.json"

    def failure_log(self, slug: str) -> Path:
        """Why the last run of a city failed, as JSON; absent when it did not."""
        return self.home / "data" / "warehouse" / f"{slug}.failure.json"


def workspace() -> Workspace:
    """The workspace ONBENUT_HOME names; without it, the checkout."""
    return Workspace(Path(os.environ.get(HOME_VARIABLE) or CHECKOUT).resolve())
