"""What `onbenut doctor` asks of the disk: room, rights, what the file system can do, what a killed run left."""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from flows.workspace import Workspace

ROOM_FAULT, ROOM_WARNING = 1 << 30, 10 << 30
_OLD_S = 86_400
_LEFT = (
    "data/warehouse/.*.next.duckdb*",
    "data/raw/**/*.part",
    "data/raw/scratch/*",
    "data/raw/.unpacked-*",
    "outputs/.*.part*",
    "data/adverts/*/.*.part",
    "data/fieldwork/*/.*.part",
)


def check_disk(space: Workspace) -> Iterator[tuple[str, str, str, str]]:
    """Room for at least one more copy of the largest warehouse, and for a download."""
    free = shutil.disk_usage(_there(space.home)).free
    largest = max((path.stat().st_size for path in space.warehouse("x").parent.glob("*.duckdb")), default=0)
    state = "fault" if free < max(ROOM_FAULT, largest) else "warning" if free < ROOM_WARNING + 2 * largest else "good"
    step = "" if state == "good" else "free some: a run works in a copy of the city's file, and keeps what it fetched"
    yield (
        "disk",
        state,
        f"{free / 1e9:.1f} GB free under {space.home}; the largest warehouse has {largest / 1e9:.1f} GB",
        step,
    )


def check_file_system(space: Workspace) -> Iterator[tuple[str, str, str, str]]:
    """Folders can be written to; a name can be replaced, a link too, and a lock holds."""
    for folder in (space.home, space.outputs, space.warehouse("x").parent, space.home / "data" / "raw"):
        target = _there(folder)
        try:
            with tempfile.TemporaryDirectory(prefix=".doctor-", dir=target) as name:
                wrong = _tried(Path(name)) if folder == space.home else ""
        except OSError as error:
            wrong = error.strerror or str(error)
        step = f"make {target} writable for this user, on a disk of this machine" if wrong else ""
        yield f"folder {folder}", "fault" if wrong else "good", wrong or "can be written to", step


def _tried(folder: Path) -> str:
    """What the file system cannot do; empty if it can do all a run relies on."""
    first, second = folder / "a", folder / "b"
    first.write_text("1")
    second.write_text("2")
    try:
        first.replace(second)
        for target in ("x", "y"):
            (folder / "new").symlink_to(target)
            (folder / "new").replace(folder / "link")
    except OSError as error:
        return f"it cannot replace names or links: {error.strerror}"
    with (folder / "lock").open("w") as one, (folder / "lock").open("w") as other:
        try:
            fcntl.flock(one, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            return f"it has no locks: {error.strerror}"
        try:
            fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return ""
    return "its locks hold nobody back"


def check_left_over(space: Workspace) -> Iterator[tuple[str, str, str, str]]:
    """Files that a killed run or a broken download left a day ago or longer."""
    old = time.time() - _OLD_S
    found = [path for pattern in _LEFT for path in space.home.glob(pattern) if path.lstat().st_mtime < old]
    said = f"{len(found)}, such as {found[0]}" if found else "none"
    yield "left over", "warning" if found else "good", said, "remove them while no run is under way" if found else ""


def _there(folder: Path) -> Path:
    """The folder, or the first above it that exists: a run makes the rest."""
    return next(path for path in (folder, *folder.parents) if path.exists() and os.fspath(path))
