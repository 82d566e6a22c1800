"""Real servers over the made-up city's GRB, for as long as a block lasts; a test without the program is skipped by its name."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from sources.voorbeeldstad import make_city
from tests.servers.mapserver import MapServer

BUILDINGS = 13_000
"""So many that GRB has more than 12,000: more than one page of the largest size."""
Features = list[dict[str, Any]]


@dataclass(frozen=True)
class Grb:
    """The collections of GRB by part: as the provider's pages, as one list, as a file for each server."""

    folder: Path
    parts: dict[str, Features]

    def placed(self, part: str) -> Features:
        """Features that have a geometry; MapServer gives no others."""
        return [feature for feature in self.parts[part] if feature["geometry"] is not None]


def make_grb(folder: Path) -> Grb:
    """Draw the city and write its GRB as `<part>.geojson` and one GeoPackage, in Lambert 72."""
    import geopandas

    city = make_city(folder / "city", BUILDINGS)
    parts: dict[str, Features] = {}
    for part in ("gbg", "adp"):
        pages = sorted((city.parent / "grb").glob(f"{part}_*.json"))
        parts[part] = [one for page in pages for one in json.loads(page.read_bytes())["features"]]
        body = {"type": "FeatureCollection", "features": parts[part]}
        (folder / f"{part}.geojson").write_text(json.dumps(body), encoding="utf-8")
        frame = geopandas.GeoDataFrame.from_features(parts[part], crs="EPSG:31370")
        frame.to_file(folder / "grb.gpkg", layer=part)
    return Grb(folder, parts)


@contextmanager
def running_pygeoapi(grb: Grb) -> Iterator[str]:
    """Address of pygeoapi in a process of its own, which ends with this one."""
    command = [sys.executable, str(Path(__file__).with_name("pygeoapi_app.py")), str(grb.folder), *grb.parts]
    env = {**os.environ, "PYTHONWARNINGS": "ignore"}
    with subprocess.Popen(command, env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        port = process.stdout.readline().strip()
        assert port, "pygeoapi did not start"
        yield f"http://127.0.0.1:{port}"
        process.stdin.close()
        process.wait(10)


@contextmanager
def running_mapserver(grb: Grb) -> Iterator[MapServer]:
    """MapServer; the Debian package is `cgi-mapserver`."""
    program = shutil.which("mapserv")
    if program is None:
        pytest.skip("no mapserv: install the Debian package cgi-mapserver")
    server = MapServer(program, grb.folder / "grb.gpkg", list(grb.parts))
    try:
        yield server
    finally:
        server.close()
