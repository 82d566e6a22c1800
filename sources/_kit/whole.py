"""Putting a file in its place so that whoever opens it, now or after a power cut, finds the old one or the new one whole."""

from __future__ import annotations

import os
from pathlib import Path


def sync(path: Path) -> None:
    """Bring a file's bytes, or a folder's names, to the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def put_in_place(part: Path, target: Path) -> Path:
    """Give a file that was written aside its name, over what bore it; both lie on one disk.

    The bytes go to the disk before the name: a name that a power cut outlives must not stand for an empty file.

    Raises:
        OSError: the disk is full or refuses; the old file stays.
    """
    sync(part)
    part.replace(target)
    sync(target.parent)
    return target


def write_whole(path: Path, text: str, part: Path | None = None) -> Path:
    """Write a text to `path`, whole or not at all; its folder is made.

    Args:
        path: where it belongs.
        text: all of it.
        part: where it is written first; beside `path` if not given.

    Raises:
        OSError: the disk is full or refuses; the old file stays.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    part = part or path.with_name(f".{path.name}.part")
    try:
        part.write_text(text, encoding="utf-8")
        return put_in_place(part, path)
    finally:
        part.unlink(missing_ok=True)
