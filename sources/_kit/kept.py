"""Snapshots of earlier fetches: reading one again by its manifest."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime

from sources._kit.city import City, Feed
from sources._kit.errors import OnbenutError, UnreadableSnapshotError
from sources._kit.snapshot import Box, Part, Snapshot, Store


class SnapshotRemovedError(OnbenutError):
    """A snapshot that an earlier run was made of is no longer stored."""


def read_manifest(store: Store, city: City, feed: Feed, name: str) -> Snapshot:
    """The snapshot that a manifest of a feed describes.

    Args:
        store: the snapshot store.
        city: the city, as its file was then.
        feed: the feed, likewise.
        name: file name of the manifest, without a folder.

    Raises:
        SnapshotRemovedError: the manifest or its bytes were removed.
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


def fetched_by(store: Store, city: City, feed: Feed, day: date) -> str | None:
    """File name of the manifest of a feed's newest good snapshot that was fetched by the end of a day (UTC); None without one."""
    for accepted in sorted(store.folder(city.slug, feed.name).glob("*.accepted"), reverse=True):
        path = accepted.with_suffix(".json")
        if accepted.name[:8] > f"{day:%Y%m%d}" or not path.exists():
            continue
        try:
            body = json.loads(path.read_text(encoding="utf-8"))
            is_whole = body["source"] == feed.source and all(
                store.blob(one["sha256"]).exists() for one in body["parts"]
            )
        except (OSError, ValueError, TypeError, KeyError, UnreadableSnapshotError):
            continue
        if is_whole:
            return path.name
    return None


def _removed(city: City, feed: Feed, name: str) -> SnapshotRemovedError:
    return SnapshotRemovedError(
        "this night cannot be made again: a snapshot it was made of was removed",
        city=city.slug,
        feed=feed.name,
        file=name,
        next_step="[retention] of the city file says how long they are kept; what the night said of each building is still in the history",
    )
