"""OGC API Features: follow `next`, or count on with `startIndex` where a full page names none."""

from __future__ import annotations

from collections.abc import Iterator

from sources._kit.http import Client
from sources._kit.paging import PAGE_BYTES_MAX, Asked, Tally, axis_order, boxes, read_page
from sources._kit.snapshot import Part

LONGITUDE_LATITUDE = "EPSG:4326"
"""The service's own default is CRS84, the same with longitude first, as GeoJSON has it: so it is not asked for."""


def pages(client: Client, asked: Asked) -> Iterator[Part]:
    """All pages; the URL is that of a collection, with or without `/items`.

    Raises:
        FetchRefusedError: a page is missing or repeated, features are, or the total says otherwise.
    """
    base = asked.url.rstrip("/")
    base = base if base.endswith("/items") else f"{base}/items"
    for box in boxes(asked):
        tally = Tally({**client.where, "part": asked.part, "url": base})
        first = _first(asked, None if box is None else axis_order(box, _box_crs(asked)))
        url, params = base, first
        while True:
            part = client.download(asked.part, url, params=params, bytes_max=PAGE_BYTES_MAX)
            page, part = read_page(client, part, box)
            tally.take(page)
            yield part
            if page.next_url is not None and page.ids:
                url, params = page.next_url, {}
            elif tally.holds_all(page.matched) or tally.is_short(page, asked.service.page_size):
                break
            else:
                url, params = base, {**first, "startIndex": str(tally.count)}
        tally.close()


def _first(asked: Asked, box: str | None) -> dict[str, str]:
    params = {"f": asked.service.format or "json", "limit": str(asked.service.page_size)}
    if asked.crs != LONGITUDE_LATITUDE:
        params["crs"] = _uri(asked.crs)
    if box is not None:
        params["bbox"] = box
        if asked.crs != LONGITUDE_LATITUDE:
            params["bbox-crs"] = _uri(asked.crs)
    if (chosen := asked.setting("filter")) is not None:
        params |= {"filter": chosen, "filter-lang": "cql-text"}
    if (sort_by := asked.setting("sort_by")) is not None:
        params["sortby"] = sort_by
    return {**params, **asked.service.params}


def _box_crs(asked: Asked) -> str:
    return "OGC:CRS84" if asked.crs == LONGITUDE_LATITUDE else asked.crs


def _uri(crs: str) -> str:
    return f"http://www.opengis.net/def/crs/EPSG/0/{crs.removeprefix('EPSG:')}"
