"""Which paths there are, and what pygeoapi answers to each; nothing that writes, and nothing of what is not served."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

from pygeoapi.api import (
    CONFORMANCE_CLASSES,
    APIRequest,
    describe_collections,
    get_collection_schema,
    itemtypes,
    landing_page,
    openapi_,
)
from werkzeug.routing import Map, Rule

_PATHS = {
    "/": "landing",
    "/openapi": "openapi",
    "/conformance": "conformance",
    "/collections": "collections",
    "/collections/<dataset>": "collections",
    "/collections/<dataset>/schema": "schema",
    "/collections/<dataset>/queryables": "queryables",
    "/collections/<dataset>/items": "items",
    "/collections/<dataset>/items/<path:identifier>": "item",
}
# Only GET (and HEAD): werkzeug answers 405 to everything else, before pygeoapi hears of it.
RULES = Map(
    [Rule(path, endpoint=name, methods=["GET"]) for path, name in _PATHS.items()],
    strict_slashes=False,
    merge_slashes=False,
)
_WRITES = "/ogcapi-features-4/"
# pygeoapi's front page links to what is not served here.
_NOT_HERE = ("processes", "job-list", "tiling-schemes")


def _landing(api: Any, request: APIRequest) -> tuple[dict[str, str], int, str]:
    headers, status, content = landing_page(api, request)
    if headers["Content-Type"] != "application/json":
        return headers, status, content
    body = json.loads(content)
    body["links"] = [link for link in body["links"] if not link["rel"].endswith(_NOT_HERE)]
    return headers, status, json.dumps(body)


def _conformance(_api: Any, _request: APIRequest) -> tuple[dict[str, str], int, str]:
    """What holds: pygeoapi's own page says that one may write, and grows with every question."""
    declared = {*CONFORMANCE_CLASSES, *itemtypes.CONFORMANCE_CLASSES_FEATURES}
    classes = sorted(uri for uri in declared if _WRITES not in uri)
    return {"Content-Type": "application/json"}, 200, json.dumps({"conformsTo": classes})


def _item(api: Any, request: APIRequest, dataset: str, identifier: str) -> tuple[dict[str, str], int, str]:
    answer: tuple[dict[str, str], int, str]
    answer = itemtypes.get_collection_item(api, request, dataset, quote(identifier, safe=":~"))
    return answer


ANSWERS: dict[str, Callable[..., tuple[dict[str, str], int, str]]] = {
    "landing": _landing,
    "openapi": openapi_,
    "conformance": _conformance,
    "collections": describe_collections,
    "schema": get_collection_schema,
    "queryables": itemtypes.get_collection_queryables,
    "items": itemtypes.get_collection_items,
    "item": _item,
}
