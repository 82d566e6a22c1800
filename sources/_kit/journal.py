"""What a fetch of many answers has stored so far, so that one that broke off does not begin anew.

    data/raw/partial/<hash of what is fetched>.done      one line per answer: the part it became

An entry is a promise only where the bytes are in the store. Whoever reads it decides whether they still hold: by asking the
service with the ETag of the part, or because what it serves never changes.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

from sources._kit.snapshot import Part, Store


class Journal:
    """Parts by the address they were asked at."""

    def __init__(self, path: Path, store: Store) -> None:
        self._path, self._store = path, store
        self._parts: dict[str, Part] = {}
        for line in path.read_text(encoding="utf-8").splitlines() if path.exists() else ():
            try:
                part = Part(**json.loads(line))
            except (ValueError, TypeError):
                continue  # the line that was being written when the process ended, or one of an older version
            self._parts[part.location] = part

    def find(self, url: str) -> Part | None:
        """What an earlier fetch stored of this address, if its bytes are there."""
        part = self._parts.get(url)
        return part if part is not None and self._store.blob(part.sha256).exists() else None

    def add(self, part: Part) -> None:
        """Note a stored part."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with self._path.open("a", encoding="utf-8") as stream:
            stream.write(json.dumps(asdict(part)) + "\n")


@contextmanager
def hold_journal(store: Store, what: str) -> Iterator[Journal]:
    """The journal of one fetch; it goes once the fetch is done, and stays if it breaks off."""
    path = store.root / "partial" / f"{hashlib.sha256(what.encode()).hexdigest()[:32]}.done"
    yield Journal(path, store)
    path.unlink(missing_ok=True)
