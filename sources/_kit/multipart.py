"""Answers in several parts (`multipart/related`, RFC 2046): the parts as bytes, whatever their lines end in.

Headers are read by the standard library's `email`. The parts are cut here: that package decodes a body to text and takes a
carriage return before the boundary for a line end, which costs a raster its last byte.
"""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass
from email.message import Message
from email.parser import BytesHeaderParser
from itertools import pairwise


class MultipartError(Exception):
    """The body is not in the parts that it says it is in."""


@dataclass(frozen=True)
class Piece:
    """One part: its headers and its bytes, decoded."""

    headers: Message
    body: bytes


def is_multipart(body: bytes, content_type: str) -> bool:
    """Whether a body is in parts: it says so, or it opens like one."""
    return content_type.lower().lstrip().startswith("multipart/") or body[:200].lstrip(b"\r\n\t ").startswith(b"--")


def split(body: bytes, content_type: str) -> list[Piece]:
    """The parts of a body, in order.

    Raises:
        MultipartError: no boundary, no last one (the body stops short), or a part packed in an unknown way.
    """
    boundary = _boundary(body, content_type)
    # A boundary stands on a line of its own; the same dashes within a raster are its own.
    line = re.compile(rb"(?:^|\r?\n)--" + re.escape(boundary) + rb"(--)?[ \t]*(?=\r?\n|\Z)")
    marks = list(line.finditer(body))
    last = next((number for number, mark in enumerate(marks) if mark.group(1)), None)
    if last is None:
        raise MultipartError(f"the last boundary, --{boundary.decode('latin-1')}--, is missing")
    pieces = []
    for mark, following in pairwise(marks[: last + 1]):
        pieces.append(_piece(body[mark.end() : following.end()], following.end() - following.start()))
    return pieces


def _boundary(body: bytes, content_type: str) -> bytes:
    header = Message()
    header["Content-Type"] = content_type
    if named := header.get_boundary():
        return named.encode("latin-1")
    first = re.match(rb"\s*--([^\r\n]{1,70}?)[ \t]*\r?\n", body)
    if first is None:
        raise MultipartError("no boundary is named and none opens the body")
    return first.group(1)


def _piece(block: bytes, mark: int) -> Piece:
    """A part from the line end after its boundary to the next boundary, which is the block's last `mark` bytes."""
    eol = b"\r\n" if block.startswith(b"\r\n") else b"\n"
    block = block[len(eol) :]
    if block.startswith(eol):
        raw, start = b"", len(eol)
    else:
        end = re.search(rb"\r?\n\r?\n", block)
        if end is None:
            raise MultipartError("a part has no end of its headers")
        raw, start = block[: end.start()], end.end()
    stop = len(block) - mark
    # Where lines end in a bare line feed, a carriage return before the boundary belongs to the part.
    stop += eol == b"\n" and block[stop : stop + 2] == b"\r\n"
    headers = BytesHeaderParser().parsebytes(raw)
    packing = str(headers.get("Content-Transfer-Encoding", "binary")).strip().lower()
    content = block[start : max(start, stop)]
    if packing in ("binary", "8bit", "7bit"):
        return Piece(headers, content)
    if packing != "base64":
        raise MultipartError(f"a part is packed as {packing}")
    try:
        return Piece(headers, base64.b64decode(content))
    except binascii.Error as error:
        raise MultipartError(f"a part is no base64: {error}") from error
