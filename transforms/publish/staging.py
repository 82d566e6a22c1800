"""Swapping a whole set of products in at once, and leaving the old set whole when anything fails.

`outputs/<slug>` is a symbolic link to `outputs/.<slug>/<set>`. A new set is written to
`outputs/<slug>.next-<pid>`, renamed to its place, and then one rename replaces the link: whoever opens a
path gets the old set or the new one. A reader with an old file open keeps it, and the previous set stays
until the next night.
"""

from __future__ import annotations

import errno
import fcntl
import os
import re
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb
import pyarrow as pa
from pyogrio.errors import DataLayerError, DataSourceError, FeatureError

from sources._kit.errors import PublishError
from sources._kit.whole import sync

# Published files are never edited: read-only files also keep QGIS from leaving journals beside them.
_FILE_MODE = 0o444
WRITE_ERRORS = (  # of all that write: Python, SQLite, GDAL, DuckDB, Arrow
    OSError,
    sqlite3.Error,
    DataSourceError,
    DataLayerError,
    FeatureError,
    duckdb.IOException,
    pa.ArrowInvalid,
)
_LITTLE = 1_000_000  # bytes
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


OnWritten = Callable[[str, int], object]
"""Told the name of a set and how many files it has, when they are on the disk and before anybody sees them."""


def nothing_more(_name: str, _files: int) -> None:
    """Who needs to do nothing before a set is seen."""


@contextmanager
def new_set(outputs: Path, slug: str, run_id: str, on_written: OnWritten = nothing_more) -> Iterator[Path]:
    """Give an empty folder to write products into; swap it in when the block ends without error.

    On any error the folder is removed and `outputs/<slug>` is what it was.

    Args:
        outputs: folder of all cities' products; made if absent.
        slug: the city.
        run_id: names the set's folder.
        on_written: does what may still fail before the set is seen, such as closing the warehouse it is of.

    Raises:
        PublishError: another process publishes this city, `outputs/<slug>` is a real folder, or
            the disk is full.
    """
    link, store = outputs / slug, outputs / f".{slug}"
    with writing(link, slug):
        store.mkdir(parents=True, exist_ok=True)
    if link.exists() and not link.is_symlink():
        raise PublishError(
            "the place of the products is taken by a folder that no run has made",
            city=slug,
            file=link,
            next_step="move it away and run again",
        )
    with _only_publisher(store, slug):
        for leftover in outputs.glob(f"{slug}.next-*"):  # of a process that was killed; we hold the lock
            _remove(leftover)
        folder = outputs / f"{slug}.next-{os.getpid()}"
        try:
            with writing(folder, slug):
                folder.mkdir()
            yield folder
            with writing(link, slug):
                _seal(folder)
                name = _name(store, run_id)
                on_written(name, sum(1 for _ in folder.iterdir()))
                _swap(folder, link, store, name)
        finally:
            _remove(folder)
            _remove(outputs / f".{slug}.link")


@contextmanager
def writing(path: Path, slug: str) -> Iterator[None]:
    """Turn what goes wrong while `path` is written into a PublishError that names it."""
    try:
        yield
    except WRITE_ERRORS as error:
        outputs = next(folder for folder in path.parents if folder.exists())
        free = shutil.disk_usage(outputs).free
        # GDAL and SQLite do not always say why; no room for even the smallest file is reason enough.
        full = getattr(error, "errno", None) in _FULL or free < _LITTLE
        full = full or any(words in str(error).lower() for words in ("full", "no space left"))
        raise PublishError(
            "the disk is full" if full else "a product could not be written",
            city=slug,
            file=path,
            value=str(error)[:200],
            next_step=f"see that the disk of {outputs} has room ({free / 1e6:.0f} MB free) and is in order, "
            "then run again; the published set is unchanged",
        ) from error


def _seal(folder: Path) -> None:
    """Bring the files to the disk: a full disk may show only here, and a power cut must not empty a file."""
    for path in sorted(folder.iterdir()):
        path.chmod(_FILE_MODE)
        sync(path)
    sync(folder)


def _name(store: Path, run_id: str) -> str:
    """Name of a run's set: the same run published again gets a number above all that are there, so that a name stands for one set."""
    base = re.sub(r"[^A-Za-z0-9_.-]", "-", run_id).strip(".") or "set"
    same = [re.fullmatch(rf"{re.escape(base)}(?:~(\d+))?", path.name) for path in store.iterdir()]
    used = [int(found[1] or 1) for found in same if found]
    return f"{base}~{max(used) + 1}" if used else base


def _swap(folder: Path, link: Path, store: Path, name: str) -> None:
    previous = link.resolve().name if link.is_symlink() else None
    folder.rename(store / name)
    sync(store)
    # Relative, so that the outputs can be moved, mounted elsewhere or shared over the network.
    new_link = link.with_name(f".{link.name}.link")
    _remove(new_link)
    new_link.symlink_to(Path(store.name) / name, target_is_directory=True)
    new_link.replace(link)
    sync(link.parent)
    for old in store.iterdir():
        if old.is_dir() and old.name not in (name, previous):
            _remove(old)


@contextmanager
def _only_publisher(store: Path, slug: str) -> Iterator[None]:
    # The lock is the kernel's: it goes when its process goes, however that ends.
    descriptor = os.open(store, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        os.close(descriptor)
        raise PublishError("another run is publishing this city", city=slug, next_step="wait for it to end") from error
    try:
        yield
    finally:
        os.close(descriptor)


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
