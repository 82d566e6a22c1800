"""Opening an extract: told by its content, and with errors that name the file."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import osmium

from sources._kit.errors import UnreadableSnapshotError

HEAD_BYTES = 4096
OSM_BASE = re.compile(rb"<meta[^>]*\sosm_base=.(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ)")
HEADS = {b"\x1f\x8b": "osm.gz", b"BZh": "osm.bz2", b"<?xml": "osm", b"<osm": "osm"}


def open_extract(path: Path) -> osmium.io.File:
    """An extract, ready to be read.

    Raises:
        UnreadableSnapshotError: empty, a page of HTML, or nothing OSM is written in.
    """
    return osmium.io.File(str(path), form_of(path))


def form_of(path: Path) -> str:
    """Recognise an extract by its first bytes: a stored snapshot has no suffix, and a suffix may lie.

    Raises:
        UnreadableSnapshotError: empty, a page of HTML, or nothing OSM is written in.
    """
    if not path.is_file():
        raise _unreadable(path, "there is no such file", "check the path in the city file")
    with path.open("rb") as stream:
        head = stream.read(512)
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    if not head:
        raise _unreadable(path, "the extract is empty")
    if head[4:15] == b"\x0a\x09OSMHeader":
        return "pbf"
    if b"<html" in text.lower() or b"<!doctype html" in text.lower():
        raise _unreadable(path, "the extract is a page of HTML", "open the address in a browser: it may have moved")
    for start, form in HEADS.items():
        if text.startswith(start):
            return form
    raise _unreadable(path, "neither OSM PBF nor OSM XML", "hand over .osm.pbf, .osm, .osm.gz or .osm.bz2")


def header_date(path: Path) -> str | None:
    """UTC time up to which the extract is complete, as its header says; None where the header is silent."""
    if form_of(path) == "osm" and (stated := _osm_base(path)):
        return stated
    with reading(path), osmium.io.Reader(open_extract(path), osmium.osm.NOTHING) as reader:
        header = reader.header()
        return header.get("osmosis_replication_timestamp") or header.get("timestamp") or None


def _osm_base(path: Path) -> str | None:
    """What Overpass says instead of a header, which libosmium does not read."""
    with path.open("rb") as stream:
        found = OSM_BASE.search(stream.read(HEAD_BYTES))
    return found.group(1).decode("ascii") if found else None


@contextmanager
def reading(path: Path) -> Iterator[None]:
    """Turn what libosmium says about broken bytes into an error that names the file."""
    try:
        yield
    except RuntimeError as error:
        sort = "fetch it again; where ids stand twice or out of order, run `osmium sort` on it first"
        raise _unreadable(path, f"the extract breaks off, is damaged or not sorted: {error}", sort) from error


def _unreadable(path: Path, what: str, next_step: str = "fetch it again") -> UnreadableSnapshotError:
    return UnreadableSnapshotError(what, source="osm_extract", file=path, next_step=next_step)
