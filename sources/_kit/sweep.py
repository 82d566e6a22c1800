"""Removing snapshots that nobody needs: manifests of one city, then bytes to which no manifest of any city refers.

Bytes are shared by all cities, and another run may fetch at this moment: it puts or claims bytes first and writes its manifest then. So
what was put or claimed within the last day stays, and one sweep at a time is made.
"""

from __future__ import annotations

import fcntl
import json
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

from sources._kit.snapshot import Store

GRACE_S = 24 * 3600.0
IsKept = Callable[[str, str, date], bool]
"""Says of a feed, a manifest's file name and the day of the fetch (UTC) whether it stays."""


@dataclass(frozen=True)
class Swept:
    """Manifests by feed and bytes that were removed, or would be."""

    manifests: dict[str, int]
    blobs: int
    size_bytes: int
    unreadable: Path | None = None
    """A manifest that cannot be read: nobody can say which bytes it names, so none were removed."""


def sweep(
    store: Store,
    city: str,
    feeds: Collection[str],
    is_kept: IsKept,
    *,
    now_s: float | None = None,
    is_trial: bool = False,
) -> Swept | None:
    """Remove manifests of a city that are not kept, and then the bytes nobody refers to; None when another sweep is under way.

    Of the feeds that the city has now, the newest accepted manifest and the newest of all stay, and what came between them within a
    day: the next run falls back on the one and looks at the other.

    Args:
        store: the snapshot store of all cities.
        city: slug.
        feeds: names of the feeds in its city file.
        is_kept: what else stays.
        now_s: seconds since 1970; by default the clock's, which the file system stamps bytes with.
        is_trial: count, and remove nothing.
    """
    with _alone(store) as is_alone:
        if not is_alone:
            return None
        before_s = (time.time() if now_s is None else now_s) - GRACE_S
        spare = [
            path
            for folder in sorted(path for path in (store.root / "manifests" / city).glob("*") if path.is_dir())
            for path in _spare(folder, folder.name in feeds, is_kept, datetime.fromtimestamp(before_s, UTC).date())
        ]
        removed: dict[str, int] = {}
        for path in spare:
            removed[path.parent.name] = removed.get(path.parent.name, 0) + 1
            if not is_trial:
                # First the mark that it is good: killed in between, it is a snapshot nobody falls back on.
                path.with_suffix(".accepted").unlink(missing_ok=True)
                path.unlink()
        return Swept(removed, *_sweep_blobs(store, before_s, frozenset(spare), is_trial))


def _spare(folder: Path, is_current: bool, is_kept: IsKept, before: date) -> Iterator[Path]:
    paths = sorted(folder.glob("*.json"))
    good = max((path.stem for path in folder.glob("*.accepted")), default="")
    for path in paths:
        is_fresh = path.stem > good and _fetched_on(path) >= before
        is_last = path.stem == good or path is paths[-1] or is_fresh
        if not (is_current and is_last) and not is_kept(folder.name, path.name, _fetched_on(path)):
            yield path


def _sweep_blobs(
    store: Store, before_s: float, spare: Collection[Path], is_trial: bool
) -> tuple[int, int, Path | None]:
    needed = set()
    for path in (store.root / "manifests").glob("*/*/*.json"):
        if path not in spare:
            try:
                needed |= {part["sha256"] for part in json.loads(path.read_text(encoding="utf-8"))["parts"]}
            except (OSError, ValueError, TypeError, KeyError):
                return 0, 0, path
    blobs = size = 0
    for path in sorted((store.root / "blobs").glob("??/*")):
        if path.name in needed:
            continue
        # Looked at and removed in one go: a fetch that was told "not modified" may claim these very bytes now.
        with store.blobs_held(for_removal=True):
            facts = path.stat()
            if facts.st_mtime < before_s:
                blobs, size = blobs + 1, size + facts.st_size
                if not is_trial:
                    path.unlink()
    return blobs, size, None


def _fetched_on(path: Path) -> date:
    try:
        return datetime.strptime(path.name[:8], "%Y%m%d").replace(tzinfo=UTC).date()
    except ValueError:
        return date.max  # no name of ours: not ours to remove


@contextmanager
def _alone(store: Store) -> Iterator[bool]:
    store.root.mkdir(parents=True, exist_ok=True)
    with (store.root / "sweep.lock").open("w") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
            return
        yield True
