"""Building a warehouse file aside and swapping it in: readers and failures see the old one whole."""

from __future__ import annotations

import fcntl
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sources._kit.errors import OnbenutError


@contextmanager
def next_file(target: Path, slug: str, source: Path | None = None) -> Iterator[Path]:
    """Give a copy of `source` (default: of `target`, where it exists) to build in; the caller renames it to `target`.

    `source` is copied without a lock: no run writes to a file that is in its place, it puts another there.

    Raises:
        OnbenutError: another run builds this file, or the file system refuses.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    work = target.with_name(f".{slug}.next.duckdb")
    with _only_run(target.with_suffix(".lock"), slug):
        _discard(work)
        try:
            # The copy is made before anything is read: it also holds the raw tables that need no second parse.
            if (source or target).exists():
                shutil.copyfile(source or target, work)
            yield work
        except OSError as error:
            raise OnbenutError(
                f"the file system refused: {error.strerror or error}",
                city=slug,
                file=error.filename or work,
                next_step="make room or mend the rights, then run again; the old layer is whole",
            ) from error
        finally:
            _discard(work)


@contextmanager
def _only_run(lock: Path, slug: str) -> Iterator[None]:
    """Hold the lock of a file: two runs at once would build into one copy."""
    with lock.open("w") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise OnbenutError(
                "another run of this city is under way",
                city=slug,
                file=lock,
                next_step="wait for it, then run again",
            ) from error
        yield


def _discard(work: Path) -> None:
    for path in (work, work.with_name(work.name + ".wal")):
        path.unlink(missing_ok=True)
    shutil.rmtree(work.with_name(work.name + ".tmp"), ignore_errors=True)
