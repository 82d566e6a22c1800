"""WFS 2.0: GetFeature as GeoJSON, sorted, counted on with `startIndex`; the number of hits is asked first."""

from __future__ import annotations

import re
from collections.abc import Iterator

from sources._kit.errors import FetchRefusedError
from sources._kit.http import Client
from sources._kit.paging import PAGE_BYTES_MAX, Asked, Tally, axis_order, boxes, read_page
from sources._kit.snapshot import Box, Part

_HITS = re.compile(r"number(?:Matched|OfFeatures)\s*=\s*[\"'](\d+|unknown)[\"']")


def pages(client: Client, asked: Asked) -> Iterator[Part]:
    """All pages of a feature type.

    Raises:
        FetchRefusedError: a page is missing or repeated, features are, or the hits say otherwise.
    """
    for box in boxes(asked):
        query = _query(asked, box)
        total = _hits(client, asked.url, query)
        tally = Tally({**client.where, "part": asked.part, "url": asked.url})
        while True:
            paged = {"count": str(asked.service.page_size), "startIndex": str(tally.count)}
            part = client.download(asked.part, asked.url, params={**query, **paged}, bytes_max=PAGE_BYTES_MAX)
            page, part = read_page(client, part, box)
            tally.take(page)
            yield part
            if tally.holds_all(total) or tally.is_short(page, asked.service.page_size):
                break
        tally.close(total)


def _query(asked: Asked, box: Box | None) -> dict[str, str]:
    urn = f"urn:ogc:def:crs:EPSG::{asked.crs.removeprefix('EPSG:')}"
    query = {
        "service": "WFS",
        "version": "2.0.0",
        "request": "GetFeature",
        "typeNames": asked.setting("typename") or "",
        "srsName": urn,
        "outputFormat": asked.service.format or "application/json",
        "sortBy": asked.setting("sort_by") or "",
    }
    chosen, geometry = asked.setting("filter"), asked.setting("geometry")
    if box is not None and chosen is not None:
        # The words of CQL have x first, whatever the axes of the CRS.
        corners = ", ".join(f"{value:.12g}" for value in box)
        chosen = f"BBOX({geometry}, {corners}, '{asked.crs}') AND ({chosen})"
    elif box is not None:
        query["bbox"] = f"{axis_order(box, asked.crs)},{urn}"
    if chosen is not None:
        query["CQL_FILTER"] = chosen
    return {**query, **asked.service.params}


def _hits(client: Client, url: str, query: dict[str, str]) -> int | None:
    """The number of features, or None where the service does not count."""
    # With the CRS of the answer: some servers choose by the box as it lies in that CRS.
    asked = {key: value for key, value in query.items() if key not in ("outputFormat", "sortBy")}
    answer = client.read(url, {**asked, "resultType": "hits"})
    found = _HITS.search(answer)
    if found is None:
        raise FetchRefusedError(
            "the service does not answer how many features it has",
            value=" ".join(answer.split())[:200],
            next_step="the last good snapshot stays; open the address and look",
            **client.where,
            url=url,
        )
    return None if found.group(1) == "unknown" else int(found.group(1))
