"""Fetching a feed into the snapshot store: local files, downloads, pages of a service."""

from __future__ import annotations

import glob
import os
from datetime import UTC, datetime
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from urllib3.util.retry import Retry

from sources._kit.city import City, Feed
from sources._kit.errors import CityFileError, FetchRefusedError
from sources._kit.http import Client, Known, Progress
from sources._kit.paging import Asked, boxes, fetch_pages
from sources._kit.snapshot import Box, Part, Snapshot, Store

if TYPE_CHECKING:
    from sources._kit.contract import SourceInfo

RETRIES = Retry(
    total=4,
    backoff_factor=1.0,
    backoff_max=30,
    status_forcelist=(429, 500, 502, 503, 504),
    # What is posted here is a query: asked twice it is answered twice, and nothing else happens.
    allowed_methods=("GET", "POST"),
)


@cache
def code_version() -> str:
    """Version of this code, as installed."""
    return version("onbenut")


def fetch_files(
    city: City, feed: Feed, store: Store, progress: Progress | None = None, extent: Box | None = None
) -> Snapshot:
    """Fetch every part of a feed, as files or from the service the feed names, and write the manifest.

    `extent` is the box around the city's boundary, in its CRS, for a service that is asked for that, and for a file of
    which only what reaches into that is read.

    An address that answers that nothing changed (304) gives the stored bytes again, whichever city or feed had them
    from there; the manifest says so by the status of the part. Bytes that this feed could not read are asked for anew.

    Raises:
        CityFileError: a box is wanted of a file, and the source reads all of it.
        FetchRefusedError: nothing there, an error status, an error with a good status, a body or a set of pages that is
            not whole.
    """
    # Here, because the contract imports this module.
    from sources._kit.contract import load_source

    info = load_source(feed.source).info
    where = {"source": feed.source, "city": city.slug, "feed": feed.name}
    agent = f"onbenut/{code_version()} (underused buildings; city {city.slug})"
    clip = _clip(city, feed, info, extent)
    known = _known(city, feed, store)
    parts: list[Part] = []
    with Client(store, agent, info.http, RETRIES, where, progress) as client:
        for name, location in sorted(feed.locations.items()):
            if urlsplit(location).scheme not in ("http", "https"):
                parts.extend(_copy(city, feed, store, name, location))
            elif feed.service.kind == "file":
                parts.append(client.download(name, location, before=known))
            else:
                crs = feed.crs or info.native_crs
                parts.extend(fetch_pages(client, Asked(city, feed.service, name, location, crs, extent, known)))
    snapshot = Snapshot(city, feed, tuple(parts), datetime.now(UTC), store, clip)
    store.record(snapshot, licence=feed.licence or info.licence, code_version=code_version())
    return snapshot


def _clip(city: City, feed: Feed, info: SourceInfo, extent: Box | None) -> Box | None:
    if feed.service.kind != "file" or feed.service.bbox is None:
        return None
    if not info.clips:
        raise CityFileError(
            "the source reads all of a file and knows no bbox",
            source=feed.source,
            city=city.slug,
            column=f"feeds.{feed.name}.service.bbox",
            value=feed.service.bbox,
            next_step="leave `bbox` out, or ask a service (`kind`)",
        )
    (box,) = boxes(Asked(city, feed.service, "data", "", feed.crs or info.native_crs, extent))
    return box


def _known(city: City, feed: Feed, store: Store) -> Known:
    good, unread = store.last_good(city, feed), store.unread(city, feed)

    def find(location: str) -> Part | None:
        part = store.recall(location)
        if part is not None and part.sha256 not in unread and store.claim(part.sha256):
            return part
        own = [part for part in good.parts if part.location == location] if good else []
        return own[0] if len(own) == 1 and store.claim(own[0].sha256) else None

    return find


def _copy(city: City, feed: Feed, store: Store, name: str, location: str) -> list[Part]:
    pattern = unquote(urlsplit(location).path) if location.startswith("file://") else location
    where = {"source": feed.source, "city": city.slug, "feed": feed.name, "file": pattern}
    # `lijst [1].csv`, as browsers save a second download, is a name before it is a pattern.
    full = city.folder / pattern
    paths = [full] if full.is_file() else sorted(Path(p) for p in glob.glob(str(full)))  # noqa: PTH207 (may be absolute)
    if not paths or not all(path.is_file() for path in paths):
        raise FetchRefusedError("no such file", next_step="mend `path` in the city file or put the file there", **where)
    parts = []
    for path in paths:
        with path.open("rb") as stream:
            before = os.fstat(stream.fileno())
            sha256, size = store.put(stream, before.st_size, **where)
            after = os.fstat(stream.fileno())
        if (before.st_mtime_ns, before.st_size) != (after.st_mtime_ns, after.st_size):
            raise FetchRefusedError(
                "the file changed while it was read", next_step="run again once it is whole", **where
            )
        parts.append(Part(name, path.name, path.as_uri() if path.is_absolute() else str(path), sha256, size))
    return parts
