"""What a file is, told by its bytes: names and extensions are promises that providers break."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Literal

from sources._kit.errors import UnreadableSnapshotError
from sources._kit.hostile import open_archive
from sources._kit.snapshot import Snapshot

Kind = Literal["geojson", "geopackage", "parquet", "excel", "text"]
HEAD_BYTES = 4096
EXCEL_MAX_BYTES = 1 << 30
"""More than any sheet unpacks to: a million rows have a tenth of that."""
EXCEL_RATIO_MAX, EXCEL_RATIO_FROM_BYTES = 200, 64 << 20
"""A sheet packs to a tenth or a thirtieth; what packs far better is a bomb. Small ones may be very regular."""


def place(snapshot: Snapshot, part: str, path: Path | None = None) -> dict[str, object]:
    """Where an error is: source, city, feed, part and the provider's own file name."""
    digest = path.name if path else None
    names = [p.file for p in snapshot.parts if p.name == part and p.sha256 == digest]
    where = {
        "source": snapshot.feed.source,
        "city": snapshot.city.slug,
        "feed": snapshot.feed.name,
        "part": part,
    }
    return {**where, "file": names[0] if names else None}


def kind_of(path: Path, **where: object) -> Kind:
    """Tell a file's format.

    Raises:
        UnreadableSnapshotError: empty, HTML, XML, a zip archive, an old Excel file, one that is a bomb, other binary data.
    """
    with path.open("rb") as stream:
        head = stream.read(HEAD_BYTES)
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    if not text:
        raise UnreadableSnapshotError("the file is empty", next_step="ask the provider for it again", **where)
    if head.startswith(b"PAR1"):
        return "parquet"
    if head.startswith(b"SQLite format 3\x00"):
        return "geopackage"
    if head.startswith(b"PK\x03\x04"):
        return _zipped(path, **where)
    if head.startswith(b"\xd0\xcf\x11\xe0"):
        raise UnreadableSnapshotError(
            "an old Excel file (.xls) or one with a password",
            next_step="save it as .xlsx without a password",
            **where,
        )
    if text.startswith(b"<"):
        what = "a page of HTML instead of data" if b"<html" in text.lower() else "an XML answer instead of data"
        shown = " ".join(text[:200].decode("utf-8", "replace").split())
        raise UnreadableSnapshotError(what, value=shown, next_step="open the file and look", **where)
    if text[:1] in (b"{", b"["):
        return "geojson"
    if b"\x00" in head and not head.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise UnreadableSnapshotError(
            "binary data of an unknown kind",
            next_step="GeoJSON, GeoPackage, Parquet, Excel (.xlsx) and CSV are read",
            **where,
        )
    return "text"


def _zipped(path: Path, **where: object) -> Kind:
    try:
        with open_archive(path) as archive:
            names = archive.namelist()
            unpacked = sum(member.file_size for member in archive.infolist())
    except zipfile.BadZipFile as error:
        raise UnreadableSnapshotError(
            "the file is damaged or stops short",
            value=error,
            next_step="ask the provider for it again",
            **where,
        ) from error
    if "xl/workbook.xml" in names:
        packed = path.stat().st_size
        is_bomb = unpacked > EXCEL_RATIO_FROM_BYTES and unpacked > EXCEL_RATIO_MAX * packed
        if is_bomb or unpacked > EXCEL_MAX_BYTES:
            raise UnreadableSnapshotError(
                "the Excel file unpacks to more than a sheet ever holds",
                value=f"{packed} bytes to {unpacked}",
                next_step="look what it is before anything opens it",
                **where,
            )
        return "excel"
    raise UnreadableSnapshotError(
        "a zip archive that is no Excel file",
        value=", ".join(sorted(names)[:3]),
        next_step="unpack it and give the file inside",
        **where,
    )
