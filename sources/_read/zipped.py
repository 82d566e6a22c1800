"""Tables in a zip archive: named members unpacked beside the store, gone again when they were read."""

from __future__ import annotations

import shutil
import zipfile
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory

from sources._kit.errors import UnreadableSnapshotError
from sources._kit.hostile import open_archive
from sources._kit.snapshot import Snapshot
from sources._read.content import kind_of, place

SIZE_MAX_BYTES = 12 << 30
"""Larger than any national register or timetable: all members that are read, unpacked."""
RATIO_MAX, RATIO_FROM_BYTES = 200, 64 << 20
"""Text of tables packs to a tenth or a twentieth; what packs far better is a bomb. Small files may be very regular."""


@contextmanager
def unpacked(snapshot: Snapshot, needed: Sequence[str], optional: Sequence[str] = ()) -> Iterator[dict[str, Path]]:
    """Unpack members of the feed's one archive; gives name -> path, gone when the block ends.

    A member is found by its file name, in any folder and in any case; other members are left alone.

    Raises:
        UnreadableSnapshotError: no archive or several, damaged, with a password, a member missing or there twice, larger
            than any such table is, or no room to unpack.
    """
    paths = snapshot.paths()
    where = place(snapshot, "data", paths[0] if paths else None)
    if len(paths) != 1:
        raise UnreadableSnapshotError(
            f"one archive is read, not {len(paths)}", next_step="make a feed of each", **where
        )
    if not zipfile.is_zipfile(paths[0]):
        kind = kind_of(paths[0], **where)
        raise UnreadableSnapshotError(f"{kind} is no zip archive", next_step="give the zip as published", **where)
    try:
        with (
            open_archive(paths[0]) as archive,
            TemporaryDirectory(prefix="unpacked-", dir=snapshot.store.scratch) as folder,
        ):
            members = _members(archive, needed, optional, where)
            _hold_to_size(members, snapshot.store.free_bytes(), where)
            found = {}
            for name, member in members.items():
                found[name] = Path(folder) / name
                with archive.open(member) as packed, found[name].open("wb") as target:
                    shutil.copyfileobj(packed, target, 1 << 20)
            yield found
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError) as error:
        raise UnreadableSnapshotError(
            "the archive is damaged or packed in an unknown way",
            value=error,
            next_step="fetch it again, or ask the provider",
            **where,
        ) from error


def _members(
    archive: zipfile.ZipFile, needed: Sequence[str], optional: Sequence[str], where: Mapping[str, object]
) -> dict[str, zipfile.ZipInfo]:
    found: dict[str, list[zipfile.ZipInfo]] = {name: [] for name in (*needed, *optional)}
    for member in archive.infolist():
        at = PurePosixPath(member.filename.replace("\\", "/"))
        # What macOS adds to an archive bears the names of the files themselves.
        if at.name.lower() in found and not member.is_dir() and "__MACOSX" not in at.parts:
            found[at.name.lower()].append(member)
    for name, members in found.items():
        if len(members) > 1 or (not members and name in needed):
            names = sorted(member.filename for member in members or archive.infolist())
            raise UnreadableSnapshotError(
                "a file is twice in the archive" if members else "a file is missing from the archive",
                member=name,
                value=", ".join(names[:8]),
                next_step="look whether the provider changed the archive",
                **where,
            )
        if members and members[0].flag_bits & 1:
            raise UnreadableSnapshotError(
                "the archive has a password", member=name, next_step="ask for one without", **where
            )
    return {name: members[0] for name, members in found.items() if members}


def _hold_to_size(members: Mapping[str, zipfile.ZipInfo], room: int, where: Mapping[str, object]) -> None:
    """A member never unpacks to more than it announces: past that the checksum fails."""
    total = 0
    for name, member in members.items():
        total += member.file_size
        bomb = member.file_size > RATIO_FROM_BYTES and member.file_size > RATIO_MAX * member.compress_size
        if bomb or total > SIZE_MAX_BYTES:
            raise UnreadableSnapshotError(
                "the archive unpacks to more than such a table ever holds",
                member=name,
                value=f"{member.compress_size} bytes to {member.file_size}",
                next_step="look what it is before anything opens it",
                **where,
            )
    if total > room:
        raise UnreadableSnapshotError("no room to unpack", value=f"{total} bytes", next_step="free some disk", **where)
