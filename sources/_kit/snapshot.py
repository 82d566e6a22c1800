"""The snapshot store: bytes as they came, under their SHA-256, with a manifest per fetch.

    data/raw/blobs/ab/abcdef...                                   the bytes, never altered
    data/raw/partial/<hash of the URL>.part                          a download that broke and can be resumed
    data/raw/scratch/                                             what is being written; emptied when nobody writes
    data/raw/urls/<hash of the URL>.json                             what was last downloaded from there, whoever did
    data/raw/manifests/<city>/<feed>/<UTC time>-<hash>.json          what was fetched, when, from where
    data/raw/manifests/<city>/<feed>/<UTC time>-<hash>.accepted      its rows per table, once it was read whole

Only an accepted snapshot is a good one: what fails to parse leaves no trace in what the next run falls back to.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import re
import shutil
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import BinaryIO
from uuid import uuid4

from sources._kit.city import City, Feed
from sources._kit.errors import FetchRefusedError, UnreadableSnapshotError
from sources._kit.whole import put_in_place, write_whole

BLOCK = 1 << 20
_SHA256 = re.compile(r"[0-9a-f]{64}")
_STAMP = "%Y%m%dT%H%M%S.%fZ"
_SKEW = timedelta(hours=1)
"""Clocks of machines that share a store may differ by so much."""
Box = tuple[float, float, float, float]
"""West, south, east, north."""


@dataclass(frozen=True)
class Part:
    """One file of a snapshot. `name` is the part's key in the city file, `file` the provider's own file name."""

    name: str
    file: str
    location: str
    sha256: str
    size_bytes: int
    status: int | None = None
    content_type: str | None = None
    etag: str | None = None
    last_modified: str | None = None
    features: int | None = None
    """Features in a page of a service; None for a file, which nobody has counted yet."""
    crs: str | None = None
    """CRS by the header `Content-Crs`, where the service sent one: GeoJSON itself need not name it."""

    def facts(self) -> dict[str, object]:
        """The part as its manifest has it. Status 304: the service says that the stored bytes still hold."""
        silent = [name for name in ("features", "crs") if getattr(self, name) is None]
        return {name: value for name, value in asdict(self).items() if name not in silent}


@dataclass(frozen=True)
class Snapshot:
    """What one feed held at one moment: parts in a fixed order, and when they were fetched (UTC)."""

    city: City
    feed: Feed
    parts: tuple[Part, ...]
    fetched_at: datetime
    store: Store = field(repr=False, compare=False)
    clip: Box | None = None
    """Only what reaches into this box is of the feed, in its CRS; None: all that the files hold."""

    @property
    def fingerprint(self) -> str:
        """Hash of the bytes alone: a second fetch of the same bytes is the same snapshot to every table."""
        lines = [f"{part.name}/{part.sha256}" for part in self.parts]
        return hashlib.sha256("\n".join(lines).encode()).hexdigest()

    def paths(self, name: str = "data") -> list[Path]:
        """Files of one part, in the order they were listed; empty when the feed has no such part."""
        return [self.store.blob(part.sha256) for part in self.parts if part.name == name]

    @property
    def manifest_path(self) -> Path:
        """Where this fetch is written down."""
        name = f"{self.fetched_at:{_STAMP}}-{self.fingerprint[:8]}.json"
        return self.store.folder(self.city.slug, self.feed.name) / name


class Store:
    """A content-addressed store under one folder; safe to kill at any moment."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def blob(self, sha256: str) -> Path:
        """Path of stored bytes.

        Raises:
            UnreadableSnapshotError: it is no SHA-256; a manifest that says otherwise leads out of the store.
        """
        if not _SHA256.fullmatch(sha256):
            raise UnreadableSnapshotError(
                "a manifest names bytes by something that is no SHA-256",
                value=sha256[:80],
                next_step="see who else writes to the store; remove that manifest",
            )
        return self.root / "blobs" / sha256[:2] / sha256

    def folder(self, city: str, feed: str) -> Path:
        """Folder of a feed's manifests."""
        return self.root / "manifests" / city / feed

    def put(self, stream: BinaryIO, expected_bytes: int | None = None, **where: object) -> tuple[str, int]:
        """Store a stream; returns its SHA-256 and size in bytes.

        Raises:
            FetchRefusedError: nothing came, or fewer or more bytes than were announced; nothing is kept.
        """
        part = self._part()
        digest, size = hashlib.sha256(), 0
        try:
            with part.open("wb") as target:
                while block := stream.read(BLOCK):
                    digest.update(block)
                    size += len(block)
                    target.write(block)
            if expected_bytes is not None and size != expected_bytes:
                raise FetchRefusedError(
                    f"the answer stopped short: {size} of {expected_bytes} bytes",
                    next_step="the last good snapshot stays; fetch again",
                    **where,
                )
            return self._keep(part, digest.hexdigest(), size, **where), size
        finally:
            part.unlink(missing_ok=True)

    def adopt(self, part: Path, **where: object) -> tuple[str, int]:
        """Move a whole download into the store; returns its SHA-256 and size in bytes.

        Raises:
            FetchRefusedError: it is empty.
        """
        with part.open("rb") as stream:
            sha256 = hashlib.file_digest(stream, "sha256").hexdigest()
        size = part.stat().st_size
        return self._keep(part, sha256, size, **where), size

    def _keep(self, part: Path, sha256: str, size: int, **where: object) -> str:
        if size == 0:
            raise FetchRefusedError(
                "the answer is empty", next_step="the last good snapshot stays; ask the provider", **where
            )
        target = self.blob(sha256)
        target.parent.mkdir(parents=True, exist_ok=True)
        with self.blobs_held():
            put_in_place(part, target)
        return sha256

    def claim(self, sha256: str) -> bool:
        """Say that a fetch is about to refer to stored bytes, so that nobody removes them within a day; False: they are gone."""
        with self.blobs_held():
            try:
                os.utime(self.blob(sha256))
            except FileNotFoundError:
                return False
        return True

    @contextmanager
    def blobs_held(self, *, for_removal: bool = False) -> Iterator[None]:
        """Keep stored bytes from being removed while the block lasts; or, to remove some, everybody from referring to them."""
        self.root.mkdir(parents=True, exist_ok=True)
        with (self.root / "blobs.lock").open("a") as handle:
            fcntl.flock(handle, fcntl.LOCK_EX if for_removal else fcntl.LOCK_SH)
            yield

    def remember(self, part: Part) -> None:
        """Keep for all cities and feeds what an address gave, so that it can be asked whether that still holds."""
        if part.etag or part.last_modified:
            self._write(self._address(part.location), json.dumps(part.facts(), sort_keys=True))

    def recall(self, location: str) -> Part | None:
        """What an address gave last, if its bytes are still there whole; a note that cannot be read is none."""
        try:
            part = Part(**json.loads(self._address(location).read_text(encoding="utf-8")))
            return part if self._holds(part) and part.location == location else None
        except (OSError, ValueError, TypeError, UnreadableSnapshotError):
            return None

    def _address(self, location: str) -> Path:
        return self.root / "urls" / f"{hashlib.sha256(location.encode()).hexdigest()[:32]}.json"

    def record(self, snapshot: Snapshot, **facts: object) -> None:
        """Write a fetch down: URL, UTC time, status, ETag, bytes, hash, licence, code version."""
        body = {
            "city": snapshot.city.slug,
            "feed": snapshot.feed.name,
            "source": snapshot.feed.source,
            "fetched_at": snapshot.fetched_at.isoformat(),
            "parts": [part.facts() for part in snapshot.parts],
            **({"clip": snapshot.clip} if snapshot.clip else {}),
            **facts,
        }
        self._write(snapshot.manifest_path, json.dumps(body, indent=1, sort_keys=True))

    def accept(self, snapshot: Snapshot, rows: dict[str, int], data_on: date | None) -> None:
        """Mark a snapshot as read whole, with its rows per raw table and the date the data itself states."""
        body = {"rows": rows, "data_on": data_on.isoformat() if data_on else None}
        self._write(snapshot.manifest_path.with_suffix(".accepted"), json.dumps(body, sort_keys=True))

    def last_good(self, city: City, feed: Feed) -> Snapshot | None:
        """Newest snapshot of a feed that was read whole and whose bytes are still there; a manifest that cannot be read is none."""
        for accepted in self.newest_first(self.folder(city.slug, feed.name).glob("*.accepted")):
            try:
                body = json.loads(accepted.with_suffix(".json").read_text(encoding="utf-8"))
                parts = tuple(Part(**part) for part in body["parts"])
                fetched_at = datetime.fromisoformat(body["fetched_at"]).astimezone(UTC)
                clip = _box(body["clip"]) if "clip" in body else None
                is_whole = body["source"] == feed.source and all(self._holds(part) for part in parts)
            except (OSError, ValueError, TypeError, KeyError, UnreadableSnapshotError):
                continue
            if is_whole:
                return Snapshot(city, feed, parts, fetched_at, self, clip)
        return None

    def _holds(self, part: Part) -> bool:
        """Whether a part's bytes are in the store itself, as many as its manifest says."""
        path = self.blob(part.sha256)
        return path.is_file() and not path.is_symlink() and path.stat().st_size == part.size_bytes

    def unread(self, city: City, feed: Feed) -> set[str]:
        """Hashes of a feed's newest snapshot if it was not read whole: those bytes may be what is wrong."""
        newest = next(iter(self.newest_first(self.folder(city.slug, feed.name).glob("*.json"))), None)
        if newest is None or newest.with_suffix(".accepted").exists():
            return set()
        return {part["sha256"] for part in json.loads(newest.read_text(encoding="utf-8"))["parts"]}

    def acceptance(self, snapshot: Snapshot) -> dict[str, object] | None:
        """What `accept` wrote for a snapshot, or None."""
        path = snapshot.manifest_path.with_suffix(".accepted")
        if not path.exists():
            return None
        body: dict[str, object] = json.loads(path.read_text(encoding="utf-8"))
        return body

    def free_bytes(self) -> int:
        """Room left where the store lives."""
        self.root.mkdir(parents=True, exist_ok=True)
        return shutil.disk_usage(self.root).free

    @staticmethod
    def newest_first(manifests: Iterable[Path]) -> list[Path]:
        """Manifests in the order of their times; after all others those of a time to come, which a wrong clock gave them."""
        ahead = f"{datetime.now(UTC) + _SKEW:{_STAMP}}"
        return sorted(manifests, key=lambda path: (path.name <= ahead, path.name), reverse=True)

    @property
    def scratch(self) -> Path:
        """Folder for what is being written, on the disk of the store; made where it is not."""
        folder = self.root / "scratch"
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    @contextmanager
    def in_use(self) -> Iterator[None]:
        """Say that this process writes to the store; who finds nobody else at it clears what killed processes left.

        The lock is the kernel's: it goes with its process, however that ends.
        """
        self.root.mkdir(parents=True, exist_ok=True)
        with (self.root / ".in-use").open("w") as handle:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                for left in self.scratch.iterdir():
                    shutil.rmtree(left) if left.is_dir() else left.unlink()
            except BlockingIOError:
                pass  # others write: what lies there may be theirs
            fcntl.flock(handle, fcntl.LOCK_SH)
            yield

    def _write(self, path: Path, text: str) -> None:
        write_whole(path, text, self._part())

    def _part(self) -> Path:
        # A name of its own: two threads or processes may write about one address.
        return self.scratch / f"{os.getpid()}-{threading.get_ident()}-{uuid4().hex[:8]}.part"


def _box(numbers: Sequence[object]) -> Box:
    west, south, east, north = (float(str(number)) for number in numbers)
    return west, south, east, north
