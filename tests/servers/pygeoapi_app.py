"""Runs pygeoapi on a free port of the loopback address: `python pygeoapi_app.py FOLDER STEM...`; prints the port.

FOLDER holds `<STEM>.geojson` in Lambert 72; a feature's id is its OIDN. Ends when standard input is closed, so that no server
outlives the tests that started it.
"""

from __future__ import annotations

import json
import os
import sys
import threading
from pathlib import Path
from typing import Any

URI = "http://www.opengis.net/def/crs/{}"
LAMBERT_72 = URI.format("EPSG/0/31370")
CRS = [URI.format("OGC/1.3/CRS84"), URI.format("EPSG/0/4326"), LAMBERT_72, URI.format("EPSG/0/3812")]


def settings(folder: Path, stems: list[str], url: str) -> dict[str, Any]:
    """pygeoapi's own settings, the least it starts with."""
    text = {"title": "Voorbeeldstad", "description": "made up", "keywords": ["none"], "url": url}
    about = {"identification": {**text, "terms_of_service": url}, "license": {"name": "none", "url": url}}
    people = {"name": "none", "position": "none", "email": "none@example.org", "url": url}
    return {
        "server": {
            "bind": {"host": "127.0.0.1", "port": 0},
            "url": url,
            "mimetype": "application/json; charset=UTF-8",
            "encoding": "utf-8",
            "gzip": True,
            "languages": ["en-US"],
            "limits": {"default_items": 10, "max_items": 5000, "on_exceed": "throttle"},
            "map": {"url": url, "attribution": "none"},
        },
        "logging": {"level": "ERROR"},
        "metadata": {**about, "provider": {"name": "none", "url": url}, "contact": people},
        "resources": {
            stem: {
                "type": "collection",
                **{key: text[key] for key in ("title", "description", "keywords")},
                "links": [],
                "extents": {"spatial": {"bbox": [2.5, 49.4, 6.5, 51.6], "crs": CRS[0]}},
                "providers": [
                    {
                        "type": "feature",
                        "name": "GeoJSON",
                        "data": str(folder / f"{stem}.geojson"),
                        "id_field": "OIDN",
                        "crs": CRS,
                        "storage_crs": LAMBERT_72,
                    }
                ],
            }
            for stem in stems
        },
    }


def serve(folder: Path, stems: list[str]) -> None:
    """Serve until standard input is closed."""
    from werkzeug.serving import WSGIRequestHandler, make_server

    class Quiet(WSGIRequestHandler):  # type: ignore[misc]  # werkzeug is in a folder of its own
        def log(self, *_args: object) -> None:
            pass

    # The port must be known before the application is: its links carry it.
    server = make_server("127.0.0.1", 0, lambda _environ, _start: [], threaded=True, request_handler=Quiet)
    names = {"CONFIG": "pygeoapi.json", "OPENAPI": "openapi.json"}
    made = {
        "CONFIG": settings(folder, stems, f"http://127.0.0.1:{server.server_port}"),
        "OPENAPI": {"openapi": "3.0.2"},
    }
    for name, file in names.items():
        (folder / file).write_text(json.dumps(made[name]), encoding="utf-8")
        os.environ[f"PYGEOAPI_{name}"] = str(folder / file)
    from pygeoapi.flask_app import APP

    server.app = APP
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(server.server_port, flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    serve(Path(sys.argv[1]), sys.argv[2:])
