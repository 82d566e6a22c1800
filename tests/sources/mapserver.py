"""MapServer (Debian: cgi-mapserver) as a WCS behind the loopback server: a second hand that wrote the protocol."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Mapping
from email.parser import BytesHeaderParser
from pathlib import Path
from urllib.parse import urlencode

import pytest

from tests.sources.loopback import Answer, Request

MAP = """MAP
 NAME "wcs"
 EXTENT {extent}
 SIZE 100 100
 MAXSIZE 4096
 PROJECTION "init=epsg:31370" END
 OUTPUTFORMAT NAME "tiff" DRIVER "GDAL/GTiff" MIMETYPE "image/tiff" IMAGEMODE FLOAT32 EXTENSION "tif" FORMATOPTION "NULLVALUE=-9999" END
 WEB METADATA "ows_enable_request" "*" "ows_srs" "EPSG:31370" "ows_title" "wcs" "ows_onlineresource" "http://127.0.0.1/?" END END
{layers}
END"""
LAYER = """ LAYER NAME "{name}" TYPE RASTER STATUS ON DATA "{path}" PROJECTION "init=epsg:31370" END
  METADATA "wcs_label" "{name}" "wcs_rangeset_name" "height" "wcs_rangeset_nullvalue" "-9999" "wcs_formats" "tiff" "wcs_nativeformat" "image/tiff" "wcs_imagemode" "FLOAT32" END
 END"""


def mapserver(folder: Path, rasters: Mapping[str, Path], extent: str) -> Callable[[Request], Answer]:
    """What answers for MapServer over some rasters in EPSG:31370; skips where it is not installed."""
    program = shutil.which("mapserv") or "/usr/lib/cgi-bin/mapserv"
    if not Path(program).exists():
        pytest.skip("no MapServer: the Debian package cgi-mapserver is not installed")
    layers = "\n".join(LAYER.format(name=name, path=path) for name, path in rasters.items())
    (folder / "wcs.map").write_text(MAP.format(extent=extent, layers=layers))
    (folder / "mapserver.conf").write_text("CONFIG\n ENV\n END\n MAPS\n END\n PLUGINS\n END\nEND\n")
    around = {"MS_MAPFILE": str(folder / "wcs.map"), "MAPSERVER_CONFIG_FILE": str(folder / "mapserver.conf")}

    def answer(request: Request) -> Answer:
        words = {**os.environ, **around, "REQUEST_METHOD": "GET", "QUERY_STRING": urlencode(request.pairs)}
        said = subprocess.run([program], env=words, capture_output=True, check=True).stdout
        head, _, body = said.partition(b"\r\n\r\n")
        headers = BytesHeaderParser().parsebytes(head)
        status = int(str(headers.get("Status", "200")).split()[0])
        return Answer(body, status, {"Content-Type": str(headers["Content-Type"])})

    return answer
