"""Fetching: HTTP(S) download or local path into the snapshot store. The only code that opens a connection."""

from __future__ import annotations

import glob
import re
from datetime import UTC, datetime
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import requests
from requests.adapters import HTTPAdapter
from urllib3.exceptions import HTTPError
from urllib3.util.retry import Retry

from sources._kit.city import City, Feed
from sources._kit.errors import FetchRefusedError
from sources._kit.snapshot import Part, Snapshot, Store

TIMEOUT_S = (10, 120)
RETRIES = Retry(
    total=4,
    backoff_factor=1.0,
    backoff_max=30,
    status_forcelist=(429, 500, 502, 503, 504),
    allowed_methods=("GET",),
)


@cache
def code_version() -> str:
    """Version of this code, as installed."""
    return version("onbenut")


def fetch_files(city: City, feed: Feed, store: Store) -> Snapshot:
    """Fetch every part of a feed and write the manifest.

    Raises:
        FetchRefusedError: nothing there, an error status, a page of HTML, a body that stops short.
    """
    parts: list[Part] = []
    for name, location in sorted(feed.locations.items()):
        scheme = urlsplit(location).scheme
        if scheme in ("http", "https"):
            parts.append(_download(city, feed, store, name, location))
        else:
            parts.extend(_copy(city, feed, store, name, location))
    snapshot = Snapshot(city, feed, tuple(parts), datetime.now(UTC), store)
    # Here, because the contract imports this module.
    from sources._kit.contract import load_source

    licence = feed.licence or load_source(feed.source).info.licence
    store.record(snapshot, licence=licence, code_version=code_version())
    return snapshot


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
            sha256, size = store.put(stream, path.stat().st_size, **where)
        parts.append(Part(name, path.name, path.as_uri() if path.is_absolute() else str(path), sha256, size))
    return parts


def _download(city: City, feed: Feed, store: Store, name: str, url: str) -> Part:
    where = {"source": feed.source, "city": city.slug, "feed": feed.name, "url": url}
    with requests.Session() as session:
        session.headers["User-Agent"] = f"onbenut/{code_version()} (underused buildings; city {city.slug})"
        session.mount("http://", HTTPAdapter(max_retries=RETRIES))
        session.mount("https://", HTTPAdapter(max_retries=RETRIES))
        try:
            with session.get(url, stream=True, timeout=TIMEOUT_S) as answer:
                answer.raise_for_status()
                content_type = answer.headers.get("Content-Type", "")
                if "html" in content_type.lower():
                    raise FetchRefusedError(
                        "a page of HTML instead of data",
                        value=content_type,
                        next_step="open the address and look",
                        **where,
                    )
                # A compressed transfer announces its compressed length: the raw stream is counted, then decoded.
                encoded = "Content-Encoding" in answer.headers
                announced = answer.headers.get("Content-Length")
                answer.raw.decode_content = True
                stream: Any = answer.raw  # reads like a file, which its type does not say
                sha256, size = store.put(stream, int(announced) if announced and not encoded else None, **where)
        except requests.RequestException as error:
            raise FetchRefusedError(
                f"the service did not answer: {type(error).__name__}",
                value=re.sub(r"\s+", " ", str(error))[:200],
                next_step="the last good snapshot stays; try again later",
                **where,
            ) from error
        except (OSError, HTTPError) as error:  # read() on the raw stream raises urllib3's own errors
            raise FetchRefusedError(
                f"the connection broke: {type(error).__name__}", next_step="fetch again", **where
            ) from error
    return Part(
        name,
        Path(urlsplit(url).path).name or "data",
        url,
        sha256,
        size,
        answer.status_code,
        content_type or None,
        answer.headers.get("ETag"),
        answer.headers.get("Last-Modified"),
    )
