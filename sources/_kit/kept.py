"""Snapshots of earlier fetches: reading one again by its manifest."""

from __future__ import annotations

import json
from datetime import UTC, datetime

from sources._kit.city import City, Feed
from sources._kit.errors import OnbenutError
from sources._kit.snapshot import Box, Part, Snapshot, Store


def read_manifest(store: Store, city: City, feed: Feed, name: str) -> Snapshot:
    """The snapshot that a manifest of a feed describes.

    Args:
        store: the snapshot store.
        city: the city, as its file was then.
        feed: the feed, likewise.
        name: file name of the manifest, without a folder.

    Raises:
        OnbenutError: the manifest or its bytes were removed.
    """
    path = store.folder(city.slug, feed.name) / name
    if not path.exists():
        raise _removed(city, feed, name)
    body = json.loads(path.read_text(encoding="utf-8"))
    parts = tuple(Part(**part) for part in body["parts"])
    if not all(store.blob(part.sha256).exists() for part in parts):
        raise _removed(city, feed, name)
    clip: Box | None = tuple(body["clip"]) if "clip" in body else None
    return Snapshot(city, feed, parts, datetime.fromisoformat(body["fetched_at"]).astimezone(UTC), store, clip)


def _removed(city: City, feed: Feed, name: str) -> OnbenutError:
    return OnbenutError(
        "this night cannot be made again: a snapshot it was made of was removed",
        city=city.slug,
        feed=feed.name,
        file=name,
        next_step="what is kept how long is in the city file's [retention]; personal data go first, whatever night needs them",
    )
