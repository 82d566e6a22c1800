"""Overpass: one posted query per tile, its answer kept as OSM XML. Why so: docs/decisions/0022-overpass.md."""

from __future__ import annotations

import mmap
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from sources._kit.errors import FetchRefusedError
from sources._kit.http import Client
from sources._kit.paging import Asked, boxes
from sources._kit.snapshot import Part

TIMEOUT_S = 180
MAXSIZE_BYTES = 512 << 20
"""The server's own defaults. A query that announces more is let in later."""
QUEUE_S = 60
"""The server holds a query up to 15 s before it begins or says 429; the rest is for a slow line."""
_ELEMENT = re.compile(rb"<(?:node|way|relation)\s")


def pages(client: Client, asked: Asked) -> Iterator[Part]:
    """One answer per tile; the URL is that of the interpreter. Elements on an edge come once per tile they touch.

    Raises:
        FetchRefusedError: an answer is none, is half, or is no OSM; or all of them together are empty.
    """
    from sources._osm.query import make_query

    timeout_s = int(asked.service.params.get("timeout", TIMEOUT_S))
    maxsize = int(asked.service.params.get("maxsize", MAXSIZE_BYTES))
    count, tiles = 0, [box for box in boxes(asked) if box is not None]  # the service model has seen to a box
    for box in tiles:
        query = make_query(box, timeout_s, maxsize)
        try:
            part = client.download(asked.part, asked.url, form={"data": query}, silence_s=timeout_s + QUEUE_S)
        except FetchRefusedError as error:
            error.next_step = f"{error.next_step}; where the query is too much at once, give `tile_m`"
            raise
        elements = _count(client, part)
        count += elements
        yield replace(part, features=elements)
    if not count:
        raise FetchRefusedError(
            "the service has no element in the area asked",
            value=", ".join(f"{value:.6g}" for value in (*tiles[0][:2], *tiles[-1][2:])),
            next_step="the last good snapshot stays; look whether the box is the city (west, south, east, north)",
            **client.where,
            url=asked.url,
        )


def _count(client: Client, part: Part) -> int:
    """Elements in an answer.

    Raises:
        FetchRefusedError: it is no OSM XML, or has no end.
    """
    path = client.store.blob(part.sha256)
    wrong = _wrong(path)
    if wrong is not None:
        shown = path.read_bytes()[:200].decode("utf-8", "replace")
        raise FetchRefusedError(
            wrong,
            value=" ".join(shown.split()),
            next_step="the last good snapshot stays; fetch again",
            **client.where,
            url=part.location.partition("?")[0],
        )
    with path.open("rb") as stream, mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as content:
        return sum(1 for _ in _ELEMENT.finditer(content))


def _wrong(path: Path) -> str | None:
    with path.open("rb") as stream:
        head = stream.read(512)
        stream.seek(max(0, path.stat().st_size - 64))
        tail = stream.read()
    if b"<osm" not in head:
        return "the answer is no OSM XML"
    return None if tail.rstrip().endswith(b"</osm>") else "the answer stops short: it has no end"
