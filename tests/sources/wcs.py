"""A WCS 2.0.1 over rasters, on the loopback address: it crops with rasterio and answers in two parts as DHMV II does.

What it says and how is as was seen of the real service: labels `x y`, boundary `wcs`, a document and then the raster.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import rasterio
from rasterio.io import MemoryFile
from rasterio.windows import Window, from_bounds

from tests.sources.loopback import Answer, Loopback, Request

DESCRIPTION = """<?xml version="1.0" encoding="UTF-8"?>
<wcs:CoverageDescriptions xmlns:wcs="http://www.opengis.net/wcs/2.0" xmlns:gml="http://www.opengis.net/gml/3.2"
 xmlns:swe="http://www.opengis.net/swe/2.0" xmlns:gmlcov="http://www.opengis.net/gmlcov/1.0">
<wcs:CoverageDescription gml:id="{name}">
<gml:boundedBy><gml:Envelope srsName="http://www.opengis.net/def/crs/EPSG/0/{code}" axisLabels="{labels}" srsDimension="2">
<gml:lowerCorner>{lower}</gml:lowerCorner><gml:upperCorner>{upper}</gml:upperCorner></gml:Envelope></gml:boundedBy>
<wcs:CoverageId>{name}</wcs:CoverageId>
<gml:domainSet><gml:RectifiedGrid dimension="2"><gml:limits><gml:GridEnvelope><gml:low>0 0</gml:low><gml:high>{high}</gml:high>
</gml:GridEnvelope></gml:limits><gml:axisLabels>{labels}</gml:axisLabels>
<gml:origin><gml:Point><gml:pos>{origin}</gml:pos></gml:Point></gml:origin>
<gml:offsetVector>{across}</gml:offsetVector><gml:offsetVector>{down}</gml:offsetVector></gml:RectifiedGrid></gml:domainSet>
<gmlcov:rangeType><swe:DataRecord><swe:field name="band1"><swe:Quantity><swe:nilValues><swe:NilValues>
<swe:nilValue reason="inapplicable">{nodata}</swe:nilValue></swe:NilValues></swe:nilValues></swe:Quantity></swe:field>
</swe:DataRecord></gmlcov:rangeType></wcs:CoverageDescription></wcs:CoverageDescriptions>"""
EXCEPTION = """<?xml version="1.0" encoding="UTF-8"?>
<ows:ExceptionReport xmlns:ows="http://www.opengis.net/ows/2.0" version="2.0.1">
<ows:Exception exceptionCode="{code}"><ows:ExceptionText>{text}</ows:ExceptionText></ows:Exception></ows:ExceptionReport>"""
Cut = Callable[[Any, Window], bytes]


def crop(raster: Any, window: Window, **profile: Any) -> bytes:
    """The cells of a window as a GeoTIFF; keywords replace what it says of itself."""
    cells = raster.read(1, window=window)
    plain = {
        "driver": "GTiff", "count": 1, "dtype": raster.dtypes[0], "crs": raster.crs, "nodata": raster.nodata,
        "width": window.width, "height": window.height, "transform": raster.window_transform(window),
    }  # fmt: skip
    with MemoryFile() as memory:
        with memory.open(**{**plain, **profile}) as file:
            for band in range(1, file.count + 1):
                file.write(cells[: file.height, : file.width], band)
        return bytes(memory.read())


def related(raster: bytes, eol: bytes = b"\r\n") -> Answer:
    """A raster in the two parts of the real service."""
    lines = [
        b"", b"--wcs", b"Content-Type: text/xml", b"Content-ID: GML-Part", b"", b"<?xml version='1.0'?><gmlcov:RectifiedGridCoverage/>",
        b"--wcs", b"Content-Type: image/tiff", b"Content-Description: coverage data", b"Content-Transfer-Encoding: binary",
        b"Content-ID: 1.tif", b"", raster, b"--wcs--", b"",
    ]  # fmt: skip
    return Answer(eol.join(lines), headers={"Content-Type": 'multipart/related; boundary="wcs"'})


class Wcs:
    """The service over some rasters by the name of their coverage; faults are switched on by replacing its attributes."""

    def __init__(self, server: Loopback, rasters: Mapping[str, Path], labels: tuple[str, str] = ("x", "y")) -> None:
        self.rasters, self.labels = dict(rasters), labels
        self.cut: Cut = crop
        self.pack: Callable[[bytes], Answer] = related
        self.says: dict[str, object] = {}
        self.asked: list[tuple[float, float, float, float]] = []
        server.answer = self

    def __call__(self, request: Request) -> Answer:
        query = {name.lower(): value for name, value in request.pairs}
        path = self.rasters.get(query.get("coverageid", ""))
        if path is None or query.get("version") != "2.0.1" or query.get("service") != "WCS":
            return refusal("NoSuchCoverage", "no such coverage")
        with rasterio.open(path) as raster:
            if query["request"] == "DescribeCoverage":
                return Answer(self.describe(query["coverageid"], raster).encode(), headers={"Content-Type": "text/xml"})
            if query.get("format") != "image/tiff":
                return refusal("InvalidParameterValue", "image/tiff alone")
            words = [
                re.fullmatch(r"(\w+)\(([\d.e+-]+),([\d.e+-]+)\)", v) for n, v in request.pairs if n.lower() == "subset"
            ]
            spans = {word[1]: (float(word[2]), float(word[3])) for word in words if word}
            if set(spans) != set(self.labels):
                return refusal("InvalidAxisLabel", f"invalid subset axis in {sorted(spans)}")
            (west, east), (south, north) = spans[self.labels[0]], spans[self.labels[1]]
            self.asked.append((west, south, east, north))
            window = from_bounds(west, south, east, north, raster.transform).round_offsets().round_lengths()
            return self.pack(self.cut(raster, window))

    def describe(self, name: str, raster: Any) -> str:
        """DescribeCoverage of a raster, in the order of the labels."""
        west, south, east, north = raster.bounds
        cell = raster.transform.a
        facts: dict[str, object] = {
            "name": name, "code": raster.crs.to_epsg(), "labels": " ".join(self.labels), "lower": f"{west} {south}",
            "upper": f"{east} {north}", "high": f"{raster.width - 1} {raster.height - 1}", "across": f"{cell} 0",
            "down": f"0 {-cell}", "origin": f"{west + cell / 2} {north - cell / 2}", "nodata": raster.nodata,
        }  # fmt: skip
        return DESCRIPTION.format(**{**facts, **self.says})


def refusal(code: str, text: str, status: int = 404) -> Answer:
    """An exception report, with a status of one's choice."""
    return Answer(EXCEPTION.format(code=code, text=text).encode(), status, {"Content-Type": "text/xml"})
