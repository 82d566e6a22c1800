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
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb
import pyarrow as pa
from pyogrio.errors import DataLayerError, DataSourceError, FeatureError

from sources._kit.errors import PublishError

# Published files are never edited: read-only files also keep QGIS from leaving journals beside them.
_FILE_MODE = 0o444
_WRITE_ERRORS = (
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


@contextmanager
def new_set(outputs: Path, slug: str, run_id: str) -> Iterator[Path]:
    """Give an empty folder to write products into; swap it in when the block ends without error.

    On any error the folder is removed and `outputs/<slug>` is what it was.

    Args:
        outputs: folder of all cities' products; made if absent.
        slug: the city.
        run_id: names the set's folder.

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
                _swap(folder, link, store, run_id)
        finally:
            _remove(folder)
            _remove(outputs / f".{slug}.link")


@contextmanager
def writing(path: Path, slug: str) -> Iterator[None]:
    """Turn what goes wrong while `path` is written into a PublishError that names it."""
    try:
        yield
    except _WRITE_ERRORS as error:
        outputs = path.parent.parent if path.suffix else path.parent
        free = shutil.disk_usage(outputs).free if outputs.exists() else 0
        # GDAL and SQLite do not always say why; no room for even the smallest file is reason enough.
        full = getattr(error, "errno", None) in _FULL or "full" in str(error).lower() or free < _LITTLE
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
        _sync(path)
    _sync(folder)


def _swap(folder: Path, link: Path, store: Path, run_id: str) -> None:
    previous = link.resolve().name if link.is_symlink() else None
    name = base = re.sub(r"[^A-Za-z0-9_.-]", "-", run_id).strip(".") or "set"
    number = 1
    while (store / name).exists():  # the same run published again
        number += 1
        name = f"{base}~{number}"
    folder.rename(store / name)
    _sync(store)
    # Relative, so that the outputs can be moved, mounted elsewhere or shared over the network.
    new_link = link.with_name(f".{link.name}.link")
    _remove(new_link)
    new_link.symlink_to(Path(store.name) / name, target_is_directory=True)
    new_link.replace(link)
    _sync(link.parent)
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


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
