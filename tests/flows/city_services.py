"""The services of a whole city on the loopback address, over the files of a made-up one; pygeoapi has its GRB."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

from tests.sources.loopback import Answer, Loopback, Request
from tests.sources.mini_overpass import MiniOverpass
from tests.sources.wcs import Wcs

PAGE = 40
"""Few, so that each service gives more than one."""
Say = Callable[[Request], Answer]
Features = list[dict[str, Any]]


class CityServices:
    """Overpass, WFS, ArcGIS, Opendatasoft, WCS and plain downloads, told apart by the beginning of the path."""

    def __init__(self, folder: Path) -> None:
        self.nights = 0
        self.server = Loopback(self._say)
        # A server of rasters answers for all of its address when it is made; here it has a part of it.
        elevation = Wcs(self.server, {name.upper(): folder / "elevation" / f"{name}.tif" for name in ("dsm", "dtm")})
        self.server.answer = self._say
        self._parts: dict[str, Say] = {
            "/overpass": MiniOverpass(folder / "osm.osm.pbf"),
            "/heritage": self._wfs(folder / "heritage.geojson"),
            "/register": arcgis(register(folder / "register.csv")),
            "/premises": opendatasoft(folder / "premises.csv"),
            "/observations": opendatasoft(folder / "observations.csv"),
            "/elevation": elevation,
            "/files": lambda request: download(folder / Path(request.path).name, request),
        }

    @property
    def url(self) -> str:
        """The address all of them are under."""
        return self.server.url

    def close(self) -> None:
        self.server.close()

    def _say(self, request: Request) -> Answer:
        for start, say in self._parts.items():
            if request.path.startswith(start):
                return say(request)
        return Answer(status=404)

    def _wfs(self, path: Path) -> Say:
        """GeoServer over a file: pages in the order asked for, each with the second it was made in."""
        features: Features = json.loads(path.read_bytes())["features"]
        crs = {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::31370"}}

        def say(request: Request) -> Answer:
            if request.query.get("resultType") == "hits":
                return Answer(f'<wfs:FeatureCollection numberMatched="{len(features)}" numberReturned="0"/>'.encode())
            start, count = int(request.query["startIndex"]), min(PAGE, int(request.query["count"]))
            ordered = sorted(features, key=lambda one: one["properties"][request.query["sortBy"]])
            page = ordered[start : start + count]
            body = {"type": "FeatureCollection", "features": page, "numberReturned": len(page), "crs": crs}
            return Answer(json.dumps({**body, "timeStamp": f"2025-06-01T00:00:{self.nights:02d}Z"}).encode())

        return say


def register(path: Path) -> Features:
    """The rows of the register as an ArcGIS layer has them: numbers as numbers, days in milliseconds, no geometry asked."""
    with path.open(encoding="utf-8-sig", newline="") as stream:
        rows = list(csv.DictReader(stream))
    found: Features = []
    for number, row in enumerate(rows, 1):
        made: dict[str, Any] = {name: value or None for name, value in row.items()}
        made["OBJECTID"] = int(row["OBJECTID"])
        made["SHAPE_Length"], made["SHAPE_Area"] = 0.0, 0.0
        if day := row["reg_opnamedatum"]:
            made["reg_opnamedatum"] = int(datetime.fromisoformat(day.replace("/", "-") + ":00").timestamp() * 1000)
        # A register's own number may come twice; that of the layer's row cannot.
        found.append({"type": "Feature", "id": number, "properties": made, "geometry": None})
    return found


def arcgis(features: Features) -> Say:
    """A layer with a ceiling per page."""

    def say(request: Request) -> Answer:
        if not request.path.endswith("/query"):
            fields = [{"name": "OBJECTID", "type": "esriFieldTypeOID"}]
            return Answer(json.dumps({"maxRecordCount": PAGE, "fields": fields}).encode())
        if request.query.get("returnCountOnly") == "true":
            return Answer(json.dumps({"count": len(features)}).encode())
        start = int(request.query["resultOffset"])
        end = start + min(PAGE, int(request.query["resultRecordCount"]))
        body = {"type": "FeatureCollection", "features": features[start:end]}
        return Answer(json.dumps({**body, "exceededTransferLimit": end < len(features)}).encode())

    return say


def opendatasoft(path: Path) -> Say:
    """A dataset whose export is the file itself."""
    content = path.read_bytes()
    count = sum(1 for _ in csv.reader(io.StringIO(content.decode("utf-8-sig")), delimiter=";")) - 1

    def say(request: Request) -> Answer:
        if request.path.endswith("/records"):
            return Answer(json.dumps({"total_count": count, "results": []}).encode())
        return Answer(content, headers={"Content-Type": "text/csv"})

    return say


def download(path: Path, request: Request) -> Answer:
    """A file with its version, sent only where the asker has another."""
    etag = f'"{path.stat().st_mtime_ns:x}"'
    headers = {"ETag": etag}
    if request.headers.get("If-None-Match") == etag:
        return Answer(status=304, headers=headers)
    return Answer(path.read_bytes(), headers=headers)
