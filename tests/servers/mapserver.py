"""MapServer as a WFS on the loopback address: one `mapserv` process a request, as a web server would start it."""

from __future__ import annotations

import os
import subprocess
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

PAGE_CAP = 10_000
"""GeoServer's ceiling on a page, whatever is asked; MapServer is told to have the same."""
_MAP = """
MAP
  NAME "grb"
  EXTENT 0 0 300000 300000
  PROJECTION "init=epsg:31370" END
  WEB METADATA
    "ows_enable_request" "*"
    "ows_title" "made up"
    "ows_onlineresource" "{url}"
    "wfs_srs" "EPSG:31370 EPSG:4326 EPSG:3812"
    "wfs_getfeature_formatlist" "geojson"
  END END
  OUTPUTFORMAT
    NAME "geojson"
    DRIVER "OGR/GEOJSON"
    MIMETYPE "application/json"
    FORMATOPTION "STORAGE=stream"
    FORMATOPTION "FORM=SIMPLE"
    FORMATOPTION "LCO:RFC7946=NO"
    FORMATOPTION "USE_FEATUREID=true"
  END
{layers}
END
"""
_LAYER = """
  LAYER
    NAME "{name}"
    TYPE POLYGON
    STATUS ON
    CONNECTIONTYPE OGR
    CONNECTION "{file}"
    DATA "{name}"
    PROJECTION "init=epsg:31370" END
    TEMPLATE "none"
    METADATA
      "gml_include_items" "all"
      "gml_featureid" "OIDN"
      "ows_title" "{name}"
      "wfs_maxfeatures" "{cap}"
    END
  END
"""


class MapServer:
    """The server, over the layers of a GeoPackage in Lambert 72."""

    def __init__(self, program: str, file: Path, layers: list[str]) -> None:
        self.seen: list[str] = []
        server = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                asked = urlsplit(self.path).query
                server.seen.append(asked)
                head, body = server.run(program, asked)
                self.send_response(200)
                for line in head.splitlines():
                    name, _, value = line.partition(": ")
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_args: object) -> None:
                pass

        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._http.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._http.server_port}/wfs"
        shown = "".join(_LAYER.format(name=name, file=file, cap=PAGE_CAP) for name in layers)
        self._map, self._config = file.with_name("grb.map"), file.with_name("mapserver.conf")
        self._map.write_text(_MAP.format(url=self.url, layers=shown), encoding="utf-8")
        self._config.write_text("CONFIG\nENV\nEND\nEND\n", encoding="utf-8")
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.01,))
        self._thread.start()

    def run(self, program: str, query: str) -> tuple[str, bytes]:
        """What the program says to one request: its header lines and the body."""
        ours = {"MS_MAPFILE": str(self._map), "MAPSERVER_CONFIG_FILE": str(self._config)}
        asked = {"REQUEST_METHOD": "GET", "QUERY_STRING": query}
        done = subprocess.run([program], env={**os.environ, **ours, **asked}, capture_output=True, check=True)
        head, _, body = done.stdout.partition(b"\r\n\r\n")
        return head.decode("latin-1"), body

    def close(self) -> None:
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()
