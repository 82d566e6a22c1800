"""Removing snapshots that nobody needs: manifests of one city, then bytes to which no manifest of any city refers.

Bytes are shared by all cities, and another run may fetch at this moment: it puts bytes first and writes its manifest then. So what was put
within the last day stays, and one sweep at a time is made.
"""

from __future__ import annotations

import fcntl
import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from sources._kit.snapshot import Store

GRACE_S = 24 * 3600.0


@dataclass(frozen=True)
class Swept:
    """Manifests and bytes that were removed."""

    manifests: dict[str, int]
    blobs: int
    size_bytes: int


def sweep(
    store: Store, city: str, is_kept: Callable[[str, str, date], bool], now_s: float | None = None
) -> Swept | None:
    """Remove manifests of a city that are not kept, and then the bytes nobody refers to; None when another sweep is under way.

    The newest accepted manifest of a feed and all that came after it always stay: the next run may fall back on it.

    Args:
        store: the snapshot store of all cities.
        city: slug.
        is_kept: says of a feed, a manifest's file name and the day of the fetch whether it stays.
        now_s: seconds since 1970; by default the clock's, which the file system stamps bytes with.
    """
    with _alone(store) as is_alone:
        if not is_alone:
            return None
        removed: dict[str, int] = {}
        for folder in sorted(path for path in (store.root / "manifests" / city).glob("*") if path.is_dir()):
            good = max((path.stem for path in folder.glob("*.accepted")), default="")
            for path in sorted(folder.glob("*.json")):
                is_spare = path.stem < good or folder.name.startswith("_")
                if is_spare and not is_kept(folder.name, path.name, _fetched_on(path)):
                    # First the mark that it is good: killed in between, it is a snapshot nobody falls back on.
                    path.with_suffix(".accepted").unlink(missing_ok=True)
                    path.unlink()
                    removed[folder.name] = removed.get(folder.name, 0) + 1
        blobs, size = _sweep_blobs(store, (time.time() if now_s is None else now_s) - GRACE_S)
        return Swept(removed, blobs, size)


def _sweep_blobs(store: Store, before_s: float) -> tuple[int, int]:
    needed = {
        part["sha256"]
        for path in (store.root / "manifests").glob("*/*/*.json")
        for part in json.loads(path.read_text(encoding="utf-8"))["parts"]
    }
    blobs = size = 0
    for path in (store.root / "blobs").glob("??/*"):
        facts = path.stat()
        if path.name not in needed and facts.st_mtime < before_s:
            path.unlink()
            blobs, size = blobs + 1, size + facts.st_size
    return blobs, size


def _fetched_on(path: Path) -> date:
    return datetime.strptime(path.name[:8], "%Y%m%d").date()  # noqa: DTZ007 (the name is in UTC)


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
