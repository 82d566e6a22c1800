"""Bounds on what comes from outside, held before a reader opens it that would choke on more.

Measured: JSON nested a hundred thousand deep (200 kB) takes DuckDB's reader down, and the process with it; Python's own gives up at
a thousand. A zip's list of members is read whole before anybody can ask how long it is.
"""

from __future__ import annotations

import re
import struct
import zipfile
from datetime import date, datetime
from pathlib import Path

DEPTH_MAX = 64
"""A multipolygon of a feature of a collection is nine deep."""
SCAN_MAX_BYTES = 100 << 20
"""What is larger is streamed by GDAL, which has a ceiling of its own."""
MEMBERS_MAX = 10_000
VALIDATOR_MAX = 500
BLOCK = 1 << 22
_NOT_NESTING = bytes(sorted(set(range(256)) - set(b'"[]{}')))
_PLAIN = re.compile(r"[\x20-\x7e\x80-\xff]*")
# All but a line break and a tab: C0, DEL, C1, the marks that reverse text.
_STEERING = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069]")
_END, _END64 = b"PK\x05\x06", b"PK\x06\x06"


def is_too_deep(path: Path) -> bool:
    """Whether a JSON file nests deeper than any data does; of what is no JSON, whether a reader could be led that deep."""
    import numpy as np

    if path.stat().st_size > SCAN_MAX_BYTES:
        return False
    step = np.zeros(256, np.int32)
    step[list(b"[{")], step[list(b"]}")] = 1, -1
    depth, in_text, cut = 0, False, b""
    with path.open("rb") as stream:
        while block := stream.read(BLOCK):
            block = cut + block
            # What follows an odd number of these belongs to it, and may be in the next block.
            cut = b"\\" if (len(block) - len(block.rstrip(b"\\"))) % 2 else b""
            block = block[: len(block) - len(cut)]
            if b"\\" in block:
                block = block.replace(b"\\\\", b"").replace(b'\\"', b"")
            signs = np.frombuffer(block.translate(None, _NOT_NESTING), np.uint8)
            within = np.logical_xor.accumulate(np.concatenate(([in_text], signs == ord('"'))))[1:]
            depths = depth + np.cumsum(np.where(within, 0, step[signs]))
            if len(signs):
                if depths.max() > DEPTH_MAX:
                    return True
                depth, in_text = int(depths[-1]), bool(within[-1])
    return False


def open_archive(path: Path) -> zipfile.ZipFile:
    """A zip archive with a number of members that can be listed.

    Raises:
        zipfile.BadZipFile: it says that it has more, or is damaged.
    """
    with path.open("rb") as stream:
        stream.seek(max(0, path.stat().st_size - (1 << 16) - 512))
        tail = stream.read()
    count = _announced(tail, _END, "<H", 10)
    if count == 0xFFFF:
        count = _announced(tail, _END64, "<Q", 32)
    if count > MEMBERS_MAX:
        raise zipfile.BadZipFile(f"{count} members, more than {MEMBERS_MAX}")
    archive = zipfile.ZipFile(path)
    # The list may be longer than its own count says.
    if len(archive.filelist) > MEMBERS_MAX:
        archive.close()
        raise zipfile.BadZipFile(f"more than {MEMBERS_MAX} members")
    return archive


def validator(value: str | None) -> str | None:
    """An ETag or a date that may be sent back; one that is no header of ours is as good as none.

    Kept as it came, it would spoil every later request for that address.
    """
    is_usable = value and len(value) <= VALIDATOR_MAX and value == value.strip() and _PLAIN.fullmatch(value)
    return value if is_usable else None


def stated_day(stamp: str | None) -> date | None:
    """The day of a time that a file states of itself; None where it is none, which is no reason to refuse the rows."""
    try:
        return datetime.fromisoformat(stamp).date() if stamp else None
    except ValueError:
        return None


def printable(text: str) -> str:
    """Text as a terminal, a log or a table may show it: what would steer a screen, or turn text about, is written out."""
    return _STEERING.sub(lambda found: found[0].encode("unicode_escape").decode("ascii"), text)


def _announced(tail: bytes, mark: bytes, form: str, offset: int) -> int:
    at = tail.rfind(mark)
    end = at + offset + struct.calcsize(form)
    return int(struct.unpack(form, tail[at + offset : end])[0]) if at >= 0 and end <= len(tail) else 0
