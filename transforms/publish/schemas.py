"""The JSON schemas of the feeds: kept here by version, and laid beside the files they describe.

One describes what comes in: a platform that reads the layer finds there how to give its adverts.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any

import duckdb

from transforms.publish.deliverable import Made

FOLDER = Path(__file__).with_name("schemas")
VERSIONS = {"pins": 1, "changes": 1, "adverts": 1, "matches": 1, "parks": 1}
"""Feed -> the version that is written, or taken in, now; earlier ones stay in the folder."""
TAKEN_IN = {"adverts": Path(str(files("sources") / "space_request.schema.json"))}
"""Feed that is read -> its schema, which stands beside the source."""


def schema_id(feed: str) -> str:
    """Name of a feed's schema and its version, for the head of the feed."""
    return f"urn:onbenut:{feed}:{VERSIONS[feed]}"


def schema_file(feed: str) -> str:
    """Name of the schema in a city's folder."""
    return f"{feed}.schema.json"


def read_schema(feed: str) -> dict[str, Any]:
    """The schema of a feed as it is written now."""
    found: dict[str, Any] = json.loads(_path(feed).read_text(encoding="utf-8"))
    return found


def write_schemas(_con: duckdb.DuckDBPyConnection, made: Sequence[Made], folder: Path) -> list[Path]:
    """Lay the schemas beside the feeds, where there are any."""
    if not any(item.product.audience == "public" for item in made):
        return []
    paths = []
    written = {item.path.name for item in made}
    for feed in VERSIONS:
        # What is said of no park needs no schema.
        if feed == "parks" and not any(name.endswith("_parks.geojson") for name in written):
            continue
        paths.append(folder / schema_file(feed))
        paths[-1].write_bytes(_path(feed).read_bytes())
    return paths


def _path(feed: str) -> Path:
    return TAKEN_IN.get(feed) or FOLDER / f"{feed}-{VERSIONS[feed]}.schema.json"
