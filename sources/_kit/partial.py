"""A download under way: its bytes, and of which version of which file they are the beginning.

    data/raw/partial/<hash of the URL>.part     the bytes so far
    data/raw/partial/<hash of the URL>.json     their validator (a strong ETag, or Last-Modified), total length, and since which start of the machine

Only what has a validator is kept for a later run: without one nobody can say that the rest belongs to the beginning.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any, TextIO

import requests

from sources._kit.manners import TURN_POLL_S
from sources._kit.whole import write_whole

Take = Callable[[Path, str], Path]
"""Makes of a whole body and its content type the file that is stored; refuses what is not what was asked."""


class Partial:
    """The beginning of a file, held by one process at a time."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._facts = path.with_suffix(".json")
        self.validator: str | None = None
        self.total: int | None = None
        facts = _read(self._facts)
        # After a power cut a file may be as long as it was and hold nothing: what began before it is not gone on with.
        if path.exists() and facts.get("boot") == _boot():
            self.validator, self.total = facts.get("validator"), facts.get("total")
        if self.validator is None:
            self.clear()

    @property
    def size(self) -> int:
        """Bytes held."""
        return self.path.stat().st_size if self.path.exists() else 0

    @property
    def headers(self) -> dict[str, str]:
        """What asks for the rest, and for the whole if the file is another by now."""
        if self.validator is None or not self.size:
            return {}
        return {"Range": f"bytes={self.size}-", "If-Range": self.validator}

    def begin(self, answer: requests.Response) -> None:
        """Start anew with the version this answer is of."""
        self.clear()
        # What was compressed on the way has other offsets than what is kept.
        encoded = "Content-Encoding" in answer.headers
        announced = answer.headers.get("Content-Length", "")
        self.total = int(announced) if announced.isdigit() and not encoded else None
        self.validator = None if encoded else _validator(answer)
        if self.validator is not None:
            facts = {"url": answer.url, "validator": self.validator, "total": self.total, "boot": _boot()}
            write_whole(self._facts, json.dumps(facts))

    def continues(self, answer: requests.Response) -> bool:
        """Whether a partial answer is the rest of these very bytes."""
        unit, _, extent = answer.headers.get("Content-Range", "").partition(" ")
        span, _, total = extent.partition("/")
        if unit != "bytes" or span.partition("-")[0] != str(self.size) or "Content-Encoding" in answer.headers:
            return False
        is_same = _validator(answer) in (None, self.validator)
        return is_same and (self.total is None or total in ("*", str(self.total)))

    def clear(self) -> None:
        """Forget everything."""
        self.path.unlink(missing_ok=True)
        self._facts.unlink(missing_ok=True)
        self.validator = self.total = None

    def leave(self) -> None:
        """Keep what a later run can go on with, and nothing else."""
        if self.validator is None or not self.size:
            self.clear()


@contextmanager
def hold_partial(root: Path, url: str, wait_s: float = 0.0) -> Iterator[Partial]:
    """The beginning of a download, for one thread of one process alone.

    Another that has it is waited for so many seconds; then this one starts afresh beside it.
    """
    folder = root / "partial"
    folder.mkdir(parents=True, exist_ok=True)
    name = hashlib.sha256(url.encode()).hexdigest()[:32]
    lock = folder / f"{name}.lock"
    until = time.monotonic() + wait_s
    while not (is_alone := (handle := _try_lock(lock)) is not None) and time.monotonic() < until:
        time.sleep(TURN_POLL_S)
    beside = root / "scratch"
    beside.mkdir(exist_ok=True)
    mine = folder / f"{name}.part" if is_alone else beside / f"{name}-{os.getpid()}-{threading.get_ident()}.part"
    try:
        partial = Partial(mine)
        try:
            yield partial
        finally:
            if is_alone:
                partial.leave()
            else:
                partial.clear()
    finally:
        if handle is not None:
            lock.unlink(missing_ok=True)
            handle.close()


def _try_lock(lock: Path) -> TextIO | None:
    """The lock, held until it is closed; None while another has it."""
    handle = lock.open("w")
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        # Who had it takes the file away: a lock on a file that is no longer there keeps nobody out.
        if lock.exists() and os.path.samestat(os.fstat(handle.fileno()), lock.stat()):
            return handle
    except (BlockingIOError, FileNotFoundError):
        pass
    handle.close()
    return None


def _read(path: Path) -> dict[str, Any]:
    try:
        facts = json.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return {}
    return facts if isinstance(facts, dict) else {}


@cache
def _boot() -> str | None:
    """Which start of this machine it is; None where the kernel does not say."""
    path = Path("/proc/sys/kernel/random/boot_id")
    return path.read_text(encoding="utf-8").strip() if path.exists() else None


def _validator(answer: requests.Response) -> str | None:
    etag = answer.headers.get("ETag")
    if etag and not etag.startswith("W/"):
        return etag
    # A weak ETag promises the same meaning and not the same bytes; If-Range must not use it.
    return None if etag else answer.headers.get("Last-Modified")
