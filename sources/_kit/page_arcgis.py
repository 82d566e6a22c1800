"""ArcGIS REST: a layer's `query` in pages sorted by its object id, held to the count the server gives."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from sources._kit.errors import FetchRefusedError
from sources._kit.http import Client
from sources._kit.paging import PAGE_BYTES_MAX, Asked, Tally, boxes, read_page
from sources._kit.snapshot import Box, Part

EPSG = "EPSG:"


def pages(client: Client, asked: Asked) -> Iterator[Part]:
    """All pages of a layer; the URL is that of the layer, with or without `/query`.

    Raises:
        FetchRefusedError: the server ignores where a page begins, a page is missing, or the count says otherwise.
    """
    layer = asked.url.split("?")[0].rstrip("/").removesuffix("/query")
    facts = _ask(client, layer, {"f": "json"})
    sort_by = asked.setting("sort_by") or _key(facts)
    limit = min(asked.service.page_size, int(facts.get("maxRecordCount") or asked.service.page_size))
    for box in boxes(asked):
        query = {
            "where": asked.setting("filter") or "1=1",
            "outFields": "*",
            **_within(asked, box),
            **asked.service.params,
        }
        counted = {key: value for key, value in query.items() if key != "outFields"}
        answer = _ask(client, f"{layer}/query", {**counted, "returnCountOnly": "true", "f": "json"})
        total = answer.get("count")
        tally = Tally({**client.where, "part": asked.part, "url": layer})
        query |= {"outSR": asked.crs.removeprefix(EPSG), "f": asked.service.format or "geojson"}
        query |= {"orderByFields": f"{sort_by} ASC", "resultRecordCount": str(limit)}
        while True:
            paged = {**query, "resultOffset": str(tally.count)}
            part = client.download(asked.part, f"{layer}/query", params=paged, bytes_max=PAGE_BYTES_MAX)
            page, part = read_page(client, part, box)
            tally.take(page)
            yield part
            if not page.ids or tally.holds_all(total):
                break
            # The flag alone does not decide: a full last page may still claim that there is more.
            if total is None and not page.exceeded and len(page.ids) < limit:
                break
        tally.close(total)


def _within(asked: Asked, box: Box | None) -> dict[str, str]:
    if box is None:
        return {}
    corners = ",".join(f"{value:.12g}" for value in box)
    shape = {"geometryType": "esriGeometryEnvelope", "spatialRel": "esriSpatialRelIntersects"}
    return {"geometry": corners, "inSR": asked.crs.removeprefix(EPSG), **shape}


def _key(facts: dict[str, Any]) -> str:
    named = [field["name"] for field in facts.get("fields") or [] if field.get("type") == "esriFieldTypeOID"]
    return str(facts.get("objectIdField") or (named[0] if named else "OBJECTID"))


def _ask(client: Client, url: str, params: dict[str, str]) -> dict[str, Any]:
    text = client.read(url, params)
    try:
        answer: dict[str, Any] = json.loads(text)
    except ValueError as error:
        raise FetchRefusedError(
            "the service does not say what the layer is or holds",
            value=" ".join(text.split())[:200],
            next_step="the last good snapshot stays; open the address and look",
            **client.where,
            url=url,
        ) from error
    return answer
