"""Building a warehouse file aside and swapping it in: readers and failures see the old one whole."""

from __future__ import annotations

import errno
import fcntl
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

import duckdb

from flows.workspace import Workspace
from sources._kit.errors import OnbenutError

REFUSALS = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EACCES, errno.EPERM, errno.EIO)
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


@contextmanager
def only_run(space: Workspace, slug: str) -> Iterator[None]:
    """Keep a second run of a city out from before it fetches; the lock goes with its process, however that ends.

    Raises:
        OnbenutError: another run of this city is under way.
    """
    lock = space.warehouse(slug).with_suffix(".running")
    with refused_by_disk(slug, lock):
        lock.parent.mkdir(parents=True, exist_ok=True)
        handle = lock.open("w")
    with handle:
        _hold(handle, lock, slug)
        yield


@contextmanager
def refused_by_disk(slug: str, file: Path) -> Iterator[None]:
    """Turn what the file system refuses into an error that says so.

    Raises:
        OnbenutError: the disk is full, read-only or broken, or the rights are not there.
    """
    try:
        yield
    except (OSError, duckdb.Error) as error:
        number = error.errno if isinstance(error, OSError) else None
        is_ours = isinstance(error, duckdb.IOException) or "No space left" in str(error)
        if number not in REFUSALS and not is_ours:
            raise
        raise OnbenutError(
            "the disk is full" if number in _FULL or "No space left" in str(error) else "the file system refused",
            city=slug,
            file=getattr(error, "filename", None) or file,
            value=" ".join((getattr(error, "strerror", None) or str(error)).split())[:200],
            next_step="make room or mend the rights, then run again; the old layer is whole",
        ) from error


@contextmanager
def next_file(target: Path, slug: str, source: Path | None = None) -> Iterator[Path]:
    """Give a copy of `source` (default: of `target`, where it exists) to build in; the caller renames it to `target`.

    `source` is copied without a lock: no run writes to a file that is in its place, it puts another there.

    Raises:
        OnbenutError: another run builds this file, or the file system refuses.
    """
    work, lock = target.with_name(f".{slug}.next.duckdb"), target.with_suffix(".lock")
    with refused_by_disk(slug, work):
        target.parent.mkdir(parents=True, exist_ok=True)
        with lock.open("w") as handle:
            _hold(handle, lock, slug)
            _discard(work)
            try:
                # The copy is made before anything is read: it also holds the raw tables that need no second parse.
                if (source or target).exists():
                    shutil.copyfile(source or target, work)
                yield work
            finally:
                _discard(work)


def _hold(handle: TextIO, lock: Path, slug: str) -> None:
    """Lock an open file until it is closed: two runs at once would build into one copy."""
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise OnbenutError(
            "another run of this city is under way",
            city=slug,
            file=lock,
            next_step="wait for it, then run again",
        ) from error


def _discard(work: Path) -> None:
    for path in (work, work.with_name(work.name + ".wal")):
        path.unlink(missing_ok=True)
    shutil.rmtree(work.with_name(work.name + ".tmp"), ignore_errors=True)
